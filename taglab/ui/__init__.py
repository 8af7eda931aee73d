"""What the pages share: loaders, pickers, messages, downloads. The only room that knows Streamlit."""

from taglab.ui.export import copy_as_command, download_figure, download_table, export_panel
from taglab.ui.loaders import folksonomy, selected_folksonomy, tag_vectors, word_vectors
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import pick_data, pick_min_count, pick_tag, pick_vectors

__all__ = [
    "copy_as_command",
    "download_figure",
    "download_table",
    "export_panel",
    "folksonomy",
    "guard",
    "literal",
    "pick_data",
    "pick_min_count",
    "pick_tag",
    "pick_vectors",
    "selected_folksonomy",
    "tag_vectors",
    "word_vectors",
    "working",
]
