"""Networks of several sources: shapes and sizes as printed; no weight depends on where they branch."""

import numpy as np
import pytest
import torch

from taglab.errors import InvalidSetting
from taglab.nets import network_settings
from taglab.nets.kim_2_3 import SourceFrontend
from taglab.nets.kim_3_2 import ArtistGroupFrontend
from taglab.nets.kim_4_1 import ConsistencyFrontend, LogSpectrum
from taglab.nets.sharing import (
    STRATEGIES,
    build_branching,
    parameter_counts,
    stage_sizes,
    strategy_of,
    width_of_equal_size,
)
from taglab.nets.staged import SpectralImage, StagedSettings, Stages

# Output shapes of the stages of each table, (channels, bands, frames), of one clip as it is printed.
TABLE_2_3 = [(16, 64, 54), (32, 32, 27), (64, 16, 13), (64, 8, 6), (128, 4, 3), (256,)]
TABLE_3_2 = [(16, 64, 43), (32, 32, 21), (64, 16, 10), (64, 8, 5), (128, 4, 2), (256,)]
TABLE_4_1 = [
    (16, 256, 86), (32, 128, 43), (64, 64, 21), (128, 32, 10), (256, 16, 5), (256, 8, 2), (256,)
]  # fmt: skip


def staged(**values: object) -> StagedSettings:
    settings = network_settings({"network": "kim-2.3", **values})
    assert isinstance(settings, StagedSettings)
    return settings


SMALL = staged(width=1 / 16)
HEADS = {"tag": ("linear", 3), "artist": ("linear", 4), "self": ("pair", 1)}


def clips(n: int = 4) -> torch.Tensor:
    return torch.randn(n, 16_000, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("frontend", "image", "printed"),
    [
        (SourceFrontend(channels=2), (2, 128, 216), TABLE_2_3),
        (ArtistGroupFrontend(), (1, 128, 43), TABLE_3_2),
        (ConsistencyFrontend(), (1, 513, 173), TABLE_4_1),
    ],
    ids=["2.3", "3.2", "4.1"],
)
def test_stages_give_what_the_tables_print(
    frontend: Stages, image: tuple[int, ...], printed: list[tuple[int, ...]]
) -> None:
    x, shapes = torch.zeros(1, *image), []
    with torch.no_grad():
        for stage in frontend.eval():
            x = stage(x)
            shapes.append(tuple(x.shape[1:]))
    assert shapes == printed


def test_seven_halvings_leave_the_printed_4_by_1() -> None:
    frontend = ConsistencyFrontend(width=1 / 16).eval()
    before_the_mean = torch.nn.Sequential(*list(frontend)[:-1], *list(frontend[-1])[:-1])
    assert before_the_mean(torch.zeros(1, 1, 513, 173)).shape == (1, 16, 4, 1)


def test_windows_have_the_printed_frames() -> None:
    mels = {"sample_rate_hz": 22_050, "n_fft": 1024, "hop": 256, "mel_scale": "slaney", "standardise": False}
    stereo = staged(mels=mels, channels=2)
    image = stereo.representation().eval()(torch.randn(1, 2, round(2.5 * 22_050)))
    assert image.shape == (1, 2, 128, 216)
    assert LogSpectrum(1024, 256)(torch.randn(1, 44_100)).shape == (1, 513, 173)


def test_a_network_of_one_source_has_as_many_numbers_as_kims() -> None:
    """576,482 by the table: every convolution and dense layer with bias, batch norm of two numbers each."""
    convolutions = [
        (2, 16, 5),
        (16, 32, 3),
        (32, 64, 3),
        (64, 64, 3),
        (64, 128, 3),
        (128, 256, 3),
        (256, 256, 1),
    ]
    by_hand = sum(n_in * n_out * size**2 + n_out + 2 * n_out for n_in, n_out, size in convolutions)
    by_hand += (256 * 256 + 256 + 2 * 256) + (256 * 50 + 50)
    single = build_branching(staged(channels=2), {"tag": ("linear", 50)}, 0)
    assert single.n_parameters() == by_hand == 576_482


def test_parameters_by_strategy_and_sources() -> None:
    """Figure 2.15: at eight sources 6.3 and 1.2 times those of one, as the text has it."""
    table = parameter_counts(staged(channels=2)).set_index(["strategy", "sources"])
    assert table.loc[("ss-r", 1), "parameters"] == 576_482
    assert table.loc[("ms-cr@6", 8), "times_single"] == pytest.approx(6.357, abs=5e-4)
    assert table.loc[("ms-sr@fc", 8), "times_single"] == pytest.approx(1.156, abs=5e-4)
    assert table.loc[("mss-cr", 8), "times_single"] == 8
    assert table.loc[("ms-cr@2", 8), "representation"] == 8 * 256
    assert table.loc[("ms-sr@fc", 8), "representation"] == 256
    assert (table["times_single"].groupby("sources").max() <= table.index.levels[1]).all()


@pytest.mark.parametrize("name", [name for name, own in STRATEGIES.items() if not own.single])
@pytest.mark.parametrize("network", ["kim-2.3", "kim-3.2", "kim-4.1"])
def test_counts_are_those_of_networks_that_are_built(name: str, network: str) -> None:
    settings = network_settings({"network": network, "width": 1 / 8})
    assert isinstance(settings, StagedSettings)
    heads = {f"source-{number}": ("linear", 50) for number in range(3)}
    built = build_branching(settings, heads, STRATEGIES[name].shared_stages)
    table = parameter_counts(settings, 3).set_index(["strategy", "sources"])
    assert built.n_parameters() == table.loc[(name, 3), "parameters"]
    assert built.dim == table.loc[(name, 3), "representation"]


def test_a_wide_network_of_one_source_is_as_large() -> None:
    settings = staged(network="kim-3.2")
    for parameters in (1_000_000, 3_000_000):
        width = width_of_equal_size(settings, parameters, 40)
        wide = settings.model_copy(update={"width": width})
        size = build_branching(wide, {"genre": ("linear", 40)}, 0).n_parameters()
        assert size == pytest.approx(parameters, rel=0.01)
    assert width_of_equal_size(staged(channels=2), 576_482) == 1


def gradients(network: torch.nn.Module) -> list[torch.Tensor]:
    torch.manual_seed(9)
    loss = network(clips())["tag"].square().mean()
    return list(torch.autograd.grad(loss, list(network.parameters())))


@pytest.mark.parametrize("shared", range(8))
def test_with_one_source_it_is_the_same_network_wherever_it_branches(shared: int) -> None:
    """Weights, outputs and gradients are those of a network that has no branch."""
    networks = []
    for stages in (None, shared):
        torch.manual_seed(5)
        networks.append(build_branching(SMALL, {"tag": ("linear", 3)}, stages).train())
    plain, branching = networks
    for one, other in zip(plain.parameters(), branching.parameters(), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(gradients(plain), gradients(branching), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("shared", range(8))
def test_no_weight_depends_on_where_sources_branch(shared: int) -> None:
    """A source's own stages begin with the weights they have where nothing is shared."""
    torch.manual_seed(5)
    apart = build_branching(SMALL, HEADS, 0)
    torch.manual_seed(5)
    network = build_branching(SMALL, HEADS, shared)
    for task in HEADS:
        for one, other in zip(apart.heads[task].parameters(), network.heads[task].parameters(), strict=True):
            assert torch.equal(one, other)
        if shared < 7:
            own = list(apart.branches[task].stages)[shared:]
            for stage, same in zip(own, network.branches[task].stages, strict=True):
                for one, other in zip(stage.parameters(), same.parameters(), strict=True):
                    assert torch.equal(one, other)


@pytest.mark.parametrize("shared", range(8))
def test_a_source_reaches_what_it_shares_and_its_own_alone(shared: int) -> None:
    torch.manual_seed(5)
    network = build_branching(SMALL, HEADS, shared)
    network(clips(), ("artist",))["artist"].sum().backward()
    own = {id(weights) for part in network.parts_of("artist") for weights in part.parameters()}
    common = {id(weights) for weights in network.encoder.parameters()}
    for weights in network.parameters():
        assert (weights.grad is not None) == (id(weights) in own | common)
    assert (len(common) == 0) == (shared == 0)


@pytest.mark.parametrize("shared", [0, 3, 7])
def test_the_representation_is_concatenated_or_shared(shared: int) -> None:
    torch.manual_seed(5)
    network = build_branching(SMALL, HEADS, shared).eval()
    with torch.no_grad():
        encoding, outputs = network.encoding(clips()), network(clips())
        assert encoding.shape == (4, network.dim)
        of_tag = encoding[:, : SMALL.dim]
        torch.testing.assert_close(network.heads["tag"].layers(of_tag), outputs["tag"])
    assert network.dim == (SMALL.dim if shared == 7 else 3 * SMALL.dim)


def test_bands_are_standardised_one_by_one() -> None:
    image = staged(channels=2).representation()
    assert isinstance(image, SpectralImage)
    norm = image.bands.train()
    spectrogram = torch.randn(3, 2, 128, 20) * torch.arange(1, 129)[:, None] + 5
    out = norm(spectrogram)
    np.testing.assert_allclose(out.mean((0, 1, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.std((0, 1, 3), correction=0), 1, atol=1e-4)
    assert list(norm.parameters()) == []


@pytest.mark.parametrize(
    ("name", "sources", "said"),
    [
        ("ms-cr@3", 2, "strategy='ms-cr@3' must be one of ss-r, mss-cr"),
        ("ms-cr@2", 9, "sources must be 1 to 8, and these are 9"),
        ("ms-cr@2", 0, "sources must be 1 to 8, and these are 0"),
        ("ms-cr@2", 1, "is for two sources or more; with one source every strategy is ss-r"),
        ("ss-r", 2, "strategy='ss-r' is for one source and no more; there are 2"),
    ],
)
def test_what_is_no_strategy_for_so_many_is_told(name: str, sources: int, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        strategy_of(name, sources)


@pytest.mark.parametrize(
    ("heads", "shared", "said"),
    [
        ({"tag": ("linear", 3)}, 8, "shared_stages=8 must lie in 0 to 7"),
        ({"tag": ("cosine", 3)}, 0, "head='cosine' of the task 'tag' must be one of"),
        ({"a.b": ("linear", 3)}, 0, "cannot be called 'a.b'"),
        ({"train": ("linear", 3)}, 0, "cannot be called 'train'"),
        ({"training": ("linear", 3)}, 0, "cannot be called 'training'"),
    ],
)
def test_what_cannot_be_built_is_told(heads: dict[str, tuple[str, int]], shared: int, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        build_branching(SMALL, heads, shared)


def test_stages_are_counted_without_being_drawn() -> None:
    before = torch.get_rng_state()
    assert len(stage_sizes(staged(width=1 / 4))) == 7
    assert torch.equal(before, torch.get_rng_state())
