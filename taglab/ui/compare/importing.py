"""Runs and results brought in from a file, and runs handed out as one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from taglab.progress import Progress
from taglab.runs import ResultsSettings, Run, export_run, import_results, import_run
from taglab.ui.export import copy_as_command
from taglab.ui.forms import settings_widgets
from taglab.ui.messages import guard, literal, working
from taglab.ui.uploads import ask_for_file
from taglab.verbs.runs import Add

_WHAT = "a run's .zip, a .csv of labels and AUC-PR, or an .npz of scores and truth"


def import_popover(then: Callable[[str], None]) -> None:
    """A button behind which a run or results are read from an upload or a path; nothing in them is trusted.

    Args:
        then: Told the name of the new run, before the page runs anew.
    """
    with st.popover("Import", icon=":material/upload:"), guard():
        st.caption("A run that another taglab exported, or results that any program computed.")
        given = ask_for_file("import", _WHAT, several=False)
        name = st.text_input("Name", key="import name", placeholder="as the file", max_chars=100).strip()
        with st.expander("How results are read"):
            settings = settings_widgets(ResultsSettings, "import")
        if st.button("Import", key="import now", type="primary", icon=":material/upload:"):
            with given as path, working("Reading") as progress:
                run = _imported(path, name or None, settings, progress)
            then(run.name)
            st.rerun()
        copy_as_command(Add(path=Path("FILE"), name=name or None, settings=settings))
        st.caption("Of a run's zip: `taglab runs import FILE`.")


def _imported(path: Path, name: str | None, settings: ResultsSettings, progress: Progress) -> Run:
    if path.suffix.lower() == ".zip":
        return import_run(path, name, progress)
    return import_results(path, name, settings, progress)


def download_run(name: str) -> None:
    """Offer a run as a zip, which is made when the button is pressed."""
    weights = st.toggle(
        "With the network's weights", key=f"weights of {name}",
        help="By far the largest part; needed to go on training or to let it hear other tracks.",
    )  # fmt: skip
    st.download_button(
        literal(f"{name}.zip"), lambda: zipped(name, weights), f"{name}.zip", "application/zip",
        key=f"download {name}", on_click="ignore", icon=":material/folder_zip:",
    )  # fmt: skip


def zipped(name: str, weights: bool) -> bytes:
    """Return a run as a zip that `import_run` reads."""
    with tempfile.TemporaryDirectory(prefix="taglab-export-") as folder:
        return export_run(name, Path(folder) / "run.zip", weights).read_bytes()
