"""The study carried out: planned, trained, left and gone on with, scored, and written beside the thesis."""

import re
from pathlib import Path

import numpy as np
import pytest

from taglab.errors import Conflict, InvalidSetting
from taglab.figures.places import places_map
from taglab.runs import run_names
from taglab.runs.kept_targets import read_targets
from taglab.sources import open_folksonomy
from taglab.studies.sources.claims import CLAIMS
from taglab.studies.sources.places import described
from taglab.studies.sources.settings import sources_of
from taglab.studies.sources.tables import largest_factors
from taglab.targets import Targets
from taglab.training.sources import new_source_run
from taglab.vectors import Vectors, save_features
from taglab.verbs.sources_study import ReproduceSources
from tests.figures.shown import shown
from tests.training.examples import N_TRACKS, make_world, tags_of
from tests.training.test_sources import MELS, config_of, save_data


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    make_world(taglab_home)
    save_data()


def study(**changes: object) -> ReproduceSources:
    return ReproduceSources.model_validate(
        {
            "data": "small",
            "source": ("tag=tag,k=2,iterations=5", "pitch=column,column=pitch"),
            "study": {"single_repeats": 1, "all_repeats": 1, "fractional": 0, "strategies": ["MS-SR@FC"]},
            "tasks": [{"task": "classification", "column": "pitch", "fewest": 2, "epochs": 3}],
            "splits": {"splits": 1},
            "network": {"network": "kim-2.3", "width": 1 / 16, "mels": MELS},
            "train": {"epochs": 1, "batch_size": 8, "window_s": 0.6, "accelerator": "cpu"},
            **changes,
        }
    )


def test_it_is_left_and_gone_on_with_and_written(tmp_path: Path) -> None:
    path = tmp_path / "sources.html"
    first = study(runs=2).answer(lambda share, text: None)
    assert (first.facts["planned"], first.facts["trained"], first.facts["finished"]) == (3, 2, 2)
    trained = set(run_names())
    told = study(report=path).answer(lambda share, text: None)
    assert (told.facts["trained"], told.facts["scored"], told.facts["tasks"]) == (1, 3, ["pitch"])
    assert trained < set(run_names())
    assert told.table is not None
    assert told.table["claim"].tolist() == list(CLAIMS)
    assert told.table.set_index("claim").loc["sizes", "here"] == "holds"
    text = path.read_text(encoding="utf-8")
    headings = {heading for heading, _ in re.findall("<h3>([^:<]+): ([^<]+)</h3>", text)}
    assert headings >= {f"Figure 2.{number}" for number in range(7, 17)}
    assert headings >= {f"Table 2.{number}" for number in (1, 2, 4, 5, 6)}
    assert "MFCC" in text
    with pytest.raises(Conflict, match="design 'sources-small' varies other sources"):
        study(study={"single_repeats": 2, "strategies": ["MS-SR@FC"]}).answer(lambda share, text: None)
    with pytest.raises(Conflict, match="runs of design 'sources-small' were made already"):
        study(train={"epochs": 2, "batch_size": 8, "window_s": 0.6}).answer(lambda share, text: None)


def test_features_of_a_published_tagger_stand_beside_the_baselines(tmp_path: Path) -> None:
    tracks = [f"t{row}" for row in range(N_TRACKS)]
    telling = np.array([["low" in tags_of(row), "high" in tags_of(row)] for row in range(N_TRACKS)], float)
    save_features(Vectors.of("tracks", tracks[:50], telling[:50], "choi", "euclidean"), "choi")
    save_features(Vectors.of("tracks", ["elsewhere"], np.ones((1, 2)), "others", "euclidean"), "others")
    with pytest.raises(InvalidSetting, match="'others' are of none of the tracks of small"):
        study(baseline_features=("others",)).answer(lambda share, text: None)
    assert not run_names()  # nothing is trained before that is known
    path = tmp_path / "sources.html"
    task = {"task": "classification", "column": "pitch", "fewest": 2}
    asked = study(baseline_features=("choi",), runs=1, report=path, tasks=[task])
    told = asked.answer(lambda share, text: None)
    rows = {row["baseline"]: row["score"] for row in told.facts["baselines"]}
    assert list(rows) == ["MFCC", "random network", "choi"]
    assert rows["choi"] > 0.9  # a column tells the pitch by itself
    text = path.read_text(encoding="utf-8")
    assert "choi (features of 50 tracks)" in text
    assert "<td>choi</td>" in text.partition("Baselines: scores by task")[2].partition("</table>")[0]
    assert text.count('"text":"choi"') >= 1  # the line in figures 2.8 and 2.9


def test_runs_are_only_made_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "begun.html"
    told = study(only_make=True, report=path).answer(lambda share, text: None)
    assert (told.facts["trained"], told.facts["finished"], len(run_names())) == (0, 0, 3)
    assert "3 runs are left; `taglab design work sources-small` trains them, too" in told.notes
    assert "no score of the design is there" in path.read_text(encoding="utf-8")


def test_sources_that_data_cannot_give_are_told() -> None:
    given, absent = sources_of(open_folksonomy("small"), 2)
    assert [source.name for source in given] == ["self", "year", "tag"]
    assert set(absent["source"]) == {"bpm", "taste", "lyrics", "expert", "artist"}
    assert "names none" in str(absent.set_index("source").loc["artist", "reason"])


def test_the_largest_factors_are_told_by_their_likeliest_terms() -> None:
    kept = read_targets(new_source_run(config_of("tag=tag,k=3,iterations=9", strategy="ss-r"))).of["tag"]
    table = largest_factors(kept, factors=2, terms=1)
    assert table["share"].is_monotonic_decreasing
    assert kept.factors is not None
    for row in table.to_dict("records"):
        weights = kept.factors.weights[:, row["factor"] - 1]
        assert row["strongest terms"] == kept.factors.terms[int(np.argmax(weights))]
        assert row["share"] == pytest.approx(float(kept.values[kept.known, row["factor"] - 1].mean()))


def test_places_of_a_map_tell_the_factors_that_are_strongest_there() -> None:
    tracks = [f"t{row}" for row in range(40)]
    right = np.arange(40) >= 20
    positions = np.column_stack([np.where(right, 10.0, 0.0), np.linspace(0, 1, 40)])
    shares = np.where(right[:, None], [[0.1, 0.9, 0.0]], [[0.7, 0.2, 0.1]]).astype(np.float32)
    known = np.ones(40, bool)
    tag = Targets("distribution", tuple(tracks), ("rock", "<b>jazz", "pop"), shares, known, "tag")
    found = described("about", tracks, positions, {"tag": tag}, ["a", ""] * 20, n_places=2, nearest=5)
    assert found.places["x"].tolist() == [0, 10]  # from the left to the right
    assert found.places["tracks"].tolist() == [5, 5]
    rows = found.strongest
    assert list(zip(rows["place"], rows["source"], rows["factor"], strict=True)) == [
        (1, "tag", "rock"), (1, "tag", "<b>jazz"), (2, "tag", "<b>jazz"), (2, "tag", "rock"),
    ]  # fmt: skip
    np.testing.assert_allclose(rows["share"], [0.7, 0.2, 0.9, 0.1], rtol=1e-6)
    np.testing.assert_allclose(rows["of all"], [0.4, 0.55, 0.55, 0.4], rtol=1e-6)
    assert found.points["note"].iloc[39] == "tag: <b>jazz 0.90, rock 0.10"
    drawn = places_map(found.points, found.places, "places")
    assert [trace.name for trace in drawn.data] == ["a", "other", None]
    assert list(drawn.data[2].text) == ["<b>1</b>", "<b>2</b>"]
    assert "<b>jazz" not in shown(drawn)
    alike = described("about", tracks, np.zeros((40, 2)), {"tag": tag}, [""] * 40)
    assert len(alike.places) == 1
