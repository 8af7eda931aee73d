"""Inputs that were once misread, each with its right value, where they lie beside the checkout."""

from pathlib import Path

import pytest

from taglab import sources
from taglab.embeddings import read_vectors
from taglab.folksonomy import Folksonomy
from taglab.runs import import_results

INPUTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "awkward-inputs"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not INPUTS.is_dir(), reason=f"awkward inputs are not at {INPUTS}"),
]


def read(name: str, file: str, source: str = "table") -> Folksonomy:
    return sources.read(source, INPUTS / name / file, "x")


def left_out(data: Folksonomy) -> dict[str, int]:
    return {note.reason: note.count for note in data.dropped}


def test_python_lists_in_csv() -> None:
    data = read("A06-python-list-in-csv", "tracks.csv")
    assert data.counts().to_dict() == {"Rock": 3, "Hip-Hop": 1, "Pop": 1}
    assert left_out(data) == {"no tag": 1}


def test_missing_values_of_r() -> None:
    data = read("A07-R-NA", "tags.csv")
    assert data.counts().to_dict() == {"pop": 1, "rock": 1}
    assert left_out(data) == {"no tag (NA stands for a missing value)": 2}


def test_ids_as_floats() -> None:
    assert read("A08-float-ids-csv", "tags.csv").tracks["track"].tolist() == ["1", "2"]


def test_spaces_after_commas() -> None:
    assert read("A09-space-after-comma", "tags.csv").counts().to_dict() == {"rock": 3, "pop": 1}


@pytest.mark.parametrize("source", ["magnatagatune", "table"])
def test_an_index_column(source: str) -> None:
    data = read("A10-magnatagatune-index-column", "annotations_final.csv", source)
    assert data.counts().to_dict() == {"slow": 2, "guitar": 1}
    assert any("name" in sentence for sentence in data.reading)


def test_latin1() -> None:
    data = read("A12-latin1-merges-tags", "tags.csv")
    assert set(data.tags["tag"]) == {"chanson d'été", "chanson d'étà", "rock"}
    assert any("cp1252" in sentence for sentence in data.reading)


def test_phrases_with_numbers() -> None:
    vectors = read_vectors(INPUTS / "A11-vectors-of-phrases-with-numbers" / "phrases.txt", "x")
    assert list(vectors.words) == ["rock", "hip hop", "blink 182", "top 40"]
    assert vectors.dim == 8
    assert vectors.vectors[2, 0] == pytest.approx(-0.0837)


def test_a_summary_row() -> None:
    run = import_results(INPUTS / "A14-summary-row-in-results" / "theirs.csv")
    assert run.classes == ("rock", "pop")
    assert run.summary()["last"]["auc_pr_macro"] == pytest.approx(0.3)
    assert "mean" in run.about.note
