"""The Quality view of the Embeddings page: word vectors held against what people say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from taglab.embeddings import Lookup
from taglab.embeddings.judging import (
    Judged,
    JudgingSettings,
    disagreements,
    judge,
    pair_rows,
    question_rows,
    summarise,
)
from taglab.embeddings.quality_sets import QualitySet, built_in_sets, distinct, read_sets
from taglab.figures.quality import quality_bars, score_scatter
from taglab.figures.theme import plain, visible
from taglab.ui.export import export_panel, picture_config
from taglab.ui.loaders import word_vectors
from taglab.ui.messages import literal, working
from taglab.ui.pickers import choose_among, pick_more_vectors
from taglab.ui.uploads import given_path, laid_down
from taglab.verbs.vectors import Quality

_WORST_SHOWN = 50
_OURS = (
    "The built-in set, music-pairs and music-analogies, was written and graded by the makers of taglab "
    "alone. It is small: read it as whether the vectors know music at all, not as a ranking. Add published "
    "sets (MEN, WordSim-353, SimLex-999, the word2vec analogies) for that."
)
_WHAT = (
    "Pairs: two words and a score a line. Analogies: four words a line; a line “: name” begins a "
    "section. Text, .gz, or a .zip of several."
)


def show_quality(data: str, vectors: str, lookup: Lookup) -> None:
    """Spearman's correlation and accuracy by set, with coverage; then one set looked at closely.

    Args:
        data: Name of the data set, on which "own" vectors are trained.
        vectors: Name of the word vectors.
        lookup: How words are looked up.
    """
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with right:
        others = pick_more_vectors("others", "Beside them", vectors)
    with left:
        sets, path = _pick_sets()
    if not sets:
        st.info("Keep the built-in set, or add sets of your own.")
        return
    judged: list[Judged] = []
    with working("Judging") as progress:
        for name in (vectors, *others):
            judged += judge(word_vectors(name, data, progress), sets, lookup, JudgingSettings(), progress)
    if any(one.ours for one in sets):
        st.caption(_OURS)
    command = _question(data, vectors, others, lookup, sets, path)
    _show_summary(judged, command)
    _show_one(judged, sets, command)


def _pick_sets() -> tuple[list[QualitySet], str]:
    """Let sets be added to the built-in one; return all of them, and the path that was typed."""
    with st.popover("Sets", icon=":material/rule:"):
        built_in = st.toggle("The built-in set", value=True, key="built_in", bind="query-params")
        uploads = st.file_uploader("Upload", key="quality upload", help=_WHAT, accept_multiple_files=True)
        path = st.text_input(
            "or path on the machine taglab runs on",
            key="quality path",
            placeholder="a file, a .zip or a folder",
        )
        st.caption(_WHAT)
    sets = list(built_in_sets()) if built_in else []
    if uploads:
        with laid_down(uploads) as folder:
            sets += read_sets(folder)
    if path.strip():
        with given_path(path) as place:
            sets += read_sets(place)
    return list(distinct(sets)), path.strip()


def _question(
    data: str, vectors: str, others: list[str], lookup: Lookup, sets: list[QualitySet], path: str
) -> Quality:
    """Return what asks the same; it takes the built-in set only where no other is named."""
    files = {
        kind: (Path(path or "FILE"),)
        for kind in ("pairs", "analogies")
        if any(one.kind == kind and not one.ours for one in sets)
    }
    return Quality(data=data, vectors=(vectors, *others), lookup=lookup, **files)


def _by(question: Quality, by: Literal["sets", "pairs", "questions"]) -> Quality | None:
    """Return the question with other rows; None where the files it names have none of them."""
    named = {"pairs": question.pairs, "questions": question.analogies}
    if (question.pairs or question.analogies) and not named.get(by, True):
        return None
    return question.model_copy(update={"by": by})


def _show_summary(judged: list[Judged], command: Quality) -> None:
    whole = summarise(judged, sections=False)
    order = {name: number for number, name in enumerate(dict.fromkeys(whole["set"]))}
    whole = whole.sort_values("set", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    for column, (measure, title) in zip(
        st.columns(2),
        (("Spearman", "Do near words mean alike to people?"), ("accuracy", "Are analogies answered?")),
        strict=True,
    ):
        part = whole[whole["measure"] == measure]
        if len(part):
            figure = quality_bars(part, title, "set", _axis(measure))
            with column:
                st.plotly_chart(
                    figure, config=picture_config(), key=f"quality {measure}", alt=f"{measure} by set"
                )
                export_panel(f"quality {measure}", part, figure, _by(command, "sets"))
    st.dataframe(whole, hide_index=True, column_config=_columns(), alt="Quality by set and vectors")
    st.caption(
        "“Known” is the share whose words have vectors; the rest is left out, not counted as wrong. The bars "
        "are paler the less is known, the lines are 95 % intervals."
    )
    export_panel("quality", summarise(judged), command=command)


def _axis(measure: str) -> str:
    return "Spearman’s correlation of score and cosine" if measure == "Spearman" else "share answered right"


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "coverage": column.NumberColumn("known", format="percent"),
        "value": column.NumberColumn("value", format="%.3f"),
        "low": column.NumberColumn("low (95 %)", format="%.3f"),
        "high": column.NumberColumn("high (95 %)", format="%.3f"),
        "covered": column.NumberColumn("of these known"),
        "section": None,
    }


def _show_one(judged: list[Judged], sets: list[QualitySet], command: Quality) -> None:
    """One set more closely: the pairs people and vectors disagree on, or the sections and wrong answers."""
    name = choose_among("set", "Look closely at", [one.name for one in sets], 0, "set")
    chosen = [one for one in judged if one.set.name == name]
    if chosen[0].set.kind == "pairs":
        _show_pairs(name, chosen, _by(command, "pairs"))
    else:
        _show_questions(name, chosen, _by(command, "questions"))


def _show_pairs(name: str, chosen: list[Judged], command: Quality | None) -> None:
    ranked = [(one.vectors, disagreements(one.details)) for one in chosen]
    left, right = st.columns(2)
    with left:
        figure = score_scatter(ranked, f"{plain(name, 40)}: people and vectors")
        st.plotly_chart(
            figure, config=picture_config(), key="score scatter", alt="People's score against cosine, by pair"
        )
    with right:
        for (vectors, table), one in zip(ranked, chosen, strict=True):
            st.markdown(f"Furthest apart in **{literal(visible(vectors, 40))}**")
            shown = table[["a", "b", "score", "similarity", "apart"]].head(_WORST_SHOWN)
            st.dataframe(
                shown,
                hide_index=True,
                height=260 if len(ranked) > 1 else 400,
                column_config=_pair_columns(),
                alt="Pairs furthest apart from what people say",
            )
            _say_unknown(one)
    export_panel("quality pairs", pair_rows(chosen), figure, command)


def _pair_columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "score": column.NumberColumn("people’s score"),
        "similarity": column.NumberColumn("cosine", format="%.3f"),
        "apart": column.NumberColumn(
            "ranks apart", help="Above 0: nearer in the vectors than to people. Export has the ranks."
        ),
    }


def _say_unknown(one: Judged) -> None:
    """Say which rows of a set were left out for want of a vector."""
    absent = one.details[~one.covered]
    if absent.empty:
        return
    words = ["a", "b"] if one.set.kind == "pairs" else list("abcd")
    with st.expander(f"Left out: {len(absent):,} of {len(one.details):,} have a word without a vector"):
        st.dataframe(absent[words], hide_index=True, alt="Questions with a word without a vector")
        export_panel(f"{one.set.name} left out of {one.vectors}", absent[words])


def _show_questions(name: str, chosen: list[Judged], command: Quality | None) -> None:
    table = summarise(chosen)
    sections = table[table["section"] != ""] if (table["section"] != "").any() else table.assign(section=name)
    left, right = st.columns(2)
    with left:
        figure = quality_bars(sections, f"{plain(name, 40)} by section", "section", _axis("accuracy"))
        st.plotly_chart(figure, config=picture_config(), key="quality sections", alt="Accuracy by section")
    with right:
        for one in chosen:
            wrong = one.details[one.covered & ~one.details["right"]]
            st.markdown(
                f"Answered wrongly by **{literal(visible(one.vectors, 40))}**: {len(wrong):,} of "
                f"{int(np.count_nonzero(one.covered)):,}; a is to b as c is to d"
            )
            shown: pd.DataFrame = wrong[[*"abcd", "answer", "section"]].head(_WORST_SHOWN)
            st.dataframe(
                shown,
                hide_index=True,
                height=260 if len(chosen) > 1 else 400,
                alt="Analogies that were answered wrongly",
            )
            _say_unknown(one)
    export_panel("quality questions", question_rows(chosen), figure, command)
