"""The study on planted tracks: every table and claim, the printed side by itself, and what is refused."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab.errors import Cancelled, InvalidSetting
from taglab.joint_space import (
    FittedSpace,
    JointMaterial,
    JointSpaceSettings,
    fit_space,
    kept,
    precisions,
)
from taglab.joint_space.baselines import margin_perceptron
from taglab.studies.claims import claims_table
from taglab.studies.joint_space import JointSpaceStudy, StudyFigures, carry_out, study_report
from taglab.studies.joint_space.claims import CLAIMS, Comparison, compared
from taglab.studies.joint_space.cost import one_vs_rest_mib, space_mib
from taglab.studies.joint_space.tables import comparisons_table, nearest_tags, tables
from taglab.studies.joint_space.training import ALL, ONE_VS_REST, SINGLE, Judged, space_name
from taglab.studies.study_report import write_study
from taglab.studies.verdicts import CONTRADICTED, HOLDS, NOT_SHOWN, UNTESTED, VERDICTS
from tests.joint_space.planted import planted

SETTINGS = JointSpaceStudy(
    space=JointSpaceSettings(dim=8, steps=6_000, validate_every=2_000, patience=2),
    learning_rates=(0.02, 0.05),
    limits=(3.0,),
    members=(1, 2),
    wider=(12,),
    songs_timed=5,
)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> StudyFigures:
    material = planted()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(tmp_path_factory.mktemp("study")))
        return carry_out("planted", {"first": material, "first + second": material}, SETTINGS)


def test_every_model_is_judged_on_every_held_out_query(figures: StudyFigures) -> None:
    names = [space_name("warp", 8), space_name("warp", 8, 2), space_name("auc", 8), ONE_VS_REST, "popularity"]
    assert figures.models("tags", "first") == names
    assert figures.models("tags", "first + second") == [*names, space_name("warp", 12, wider=True)]
    assert names[:2] == ["WARP d = 8 (1 × 8)", "WARP d = 16 (2 × 8)"]
    for task, queries in (("artists", 24), ("tracks-of-artist", 12), ("similar-tracks", 24)):
        assert {ALL, SINGLE} <= set(figures.models(task, "first"))  # type: ignore[arg-type]
        assert len(figures.precisions[Judged(task, ALL, "first")]) == queries  # type: ignore[arg-type]
    material = planted()
    scores = margin_perceptron(material, "tags", "test")
    expected = precisions(scores, material.right("tags", "test"), (3,))["p@3"]
    np.testing.assert_array_equal(figures.precisions[Judged("tags", ONE_VS_REST, "first")]["p@3"], expected)


def test_rate_and_limit_are_those_of_the_best_validation_precision(figures: StudyFigures) -> None:
    trained = figures.trained
    assert len(trained) == 2 * (2 * 2 + 1) + 1 + 4 * 2
    first = trained[trained["seed"] == 0]
    for _, rows in first[first["dim"] == 8].groupby(["features", "tasks", "loss"]):
        (taken,) = rows[rows["taken"]].to_dict("records")
        assert taken["validation p@3"] == rows["validation p@3"].max()
    ensemble = trained[(trained["seed"] == 1) & trained["taken"]]
    assert len(ensemble) == 2


def test_a_study_that_was_stopped_goes_on_with_what_is_left(
    figures: StudyFigures, monkeypatch: pytest.MonkeyPatch, taglab_home: Path
) -> None:
    material = planted()
    trainings: list[JointSpaceSettings] = []

    def counted(material: JointMaterial, settings: JointSpaceSettings, **more: Any) -> FittedSpace:
        if len(trainings) == 4:
            raise Cancelled
        trainings.append(settings)
        return fit_space(material, settings, **more)

    monkeypatch.setattr(kept, "fit_space", counted)
    with pytest.raises(Cancelled):
        carry_out("planted", {"first": material}, SETTINGS)
    before = list(trainings)
    trainings.clear()
    monkeypatch.setattr(
        kept, "fit_space", lambda *of, **more: trainings.append(of[1]) or fit_space(*of, **more)
    )
    again = carry_out("planted", {"first": planted()}, SETTINGS)
    assert len(before) == 4
    assert len(before) + len(trainings) == len(again.trained)
    for key, table in again.precisions.items():
        if key.model != space_name("warp", 12, wider=True):
            pd.testing.assert_frame_equal(table, figures.precisions[key])
    assert {name: space.dim for name, space in again.kept.items()} == {"tags": 16, "artists": 8}
    (damaged, *_) = (taglab_home / "derived" / "joint-space-fits").glob("*/*/space/vectors.npz")
    damaged.write_bytes(b"cut")
    trainings.clear()
    carry_out("planted", {"first": planted()}, SETTINGS)
    assert len(trainings) == 1


def test_tables_stand_beside_the_printed_ones(figures: StudyFigures) -> None:
    sections = {section.heading: section for section in tables(figures)}
    assert list(sections) == [*(f"Table {n}" for n in (1, 2, 3, 4, 5, 6, 7)), "Section 6.4"]
    assert all(section.published is not None and len(section.published) for section in sections.values())
    assert all(section.here is not None and len(section.here) for section in sections.values())
    printed = [len(section.published) for section in sections.values() if section.published is not None]
    assert printed == [4, 8, 8, 7, 10, 8, 4, 1]
    costs = sections["Table 7"].published
    assert costs is not None
    assert np.isnan(costs["seconds"][0]), "not legible in print"
    assert (costs["printed MB"] - costs["MiB, |S| = 9,168"]).drop(2).abs().max() < 0.14


def test_sizes_of_table_7_by_hand() -> None:
    assert space_mib(160, 9_168, 100) == (160 + 9_168) * 100 * 8 / 1024**2
    assert one_vs_rest_mib(26_972, 9_168) / 1024 == pytest.approx(1.85, abs=0.01)  # "1.85 GB" in the text


def test_wins_are_counted_on_the_same_queries(figures: StudyFigures) -> None:
    rows = comparisons_table(figures)
    assert (rows[["wins", "losses", "draws"]].sum(axis=1) > 0).all()
    row = rows[(rows["second"] == ONE_VS_REST) & (rows["task"] == "artists")].iloc[0]
    pair = Comparison(Judged("artists", ALL, "first"), Judged("artists", ONE_VS_REST, "first"), 1)
    assert (row["wins"], row["losses"]) == (compared(figures, pair).wins, compared(figures, pair).losses)


def test_neighbours_are_by_dot_product(figures: StudyFigures) -> None:
    assert figures.space is not None
    table = nearest_tags(figures.space).set_index("tag")["neighbours"]
    products = figures.space.tag_vectors @ figures.space.tag_vectors[0]
    products[0] = -np.inf
    assert table[figures.space.tags[0]].split(", ")[0] == figures.space.tags[int(products.argmax())]


def test_printed_figures_are_decided_by_the_same_rules(figures: StudyFigures) -> None:
    table = claims_table(CLAIMS, figures).set_index("claim")
    assert set(table["published"]) == {HOLDS}
    assert set(table["here"]) <= set(VERDICTS)
    assert table.loc["more-features-help", "here"] == UNTESTED  # 24 songs
    assert "24 queries, 30 are needed" in table.loc["more-features-help", "here why"]


def decided_by(first: float, second: float, spread: float = 0.1, n: int = 200) -> str:
    """What a rule says of two models whose figures by query differ so."""
    random = np.random.default_rng(0)
    keys = [Judged("similar-tracks", model, "one") for model in (ALL, "cosine similarity")]
    values = [pd.DataFrame({"p@1": mean + spread * random.standard_normal(n)}) for mean in (first, second)]
    judged = dict(zip(keys, values, strict=True))
    none = pd.DataFrame()
    figures = StudyFigures("made", SETTINGS, {}, ("one",), judged, none, None, {}, none)
    return CLAIMS["beats-cosine"].here(figures).verdict


def test_each_verdict_is_reached() -> None:
    assert decided_by(0.5, 0.4) == HOLDS
    assert decided_by(0.4, 0.5) == CONTRADICTED
    assert decided_by(0.5, 0.495) == NOT_SHOWN  # less than a fiftieth
    assert decided_by(0.5, 0.47, spread=1) == NOT_SHOWN  # the interval reaches 0
    assert decided_by(0.5, 0.4, n=20) == UNTESTED


def test_data_without_artists_or_tags_leave_tables_out() -> None:
    material = planted()
    no_tags = dataclasses.replace(material, tags=(), tags_of=material.tags_of[:, :0])
    found = carry_out("artists only", {"first": no_tags}, SETTINGS)
    sections = {section.heading: section for section in tables(found)}
    assert sections["Table 2"].here is None
    assert sections["Table 2"].said == "the data have no tags"
    assert claims_table(CLAIMS, found).set_index("claim").loc["warp-beats-auc", "here"] == UNTESTED
    no_artists = dataclasses.replace(material, artists=(), artists_of=material.artists_of[:, :0])
    found = carry_out("tags only", {"first": no_artists}, SETTINGS)
    assert {section.heading: section for section in tables(found)}["Table 6"].here is None


def test_features_of_other_tracks_are_refused() -> None:
    other = dataclasses.replace(planted(), tracks=tuple(f"other {row}" for row in range(120)))
    with pytest.raises(InvalidSetting, match="'second' must be of the same tracks"):
        carry_out("mixed", {"first": planted(), "second": other}, SETTINGS)


def test_the_report_is_one_file_in_which_names_stay_text(figures: StudyFigures, tmp_path: Path) -> None:
    hostile = dataclasses.replace(figures, data="<script>alert(1)</script>")
    write_study(study_report(hostile), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<h3>") == 8
    assert "2,341" in page
