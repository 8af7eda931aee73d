"""Pictures of sound: a spectrogram as a tagger is given it, and how long tracks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import PALETTE, SEQUENTIAL, blank, colour_scale, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TICKS_HZ = (100, 200, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
_TICK_HEIGHT = 0.05
_MOST_BINS = 40


def spectrogram(
    values: npt.ArrayLike, frame_s: float, band_hz: npt.ArrayLike, unit: str, track: str
) -> go.Figure:
    """Draw a mel spectrogram: time to the right, pitch upwards.

    Args:
        values: Array (mels, frames).
        frame_s: Distance of frames, in seconds.
        band_hz: Centre of each mel band (mels,), rising, in Hz.
        unit: Of the values.
        track: Whose sound it is.
    """
    shown, centres = np.asarray(values, np.float32), np.asarray(band_hz, np.float64)
    figure = blank(f"Mel spectrogram of {plain(track, 40)}", "time (s)", "centre of the mel band (Hz)", 340)
    figure.add_heatmap(
        z=shown,
        x0=0,
        dx=frame_s,
        colorscale=colour_scale(SEQUENTIAL),
        colorbar={"title": {"text": plain(unit, 40), "side": "right"}, "thickness": 12},
        hovertemplate="%{x:.2f} s, band %{y}<br>%{z:.1f}<extra></extra>",
    )
    ticks = [hz for hz in _TICKS_HZ if centres[0] <= hz <= centres[-1]]
    places = np.interp(ticks, centres, np.arange(len(centres)))
    # Low bands lie close together: of names that would overlap the upper one stays.
    apart = np.append(np.diff(places) > _TICK_HEIGHT * len(centres), True)[: len(places)]
    figure.update_yaxes(
        tickvals=places[apart], ticktext=[f"{hz:,}" for hz, shown in zip(ticks, apart, strict=True) if shown]
    )
    return figure


def track_lengths(duration_s: npt.ArrayLike) -> go.Figure:
    """Draw how many tracks last how long.

    Args:
        duration_s: Of each track, in seconds (tracks,); at least one.
    """
    seconds = np.asarray(duration_s, np.float64)
    low, high = float(seconds.min()), float(seconds.max())
    if high - low < 1:  # tracks of one length still make a bar, in the middle
        low, high = low - 0.5, low + 0.5 + (high - low)
    tracks, edges = np.histogram(
        seconds, bins=min(_MOST_BINS, 1 + int(len(seconds) ** 0.5)), range=(low, high)
    )
    figure = blank("Length of tracks", "length (s)", "tracks", 260)
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=tracks,
        width=np.diff(edges),
        customdata=np.column_stack([edges[:-1], edges[1:]]),
        marker={"color": PALETTE[0]},
        hovertemplate="%{y:,} tracks of %{customdata[0]:.1f} to %{customdata[1]:.1f} s<extra></extra>",
    )
    figure.update_layout(bargap=0.05)
    return figure
