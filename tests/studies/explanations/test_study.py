"""The study end to end on the demo, in small; its analysis against lme4; and rules of claims by hand."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import silent
from taglab.recommend import (
    HeldOut,
    HoldingOut,
    ItemNeighbours,
    ItemTags,
    RecommenderMaterial,
    fit,
    hold_out,
    judge,
)
from taglab.studies.explanations import (
    ExplanationFigures,
    ExplanationStudy,
    FidelitySettings,
    analysed,
    explained_items,
    measure_fidelities,
    measuring,
    study_report,
)
from taglab.studies.explanations.claims import CLAIMS
from taglab.studies.explanations.measuring import SHORT, carry_out, recommender_settings
from taglab.studies.study_report import write_study
from taglab.studies.verdicts import CONTRADICTED, HOLDS, NOT_SHOWN, UNTESTED
from tests.recommend.small import small_world

ORACLE = Path(__file__).resolve().parents[3] / "../shared/data/oracles/multilevel"
EXPLAINERS = ("random", "partial-dependence", "saliency", "lime")
LEVELS = dict(zip(EXPLAINERS, (0.0, 0.1, 0.2, 0.4), strict=True))


def made_up(seed: int = 0, order: float = 1.0, users: int = 40) -> ExplanationFigures:
    """Figures in which explainers differ by what `LEVELS` says, times `order`, and ω helps all but chance."""
    drawn = np.random.default_rng(seed)
    rows, ndcg = [], []
    for recommender in ("inn", "unn", "fm", "ncf"):
        of_networks = recommender in ("fm", "ncf")
        for user in range(users):
            m = (user + 0.5) / users
            ndcg.append(
                {
                    "data": "a",
                    "recommender": recommender,
                    "h": 0,
                    "user": user,
                    "ndcg": 0.1 + 0.1 * of_networks,
                }
            )
            for explainer, level in LEVELS.items():
                for omega in (1, 4, 16):
                    gain = (
                        0.0 if explainer == "random" else 0.05 * np.log(omega) + 0.3 * of_networks * (m - 0.5)
                    )
                    tau = order * level + gain - 0.1 * of_networks + drawn.normal(0, 0.05)
                    rows.append(
                        {
                            "group": f"a:{SHORT[recommender]}", "data": "a", "recommender": recommender,
                            "h": 0,
                            "user": user, "explainer": explainer, "omega": omega, "tau": tau,
                            "mainstreaminess": m,
                        }
                    )  # fmt: skip
    table = pd.DataFrame(rows)
    none = pd.DataFrame()
    settings = ExplanationStudy(omegas=(1, 4, 16))
    analysis = analysed(table, EXPLAINERS)
    return ExplanationFigures(settings, ("a",), none, none, pd.DataFrame(ndcg), table, none, analysis)


def test_claims_hold_where_figures_are_made_so_and_are_contradicted_where_they_are_not() -> None:
    for_them = {key: claim.here(made_up()).verdict for key, claim in CLAIMS.items()}
    assert for_them == {**dict.fromkeys(CLAIMS, HOLDS)}
    against = made_up(order=-1.0)
    assert CLAIMS["order"].here(against).verdict == CONTRADICTED
    reversed_ndcg = against.ndcg.assign(ndcg=0.5 - against.ndcg["ndcg"])
    assert (
        CLAIMS["neighbours less accurate"].here(replace(against, ndcg=reversed_ndcg)).verdict == CONTRADICTED
    )
    equal = replace(against, ndcg=against.ndcg.assign(ndcg=0.2))
    assert CLAIMS["neighbours less accurate"].here(equal).verdict == NOT_SHOWN


def test_claims_cannot_be_tested_of_few_users_or_without_an_analysis() -> None:
    few = made_up(users=5)
    assert {claim.here(few).verdict for key, claim in CLAIMS.items() if key != "variance"} == {UNTESTED}
    assert (
        CLAIMS["variance"].here(replace(few, analysis=None, analysis_lacks="one group")).verdict == UNTESTED
    )


def test_printed_figures_decide_where_there_are_some() -> None:
    published = {key: claim.published().verdict for key, claim in CLAIMS.items()}
    assert published.pop("variance") == HOLDS
    assert set(published.values()) == {UNTESTED}


def test_the_analysis_finds_what_was_put_into_it() -> None:
    analysis = made_up().analysis
    assert analysis is not None
    effects = analysis.model.coefficients().set_index("name")["estimate"]
    assert effects["lime:log_omega"] == pytest.approx(0.05, abs=0.01)
    means = analysis.means.set_index(["explainer", "omega"])["estimate"]
    assert means["lime", 16] - means["lime", 1] == pytest.approx(0.05 * np.log(16), abs=0.02)
    assert (analysis.means["low"] < analysis.means["estimate"]).all()
    slopes = analysis.slopes.set_index("group")["effect"]
    assert slopes[["a:FM", "a:NCF"]].min() > slopes[["a:iNN", "a:uNN"]].max()
    assert 0 < analysis.fixed < analysis.whole < 1
    shared = analysed(made_up().fidelities, EXPLAINERS, common_slope=True)
    assert shared.slopes["effect"].mean() == pytest.approx(slopes.mean(), abs=0.03)


def test_too_little_for_an_analysis() -> None:
    table = made_up(users=5).fidelities
    with pytest.raises(InvalidSetting, match="needs two recommenders"):
        analysed(table[table["group"] == "a:FM"], EXPLAINERS)


@pytest.mark.realdata
def test_analysis_of_simulated_fidelities_nears_lme4s_without_users() -> None:
    """Model E has no users: of them next to nothing varies, so that the rest is as lme4 has it."""
    table = pd.read_csv(ORACLE / "ch5_simulated.csv")
    names = ("Random", "PDP", "Saliency", "LIME")
    table = table.rename(columns={"ds": "group", "y": "tau", "mainstream": "mainstreaminess"})
    analysis = analysed(table, names)
    theirs = json.loads((ORACLE / "r_lme4_emmeans.json").read_text())["E"]
    estimates = analysis.model.coefficients()["estimate"]
    np.testing.assert_allclose(estimates, pd.DataFrame(theirs["fixef"])["Estimate"], atol=2e-3)
    variances = analysis.variances.set_index("term")["variance"]
    expected = [row["vcov"] for row in theirs["varcorr"]]
    np.testing.assert_allclose(
        variances[["intercept", *names[1:], "mainstreaminess"]], expected[:5], atol=2e-3
    )
    emm = pd.DataFrame(theirs["emm"]).set_index(["explainer", "log_omega"])["emmean"]
    ours = analysis.means.assign(log_omega=np.log(analysis.means["omega"].astype(float)))
    for row in ours[ours["omega"] == 1].to_dict("records"):
        assert row["estimate"] == pytest.approx(emm[row["explainer"], 0.0], abs=2e-3)


def test_fidelities_of_a_small_world() -> None:
    plays, tags = small_world()
    recommender = fit(ItemNeighbours(normalised=False), plays, tags)
    settings = FidelitySettings(omegas=(1, 3, 50), top=5, others=5, explainers=("random", "saliency"))
    measured = measure_fidelities(recommender, settings)
    table = measured.table
    assert sorted(table["omega"].unique()) == [1, 3, 7]  # 7 tags are all
    whole = table[(table["explainer"] == "saliency") & (table["omega"] == 7)]
    assert (whole["tau"] > 0.99).all() or measured.tied > 0
    assert (table["mainstreaminess"] > 0).all()
    assert measured.items == 10
    assert set(measured.seconds) == {"random", "saliency"}
    asked = explained_items(recommender, 0, 4, 3)
    assert not set(asked) & set(recommender.history(0))
    scores = recommender.scores(0, asked)
    assert list(scores[:4]) == sorted(scores[:4], reverse=True)
    assert scores[4:].max() <= scores[3]


def test_nobody_to_explain_to() -> None:
    plays, tags = small_world()
    bare = ItemTags.from_matrix(tags.items, tags.tags, np.zeros(tags.matrix.shape))
    recommender = fit(ItemNeighbours(), plays, bare)
    with pytest.raises(ValueError, match="no user of whose items one has a tag"):
        measure_fidelities(recommender, FidelitySettings())


@pytest.mark.parametrize(
    ("given", "message"),
    [({"explainers": ("limes",)}, "must be of"), ({"omegas": (0,)}, "1 or more"), ({"h": (0,)}, "1 or more")],
)
def test_settings_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExplanationStudy(**given)


def test_recommenders_of_the_study_have_its_sizes() -> None:
    settings = ExplanationStudy(hidden=32, epochs=2)
    ncf = recommender_settings("ncf", 16, settings)
    assert (ncf.h, ncf.hidden, ncf.epochs) == (16, 32, 2)


@pytest.mark.usefixtures("small_plays")
def test_from_data_to_the_report_and_what_was_measured_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ExplanationStudy(
        users=6,
        top=6,
        others=4,
        omegas=(1, 4),
        h=(4,),
        hidden=8,
        epochs=1,
        k=5,
        explainers=("random", "lime"),
    )
    figures = carry_out([RecommenderMaterial(data="world", held_out=HoldingOut(share=0.3))], settings)
    assert set(figures.accuracy["recommender"]) >= {"inn", "unn", "fm", "ncf", "wrmf", "popular", "random"}
    assert figures.fidelities["group"].nunique() == 4
    report = study_report(figures)
    write_study(report, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    for printed in ("0.3173", "0.9363", "0.2569", "Figure 5.6"):
        assert printed in text
    monkeypatch.setattr(measuring, "fit", lambda *given: pytest.fail("nothing is to be learned again"))
    again = carry_out([RecommenderMaterial(data="world", held_out=HoldingOut(share=0.3))], settings)
    for name in ("sizes", "accuracy", "ndcg", "fidelities", "explained"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(figures, name))


def test_what_was_kept_is_of_the_plays_that_were_held_out() -> None:
    plays, tags = small_world()
    users, items = np.nonzero(plays.matrix.toarray())
    late = np.arange(len(users)) % 3 == 0
    named = (plays.users["user"].tolist(), list(tags.items))

    def held(kept: np.ndarray) -> HeldOut:
        times = np.where(late, 1.4e9, 1.2e9)[kept]
        some = Interactions.from_codes("dated", *named, users[kept], items[kept], times=times)
        return hold_out(some, HoldingOut(by="temporal-global", after="2012-01-01"))

    whole, part = held(np.ones(len(users), bool)), held(~late | (np.arange(len(users)) % 2 == 0))
    assert whole.train.fingerprint == part.train.fingerprint
    settings = ExplanationStudy(users=12, top=4, others=4, omegas=(1,), k=5)
    for of in (whole, part):
        measured = measuring._measured(of, tags, "popular", 0, settings, silent)
        learned = fit(recommender_settings("popular", 0, settings), of.train, tags, settings.seed)
        assert measured["ndcg"]["ndcg"].tolist() == judge(learned, of, 5, 12, settings.seed).ndcg.tolist()


@pytest.fixture
def small_plays(taglab_home: Path) -> None:
    """A data set with plays on the shelf."""
    from taglab import cache, sources
    from taglab.folksonomy import Folksonomy

    drawn = np.random.default_rng(0)
    counts = drawn.poisson(0.8, (30, 40))
    there = drawn.random((40, 8)) < 0.35
    rows, columns = np.nonzero(there)
    tracks = [f"t{row}" for row in range(40)]
    folksonomy = Folksonomy.from_codes(
        "world", pd.DataFrame({"track": tracks}), [f"tag {column}" for column in range(8)], rows, columns
    )
    users, played = np.nonzero(counts)
    plays = Interactions.from_codes(
        "world", [f"u{user}" for user in range(30)], tracks, users, played, counts[users, played]
    )
    folder = cache.Shelf(cache.FOLKSONOMIES).path("world")
    folksonomy.save(folder)
    plays.write(folder / sources._INTERACTIONS)
