"""Every head of the dictionary, and the network that carries several."""

import pytest
import torch

from taglab.errors import InvalidSetting
from taglab.nets import HEADS, Encoded, Network, build, build_network, network_settings
from taglab.nets.decoders import MaskHead, SpectrumHead

SETTINGS = network_settings({"network": "vgg", "width": 1 / 16})


def encoded_of(encoding: torch.Tensor) -> Encoded:
    """Return what a head may look at, of which only the vectors are known."""
    return Encoded(torch.empty(0), torch.empty(0), encoding)


OF_SPECTRA = [name for name, head in HEADS.items() if issubclass(head, SpectrumHead)]
IMAGES = network_settings({"network": "kim-4.1", "width": 1 / 16, "n_fft": 256, "hop": 64})
CLIP = 130 * 64


@pytest.mark.parametrize("name", OF_SPECTRA)
def test_contract_of_every_head_of_spectra(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(IMAGES, {"spectrum": (name, 129)})
    clips = torch.randn(4, CLIP)
    outputs = network(clips)["spectrum"]
    frames = network.encoder(clips).representation.shape[-1]
    assert outputs.shape == (4, 129 * frames)
    outputs.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
    with pytest.raises(InvalidSetting, match="n_outputs=0 must be at least 1"):
        build_network(IMAGES, {"spectrum": (name, 0)})
    with pytest.raises(InvalidSetting, match="stages that halve images"):
        build_network(SETTINGS, {"spectrum": (name, 129)})


def test_an_autoencoder_sees_the_vector_alone_and_a_mask_the_images_too() -> None:
    torch.manual_seed(0)
    network = build_network(IMAGES, {"back": ("spectrum", 129), "share": ("mask", 129)}).eval()
    with torch.no_grad():
        encoded = network.encoder(torch.randn(2, CLIP))
        blank = encoded._replace(images=tuple(torch.zeros_like(image) for image in encoded.images))
        assert [image.shape[1] for image in encoded.images] == [1, 2, 4, 8, 16, 16]
        back, share = network.heads["back"], network.heads["share"]
        assert torch.equal(back(blank), back(encoded))
        assert not torch.equal(share(blank), share(encoded))
        assert 0 <= share(encoded).min() <= share(encoded).max() <= 1


def test_what_was_pooled_is_repeated_to_the_size_it_had() -> None:
    head = SpectrumHead(4, 129, 0.0, (2, 3, 4))
    assert head._sizes(131) == [(129, 131), (64, 65), (32, 32), (16, 16)]
    assert [stage[0].weight.shape[:2] for stage in head.stages] == [(3, 4), (2, 3)]
    skipping = MaskHead(4, 129, 0.0, (2, 3, 4))
    assert [stage[0].weight.shape[:2] for stage in skipping.stages] == [(3, 4), (2, 6)]
    assert skipping.last.weight.shape[:2] == (1, 4)


@pytest.mark.parametrize("name", [name for name in HEADS if name not in OF_SPECTRA])
def test_contract_of_every_head_of_clips(name: str) -> None:
    torch.manual_seed(0)
    head = HEADS[name](16, 3, 0.0)
    encoding = torch.randn(8, 16, requires_grad=True)
    outputs = head(encoded_of(encoding))
    assert outputs.ndim == 2
    assert 8 % len(outputs) == 0
    assert outputs.shape[1] == 3
    assert (outputs < 0).any(), "logits, not probabilities"
    (outputs.square().sum()).backward()
    assert encoding.grad is not None
    assert (encoding.grad.abs().sum(1) > 0).all(), "every clip counts"
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in head.parameters())
    with pytest.raises(InvalidSetting, match="n_outputs=0 must be at least 1"):
        HEADS[name](16, 0, 0.0)


def test_pairs_are_clips_side_by_side() -> None:
    head = HEADS["pair"](4, 1, 0.0).eval()
    encoding = torch.randn(6, 4)
    outputs = head(encoded_of(encoding))
    assert outputs.shape == (3, 1)
    alone = head(encoded_of(encoding[2:4]))
    torch.testing.assert_close(outputs[1], alone[0])
    with pytest.raises(InvalidSetting, match="batch=5 must be even"):
        head(encoded_of(encoding[:5]))


def test_several_heads_read_one_encoding() -> None:
    torch.manual_seed(1)
    tagger = build(SETTINGS, 3)
    encoder = tagger.encoder
    heads = {"labels": tagger.heads["labels"], "tempo": HEADS["hidden"](encoder.dim, 1, 0.0)}
    network = Network(encoder, heads).eval()
    clips = torch.randn(2, 3 * 16_000)
    with torch.no_grad():
        outputs, encoded = network(clips), encoder(clips)
        assert list(outputs) == ["labels", "tempo"]
        assert torch.equal(outputs["labels"], tagger.eval()(clips)["labels"])
        assert torch.equal(outputs["tempo"], heads["tempo"](encoded_of(encoded.encoding)))
