"""Starting runs: the form's button, the one click of the first visit, and sweeps over the form's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from taglab import cache, embeddings, launch
from taglab.audio.library import DEMO
from taglab.embeddings import Lookup
from taglab.errors import TaglabError, Unavailable
from taglab.launch import LaunchSettings
from taglab.settings import checked
from taglab.suffixes import free_name
from taglab.training import PRESETS, Pace, RunConfig, measured_pace, new_run, run_config
from taglab.training.devices import cpu_report
from taglab.training.label_spaces import READY_SPACES, LabelGrid, save_ready
from taglab.training.sweeps import grid, groups, sweepable
from taglab.ui.export import copy_as_command
from taglab.ui.forms import setting_widget, settings_widgets
from taglab.ui.messages import guard, literal, working
from taglab.ui.remembered import remembered
from taglab.ui.training.dry_run import begin_dry_run, show_dry_run
from taglab.ui.training.form import Asked
from taglab.ui.training.machine import device
from taglab.ui.training.watch import duration, tell, watch_next
from taglab.ui.visitors import refusal
from taglab.verbs.sweeps import Make

_FIRST_PRESET = "tiny"
_PACE_FRESH_S = 30  # reading a thousand runs takes a second
_NOT_SWEPT = ("data", "labels", "audio", "train.devices", "train.nodes", "train.accelerator")
_LAUNCH_LOCALLY = ("gpus",)
_ON_SLURM = ("gpus", "nodes", "partition", "account", "time_minutes", "cpus_per_task", "memory_gb")
_SPREAD = ("gpus", "nodes")
_MODELS: Mapping[str, Mapping[str, str]] = {
    "Model 3.2: embedding × threshold": {"min_counts": "101,501", "ks": "500", "vectors": ""},
    "Model 3.3: k = 100 … 1000": {"ks": "100,250,500,750,1000", "min_counts": "101"},
}


def show_first() -> None:
    """The first visit: one button that trains the demo, and what that will do."""
    st.subheader("Train a first tagger")
    first = next(iter(READY_SPACES))
    space = READY_SPACES[first]
    st.markdown(
        "A small network learns to name what is heard on the built-in demo: 1,200 synthesised tracks of 8 s, "
        f"tagged by invented listeners. {space.about} "
        f"{_first_estimate()} You can watch, stop and resume it; closing the browser does not end it."
    )
    if start_button("Train the demo", "train demo"):
        with guard(), working("Making the run") as progress:
            require_allowed()
            labels = save_ready(first, DEMO, progress)
            config = run_config({**PRESETS[_FIRST_PRESET], "data": DEMO, "audio": DEMO, "labels": labels})
            launch_runs([new_run(config, progress=progress).name], LaunchSettings())
    say_refusal()


def _first_estimate() -> str:
    if device().kind == "GPU":
        return "It takes about two minutes, most of them for the demo's sound, made once."
    cores = f"{device().cores} core{'s' if device().cores > 1 else ''}"
    return (
        f"On this machine's CPU ({cores}) expect some minutes; before that the demo's sound is made once, "
        "about a minute."
    )


def pick_launch(alone_on_cpu: bool = False) -> LaunchSettings:
    """Let where and with what be chosen.

    Args:
        alone_on_cpu: Whether one process trains it, on the CPU; GPUs and machines are then not asked for.
    """
    values: dict[str, Any] = setting_widget(LaunchSettings, "where", "launch")
    names = _ON_SLURM if values["where"] == "slurm" else _LAUNCH_LOCALLY
    if values["where"] == "local" and not device().count:
        return LaunchSettings()  # nothing to choose: one run at a time on the CPU
    for name in names:
        if not (alone_on_cpu and name in _SPREAD):
            values |= setting_widget(LaunchSettings, name, "launch")
    return checked(LaunchSettings, values)


def pick_launch_and_note(alone_on_cpu: bool = False) -> tuple[LaunchSettings, str]:
    """Let where and with what be chosen, and a note be written, folded away; see `pick_launch`."""
    with st.expander("Where it runs, and a note", icon=":material/dns:"):
        if alone_on_cpu:
            st.caption("One process trains it, on the CPU.")
        return pick_launch(alone_on_cpu), st.text_input(
            "Note", key="run note", placeholder="why this run", max_chars=500
        )


def say_refusal() -> None:
    """Say why this visitor may start nothing, where that is so."""
    reason = refusal()
    if reason:
        st.info(reason, icon=":material/lock:")


def start_button(label: str, key: str, icon: str = ":material/play_arrow:") -> bool:
    """Draw a button that starts runs, disabled for those who may not; return whether it was pressed."""
    reason = refusal()
    return st.button(label, key=key, type="primary", icon=icon, disabled=reason is not None, help=reason)


def require_allowed() -> None:
    """Raise Unavailable where this visitor may start nothing: a disabled button is only a request."""
    reason = refusal()
    if reason is not None:
        raise Unavailable(reason)


def launch_runs(names: Sequence[str], settings: LaunchSettings) -> None:
    """Launch runs, and show the page anew with them on top."""
    watch_next(names[:4])
    try:
        require_allowed()
        for name in names:
            launch.submit(name, settings)
    except TaglabError as error:
        tell(str(error), went_well=False)
    st.rerun()


def show_start(asked: Asked) -> None:
    """The buttons under the form: start, dry run, and the command that does the same."""
    asked.preview()
    say_refusal()
    settings, note = pick_launch_and_note()
    reason = refusal()
    with st.container(horizontal=True, vertical_alignment="center"):
        start = start_button("Start training", "start")
        try_out = st.button(
            "Dry run", key="dry run button", icon=":material/science:", disabled=reason is not None,
            help=reason or "Trains a few steps and throws them away: parameters, memory, first loss, clips "
            "per second and how long an epoch takes.",
        )  # fmt: skip
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(asked.question)
            if asked.labels.ready:
                st.caption(f"after: {_ready_command(asked)}")
    _say_pace(asked.preview(), settings)
    if start:
        require_allowed()
        with working("Making the run") as progress:
            run = new_run(asked.config(progress), note=note, progress=progress)
        launch_runs([run.name], settings)
    now = asked.preview().model_dump_json()
    if try_out:
        require_allowed()
        with working("Preparing") as progress:
            config = asked.config(progress)
        begin_dry_run(config, now)
    show_dry_run(now)


def _say_pace(config: RunConfig, settings: LaunchSettings) -> None:
    """Say how long it is likely to take, as measured and never as guessed."""
    on_cpu = config.train.accelerator == "cpu" or not settings.gpus
    where = "the cluster" if settings.where == "slurm" else (cpu_report() if on_cpu else device()).short
    pace = None if settings.where == "slurm" else _pace(config, where, str(cache.home()))
    if pace is None:
        said = f"How long an epoch takes was not measured yet with this network and clips ({where})"
    elif pace.epoch_s is None:
        said = f"About {pace.clips_per_s:,.1f} clips/s, as measured in {pace.run} on other data ({where})"
    else:
        whole = duration(pace.epoch_s * config.train.epochs)
        said = f"About {duration(pace.epoch_s)} an epoch, {whole} in all, as measured in {pace.run} ({where})"
    ending = "." if pace is not None and pace.epoch_s is not None else "; Dry run tells how long an epoch is."
    st.caption(literal(said + ending))


@remembered("small", ttl_s=_PACE_FRESH_S)
def _pace(config: RunConfig, where: str, home: str) -> Pace | None:
    return measured_pace(config, where)


def _ready_command(asked: Asked) -> str:
    return f"the label space is made and saved by Start or Dry run ({READY_SPACES[asked.labels.ready].title})"


def show_sweep(asked: Asked) -> None:
    """A grid over fields of the form: what is varied, the runs it makes, and the button."""
    base = asked.preview()
    st.caption(
        "Every combination becomes a run; the rest is as in the form above. They wait in the queue for one "
        "another."
    )
    _offer_models()
    from_clusters = st.toggle(
        "Label spaces made by clustering, one a cell", key="sweep labels",
        help="Thesis, models 3.2 and 3.3: clusters of tag vectors, but for those without any of the 100 most "
        "used tags (less the 20 that say nothing of the sound).",
    )  # fmt: skip
    clusterings = _pick_clusterings() if from_clusters else None
    vary = _pick_fields(base)
    if clusterings is None and not vary:
        st.text("Choose at least one field to vary.")
        return
    taken = groups()
    # Once a sweep is made, a new name is suggested for the next.
    key = f"name of sweep {len(taken)}"
    name = st.text_input("Name of the sweep", free_name("sweep", taken), key=key, max_chars=100)
    with st.expander("Where they run", icon=":material/dns:"):
        where = pick_launch()
    question = _sweep(asked, name, clusterings, vary, where)
    fields = question.fields()
    number = len(grid(base, fields)) * (1 if clusterings is None else len(clusterings))
    with st.container(horizontal=True, vertical_alignment="center"):
        made = _sweep_button(f"Start {number:,} runs", asked, question)
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(question)
    if made:
        launch_runs(made, where)


def _sweep(
    asked: Asked, name: str, clusterings: LabelGrid | None, vary: Sequence[str], where: LaunchSettings
) -> Make:
    labels = None if clusterings is not None else asked.question.labels
    return checked(
        Make,
        {
            **asked.values, "labels": labels, "name": name, "clusterings": clusterings, "vary": tuple(vary),
            "launch": True, "where": where.model_dump(exclude_defaults=True),
        },
    )  # fmt: skip


def _offer_models() -> None:
    with st.container(horizontal=True):
        for title, values in _MODELS.items():
            st.button(title, key=f"sweep {title}", on_click=_fill_cells, args=(values,), type="tertiary")


def _fill_cells(values: Mapping[str, str]) -> None:
    st.session_state["sweep labels"] = True
    for name, text in values.items():
        every = [embeddings.OWN, *embeddings.vector_names()]
        st.session_state[f"sweep {name}"] = every if name == "vectors" else text


def _pick_clusterings() -> LabelGrid:
    columns = st.columns((4, 5, 5, 3), vertical_alignment="bottom")
    known: list[str] = [embeddings.OWN, *embeddings.vector_names()]
    for key, start in {"sweep vectors": known[:1], "sweep min_counts": "1", "sweep ks": "100,250"}.items():
        st.session_state.setdefault(key, start)
    values: dict[str, Any] = {"vectors": columns[0].multiselect("Word vectors", known, key="sweep vectors")}
    for column, name in zip(columns[1:], ("min_counts", "ks", "keep"), strict=True):
        with column:
            values |= setting_widget(LabelGrid, name, "sweep")
    with st.expander("Looking up words"):
        lookup = settings_widgets(Lookup, "sweep lookup")
    return checked(LabelGrid, {**values, "lookup": lookup.model_dump(exclude_defaults=True)})


def _pick_fields(base: RunConfig) -> list[str]:
    """Let fields of the form be varied; return each with its values, as the command has them."""
    known = {name: value for name, value in sweepable(base).items() if name not in _NOT_SWEPT}
    chosen = st.multiselect(
        "Fields to vary", list(known), key="sweep fields", placeholder="learning rate, width, seed …",
        format_func=lambda name: name.removeprefix("train.").replace("_", " ").replace(".", ": "),
    )  # fmt: skip
    vary = []
    for name in chosen:
        start = "none" if known[name] is None else str(known[name])
        label = f"Values of {name.removeprefix('train.')} (comma-separated)"
        vary.append(f"{name}={st.text_input(label, start, key=f'sweep values {name}')}")
    return vary


def _sweep_button(label: str, asked: Asked, question: Make) -> list[str]:
    if not start_button(label, "start sweep", ":material/grid_on:"):
        return []
    require_allowed()
    with working("Making the runs") as progress:
        if question.labels is not None:
            question = question.model_copy(update={"labels": asked.labels.name(progress)})
        made, left_out = question.make(progress)
    if left_out:
        tell(f"{len(made)} runs made. Left out: {'; '.join(left_out)}.")
    return made
