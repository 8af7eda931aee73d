"""A clip that somebody uploads, placed in the spaces that are asked; neither it nor its features are kept."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from taglab.encoders import encode_clip
from taglab.encoders.encoder import Features
from taglab.errors import TaglabError
from taglab.joint_space import Term
from taglab.ui.messages import literal, working
from taglab.ui.retrieval.material import Asked, Given
from taglab.ui.retrieval.query import add_term
from taglab.ui.uploads import Upload, harmless_name, laid_down

_KEY = "clip to ask with"
_FEATURES = "features of the clip"
_LARGEST_MB = 200
_WHAT = "MP3, M4A, FLAC, WAV, Ogg or another audio file"


def pick_clip(asked: Sequence[Asked]) -> list[Given]:
    """Let a clip be uploaded, and put it into the query.

    Returns:
        What each space is given with the query; nothing where there is no clip, or it cannot be used.
    """
    upload = st.file_uploader(
        "Ask with a clip", key=_KEY, max_upload_size=_LARGEST_MB,
        help=f"{_WHAT}. It is used to ask, and not kept; a link leaves it out.",
    )  # fmt: skip
    if upload is None:
        st.session_state.pop(_FEATURES, None)
        return [{} for _ in asked]
    return [_given(one, upload, upload.file_id) for one in asked]


def _given(asked: Asked, upload: Upload, upload_id: str) -> Given:
    """Return where a clip lies in a space; nothing where it cannot be used, which is told."""
    if asked.is_run:
        st.caption(literal(f"{asked.name} is not asked with clips; Training tags new sound by a run."))
        return {}
    try:
        features = _features(asked.features, upload, upload_id)
        return {"clip": {harmless_name(upload.name): asked.space.place(features[None])[0]}}
    except TaglabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return {}


def _features(name: str, upload: Upload, upload_id: str) -> Features:
    """Return the features of a clip by what made those of this name, encoded once as long as it is there.

    At the first time it is put into the search box.
    """
    kept: dict[tuple[str, str], Features] = st.session_state.setdefault(_FEATURES, {})
    if (upload_id, name) not in kept:
        is_new = all(other != upload_id for other, _ in kept)
        with working("Listening to the clip") as progress, laid_down([upload]) as path:
            kept[upload_id, name] = encode_clip(name, path, progress)
        if is_new:
            add_term(Term(harmless_name(upload.name), "clip"))
    return kept[upload_id, name]
