"""A track as it is and degraded, heard by turns."""

from __future__ import annotations

import base64
import io
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import streamlit as st

from taglab.audio.decode import to_int16
from taglab.audio.degrade import Recording, degrade
from taglab.audio.store import AudioStore
from taglab.audio.streams import Samples
from taglab.errors import DataError, InvalidSetting
from taglab.ui.messages import literal
from taglab.ui.pickers import choose_among
from taglab.ui.remembered import remembered
from taglab.ui.robustness.ahead import make_ahead, neighbours
from taglab.ui.robustness.material import Material
from taglab.ui.tracks import names_of

_HEARD_S = 6.0
_FULL_SCALE = 32_768
_HERE = Path(__file__).parent
_switch = st.components.v2.component(
    "taglab.switch",
    html=(_HERE / "switch.html").read_text(encoding="utf-8"),
    css=(_HERE / "switch.css").read_text(encoding="utf-8"),
    js=(_HERE / "switch.js").read_text(encoding="utf-8"),
)


def pick_magnitude(material: Material) -> float:
    """Let the magnitude be moved. In the URL under the name of the degradation."""
    kind = material.kind
    grid = material.magnitudes
    if len(grid) == 1:
        return grid[0]
    names = [f"{one:g}" for one in grid]
    chosen = st.select_slider(
        f"{kind.title} ({kind.unit})",
        names,
        names[len(names) // 2],
        key=material.degradation,
        bind="query-params",
        width=380,
    )
    return float(chosen)


def pick_track(material: Material) -> str:
    """Let a track be chosen. In the URL as `heard`."""
    names = _named(material)
    return names[choose_among("heard", "Track", list(names), 0, "track", width=330)]


def heard_as(material: Material) -> dict[str, str]:
    """Return what each track is called where it is chosen, by track."""
    return {track: name for name, track in _named(material).items()}


def _named(material: Material) -> dict[str, str]:
    """Return tracks by what they are called; those of one name are told apart by their ids."""
    called = names_of(material.data)
    tracks = material.store.tracks["track"].astype(str).tolist()
    counts = Counter(called.get(track, track) for track in tracks)
    return {
        name if counts[name] == 1 else f"{name} ({track})": track
        for track, name in ((track, called.get(track, track)) for track in tracks)
    }


def show_switch(material: Material, track: str, magnitude: float) -> None:
    """Show a player of a track, as it is and degraded, switched without a gap."""
    row = int(material.store.rows([track])[0])
    original, _ = _excerpt(material.store, row)
    try:
        changed = _degraded(material.store, row, material.degradation, magnitude, material.given)
    except (InvalidSetting, DataError) as error:
        st.warning(literal(str(error)))
        return
    rate_hz = material.store.sample_rate_hz
    kind = material.kind
    _switch(
        key="switch",
        data={
            "original": _address(original, rate_hz),
            "changed": _address(changed, rate_hz),
            "names": ["Original", f"{magnitude:g} {kind.unit}"],
            "stretch": len(changed) / len(original),
        },
    )
    # Same arguments, same content: what is made ahead is what the slider's next move asks for.
    asked = material.store, row, material.degradation
    make_ahead(lambda one: _degraded(*asked, one, material.given), neighbours(material.magnitudes, magnitude))
    beyond = float((np.abs(changed) > 1).mean())
    if beyond:
        st.caption(
            f"{beyond:.2%} of the changed samples pass full scale and are clipped, here and where measured."
        )


def _excerpt(store: AudioStore, row: int) -> tuple[Samples, float]:
    """Return the middle of a track, as long as is heard, and where it begins, in seconds."""
    pcm = store.whole(row)
    n = min(len(pcm), round(_HEARD_S * store.sample_rate_hz))
    start = (len(pcm) - n) // 2
    samples = pcm[start : start + n].astype(np.float32) / np.float32(_FULL_SCALE)
    return samples, start / store.sample_rate_hz


@remembered("small")
def _degraded(
    store: AudioStore, row: int, name: str, magnitude: float, recording: Recording | None
) -> Samples:
    samples, start_s = _excerpt(store, row)
    track = str(store.tracks["track"].iloc[row])
    return degrade(samples, store.sample_rate_hz, name, magnitude, 0, recording, track, start_s)


def _address(samples: Samples, rate_hz: int) -> str:
    """Return sound as an address that holds it."""
    return f"data:audio/wav;base64,{base64.b64encode(wav_of(samples, rate_hz)).decode('ascii')}"


def wav_of(samples: Samples, rate_hz: int) -> bytes:
    """Return sound as a WAV file, 16 bits a sample, at its own level."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.ndim)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(to_int16(samples).tobytes())
    return file.getvalue()
