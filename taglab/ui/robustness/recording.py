"""A recording that somebody uploads: a place's noise, or a telephone's impulse response; it is not kept."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from taglab.audio.degrade import Degradation, read_recording
from taglab.audio.streams import Samples
from taglab.ui.messages import working
from taglab.ui.retrieval.clip import require_small
from taglab.ui.uploads import harmless_name, laid_down

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
