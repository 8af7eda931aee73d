"""Every head of the dictionary, and the network that carries several."""

import pytest
import torch

from taglab.errors import InvalidSetting
from taglab.nets import HEADS, Encoded, Network, build, network_settings

SETTINGS = network_settings({"network": "vgg", "width": 1 / 16})


def encoded_of(encoding: torch.Tensor) -> Encoded:
    """Return what a head may look at, of which only the vectors are known."""
    return Encoded(torch.empty(0), torch.empty(0), encoding)


@pytest.mark.parametrize("name", HEADS)
def test_contract_of_every_head(name: str) -> None:
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
