"""What is known of the thesis's models, published or trained here, as figures computed the same way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from taglab.cooccurrence import Cooccurrence
from taglab.errors import DataError
from taglab.metrics.balance import correlation_with_counts, mean_imbalance_ratio
from taglab.metrics.thresholds import Confusion
from taglab.outcomes import Predictions
from taglab.reprs import one_line
from taglab.runs import Run, layout, open_published, open_run, published_names, runs_table, set_tags
from taglab.runs.importing import ResultsSettings, read_results
from taglab.runs.run import Part
from taglab.runs.tables import history
from taglab.studies.thesis.recipes import Model, Plan

__all__ = [
    "ARRAYS",
    "TOLD_AT",
    "WITH_EPOCHS",
    "Evidence",
    "Figures",
    "gamma_key",
    "gammas_of",
    "judged_alike",
    "mark",
    "of_run",
    "own_evidence",
    "published_evidence",
    "published_pairs",
    "stands_for",
    "told_in_text",
    "without_counterpart",
]

MEANS = ("auc_pr_micro", "roc_auc_micro", "auc_pr_macro", "roc_auc_macro")
"""The thesis's summary figures in its order; each of its own best epoch by validation."""
TOLD_AT = (0.33, 0.50, 0.67)
"""Thresholds of the thesis's decisions."""
_CLUSTERS = "thesis-3.3-k100-spectrogram"
_PAIRS = "cooccurrence.npy"
ARRAYS = {
    "thesis-1-spectrogram": "model-1-tags-spectrogram",
    "thesis-2-spectrogram": "model-2-filtered-tags-spectrogram",
    "thesis-3.1-spectrogram": "model-3.1-raw-clusters-spectrogram",
    _CLUSTERS: "model-3.3-clusters-k100-spectrogram",
    "thesis-3.3-k250-spectrogram": "model-3.3-clusters-k250-spectrogram",
    "thesis-3.3-k750-spectrogram": "model-3.3-clusters-k750-spectrogram",
    "thesis-3.3-k1000-spectrogram": "model-3.3-clusters-k1000-spectrogram",
    "thesis-3.3-tags-spectrogram": "model-3.3-most-popular-tag-of-each-cluster-spectrogram",
    "thesis-4.1-spectrogram": "model-4.1-npmi-spectrogram",
    "thesis-4.2-spectrogram": "model-4.2-tag-embeddings-spectrogram",
}
"""Published run → the folder of its arrays, as they were published with the thesis."""
_NO_EPOCHS = {f"thesis-3.3-{k}-spectrogram" for k in ("k250", "k750", "k1000")}
WITH_EPOCHS = tuple(name for name in ARRAYS if name not in _NO_EPOCHS)
"""Those of them whose arrays tell of every epoch, macro averages alone; of the others they tell the last."""


@dataclass(frozen=True, eq=False)
class Figures:
    """What is known of one model.

    Attributes:
        title: What it is called.
        per_label: Interpolated AUC-PR of the last epoch, by label; what is unknown is not in it.
        means: Of `MEANS`, those that are known.
        counts: Tracks of each label, by label; empty where unknown.
        n_classes: How many classes it has; of how many a figure is known where that is not told.
        classes: The classes of `decisions`, in their order.
        decisions: Confusion counts of the last epoch at 200 thresholds; None where unknown.
        epochs: Columns epoch and `MEANS`; no rows where nothing was kept.
        two_tags: Classes of just two tags, and all classes; None where unknown.
        run: Name of the run.
        predictions: Opens what its best epoch said of a part of the tracks; None where that was not kept.
    """

    title: str
    per_label: pd.Series
    means: Mapping[str, float]
    counts: pd.Series
    n_classes: int
    classes: tuple[str, ...]
    decisions: Confusion | None
    epochs: pd.DataFrame
    two_tags: tuple[int, int] | None
    run: str
    predictions: Callable[[Part], Predictions | None] = lambda part: None

    __repr__ = one_line

    def positive_share(self, threshold: float) -> float:
        """Return the share of all decisions that are positive at a threshold; NaN where none are known.

        Decisions are those at the first of the 200 thresholds at or above it.
        """
        if self.decisions is None:
            return np.nan
        row = int(np.searchsorted(self.decisions.thresholds, threshold))
        positive = int((self.decisions.tp[row] + self.decisions.fp[row]).sum())
        return positive / float((self.decisions.positives + self.decisions.negatives).sum())

    def classes_without_positive(self, threshold: float) -> float:
        """Return the share of classes that no track is put into at a threshold; as `positive_share`."""
        if self.decisions is None:
            return np.nan
        row = int(np.searchsorted(self.decisions.thresholds, threshold))
        return float(((self.decisions.tp[row] + self.decisions.fp[row]) == 0).mean())

    def mean_imbalance_ratio(self) -> float:
        """Return MeanIR of the evaluated tracks; NaN where their counts are unknown."""
        return mean_imbalance_ratio(self.counts.to_numpy()) if len(self.counts) else np.nan

    def correlation(self) -> float:
        """Return Pearson's correlation of AUC-PR with counts; NaN for fewer than three labels."""
        values = self.per_label.dropna()
        counts = self.counts.reindex(values.index).dropna()
        if len(counts) < 3:
            return np.nan
        return correlation_with_counts(values[counts.index].to_numpy(), counts.to_numpy()).r


_REPRODUCES = "reproduces "

Evidence = Mapping[str, Figures]
"""Published name of a model, or another that `stands_for` gives → what is known of it."""


def gamma_key(gamma: float, network: str) -> str:
    """Return under which name a model of the semantic loss stands: nothing is published of it."""
    return f"model-5-gamma-{gamma:g}-{network}"


def gammas_of(evidence: Evidence, network: str) -> dict[float, Figures]:
    """Return the models of the semantic loss by γ, ascending."""
    before, _, after = gamma_key(0, network).partition("0")
    found = {
        float(name.removeprefix(before).removesuffix(after)): figures
        for name, figures in evidence.items()
        if name.startswith(before) and name.endswith(after)
    }
    return dict(sorted(found.items()))


def judged_alike(first: Predictions, second: Predictions) -> bool:
    """Return whether predictions are of the same tracks and classes against one truth."""
    same = first.tracks == second.tracks and first.classes == second.classes
    return same and np.array_equal(first.truth, second.truth)


def without_counterpart(evidence: Evidence, recipe: str, network: str) -> dict[str, Figures]:
    """Return the models of a recipe of which nothing is published, by their names."""
    before = _key(recipe, network, "")
    return {
        name.removeprefix(before): figures for name, figures in evidence.items() if name.startswith(before)
    }


def _key(recipe: str, network: str, model: str) -> str:
    return f"{recipe}-{network}: {model}"


def of_run(run: Run) -> Figures:
    """Return what a run that was trained here, or a published one, tells."""
    kept = run.per_label("last")
    decisions, classes = run.confusion("last"), run.classes
    epochs = pd.DataFrame(columns=["epoch", *MEANS], dtype=np.float64)
    if run.kind == "published":  # means over the few labels that are printed are no figures of the model
        means = run.summary()["best"]
    else:
        epochs = history(run).reindex(columns=["epoch", *MEANS])
        best = epochs[list(MEANS)].max()
        means = {name: float(value) for name, value in best.items() if not np.isnan(value)}
    counts = kept.set_index("label")["counts"].dropna() if "counts" in kept else pd.Series(dtype=np.float64)
    if decisions is not None:
        counts = pd.Series(decisions.positives, index=list(classes))
    space = run.label_space()
    two = None if space is None else (sum(len(each.tags) == 2 for each in space.classes), len(space))
    return Figures(
        title=run.title,
        per_label=kept.set_index("label")["auc_pr"].dropna(),
        means=means,
        counts=counts,
        n_classes=run.summary()["classes"] or len(classes),
        classes=tuple(classes),
        decisions=decisions,
        epochs=epochs,
        two_tags=two,
        run=run.name,
        predictions=run.predictions,
    )


def published_evidence(arrays: Path | None = None) -> dict[str, Figures]:
    """Return what was published of every model of the thesis.

    Args:
        arrays: Folder of the arrays published with the thesis, by the names of `ARRAYS`. Their figures by
            label and decisions are taken over the few that are printed; means stay the printed ones.

    Raises:
        DataError: If an array is there and cannot be read.
    """
    found = {name: of_run(open_published(name)) for name in published_names() if name.startswith("thesis-")}
    for name, folder in ARRAYS.items():
        if arrays is not None and (arrays / folder).is_dir():
            found[name] = _with_arrays(found[name], arrays / folder)
    return found


def published_pairs(arrays: Path | None) -> Cooccurrence | None:
    """Return how many tracks the clusters of model 3.3 at k = 100 share in the thesis's data.

    How many tracks there were is not told; as many as the most used cluster is on are taken for all.

    Args:
        arrays: As of `published_evidence`; None where the matrix is not in it.

    Raises:
        DataError: If it is there and is no such matrix.
    """
    folder = None if arrays is None else arrays / ARRAYS[_CLUSTERS]
    if folder is None or not (folder / _PAIRS).is_file():
        return None
    names = layout.read_classes(folder / layout.CLASSES)
    try:
        counts = np.load(folder / _PAIRS, allow_pickle=False)
        whole = counts.astype(np.int64)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(folder / _PAIRS, f"cannot be read as an array ({error})") from error
    if counts.shape != (len(names), len(names)) or (whole != counts).any() or (whole != whole.T).any():
        raise DataError(folder / _PAIRS, f"must hold symmetric counts of the {len(names)} classes beside it")
    if (whole < 0).any() or (whole > np.minimum.outer(whole.diagonal(), whole.diagonal())).any():
        raise DataError(folder / _PAIRS, "holds a pair on more tracks than one of its classes is on")
    most = int(whole.max(initial=0))
    return Cooccurrence(names, sparse.csr_array(whole), most, most)


def _with_arrays(printed: Figures, folder: Path) -> Figures:
    read = read_results(folder, ResultsSettings())
    epochs, counts = read.per_label["epoch"], pd.Series(dtype=np.float64)
    last = read.per_label[epochs == epochs.max()].set_index("label")["auc_pr"]
    if read.counts is not None:
        counts = pd.Series(read.counts.positives, index=list(read.classes))
    by_epoch = read.per_label.groupby("epoch")[["auc_pr", "auc_roc"]].mean().reset_index()
    by_epoch = by_epoch.rename(columns={"auc_pr": "auc_pr_macro", "auc_roc": "roc_auc_macro"})
    return Figures(
        title=printed.title,
        per_label=last.dropna(),
        means=printed.means,
        counts=counts,
        n_classes=len(read.classes),
        classes=tuple(read.classes),
        decisions=read.counts,
        epochs=by_epoch[by_epoch["epoch"] > 0].reindex(columns=["epoch", *MEANS]),
        two_tags=printed.two_tags,
        run=printed.run,
    )


def stands_for(planned: Plan, model: Model) -> str:
    """Return the name under which a model's figures stand.

    It is that of its published counterpart, `gamma_key`, or one for `without_counterpart`.
    """
    network = planned.settings.network
    if planned.recipe == "model-5":
        return gamma_key(model.changes["train"]["gamma"], network)
    return model.published or _key(planned.recipe, network, model.name)


def mark(run: Run, name: str) -> None:
    """Note in a run's tags which model it reproduces, so that it is found again without its recipe."""
    tag = _REPRODUCES + name
    if tag not in run.about.tags:
        set_tags(run.name, (*run.about.tags, tag))


def own_evidence(data: str, names: Collection[str] | None = None) -> dict[str, Figures]:
    """Return what runs trained here tell, under the names of the models they reproduce.

    Where several reproduce one model, a finished one comes before others, then the one made last.

    Args:
        data: Name of their data set.
        names: Of the runs that may be taken; any where None. Runs without an epoch are left out.
    """
    table = runs_table()
    marked = [
        str(name)
        for name, tags in zip(table["run"], table["tags"], strict=True)
        if any(str(tag).startswith(_REPRODUCES) for tag in tags)
    ]
    best: dict[str, tuple[tuple[bool, str, str], Run]] = {}
    for name in marked:
        run = open_run(name)
        if (names is not None and name not in names) or run.config.get("data") != data:
            continue
        if not len(run.history()):
            continue
        rank = (run.predictions("test") is not None, run.about.created, run.name)
        for tag in run.about.tags:
            key = tag.removeprefix(_REPRODUCES)
            if tag.startswith(_REPRODUCES) and (key not in best or best[key][0] < rank):
                best[key] = rank, run
    return {key: of_run(run) for key, (_, run) in best.items()}


def told_in_text(published: Evidence, ours: Evidence, network: str = "spectrogram") -> pd.DataFrame:
    """Return the figures that the thesis tells in its text, beside what arrays and runs give.

    Returns:
        what, thesis (as printed), arrays (from the published arrays; NaN without), here (NaN without a run).
    """
    rows = [
        (
            what,
            printed,
            _told(published.get(f"{name}-{network}"), of),
            _told(ours.get(f"{name}-{network}"), of),
        )
        for what, name, of, printed in _TOLD
    ]
    clusters, tags = (f"thesis-3.3-{each}-{network}" for each in ("k100", "tags"))
    for what, printed, side in (("clusters win", 22, 0), ("tags win", 17, 1)):
        theirs, own = (labels_won(each.get(clusters), each.get(tags))[side] for each in (published, ours))
        rows.append((f"labels that {what}, of those both have", printed, theirs, own))
    return pd.DataFrame(rows, columns=["what", "thesis", "arrays", "here"])


def labels_won(first: Figures | None, second: Figures | None) -> tuple[float, float]:
    """Return on how many labels each side has the higher AUC-PR; NaN where either is unknown."""
    if first is None or second is None:
        return np.nan, np.nan
    both = first.per_label.index.intersection(second.per_label.index)
    if not len(both):
        return np.nan, np.nan
    difference = first.per_label[both] - second.per_label[both]
    return float((difference > 0).sum()), float((difference < 0).sum())


def _told(figures: Figures | None, of: str) -> float:
    if figures is None:
        return np.nan
    kind, _, threshold = of.partition(" at ")
    if kind == "two":
        return np.nan if figures.two_tags is None else figures.two_tags[0] / figures.two_tags[1]
    if kind == "mean IR":
        return figures.mean_imbalance_ratio()
    if kind == "r":
        return figures.correlation()
    shares = {"positive": figures.positive_share, "without": figures.classes_without_positive}
    return shares[kind](float(threshold))


_TOLD = [
    ("positive predictions at 0.5, k = 100", "thesis-3.3-k100", "positive at 0.50", 0.04051),
    ("positive predictions at 0.5, k = 1000", "thesis-3.3-k1000", "positive at 0.50", 0.01711),
    ("model 4.1: classes without a positive prediction at 0.33", "thesis-4.1", "without at 0.33", 0.36363),
    ("model 4.1: at 0.50", "thesis-4.1", "without at 0.50", 0.43181),
    ("model 4.1: at 0.67", "thesis-4.1", "without at 0.67", 0.56818),
    ("model 4.2: classes without a positive prediction at 0.33", "thesis-4.2", "without at 0.33", 0.28181),
    ("model 4.2: at 0.50", "thesis-4.2", "without at 0.50", 0.33636),
    ("model 4.2: at 0.67", "thesis-4.2", "without at 0.67", 0.46363),
    ("model 4.1: clusters of two tags", "thesis-4.1", "two", 0.21591),
    ("model 4.2: clusters of two tags", "thesis-4.2", "two", 0.15454),
    ("model 4.1: MeanIR", "thesis-4.1", "mean IR", 71.2238),
    ("model 4.2: MeanIR", "thesis-4.2", "mean IR", 28.7327),
    ("model 4.1: correlation of AUC-PR with counts", "thesis-4.1", "r", 0.7272),
    ("model 4.2: correlation of AUC-PR with counts", "thesis-4.2", "r", 0.6708),
]
