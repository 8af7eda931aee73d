"""A clip that somebody uploads, placed in the spaces that are asked; neither it nor its features are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from taglab.cache import file_digest
from taglab.encoders import encode_clip
from taglab.encoders.encoder import Features
from taglab.errors import DataError, TaglabError
from taglab.joint_space import Term
from taglab.progress import Progress
from taglab.runs import open_run
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
        help=f"{_WHAT}, of 20 minutes at most. It is used to ask, and not kept; a link leaves it out.",
    )  # fmt: skip
    if upload is None:
        st.session_state.pop(_FEATURES, None)
        return [{} for _ in asked]
    return [_given(one, upload, upload.file_id) for one in asked]


def _given(asked: Asked, upload: Upload, upload_id: str) -> Given:
    """Return where a clip lies in a space; nothing where it cannot be used, which is told."""
    if asked.is_run and not _can_hear(asked.run):
        st.caption(literal(f"{asked.name} has no checkpoint that could hear a clip."))
        return {}
    try:
        require_small(upload)
        heard = _heard(asked, upload, upload_id)[None]
        place = asked.space.place(heard) if asked.scored is None else asked.scored.place(heard)
        return {"clip": {harmless_name(upload.name): place[0]}}
    except TaglabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return {}


def require_small(upload: Upload) -> None:
    """Raise DataError of a clip that is too large; the browser refuses such, but not all is sent by one."""
    if upload.size > _LARGEST_MB << 20:
        raise DataError(
            upload.name,
            f"has {upload.size / (1 << 20):,.0f} MB, and a clip may have {_LARGEST_MB} MB; cut it up",
        )


def _can_hear(run: str) -> bool:
    return _checkpoint(run).is_file()


def _checkpoint(run: str) -> Path:
    from taglab.training.checkpoints import BEST  # it needs PyTorch, which joint spaces go without

    return open_run(run).checkpoints / BEST


def _scores(run: str, path: Path, progress: Progress) -> Features:
    from taglab.training.tagging import tag_clip  # as above

    return tag_clip(open_run(run), path, progress)


def _heard(asked: Asked, upload: Upload, upload_id: str) -> Features:
    """Return a clip's features by what made those of a space, or its scores by a run, (numbers,).

    It is heard once as long as it is there and the features or the run are what they were; at the first time
    it is put into the search box.
    """
    kept: dict[tuple[str, str], Features] = st.session_state.setdefault(_FEATURES, {})
    by = file_digest(_checkpoint(asked.run)) if asked.is_run else asked.features_fingerprint
    if (upload_id, by) not in kept:
        is_new = all(other != upload_id for other, _ in kept)
        with working("Listening to the clip") as progress, laid_down([upload]) as path:
            if asked.is_run:
                kept[upload_id, by] = _scores(asked.run, path, progress)
            else:
                kept[upload_id, by] = encode_clip(asked.features, path, progress)
        if is_new:
            add_term(Term(harmless_name(upload.name), "clip"))
    return kept[upload_id, by]
