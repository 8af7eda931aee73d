"""What chapter 3 claims, each with the rule by which figures decide on it, printed ones and ours.

Printed figures have no tracks, so that their intervals are over the combinations; ours are over held-out
tracks, those of an artist drawn together. Neither is over trainings: each network is trained once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.metrics.intervals import Interval
from taglab.metrics.repeated import mean_interval
from taglab.reprs import one_line
from taglab.studies.artist_groups.networks import SHARED, SINGLE, WIDE
from taglab.studies.artist_groups.published import printed, table_3_5
from taglab.studies.artist_groups.scoring import Scored
from taglab.studies.artist_groups.settings import ALL
from taglab.studies.claims import Claim
from taglab.studies.verdicts import CONTRADICTED, Judgement, decided, untested, weakest

__all__ = ["CLAIMS", "Evidence"]

Doubles = npt.NDArray[np.float64]

LEAST_LOSS = 0.005
"""Nats of log-loss; a smaller difference shows nothing."""
LEAST_F1 = 0.005
LEAST_TRACKS = 50
"""Held-out tracks, of fewer nothing is decided."""
LEAST_ROWS = 6
"""Combinations from which a slope is taken."""
_REPLICATES = 1_000
_LEVEL = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores, and what they would be with other tracks.

    Attributes:
        scored: As `score_networks` gives it.
        seed: Of the draws.
    """

    scored: Scored
    seed: int = 0

    __repr__ = one_line

    @property
    def n_tracks(self) -> int:
        """How many are held out."""
        return len(self.scored.artists)

    @cached_property
    def draws(self) -> Doubles:
        """How often each held-out track is drawn (replicates, tracks), those of an artist together."""
        codes = np.unique(self.scored.artists, return_inverse=True)[1]
        n_artists = int(codes.max()) + 1
        rng = np.random.default_rng(self.seed)
        counts = rng.multinomial(n_artists, np.full(n_artists, 1 / n_artists), size=_REPLICATES)
        return counts[:, codes].astype(np.float64)

    @cached_property
    def losses(self) -> dict[tuple[str, str], Doubles]:
        """Log-loss of everything that was scored in each draw, (replicates,)."""
        totals = self.draws.sum(axis=1)
        return {
            key: -(self.draws @ answers["merit"].to_numpy(np.float64)) / totals
            for key, answers in self.scored.answers.items()
        }

    @cached_property
    def f1(self) -> dict[tuple[str, str], Doubles]:
        """Macro F1 of everything that was scored in each draw, (replicates,)."""
        return {key: weighted_f1(answers, self.draws) for key, answers in self.scored.answers.items()}


def weighted_f1(answers: pd.DataFrame, weights: Doubles) -> Doubles:
    """Return macro F1 with tracks weighed (draws,): the mean over classes that a weighed track is in.

    Args:
        answers: `truth` and `answer` of each track.
        weights: How often each track counts (draws, tracks).
    """
    names = sorted({*answers["truth"], *answers["answer"]})
    truth, answer = (
        sparse.csr_array(pd.get_dummies(pd.Categorical(answers[column], names)).to_numpy(np.float64))
        for column in ("truth", "answer")
    )
    right, true, answered = (weights @ one for one in (truth * answer, truth, answer))
    present = true > 0
    by_class = np.divide(2 * right, true + answered, out=np.zeros_like(right), where=present)
    means: Doubles = by_class.sum(axis=1) / present.sum(axis=1)
    return means


def _of_draws(
    estimate: float, draws: Doubles, evidence: Evidence, least: float, about: str = ""
) -> Judgement:
    low, high = np.percentile(draws, _LEVEL)
    counted = f"held-out tracks{', ' + about if about else ''}"
    return decided(estimate, float(low), float(high), evidence.n_tracks, least, counted)


def _few(evidence: Evidence) -> Judgement | None:
    if evidence.n_tracks >= LEAST_TRACKS:
        return None
    return untested(f"{evidence.n_tracks} held-out tracks, {LEAST_TRACKS} are needed", evidence.n_tracks)


def _regressors(rows: pd.DataFrame) -> Doubles:
    """Return what log-loss is explained by (rows, 4): 1, tasks, the main one among them, sharing."""
    parts = [np.ones(len(rows)), rows["n"], rows["main"], rows["architecture"] == SHARED]
    return np.column_stack([np.asarray(part, np.float64) for part in parts])


def effect_interval(regressors: Doubles, values: Doubles, column: int) -> Interval:
    """Return the effect of one of several regressors by least squares, with its 95 % interval.

    Args:
        regressors: One row a value, one of them all 1 (rows, regressors), of full rank.
        values: What is explained (rows,).
        column: Which regressor.
    """
    from scipy.stats import t

    inverse = np.linalg.pinv(regressors)
    effects = inverse @ values
    free = len(values) - regressors.shape[1]
    variance = float(((values - regressors @ effects) ** 2).sum() / free)
    error = float(np.sqrt(variance * (inverse[column] ** 2).sum()))
    estimate, half = float(effects[column]), float(t.ppf(_LEVEL[1] / 100, free)) * error
    return Interval(estimate, estimate - half, estimate + half, float(2 * t.sf(abs(estimate) / error, free)))


def _effect(column: int, about: str) -> tuple[Callable[[Evidence], Judgement], Callable[[], Judgement]]:
    """Return judges of an effect on log-loss, which is claimed to be negative, the others held.

    Args:
        column: Of the regressors.
        about: What must differ among combinations.
    """

    def here(evidence: Evidence) -> Judgement:
        rows = evidence.scored.rows
        few = _few(evidence)
        if few is not None:
            return few
        regressors = _regressors(rows)
        varying = [at for at in range(4) if at in (0, column) or np.ptp(regressors[:, at])]
        regressors = regressors[:, varying]
        if len(rows) < LEAST_ROWS or np.linalg.matrix_rank(regressors) < regressors.shape[1]:
            return untested(f"{len(rows)} combinations are too few or too much alike in {about}", len(rows))
        weights = -np.linalg.pinv(regressors)[varying.index(column)]
        keys = zip(rows["architecture"], rows["tasks"], strict=True)
        draws = weights @ np.stack([evidence.losses[key] for key in keys])
        estimate = float(weights @ rows["log_loss"].to_numpy(np.float64))
        return _of_draws(estimate, draws, evidence, LEAST_LOSS, f"{len(rows)} combinations")

    def published() -> Judgement:
        rows = printed()
        ends = effect_interval(_regressors(rows), -rows["log_loss"].to_numpy(np.float64), column)
        return decided(ends.estimate, ends.low, ends.high, len(rows), LEAST_LOSS, "combinations")

    return here, published


def _on_equal_rows(
    measure: str, better: str, other: str
) -> tuple[Callable[[Evidence], Judgement], Callable[[], Judgement]]:
    """Return judges of one architecture against another, on combinations that both have.

    Args:
        measure: "log_loss" or "f1".
        better: Which is claimed to be better.
        other: The other.
    """
    sign, least = (-1, LEAST_LOSS) if measure == "log_loss" else (1, LEAST_F1)

    def paired(rows: pd.DataFrame) -> pd.DataFrame:
        by_tasks = rows.pivot_table(index="tasks", columns="architecture", values=measure, sort=False)
        return by_tasks.reindex(columns=[better, other]).dropna()

    def here(evidence: Evidence) -> Judgement:
        pairs, few = paired(evidence.scored.rows), _few(evidence)
        if few is not None or pairs.empty:
            return few or untested("no combination was trained both ways")
        kept = evidence.losses if measure == "log_loss" else evidence.f1
        draws = sign * np.mean([kept[better, of] - kept[other, of] for of in pairs.index], axis=0)
        estimate = sign * float((pairs[better] - pairs[other]).mean())
        return _of_draws(estimate, draws, evidence, least, f"{len(pairs)} combinations")

    def published() -> Judgement:
        pairs = paired(printed())
        ends = mean_interval(sign * (pairs[better] - pairs[other]).to_numpy(np.float64))
        return decided(ends.estimate, ends.low, ends.high, len(pairs), least, "combinations")

    return here, published


def _tasks_beat_width(evidence: Evidence) -> Judgement:
    few = _few(evidence)
    return few or _of_pair(evidence, (SHARED, ALL), (WIDE, "5"))


def _of_pair(evidence: Evidence, better: tuple[str, str], other: tuple[str, str]) -> Judgement:
    """Judge that one has the lower log-loss."""
    losses = evidence.losses
    if better not in losses or other not in losses:
        return untested(f"{' '.join(better)} and {' '.join(other)} are not both trained")
    answers = evidence.scored.answers
    estimate = float(answers[better]["merit"].mean() - answers[other]["merit"].mean())
    return _of_draws(estimate, losses[other] - losses[better], evidence, LEAST_LOSS)


def _printed_width() -> Judgement:
    row = _printed_best(5)
    return decided(row["wstn_log_loss"] - row["mtn_log_loss"], np.inf, np.nan, 0, LEAST_LOSS)


def _printed_best(n: int) -> dict[str, float]:
    """Return a row of table 3.5."""
    table = table_3_5()
    return {str(name): float(value) for name, value in table[table["n"] == n].iloc[0].items()}


def _wide_f1_of_two(evidence: Evidence) -> Judgement:
    few, wide = _few(evidence), (WIDE, "2")
    best = [key for key in evidence.f1 if key[0] != WIDE and len(key[1]) == 2 and "g" in key[1]]
    if few is not None or wide not in evidence.f1 or not best:
        return few or untested("no wide network, or no two tasks with the main one, are trained")
    rows = {
        key: float(weighted_f1(evidence.scored.answers[key], np.ones((1, evidence.n_tracks)))[0])
        for key in (*best, wide)
    }
    top = max(best, key=lambda key: rows[key])
    draws = evidence.f1[wide] - np.max([evidence.f1[key] for key in best], axis=0)
    return _of_draws(rows[wide] - rows[top], draws, evidence, LEAST_F1, f"best: {' '.join(top)}")


def _printed_f1_of_two() -> Judgement:
    row = _printed_best(2)
    difference = row["wstn_f1"] - max(row["stn_f1"], row["mtn_f1"])
    judged = decided(difference, np.inf, np.nan, 0, LEAST_F1)
    if difference > 0:
        return judged
    reason = "the table has it for three and for four tasks"
    return Judgement(CONTRADICTED, difference, np.nan, np.nan, 0, reason)


def _all_tasks_best(evidence: Evidence) -> Judgement:
    few = _few(evidence)
    if few is not None:
        return few
    parts = []
    for architecture in (SINGLE, SHARED):
        rows = evidence.scored.rows[evidence.scored.rows["architecture"] == architecture]
        others = rows[rows["tasks"] != ALL].sort_values("log_loss")
        if len(others) and ALL in set(rows["tasks"]):
            parts.append(
                _of_pair(evidence, (architecture, ALL), (architecture, str(others["tasks"].iloc[0])))
            )
    return weakest(parts) if parts else untested("all five tasks, or any others, are not trained")


def _printed_all_best() -> Judgement:
    parts = []
    for architecture, rows in printed().groupby("architecture", sort=False):
        least = rows.loc[rows["tasks"] != ALL, "log_loss"].min()
        own = float(rows.loc[rows["tasks"] == ALL, "log_loss"].iloc[0])
        parts.append(decided(float(least - own), np.inf, np.nan, 0, LEAST_LOSS, str(architecture)))
    return weakest(parts)


_MODEL = (
    "log-loss of combinations explained by their number of tasks, whether the main one is among them, and "
    "the architecture: {what}, its 95 % interval on that side of 0 and the effect at least {least:g}"
)
_OF_TRACKS = "its 95 % interval above 0 over held-out tracks, an artist's together (printed: no interval)"
_OVER = "over held-out tracks, an artist's together (printed: over combinations)"
_PAIRS = (
    "mean difference of {what} on combinations that both have, at least {least:g}, its 95 % interval above 0"
)

CLAIMS: dict[str, Claim[Evidence]] = {
    "more-tasks-lower-loss": Claim(
        "More tasks lower log-loss",
        "section 3.5.1, figure 3.3",
        f"{_MODEL.format(what='falls with each task', least=LEAST_LOSS)}; {_OVER}",
        *_effect(1, "the number of tasks"),
    ),
    "main-task-helps": Claim(
        "Combinations with the main genres are better",
        "section 3.5.1, table 3.3",
        f"{_MODEL.format(what='is lower with the main task', least=LEAST_LOSS)}; {_OVER}",
        *_effect(2, "having the main task"),
    ),
    "sharing-lowers-loss": Claim(
        "MTN has the lower log-loss",
        "section 3.5.1",
        f"{_PAIRS.format(what='log-loss', least=LEAST_LOSS)}; {_OVER}",
        *_on_equal_rows("log_loss", SHARED, SINGLE),
    ),
    "single-tasks-raise-f1": Claim(
        "STN has the higher F1",
        "section 3.5.1",
        f"{_PAIRS.format(what='F1', least=LEAST_F1)}; {_OVER}",
        *_on_equal_rows("f1", SINGLE, SHARED),
    ),
    "all-tasks-are-best": Claim(
        "All five tasks are best, as STN and as MTN",
        "section 3.5.1, table 3.4",
        f"log-loss of all five less than of the best other, by {LEAST_LOSS:g}, {_OF_TRACKS}",
        _all_tasks_best,
        _printed_all_best,
    ),
    "tasks-beat-width": Claim(
        "Five tasks, shared, have a lower log-loss than a wide network of as many parameters",
        "section 3.5.2, table 3.5",
        f"the difference at least {LEAST_LOSS:g}, {_OF_TRACKS}",
        _tasks_beat_width,
        _printed_width,
    ),
    "width-raises-f1-of-two": Claim(
        "For two tasks, a wide network has the better F1",
        "section 3.5.2",
        f"F1 of the wide network less that of the best two tasks with the main one at least {LEAST_F1:g}, "
        f"{_OF_TRACKS}",
        _wide_f1_of_two,
        _printed_f1_of_two,
    ),
}  # fmt: skip
"""Key → claim."""
