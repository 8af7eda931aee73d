"""The study carried out: planned, trained, left and gone on with, scored, and written beside the thesis."""

from pathlib import Path

import numpy as np
import pytest

from taglab.errors import Conflict
from taglab.runs import run_names
from taglab.runs.kept_targets import read_targets
from taglab.sources import open_folksonomy
from taglab.studies.sources.claims import CLAIMS
from taglab.studies.sources.settings import sources_of
from taglab.studies.sources.tables import largest_factors
from taglab.training.sources import new_source_run
from taglab.verbs.sources_study import ReproduceSources
from tests.training.examples import make_world
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
    for heading in ("Table 2.1", "Table 2.2", "Table 2.6", "Figure 2.7", "Figure 2.8", "Figure 2.15"):
        assert heading in text
    assert "MFCC" in text
    with pytest.raises(Conflict, match="design 'sources-small' varies other sources"):
        study(study={"single_repeats": 2, "strategies": ["MS-SR@FC"]}).answer(lambda share, text: None)
    with pytest.raises(Conflict, match="runs of design 'sources-small' were made already"):
        study(train={"epochs": 2, "batch_size": 8, "window_s": 0.6}).answer(lambda share, text: None)


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
