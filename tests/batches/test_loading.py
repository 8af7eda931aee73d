"""Batches: every track once a pass, everything a function of seed, epoch and step, shares of processes."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taglab.audio.windows import WindowSettings
from taglab.batches import Batch, Material, TrainingBatches, prepare, split_tracks, whole_track_batches
from taglab.batches.loading import read_ahead
from taglab.errors import DataError, InvalidSetting
from tests.batches.examples import STEP, folksonomy_of, samples_of, space_of, store_of

N = 50
LENGTH = 60


def lengths() -> dict[int, int | None]:
    return {number: 40 + 7 * number for number in range(N)}  # the first three are shorter than a window


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """50 tracks, 40 of them for training, windows of 60 samples, short tracks padded."""
    data = folksonomy_of([["rock"] + ["jazz"] * (row % 2) for row in range(N)])
    store = store_of(lengths(), tmp_path_factory.mktemp("store"))
    window = WindowSettings(duration_s=LENGTH / 1_000, short_tracks="pad")
    return prepare(data, space_of("rock", "jazz"), store, split_tracks(data), window)


def same(one: Batch, other: Batch) -> bool:
    targets = one.targets.keys() == other.targets.keys() and all(
        torch.equal(part, other.targets[task]) for task, part in one.targets.items()
    )
    return (
        targets
        and torch.equal(one.waveform, other.waveform)
        and np.array_equal(one.positions, other.positions)
    )


@given(
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 2**40),
    epoch=st.integers(0, 5),
    shuffle=st.booleans(),
    keep=st.booleans(),
)
def test_an_epoch_visits_each_track_once(
    material: Material, batch_size: int, seed: int, epoch: int, shuffle: bool, keep: bool
) -> None:
    batches = TrainingBatches(material, batch_size, seed, shuffle, ahead=0, last="keep" if keep else "drop")
    visited = np.concatenate([batch.positions for batch in batches.epoch(epoch)])
    train = material.of("train")
    if keep:
        assert sorted(visited) == sorted(train)
    else:
        assert len(set(visited)) == len(visited) == len(train) // batch_size * batch_size
        assert set(visited) <= set(train)


@given(
    batch_size=st.integers(1, 20),
    seed=st.integers(0, 9),
    epoch=st.integers(0, 3),
    steps=st.none() | st.integers(1, 12),
    ahead=st.integers(0, 3),
    data=st.data(),
)
def test_a_resumed_epoch_is_the_tail_of_the_uninterrupted(
    material: Material,
    batch_size: int,
    seed: int,
    epoch: int,
    steps: int | None,
    ahead: int,
    data: st.DataObject,
) -> None:
    batches = TrainingBatches(material, batch_size, seed, steps_per_epoch=steps, ahead=ahead)
    whole = list(batches.epoch(epoch))
    assert len(whole) == batches.steps_per_epoch
    start = data.draw(st.integers(0, len(whole)))
    resumed = TrainingBatches(material, batch_size, seed, steps_per_epoch=steps, ahead=0).epoch(epoch, start)
    assert all(same(one, other) for one, other in zip(whole[start:], resumed, strict=True))


@given(st.sampled_from([(2, 4), (3, 2), (4, 5), (1, 8)]), st.sampled_from(["random", "middle"]))
def test_processes_share_the_batch_of_one(material: Material, shape: tuple[int, int], window) -> None:
    world, batch_size = shape
    whole = list(TrainingBatches(material, world * batch_size, 3, window=window, ahead=0).epoch(1))
    shares = [
        list(
            TrainingBatches(material, batch_size, 3, window=window, rank=rank, world=world, ahead=0).epoch(1)
        )
        for rank in range(world)
    ]
    for step, together in enumerate(whole):
        ours = [share[step] for share in shares]
        assert np.array_equal(np.concatenate([batch.positions for batch in ours]), together.positions)
        assert torch.equal(torch.cat([batch.waveform for batch in ours]), together.waveform)
        assert torch.equal(torch.cat([batch.targets["labels"] for batch in ours]), together.targets["labels"])


@pytest.mark.parametrize("world", [1, 2])
def test_without_shuffling_every_track_is_heard_in_turn(material: Material, world: int) -> None:
    """12 of 40 do not divide: each epoch begins where the one before ended, whoever resumes it and where."""
    shares = [
        TrainingBatches(material, 12 // world, 0, shuffle=False, rank=rank, world=world, ahead=0)
        for rank in range(world)
    ]
    heard = [
        share.batch(epoch, step).positions for epoch in range(10) for step in range(3) for share in shares
    ]
    train = material.of("train")
    np.testing.assert_array_equal(np.concatenate(heard), np.tile(train, 9))


def test_short_epochs_go_on_where_the_last_one_stopped(material: Material) -> None:
    whole = TrainingBatches(material, 8, 0, ahead=0)  # 5 steps a pass
    short = TrainingBatches(material, 8, 0, steps_per_epoch=3, ahead=0)
    passes = [batch for number in range(3) for batch in whole.epoch(number)]
    epochs = [batch for number in range(5) for batch in short.epoch(number)]
    assert all(same(one, other) for one, other in zip(passes, epochs, strict=True))


def test_windows_and_targets_are_those_of_their_tracks(material: Material) -> None:
    for batch in TrainingBatches(material, 10, 0).epoch(0):
        assert batch.waveform.dtype == torch.int16
        assert batch.waveform.shape == (10, LENGTH)
        assert batch.targets["labels"].dtype == torch.float32
        assert torch.equal(
            batch.targets["labels"].bool(), torch.from_numpy(material.targets[batch.positions])
        )
        for waveform, position in zip(batch.waveform.numpy(), batch.positions, strict=True):
            number = int(material.tracks[position][1:])
            start = waveform[0] - 1 - STEP * number
            expected = np.zeros(LENGTH)
            found = np.rint(samples_of(number, 40 + 7 * number)[start:][:LENGTH] * 32_768)
            expected[: len(found)] = found
            np.testing.assert_array_equal(waveform, expected)


def test_middle_windows_lie_in_the_middle_and_short_tracks_end_in_zeros(material: Material) -> None:
    batches = TrainingBatches(material, 1, 0, window="middle", last="keep")
    for batch in batches.epoch(0):
        number = int(material.tracks[batch.positions[0]][1:])
        spare = 40 + 7 * number - LENGTH
        assert int(batch.waveform[0, 0]) - 1 - STEP * number == max(spare, 0) // 2
        assert int((batch.waveform == 0).sum()) == max(-spare, 0)


def test_random_windows_differ_between_epochs_and_reach_both_ends(material: Material) -> None:
    batches = TrainingBatches(material, 40, 0, ahead=0)
    longest = max(material.of("train"), key=lambda at: int(material.tracks[at][1:]))
    number = int(material.tracks[longest][1:])
    starts = set()
    for epoch in range(400):
        batch = batches.batch(epoch, 0)
        row = int(np.flatnonzero(batch.positions == longest)[0])
        starts.add(int(batch.waveform[row, 0]) - 1 - STEP * number)
    last = 40 + 7 * number - LENGTH
    assert min(starts) < last * 0.05
    assert max(starts) > last * 0.95


def test_orders_differ_between_epochs_and_seeds_unless_asked_not_to(material: Material) -> None:
    def order(seed: int, epoch: int, shuffle: bool = True) -> list[int]:
        return TrainingBatches(material, 40, seed, shuffle, ahead=0).batch(epoch, 0).positions.tolist()

    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    assert order(0, 0, shuffle=False) == order(5, 7, shuffle=False) == material.of("train").tolist()


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize("batch_size", [1, 7, 1_000])
def test_whole_tracks_are_heard_from_end_to_end(material: Material, part: str, batch_size: int) -> None:
    heard: dict[int, list[int]] = {int(position): [] for position in material.of(part)}
    order = []
    for waveform, positions in whole_track_batches(material, part, batch_size):
        assert waveform.shape == (len(positions), LENGTH)
        assert len(positions) <= batch_size
        order += positions.tolist()
        for window, position in zip(waveform.numpy(), positions.tolist(), strict=True):
            heard[position] += window[window != 0].tolist()
    assert order == sorted(order)
    for position, values in heard.items():
        number = int(material.tracks[position][1:])
        places = np.unique(values) - 1 - STEP * number
        length = 40 + 7 * number
        assert places[0] == 0
        assert places[-1] == length - 1
        np.testing.assert_array_equal(places, np.arange(len(places)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batch_size": 41}, "batch_size=41 must not exceed the 40 tracks .* at most 40"),
        ({"batch_size": 30, "world": 2}, "in each of 2 processes .* at most 20"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 4, "steps_per_epoch": 0}, "steps_per_epoch=0"),
        ({"batch_size": 4, "rank": 1}, "rank=1"),
        ({"batch_size": 4, "ahead": -1}, "ahead=-1"),
        ({"batch_size": 4, "world": 2, "last": "keep"}, "last='keep' must be 'drop' with world=2"),
    ],
)
def test_batches_that_cannot_be_are_refused(material: Material, wrong: dict, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        TrainingBatches(material, seed=0, **wrong)


def test_steps_that_are_not_there_are_refused(material: Material) -> None:
    with pytest.raises(InvalidSetting, match="start_step=6 must lie in 0 to 5"):
        TrainingBatches(material, 8, 0).epoch(0, 6)


def test_more_than_the_data_may_be_kept_as_one_batch(material: Material) -> None:
    batches = TrainingBatches(material, 100, 0, last="keep")
    assert [len(batch.positions) for batch in batches.epoch(0)] == [40]


def counted(reads: list[int], n: int) -> Iterator[Callable[[], int]]:
    def read(number: int) -> int:
        reads.append(number)
        return number

    return ((lambda number=number: read(number)) for number in range(n))


def test_reading_ahead_stops_when_nobody_wants_more() -> None:
    reads: list[int] = []
    batches = read_ahead(counted(reads, 1_000), 3)
    assert [next(batches) for _ in range(2)] == [0, 1]
    batches.close()  # type: ignore[attr-defined]
    assert len(reads) <= 6
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("taglab-batches")]


def test_what_fails_ahead_is_raised_in_its_turn() -> None:
    def broken() -> int:
        raise DataError("x", "is broken")

    batches = read_ahead(iter([lambda: 1, broken, lambda: 3]), 2)
    assert next(batches) == 1
    with pytest.raises(DataError, match="is broken"):
        next(batches)
