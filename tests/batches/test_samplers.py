"""Which tracks come when: every entry of the dictionary by one contract, and what each promises."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.batches import SAMPLERS, Drawing
from taglab.errors import InvalidSetting

POSITIONS = np.arange(40) * 2 + 1  # in a material of more tracks than those that are drawn from
KNOWN = {"labels": None, "tempo": np.arange(100) % 3 == 0}


def drawing(size: int = 10, seed: int = 0, shuffle: bool = True) -> Drawing:
    return Drawing(POSITIONS, KNOWN, size, seed, shuffle)


@pytest.mark.parametrize("name", SAMPLERS)
@given(size=st.sampled_from([2, 4, 10]), seed=st.integers(0, 99), step=st.integers(0, 9))
def test_contract_of_every_sampler(name: str, size: int, seed: int, step: int) -> None:
    """A step is a function of seed and step; all its tracks are among those to be drawn from."""
    one, other = SAMPLERS[name](drawing(size, seed)), SAMPLERS[name](drawing(size, seed))
    assert one.steps_per_pass >= 1
    assert SAMPLERS[name].validates_by in SAMPLERS
    number, within = divmod(step, one.steps_per_pass)
    other.draw(0, 0)  # what was drawn before does not matter
    draws = one.draw(number, within), other.draw(number, within)
    assert np.array_equal(draws[0].positions, draws[1].positions)
    assert draws[0].tasks == draws[1].tasks
    assert len(draws[0].positions) == size
    assert set(draws[0].positions) <= set(POSITIONS)
    for task in draws[0].tasks or ():
        assert KNOWN[task] is None or KNOWN[task][draws[0].positions].all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_another_seed_draws_others(name: str) -> None:
    first, second = (SAMPLERS[name](drawing(seed=seed)).draw(0, 0).positions for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("shuffle", [True, False])
def test_pairs_are_half_of_one_track(shuffle: bool) -> None:
    sampler = SAMPLERS["pairs"](drawing(20, shuffle=shuffle))
    assert sampler.steps_per_pass == 4
    pairs = np.concatenate([sampler.draw(0, step).positions.reshape(-1, 2) for step in range(4)])
    assert sorted(pairs[:, 0]) == sorted(POSITIONS)  # each track is the first of a pair once
    same = pairs[:, 0] == pairs[:, 1]
    assert same.sum() == 20
    assert len(set(pairs[~same, 1])) > 10, "partners are drawn from all tracks"


def test_partners_are_equally_likely() -> None:
    sampler = SAMPLERS["pairs"](Drawing(np.arange(3), {}, 2 * 3, 5, shuffle=False))
    partners = Counter(int(sampler.draw(number, 0).positions[3]) for number in range(600))
    assert set(partners) == {0, 2}
    assert abs(partners[0] - 300) < 75  # three standard deviations of 12.2, and more


def test_of_tasks_by_turns_one_may_compare_clips() -> None:
    of_pairs = Drawing(POSITIONS, KNOWN, 8, 3, by_pairs=frozenset({"tempo"}))
    sampler = SAMPLERS["one-task"](of_pairs)
    draws = [sampler.draw(0, step) for step in range(30)]
    for draw in draws:
        pairs = draw.positions.reshape(-1, 2)
        if draw.tasks == ("tempo",):
            assert (pairs[:, 0] == pairs[:, 1]).tolist() == [True, False, True, False]
            assert len(set(pairs.ravel())) == 6
        else:
            assert len(set(draw.positions)) == 8
    assert {draw.tasks for draw in draws} == {("tempo",), ("labels",)}
    with pytest.raises(InvalidSetting, match="batch_size=7 must be even for tempo"):
        SAMPLERS["one-task"](Drawing(POSITIONS, KNOWN, 7, 3, by_pairs=frozenset({"tempo"})))


def test_one_task_a_step_in_turns_by_chance() -> None:
    sampler = SAMPLERS["one-task"](drawing(10))
    assert sampler.steps_per_pass == 2 * 4  # as often as 40 tracks fill a batch, for each task
    tasks = Counter(sampler.draw(number, 0).tasks for number in range(400))
    assert set(tasks) == {("labels",), ("tempo",)}
    assert abs(tasks["tempo",] - 200) < 60
    for step in range(5):
        positions = sampler.draw(0, step).positions
        assert len(set(positions)) == len(positions)


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("pairs", 5, "batch_size=5 must be even"),
        ("one-task", 20, "13 training tracks of which the task"),
    ],
)
def test_what_cannot_be_drawn_is_told(name: str, size: int, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        SAMPLERS[name](drawing(size))
