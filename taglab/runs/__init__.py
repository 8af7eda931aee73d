"""Runs: what was trained here, imported or published, each a folder that reads back the same way."""

from taglab.runs.exchange import export_run, import_run
from taglab.runs.importing import ResultsSettings, import_means, import_results
from taglab.runs.library import (
    create_run,
    delete_run,
    filter_runs,
    open_run,
    run_names,
    runs_table,
    set_note,
    set_tags,
    set_title,
)
from taglab.runs.naming import name_of
from taglab.runs.published import open_published, published_names
from taglab.runs.run import About, Run, best_epoch, per_label_of, split_warning_of
from taglab.runs.writer import RunWriter, change_about

__all__ = [
    "About",
    "ResultsSettings",
    "Run",
    "RunWriter",
    "best_epoch",
    "change_about",
    "create_run",
    "delete_run",
    "export_run",
    "filter_runs",
    "import_means",
    "import_results",
    "import_run",
    "name_of",
    "open_published",
    "open_run",
    "per_label_of",
    "published_names",
    "run_names",
    "runs_table",
    "set_note",
    "set_tags",
    "set_title",
    "split_warning_of",
]
