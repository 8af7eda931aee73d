"""What a degradation is given besides the sound: a recording that is uploaded, or a table of variants."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from taglab.audio.degrade import Degradation, read_recording, read_variants
from taglab.audio.store import AudioStore
from taglab.audio.streams import Samples
from taglab.errors import TaglabError
from taglab.ui.messages import literal, working
from taglab.ui.retrieval.clip import require_small
from taglab.ui.uploads import given_path, harmless_name, laid_down

_LARGEST_MB = 200  # which `require_small` refuses more than
_READ = "recording that was uploaded"


def _asked_for(what: str) -> UploadedFile | None:
    return st.file_uploader(
        f"Recording of the {what}", key=f"{what} recording", max_upload_size=_LARGEST_MB,
        help="MP3, FLAC, WAV, Ogg or another audio file, of 10 minutes at most. It is not kept; a link "
        "leaves it out.",
    )  # fmt: skip


def pick_recording(kind: Degradation, rate_hz: int) -> tuple[Samples | None, str]:
    """Let a recording be uploaded where a degradation takes one.

    It is read once as long as it is there.

    Args:
        kind: The degradation.
        rate_hz: At which it is to be.

    Returns:
        The recording, mono, and the name of its file; None and nothing where there is none.

    Raises:
        DataError: If the file is not sound, silent, too long or too large.
    """
    upload = _asked_for(kind.recording) if kind.recording else None
    if upload is None:
        st.session_state.pop(_READ, None)
        return None, ""
    key = upload.file_id, rate_hz
    if key not in st.session_state.get(_READ, {}):
        require_small(upload)
        with working("Reading the recording"), laid_down([upload]) as path:
            st.session_state[_READ] = {key: read_recording(path, rate_hz)}
    return st.session_state[_READ][key], harmless_name(upload.name)


def pick_variants(store: AudioStore) -> str:
    """Let a table of clips that exist rendered otherwise be named.

    Args:
        store: The sound whose clips they are.

    Returns:
        Its path, if it can be read; empty where none is named, or with why it cannot.
    """
    text = st.text_input(
        "Table of rendered variants", key="variants", bind="query-params",
        placeholder="a .csv on the machine taglab runs on",
        help="Clips that exist rendered at another pitch or tempo: columns clip, kind (pitch or "
        "tempo), magnitude and file. Adds what rendering changes, beside what processing does.",
    )  # fmt: skip
    if not text.strip():
        return ""
    try:
        with given_path(text) as path:
            read_variants(path).among(store.tracks["track"].astype(str))
    except TaglabError as error:
        st.warning(literal(str(error)))
        return ""
    return str(path)
