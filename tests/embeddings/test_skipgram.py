"""Vectors trained on tag lists: the same in any process, near what shares tracks, stoppable, cached."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taglab import embeddings
from taglab.embeddings import SkipGramSettings, compose, library, neighbours, own_vectors, train_skipgram
from taglab.embeddings.skipgram import _enough_epochs
from taglab.errors import Cancelled, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.sources import open_folksonomy
from taglab.sources.demo import DemoSettings, read_demo
from tests.embeddings.examples import folksonomy

QUICK = SkipGramSettings(dim=8, epochs=3)
SMALL = [["jazz", "free jazz"], ["jazz", "Hip-Hop"], [], ["rock"], ["rock", "hard rock", "jazz"]]

TRAIN = """
import hashlib
from taglab.embeddings import SkipGramSettings, train_skipgram
from tests.embeddings.test_skipgram import SMALL, folksonomy
made = train_skipgram(folksonomy(SMALL * 20), SkipGramSettings(dim=8, epochs=3, seed=3))
print(hashlib.sha256("".join(made.words).encode() + made.vectors.tobytes()).hexdigest())
"""


def digest(data: Folksonomy, settings: SkipGramSettings) -> str:
    made = train_skipgram(data, settings)
    return hashlib.sha256("".join(made.words).encode() + made.vectors.tobytes()).hexdigest()


def test_same_vectors_in_any_process(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        ended = subprocess.run(
            [sys.executable, "-c", TRAIN],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        assert ended.stderr == ""
        found.add(ended.stdout.strip())
    assert found == {digest(folksonomy(SMALL * 20), SkipGramSettings(dim=8, epochs=3, seed=3))}


def test_seed_and_settings_make_a_difference() -> None:
    data = folksonomy(SMALL * 20)
    seeds = {digest(data, SkipGramSettings(dim=8, epochs=3, seed=seed)) for seed in (0, 0, 1)}
    assert len(seeds) == 2


def test_words_of_tags_are_trained() -> None:
    made = train_skipgram(folksonomy(SMALL), QUICK, "mine")
    assert sorted(made.words) == ["Hip", "Hop", "free", "hard", "jazz", "rock"]
    # Most used first; "jazz" stands in two tags of the first track, and counts twice.
    assert made.words[:2] == ("jazz", "rock")
    assert (made.name, made.dim, made.vectors.dtype) == ("mine", 8, np.float32)
    assert "some tracks" in made.source


def test_tags_as_words_and_lower_case() -> None:
    whole = train_skipgram(folksonomy(SMALL), SkipGramSettings(dim=8, epochs=1, unit="tags"))
    assert sorted(whole.words) == ["Hip-Hop", "free jazz", "hard rock", "jazz", "rock"]
    assert compose(whole, ["free jazz", "hard rock"]).missing == ()
    lower = train_skipgram(folksonomy(SMALL), SkipGramSettings(dim=8, epochs=1, lowercase=True))
    assert "hip" in lower
    assert compose(lower, ["Hip-Hop"]).missing == ()


def test_tags_without_letters() -> None:
    made = train_skipgram(folksonomy([["♥", "<3", "&", "  "], ["♥", "&"]]), QUICK)
    assert sorted(made.words) == ["&", "3", "♥"]
    assert compose(made, ["♥", "<3", "&", "  "]).missing == ("  ",)


def test_rare_words_can_be_left_out() -> None:
    made = train_skipgram(folksonomy(SMALL), SkipGramSettings(dim=8, epochs=1, min_count=2))
    assert sorted(made.words) == ["jazz", "rock"]
    with pytest.raises(InvalidSetting, match="min_count=99 leaves none of the 6 words"):
        train_skipgram(folksonomy(SMALL), SkipGramSettings(min_count=99))


@pytest.mark.parametrize("lists", [[], [[]], [["  "]]])
def test_nothing_to_train_on(lists: list[list[str]]) -> None:
    with pytest.raises(InvalidSetting, match="leaves none of the 0 words"):
        train_skipgram(folksonomy(lists))


@pytest.mark.parametrize("lists", [[["jazz"]], [["jazz"], ["rock"]], [["jazz", "rock"]], [[], ["a"], [], []]])
def test_hardly_anything_to_train_on(lists: list[list[str]]) -> None:
    made = own_vectors(folksonomy(lists))
    assert compose(made, folksonomy(lists).tags["tag"].tolist()).missing == ()


def test_lists_longer_than_gensim_is_given_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = folksonomy([[f"tag{number}" for number in range(30)]] * 20)
    whole = train_skipgram(data, QUICK)
    monkeypatch.setattr("taglab.embeddings.skipgram._WORDS_PER_CALL", 100)
    reports: list[float] = []
    pieces = train_skipgram(data, QUICK, progress=lambda done, text: reports.append(done))
    assert set(pieces.words) == set(whole.words)
    assert len(reports) == 2 + 3 * 6  # words counted and collected, then three passes
    assert reports == sorted(reports)
    assert reports[-1] < 1


def test_training_can_be_stopped(taglab_home: Path) -> None:
    def stop(fraction: float, text: str) -> None:
        if "pass" in text:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        own_vectors(folksonomy(SMALL), progress=stop)
    assert not [path for path in taglab_home.rglob("*") if path.is_file()]


def never(*_: object) -> None:
    raise AssertionError("trained again")


def test_own_vectors_are_kept_by_content(monkeypatch: pytest.MonkeyPatch) -> None:
    data = folksonomy(SMALL)
    first = own_vectors(data)
    assert first.name == embeddings.OWN
    assert embeddings.vector_names() == []
    other = own_vectors(data, SkipGramSettings(seed=1))
    assert other.fingerprint != first.fingerprint
    with monkeypatch.context() as patched:
        patched.setattr(library, "train_skipgram", never)
        again = own_vectors(folksonomy(SMALL, "renamed"))
        assert again.fingerprint == first.fingerprint
        titled = replace(data, tracks=data.tracks.assign(title="of no use to training"))
        assert own_vectors(titled).fingerprint == first.fingerprint
        assert isinstance(again.vectors, np.memmap)
        assert embeddings.resolve("own", data).fingerprint == first.fingerprint
        with pytest.raises(AssertionError, match="trained again"):
            own_vectors(folksonomy(SMALL[1:]))


def test_resolve_finds_the_shelf(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("jazz 1 2\n")
    added = embeddings.add_vectors(tmp_path / "one.txt", "added")
    assert embeddings.resolve("added", folksonomy(SMALL)).fingerprint == added.fingerprint


def test_tags_of_the_same_tracks_come_to_lie_together() -> None:
    random = np.random.default_rng(0)
    groups = [[f"{name}{number}" for number in range(8)] for name in "abc"]
    lists = [random.choice(groups[track % 3], 4, replace=False).tolist() for track in range(300)]
    data = folksonomy(lists)
    vectors = compose(own_vectors(data), data.tags["tag"].tolist())
    for tag in vectors.tags:
        assert {near[0] for near in neighbours(vectors, tag, 7)["tag"]} == {tag[0]}


def test_the_demos_truth_is_recovered_better_than_by_chance() -> None:
    demo = read_demo(DemoSettings())
    table = demo.tags[(demo.tags["count"] >= 5) & (demo.tags["basis"] == "sound")]
    vectors = compose(own_vectors(demo), table["tag"].tolist())
    family = table.set_index("tag").loc[list(vectors.tags), "family"].to_numpy()
    similarity = vectors.vectors @ vectors.vectors.T
    np.fill_diagonal(similarity, -2)
    near = np.argsort(-similarity, axis=1)[:, :5]
    shared = (family[near] == family[:, None]).mean()
    by_chance = np.mean([(family == one).mean() for one in family])
    assert shared > 0.4
    assert shared > 3 * by_chance


def test_the_demo_opens_and_its_vectors_are_complete() -> None:
    demo = open_folksonomy("demo")
    found = embeddings.coverage(own_vectors(demo, SkipGramSettings(epochs=1)), demo)
    assert found.share_of_tags == found.share_of_counts == 1
    assert len(found.unknown_words) == 0


def test_settings_are_checked() -> None:
    for wrong in ({"dim": 1}, {"seed": -1}, {"unit": "letters"}, {"alpha": 0}, {"size": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SkipGramSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lengths", "epochs"),
    [
        ([0, 1], 500),
        ([5] * 100, 500),
        ([10] * 1_000, 33),
        # 20 companions a word at most, however long its list.
        ([1_000] * 1_000, 2),
        ([21] * 5_000, 3),
        ([21] * 1_000_000, 1),
    ],
)
def test_few_lists_are_passed_over_often_and_many_rarely(lengths: list[int], epochs: int) -> None:
    assert _enough_epochs(np.array(lengths), SkipGramSettings()) == epochs
