"""Results that others published, as runs that cannot be changed.

Figures are typed as printed; what contradicts something else is kept and has a note, never corrected.

Sources: Ros Perez 2021, tables 9, 10, 12, 13, 15-30 and 34; readme on audio classification with word
embeddings, both of its tables; Weston, Bengio and Hamel 2011, tables 2, 3, 5 and 6; Kim 2021, tables 3.4 and
3.5; see `sources.csv`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from taglab.errors import NotFound
from taglab.metrics import mean_columns
from taglab.metrics.thresholds import Confusion
from taglab.runs import layout
from taglab.runs.run import About, Run

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PublishedRun(Run):
    """A published result. It has what was printed: no history, confusion counts or predictions.

    Attributes:
        printed: Its row of `runs.csv`: source, model, what, network, vectors, min_count, k, classes, epochs,
            tables and four summary figures; None where nothing is printed.
        source: Its row of `sources.csv`: title, group and tag of the runs, created, part ("best": figures are
            of the best epochs by validation; "test": of held-out tracks), heading, note.
    """

    printed: dict[str, Any] = field(compare=False, repr=False)
    source: dict[str, str] = field(compare=False, repr=False)

    @property
    def config(self) -> dict[str, Any]:
        """Where it was printed, and the parameters told there."""
        told = ("model", "network", "vectors", "min_count", "k", "epochs")
        parameters = {key: self.printed[key] for key in told if self.printed[key] is not None}
        tables = self.printed["tables"].split(";")
        tables += [entry for name in _DETAILS for entry in _rows(name, self.name)["table"].unique()]
        return {"source": self.source["title"], "tables": sorted(set(map(_number, tables))), **parameters}

    @property
    def about(self) -> About:
        """What it is."""
        printed, source = self.printed, self.source
        heading = " ".join(part for part in (source["heading"], printed["model"]) if part)
        scores = [
            f"{title} {self.scores()[key]:.4f}" for key, title in SCORES.items() if key in self.scores()
        ]
        what = ", ".join(part for part in (printed["what"], printed["network"], *scores) if part)
        return About(
            kind="published",
            title=f"{heading}: {what}",
            note=source["note"],
            tags=(source["tag"],),
            group=source["group"],
            created=source["created"],
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is contradictory about its printed figures, a sentence each."""
        return tuple(self.noted()["note"])

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes whose figures are printed; `summary` tells how many there were."""
        return tuple(self.per_label()["label"])

    def noted(self) -> pd.DataFrame:
        """Return what is contradictory: table (as "27;34"), label, figure and note.

        Label and figure are empty where a note is of no single one.
        """
        table = _read("notes")
        mine = table["runs"].map(lambda names: self.name in names.split(";"))
        return table.loc[mine, ["table", "label", "figure", "note"]].fillna("").reset_index(drop=True)

    def per_label_by_epoch(self) -> pd.DataFrame:
        """Return the figures by label of the last epoch, the only one printed."""
        return self.per_label().assign(epoch=self.printed["epochs"])

    def per_label(self, epoch: int | Literal["best", "last"] | None = None) -> pd.DataFrame:
        """Return the printed figures by label, which are of the last epoch.

        Args:
            epoch: "last" or None; anything else gives no rows, for nothing is printed.

        Returns:
            Columns as of every run, and counts: tracks of the whole data set, where printed. A label in
            several tables has the figure of the last of them; `noted` tells where they differ.
        """
        rows = self.printed_by_label().drop_duplicates("label", keep="last")
        if epoch not in (None, "last", self.printed["epochs"]):
            rows = rows.iloc[:0]
        return rows.reindex(columns=[*layout.per_label_columns(), "counts"]).reset_index(drop=True)

    def printed_by_label(self) -> pd.DataFrame:
        """Return all printed figures by label: table, label, auc_pr, counts, position (by AUC-PR)."""
        return _rows("per_label", self.name)

    def confusion(self, which: Literal["last", "best"] = "last") -> Confusion | None:
        """Return nothing: shares at three thresholds are printed, see `decisions`."""
        return None

    def decisions(self) -> pd.DataFrame:
        """Return printed confusion shares: table, label, threshold, tp, tn, fp, fn (shares of all tracks)."""
        return _rows("confusion", self.name)

    def groups(self) -> pd.DataFrame:
        """Return the printed means by group of tags: table, group, auc_pr, auc_roc (NaN: not printed)."""
        return _rows("groups", self.name)

    def precisions(self) -> pd.DataFrame:
        """Return printed means of precision at k over queries: k, precision."""
        return _rows("precisions", self.name)

    def scores(self) -> dict[str, float]:
        """Return printed scores of a classifier of one class a track: `log_loss`, `f1`; empty without any."""
        rows: list[dict[str, Any]] = _rows("scores", self.name).to_dict("records")  # type: ignore[assignment]
        return {name: float(value) for row in rows for name, value in row.items()}

    def summary(self) -> dict[str, Any]:
        """Return the printed summary.

        Figures on validation are each of its own best epoch; which one that was is not told.
        """
        figures = {column: self.printed.get(column) for column in mean_columns()}
        known = {metric: value for metric, value in figures.items() if value is not None}
        known |= {f"precision_at_{row.k}_macro": row.precision for row in self.precisions().itertuples()}
        known |= self.scores()
        told = {"classes": self.printed["classes"], "epochs": self.printed["epochs"] or 0}
        return {**super().summary(), **told, self.source["part"]: known}


SCORES = {"log_loss": "log-loss", "f1": "F1"}
"""Score of a classifier of one class a track that is printed of some → its title."""
_DETAILS = ("per_label", "groups", "confusion")


def _number(table: str | int) -> int | float:
    """Return the number of a table; of those counted by chapter one with a decimal."""
    return float(table) if "." in str(table) else int(table)


def published_names() -> list[str]:
    """Return the names of the published runs, in the order of their source."""
    return list(_runs())


def open_published(name: str) -> PublishedRun:
    """Return a published run.

    Raises:
        NotFound: If there is none of this name.
    """
    if name not in _runs():
        raise NotFound(f"no published run named {name!r}; there are: {', '.join(_runs())}")
    printed = _runs()[name]
    return PublishedRun(name, _FOLDER, printed, _sources()[printed["source"]])


@functools.cache
def _runs() -> dict[str, dict[str, Any]]:
    whole = ("min_count", "k", "classes", "epochs")
    entries = {}
    for row in _read("runs").to_dict("records"):
        entry: dict[str, Any] = {
            str(key): None if pd.isna(value) else int(value) if key in whole else value
            for key, value in row.items()
        }
        entries[entry.pop("run")] = entry
    return entries


@functools.cache
def _sources() -> dict[str, dict[str, str]]:
    rows: list[dict[str, Any]] = _read("sources").fillna("").to_dict("records")  # type: ignore[assignment]
    return {row.pop("source"): row for row in rows}


def _rows(name: str, run: str) -> pd.DataFrame:
    table = _read(name)
    return table[table["run"] == run].drop(columns="run").reset_index(drop=True)


@functools.cache
def _read(name: str) -> pd.DataFrame:
    texts = dict.fromkeys(("run", "runs", "model", "label", "tables", "group", "figure"), "str")
    texts |= dict.fromkeys(("source", "created", "heading", "note"), "str")
    types: Any = {**texts, "table": "str" if name == "notes" else "int64"}
    return pd.read_csv(_FOLDER / f"{name}.csv", dtype=types, keep_default_na=False, na_values=[""])
