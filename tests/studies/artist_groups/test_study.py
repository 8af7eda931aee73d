"""Chapter 3 on a small world: what is trained, taken again, scored, and set beside the printed figures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from taglab.audio.descriptors import descriptor_names
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting
from taglab.nets import build_network
from taglab.nets.sharing import build_branching
from taglab.progress import silent
from taglab.runs import create_run, open_run, run_names
from taglab.studies.artist_groups import (
    CLAIMS,
    ArtistGroupStudy,
    Evidence,
    Ground,
    Scored,
    every_combination,
    make_networks,
    networks,
    prepare_ground,
    printed,
    score_networks,
    trained_table,
)
from taglab.studies.artist_groups.claims import effect_interval, weighted_f1
from taglab.studies.artist_groups.networks import features_of_songs, mels_of_rate, wide_width
from taglab.studies.artist_groups.scoring import heard_by, side_by_side
from taglab.studies.claims import claims_table
from taglab.studies.verdicts import CONTRADICTED, HOLDS, NOT_SHOWN, UNTESTED
from taglab.vectors import open_features, save_features
from taglab.verbs.artist_groups_study import ReproduceArtistGroups
from tests.studies.artist_groups.world import NETWORK, STUDY, TRAIN, asked, make_groups_world


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """The cache folder in which everything was trained, and what the verb answered."""
    home = tmp_path_factory.mktemp("groups")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_groups_world(home)
        yield home, ReproduceArtistGroups(**asked(report=home / "groups.html")).answer(silent)


@pytest.fixture(autouse=True)
def home(answered: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAGLAB_HOME", str(answered[0]))
    return answered[0]


@pytest.fixture(scope="module")
def ground(answered: tuple[Path, Any]) -> Ground:
    return prepare_ground(STUDY, "small", "small", NETWORK, TRAIN)


@pytest.fixture(scope="module")
def scored(ground: Ground) -> Scored:
    return score_networks(ground, make_networks(ground))


def test_every_combination_asked_for_is_trained_and_scored(answered: tuple[Path, Any]) -> None:
    report = answered[1]
    rows = report.table
    assert list(zip(rows["architecture"], rows["tasks"], strict=True)) == [
        ("STN", "g"), ("STN", "gs"), ("STN", "gsedm"), ("MTN", "gs"), ("MTN", "gsedm"),
    ]  # fmt: skip
    assert (report.facts["networks"], report.facts["trained"]) == (8, 8)
    assert rows["log_loss"].between(1e-5, 5).all()
    assert rows["f1"].between(0, 1).all()
    assert [row["n"] for row in report.facts["wide"]] == [2]
    assert [claim["claim"] for claim in report.facts["claims"]] == list(CLAIMS)
    assert {claim["here"] for claim in report.facts["claims"]} == {UNTESTED}  # nine tracks are held out
    page = (answered[0] / "groups.html").read_text(encoding="utf-8")
    for heading in ("Figure 3.3", "Table 3.3", "Table 3.4", "Table 3.5"):
        assert heading in page


def test_what_is_trained_is_taken_and_what_is_new_is_made(ground: Ground) -> None:
    before = set(run_names())
    assert len(before) == 8
    again = ReproduceArtistGroups(**asked(only_make=True)).answer(silent)
    assert (again.facts["trained"], again.notes) == (8, ())
    more = STUDY.model_copy(update={"combinations": ("gs", "gse"), "wide": ()})
    runs = make_networks(replace(ground, study=more))
    assert set(run_names()) - before == {runs["MTN gse"].name}
    table = trained_table(runs).set_index("network")
    assert not table.loc["MTN gse", "trained"]
    assert table["trained"].sum() == 4
    scored = score_networks(replace(ground, study=more), runs)
    assert [tuple(row) for row in scored.rows[["architecture", "tasks"]].to_numpy()] == [
        ("STN", "gs"), ("STN", "gse"), ("MTN", "gs"),
    ]  # fmt: skip


def test_groups_are_of_training_artists_and_artists_are_apart(ground: Ground) -> None:
    parts = pd.DataFrame({"artist": ground.data.tracks["artist"], "part": ground.split.parts})
    assert len(parts.drop_duplicates()) == 15
    for letter in "sedm":
        targets = ground.sources[letter].targets(ground.data, ground.split)
        assert (targets.values.shape, targets.known.all()) == ((60, 2), True)
        by_artist = pd.DataFrame(targets.values).groupby(ground.data.tracks["artist"].to_numpy())
        assert by_artist.nunique().to_numpy().max() == 1


def test_songs_have_statistics_of_spectra_where_no_features_are_named(ground: Ground) -> None:
    study = STUDY.model_copy(update={"combinations": ("e",), "wide": (), "song_features": ""})
    own = prepare_ground(study, "small", "small", NETWORK, TRAIN)
    songs = features_of_songs(own)
    assert songs is not None
    assert songs.origin["encoder"]["encoder"] == "spectral-statistics"
    assert songs.dim == 5 * (len(descriptor_names(16_000)) + 25)
    assert own.sources["e"].targets(own.data, own.split).known.all()
    assert set(own.sources) == {"g", "e", "s"}


def test_features_of_single_networks_stand_side_by_side_within_a_segment(ground: Ground) -> None:
    runs = make_networks(ground)
    one, other = (heard_by(runs[title], ground.store) for title in ("STN g", "STN s"))
    both = side_by_side([one, other], "both")
    n = one.origin["segments"]
    assert (n, one.dim, both.dim) == (4, 4 * 16, 4 * 32)
    for segment in range(n):
        np.testing.assert_array_equal(
            both.vectors[:, segment * 32 : segment * 32 + 32],
            np.hstack([part.vectors[:, segment * 16 : segment * 16 + 16] for part in (one, other)]),
        )
    with pytest.raises(ValueError, match="of the same tracks and segments"):
        side_by_side([one, replace(other, origin={"segments": 2})], "wrong")


def test_scores_are_those_of_the_answers(scored: Scored) -> None:
    rows = scored.rows.set_index(["architecture", "tasks"])
    for key, answers in scored.answers.items():
        figures = scored.wide.iloc[0] if key[0] == "wSTN" else rows.loc[key]
        assert figures["log_loss"] == pytest.approx(-answers["merit"].mean())
        assert figures["f1"] == pytest.approx(weighted_f1(answers, np.ones((1, len(answers))))[0])
    assert len(scored.artists) == len(next(iter(scored.answers.values())))


def test_f1_of_draws_is_that_of_tracks_drawn_again() -> None:
    drawn = np.random.default_rng(0)
    answers = pd.DataFrame({"truth": drawn.choice(list("abcd"), 40), "answer": drawn.choice(list("abc"), 40)})
    weights = drawn.integers(0, 3, (5, 40)).astype(float)
    for row, ours in zip(weights, weighted_f1(answers, weights), strict=True):
        again = answers.loc[np.repeat(np.arange(40), row.astype(int))]
        labels = np.unique(again["truth"])
        theirs = f1_score(again["truth"], again["answer"], labels=labels, average="macro", zero_division=0)
        assert ours == pytest.approx(theirs)


def test_the_effect_of_a_regressor_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm

    drawn = np.random.default_rng(1)
    regressors = np.column_stack([np.ones(30), drawn.integers(1, 6, 30), drawn.integers(0, 2, 30)]).astype(
        float
    )
    values = regressors @ [1.0, -0.1, 0.3] + drawn.normal(0, 0.1, 30)
    fit = sm.OLS(values, regressors).fit()
    for column in range(3):
        ours = effect_interval(regressors, values, column)
        theirs = (fit.params[column], *fit.conf_int()[column], fit.pvalues[column])
        assert (ours.estimate, ours.low, ours.high, ours.p) == pytest.approx(theirs)


def planted(loss: Any, tracks: int = 80) -> Evidence:
    """Every combination, with a log-loss that follows from its tasks, and answers that are right."""
    drawn = np.random.default_rng(2)
    hard = drawn.normal(0, 0.2, tracks)
    truth = np.array(["rock", "jazz"])[drawn.integers(0, 2, tracks)]
    answers, rows = {}, []
    for architecture, tasks in printed()[["architecture", "tasks"]].itertuples(index=False):
        merit = -loss(architecture, tasks) - hard
        answers[architecture, tasks] = pd.DataFrame({"truth": truth, "answer": truth, "merit": merit})
        rows.append(
            {
                "tasks": tasks, "n": len(tasks), "main": "g" in tasks, "architecture": architecture,
                "log_loss": -merit.mean(), "f1": 1.0,
            }
        )  # fmt: skip
    answers["wSTN", "5"] = answers["STN", "g"]
    wide = pd.DataFrame([{"n": 5, "log_loss": -answers["wSTN", "5"]["merit"].mean(), "f1": 1.0}])
    return Evidence(Scored(pd.DataFrame(rows), wide, answers, np.arange(tracks)))


def test_claims_follow_what_was_planted() -> None:
    good = planted(
        lambda architecture, tasks: (
            2 - 0.1 * len(tasks) - 0.2 * ("g" in tasks) - 0.05 * (architecture == "MTN")
        )
    )
    table = claims_table(CLAIMS, good).set_index("claim")
    for claim in (
        "more-tasks-lower-loss",
        "main-task-helps",
        "sharing-lowers-loss",
        "all-tasks-are-best",
        "tasks-beat-width",
    ):
        assert table.loc[claim, "here"] == HOLDS, claim
    assert table.loc["single-tasks-raise-f1", "here"] == NOT_SHOWN
    assert table.loc["width-raises-f1-of-two", "here"] == UNTESTED
    assert CLAIMS["more-tasks-lower-loss"].here(good).difference == pytest.approx(0.1)
    assert CLAIMS["main-task-helps"].here(good).difference == pytest.approx(0.2)
    bad = planted(lambda architecture, tasks: 1 + 0.1 * len(tasks))
    table = claims_table(CLAIMS, bad).set_index("claim")
    for claim in ("more-tasks-lower-loss", "all-tasks-are-best", "tasks-beat-width"):
        assert table.loc[claim, "here"] == CONTRADICTED, claim
    assert claims_table(CLAIMS, planted(lambda *_: 1.0, tracks=20))["here"].eq(UNTESTED).all()


def test_what_printed_figures_say_of_the_claims() -> None:
    verdicts = {key: claim.published().verdict for key, claim in CLAIMS.items()}
    assert verdicts == {
        "more-tasks-lower-loss": HOLDS,
        "main-task-helps": HOLDS,
        "sharing-lowers-loss": NOT_SHOWN,
        "single-tasks-raise-f1": NOT_SHOWN,
        "all-tasks-are-best": HOLDS,
        "tasks-beat-width": HOLDS,
        "width-raises-f1-of-two": CONTRADICTED,
    }


def test_all_31_as_62_networks_of_which_single_ones_are_shared(ground: Ground) -> None:
    assert len(every_combination()) == 31
    assert every_combination() == list(dict.fromkeys(printed()["tasks"]))
    asked_for = networks(
        replace(ground, study=STUDY.model_copy(update={"combinations": (), "wide": (2, 3, 4, 5)}))
    )
    kinds = pd.Series(list(asked_for)).str.split().str[0].value_counts()
    assert kinds.to_dict() == {"MTN": 26, "STN": 5, "wSTN": 4}
    assert {config.strategy for title, config in asked_for.items() if title.startswith("MTN")} == {"mtn"}
    assert [source.name for source in asked_for["MTN gsedm"].sources] == list("gsedm")
    assert asked_for["MTN gsedm"].train.epochs == asked_for["STN g"].train.epochs  # which count for each task


def test_a_wide_network_has_as_many_parameters_as_the_tasks_it_stands_for() -> None:
    for n in (2, 5):
        heads = {str(at): ("linear", 16 if at == 0 else 40) for at in range(n)}
        several = build_branching(NETWORK, {f"t{at}": head for at, head in heads.items()}, 0).n_parameters()
        width = wide_width(NETWORK, n, 16, 40)
        one = build_network(NETWORK.model_copy(update={"width": width}), {"g": ("linear", 16)}).n_parameters()
        assert one == pytest.approx(several, rel=0.05)


def test_mels_are_of_43_frames_a_second_at_any_rate() -> None:
    shapes = {
        rate: (mels.n_fft, mels.hop) for rate in (16_000, 22_050, 44_100) for mels in [mels_of_rate(rate)]
    }
    assert shapes == {16_000: (1_024, 372), 22_050: (1_024, 512), 44_100: (2_048, 1_024)}


def test_what_cannot_be_asked_is_refused_in_a_sentence(ground: Ground, tmp_path: Path) -> None:
    for letters, why in (("gx", "must be some of the letters of tasks"), ("gg", "none of them twice")):
        with pytest.raises(ValueError, match=why):
            ArtistGroupStudy(combinations=(letters,))
    assert ArtistGroupStudy(combinations=("gmdes", "gsedm", "sg")).asked == ("gs", "gsedm")
    with pytest.raises(InvalidSetting, match="column='mood' must be one of"):
        prepare_ground(STUDY.model_copy(update={"genre": "mood"}), "small", "small", NETWORK, TRAIN)
    with pytest.raises(ValueError, match=r"must be a file that ends in \.html"):
        ReproduceArtistGroups(**asked(report=tmp_path / "x.pdf"))
    unfinished = {
        title: open_run(run.name) for title, run in make_networks(ground).items() if not run.finished
    }
    with pytest.raises(InvalidSetting, match="is trained yet"):
        score_networks(ground, unfinished)


def test_what_was_made_of_other_things_of_one_name_is_no_run_of_the_study(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*combinations: str) -> dict[str, str]:
        study = STUDY.model_copy(update={"combinations": combinations, "wide": ()})
        return {title: run.name for title, run in make_networks(replace(ground, study=study)).items()}

    create_run({"kind": "tagger"}, None, {}, ground.group)  # whoever else takes the group's name
    before, songs = made("g", "s", "e"), open_features("songs")
    save_features(replace(songs, vectors=songs.vectors[::-1].copy(), _known_fingerprint=""), "songs")
    after = made("g", "s", "e")
    save_features(songs, "songs")
    assert {title for title in before if before[title] != after[title]} == {"STN e"}
    assert made("g", "s", "e") == before
    monkeypatch.setattr(AudioStore, "fingerprint_of", lambda store, tracks: "0" * 32)
    assert made("g") != {"STN g": before["STN g"]}
