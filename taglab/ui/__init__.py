"""What the pages share: loaders, pickers, messages, downloads. The only room that knows Streamlit."""

from taglab.ui.data.adding import add_data_panel, add_vectors_panel, train_vectors_panel
from taglab.ui.export import (
    copy_as_command,
    download_figure,
    download_table,
    export_panel,
    export_projector,
    picture_config,
)
from taglab.ui.forms import settings_widgets
from taglab.ui.frame import heading, open_frame, title
from taglab.ui.loaders import (
    folksonomy,
    folksonomy_of,
    interactions,
    selected_folksonomy,
    tag_vectors,
    word_vectors,
)
from taglab.ui.messages import guard, literal, tell_what_is_not_kept, working
from taglab.ui.pickers import choose, pick_data, pick_lookup, pick_min_count, pick_tag, pick_vectors
from taglab.ui.tables import column_labels, measure_sentence, tag_table

__all__ = [
    "add_data_panel",
    "add_vectors_panel",
    "choose",
    "column_labels",
    "copy_as_command",
    "download_figure",
    "download_table",
    "export_panel",
    "export_projector",
    "folksonomy",
    "folksonomy_of",
    "guard",
    "heading",
    "interactions",
    "literal",
    "measure_sentence",
    "open_frame",
    "pick_data",
    "pick_lookup",
    "pick_min_count",
    "pick_tag",
    "pick_vectors",
    "picture_config",
    "selected_folksonomy",
    "settings_widgets",
    "tag_table",
    "tag_vectors",
    "tell_what_is_not_kept",
    "title",
    "train_vectors_panel",
    "word_vectors",
    "working",
]
