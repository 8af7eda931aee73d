"""Which labels of a tagger break first under the degradation that is looked at."""

from __future__ import annotations

import streamlit as st

from taglab import runs
from taglab.audio.degrade import Recording, Variants
from taglab.figures.robustness import label_curves
from taglab.figures.theme import PALETTE
from taglab.progress import Progress
from taglab.studies.robustness import ChangeSettings
from taglab.studies.robustness.labels import MACRO, LabelRobustness, label_robustness, lacking_scores
from taglab.training.checkpoints import BEST
from taglab.ui.export import export_panel, picture_config
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import literal, working
from taglab.ui.pickers import choose_among
from taglab.ui.remembered import remembered
from taglab.ui.robustness.material import Material
from taglab.verbs.label_robustness import RobustLabels

_CLIP_S = 0.06  # to degrade and tag a clip of three seconds, on one core


def show_labels(material: Material, magnitude: float) -> None:
    """Let a tagger be chosen, and show its labels by magnitude, those first that break first."""
    shown = st.toggle(
        "Labels of a tagger", key="tagged", bind="query-params",
        help="How well a run still tags its own test tracks when their sound is degraded so.",
    )  # fmt: skip
    if not shown:
        return
    names = _taggers(material)
    if not names:
        st.caption(literal(f"No tagger is trained on {material.data.name} with the sound {material.audio}."))
        return
    name = choose_among("tagger", "Tagger", names, 0, "tagger")
    fields = set(ChangeSettings.model_fields)
    changes = ChangeSettings(**material.settings.model_dump(include=fields))
    question = RobustLabels(run=name, changes=changes)
    result = _tagged(material, question)
    kind = material.kind
    first = result.breaks["label"].tolist()
    labels = [MACRO, *[label for label in first if label != MACRO][: len(PALETTE)]]
    table = result.table[(result.table["degradation"] != "") & result.table["label"].isin(labels)]
    ordered = (
        table.set_index("label").loc[[one for one in labels if one in set(table["label"])]].reset_index()
    )
    grid = material.magnitudes
    figure = label_curves(ordered, grid, kind.unit, kind.title, magnitude)
    st.plotly_chart(
        figure, key="label curves", config=picture_config(),
        alt="Average precision of labels, by magnitude",
    )  # fmt: skip
    broken = int(result.breaks["breaks_at"].notna().sum())
    st.caption(
        literal(
            f"{broken:,} of {len(result.breaks):,} labels break: half of what their average precision has "
            f"above chance is lost, by more than chance, on {len(result.tracks):,} test clips. Grey is the "
            "mean of all labels."
        )
    )
    st.dataframe(
        result.breaks[["label", "original", "chance", "breaks_at"]], key="breaks", hide_index=True,
        column_config={
            "original": st.column_config.NumberColumn("average precision, original", format="%.3f"),
            "chance": st.column_config.NumberColumn(format="%.3f"),
            "breaks_at": st.column_config.NumberColumn(f"breaks at ({kind.unit})"),
        },
        alt="At which magnitude each label breaks",
    )  # fmt: skip
    export_panel(f"{name} {material.degradation}", result.table, figure, command=question)


def _taggers(material: Material) -> list[str]:
    """Return trained runs of these data and this sound, the newest first."""
    table = runs.runs_table()
    names = []
    for name in table["run"].astype(str) if len(table) else ():
        run = runs.open_run(name)
        same = (run.config.get("data"), run.config.get("audio")) == (material.data.name, material.audio)
        if same and run.label_space() is not None and (run.checkpoints / BEST).is_file():
            names.append(name)
    return names


def _tagged(material: Material, question: RobustLabels) -> LabelRobustness:
    run = runs.open_run(question.run)
    share = lacking_scores(run, question.changes, question.part, material.uploaded)
    if share and not material.uploaded:
        changes = len(question.changes.changes(material.store.sample_rate_hz))
        seconds = share * changes * question.changes.clips * _CLIP_S * question.changes.clip_s / 3
        given = question.model_dump_json()
        await_work(
            LongWork(
                key=f"labels {given}", module="taglab.verbs.label_robustness", given=given,
                title=f"Labels under {material.kind.title.lower()}",
                lacking=f"Tagging degraded clips ({material.kind.title.lower()})", verb="Tag",
                meanwhile="Everything above stays as it is.", seconds=seconds,
            )
        )  # fmt: skip
    with working("Tagging degraded clips") as progress:
        return _remembered(run, question, material.variants, material.uploaded, progress)


@remembered("medium")
def _remembered(
    run: runs.Run,
    question: RobustLabels,
    variants: Variants | None,
    recordings: dict[str, Recording],
    _progress: Progress,
) -> LabelRobustness:
    return label_robustness(run, question.changes, question.part, recordings, _progress)
