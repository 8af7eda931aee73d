"""Which representation can be trusted at which magnitude, and who is taken for whom."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from taglab.audio.degrade import Recording, Variants
from taglab.audio.store import AudioStore
from taglab.audio.streams import Samples
from taglab.figures.robustness import consistency_curves
from taglab.studies.robustness import FIGURES, ChangeSettings, Consistencies
from taglab.studies.robustness.trust import TRUSTED, trust_table, worst_clips
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.pickers import choose_among
from taglab.ui.remembered import remembered
from taglab.ui.robustness.copies import show_copies_map
from taglab.ui.robustness.labels import show_labels
from taglab.ui.robustness.listening import pick_magnitude, pick_track, show_switch, wav_of
from taglab.ui.robustness.material import Material, measured
from taglab.ui.tracks import names_of, show_track

_STRAYS_HEARD = 3
_SHARES = ("consistency", "low", "high")
_NAME_PX = 250  # so that the answer stands beside a long name on a narrow page


def show_degradation(material: Material, controls: DeltaGenerator) -> None:
    """Let a magnitude be heard, and show what every representation makes of it."""
    with controls:
        magnitude = pick_magnitude(material)
        track = pick_track(material)
    show_switch(material, track, magnitude)
    st.caption(literal(material.kind.about))
    result = measured(material)
    _show_curves(material, result, magnitude)
    scale = material.kind.scale
    nearest = min(result.within["magnitude"], key=lambda one: abs(scale(one) - scale(magnitude)))
    _show_strays(material, result, nearest)
    _show_worst(material, result)
    show_copies_map(material, magnitude)
    show_labels(material, magnitude)


def _show_curves(material: Material, result: Consistencies, magnitude: float) -> None:
    table = result.within
    grid = material.magnitudes
    figure = consistency_curves(table, grid, material.kind.unit, material.kind.title, magnitude)
    st.plotly_chart(
        figure, key="consistency", config=picture_config(),
        alt="Share of clips that stay nearest to their own original, by magnitude",
    )  # fmt: skip
    n = len(result.tracks)
    sentences = [
        f"Of {n:,} clips of {material.settings.clip_s:g} s, each degraded: how many are nearer to their own "
        "original than to any other. Bands are 95 % intervals; the dotted line is the magnitude heard."
    ]
    if result.too_short:
        sentences.append(f"{result.too_short:,} tracks are too short.")
    st.caption(literal(" ".join(sentences)))
    with st.expander("Beside sound: do both agree?"):
        if result.between.empty:
            st.caption("Choose features and distances in sound.")
        else:
            ends = [f"{figure}_{end}" for figure in FIGURES for end in ("low", "high")]
            figures = result.between.drop(columns=ends)
            st.dataframe(figures, key="between", hide_index=True, alt="Agreement of features with sound")
    export_panel(f"{material.data.name} {material.degradation}", table, figure, command=material.question)


def _show_strays(material: Material, result: Consistencies, magnitude: float) -> None:
    """Show who can be trusted at a magnitude, and clips that came to somebody else's original."""
    unit = material.kind.unit
    st.subheader(f"At {magnitude:g} {unit}", anchor=False)
    here = trust_table(result.within, magnitude)
    st.text(_trusted_sentence(here))
    st.dataframe(
        here, key="trusted", hide_index=True,
        column_config={
            "space": st.column_config.TextColumn("representation, distance", width=_NAME_PX),
            "trusted": st.column_config.TextColumn(
                "to be trusted?",
                help=f"Whether {TRUSTED:.0%} of clips or more stay nearest to their own original: yes or no "
                "where the whole interval says so.",
            ),
            **{name: st.column_config.NumberColumn(name, format="percent") for name in _SHARES},
            "holds_to": st.column_config.NumberColumn(
                f"holds to ({unit})", help=f"The severest magnitude up to which {TRUSTED:.0%} stay."
            ),
        },
        alt="Consistency of every representation at this magnitude, and whether it can be trusted",
    )  # fmt: skip
    strays = result.strays[result.strays["magnitude"] == magnitude]
    if strays.empty:
        st.caption("Every clip is nearest to its own original, in every representation.")
        return
    spaces = list(dict.fromkeys(strays["space"]))
    space = choose_among("strayed_in", "Clips that strayed", spaces, 0, "representation with strayed clips")
    _play_strays(material, strays[strays["space"] == space], magnitude)


def _trusted_sentence(here: pd.DataFrame) -> str:
    """Return which representations can be trusted, as a sentence that is shown as text."""
    by = {
        answer: here.loc[here["trusted"] == answer, "space"].tolist() for answer in ("yes", "not sure", "no")
    }
    if not by["yes"]:
        return "None can be trusted here" + (
            f"; perhaps {'; '.join(by['not sure'])}." if by["not sure"] else "."
        )
    return f"To be trusted here: {'; '.join(by['yes'])}."


def _show_worst(material: Material, result: Consistencies) -> None:
    """Show the clips that stray most, over all magnitudes measured."""
    if result.strays.empty:
        return
    table, names = worst_clips(result.strays), names_of(material.data)
    measured_rows = len(result.within)
    named = table.assign(
        **{one: [names.get(track, track) for track in table[one]] for one in ("track", "taken_for")}
    )
    with st.expander("The worst clips"):
        st.dataframe(
            named, key="worst", hide_index=True,
            column_config={
                "strayed": st.column_config.NumberColumn(f"strayed, of {measured_rows:,} times"),
                "spaces": "representations", "taken_for": "taken for", "times": "so often",
            },
            alt="Clips that are most often nearer to another original, over magnitudes and representations",
        )  # fmt: skip


def _show_clip(material: Material, track: str, samples: Samples, fact: str) -> None:
    show_track(material.data, None, track, fact)
    st.audio(wav_of(samples, material.store.sample_rate_hz), format="audio/wav")


def _clip(material: Material, track: str) -> Samples:
    clips = material.clip_settings.drawn(material.store)
    return clips.clip(clips.tracks.index(track))


def _degraded_clip(material: Material, track: str, magnitude: float) -> Samples:
    return _degraded(
        material.store, material.clip_settings, material.variants, track, material.degradation, magnitude,
        material.given,
    )  # fmt: skip


@remembered("small")
def _degraded(
    store: AudioStore,
    settings: ChangeSettings,
    variants: Variants | None,
    track: str,
    degradation: str,
    magnitude: float,
    recording: Recording | None,
) -> Samples:
    clips = settings.drawn(store)
    return clips.degraded_clip(clips.tracks.index(track), degradation, magnitude, recording)


def _play_strays(material: Material, strays: pd.DataFrame, magnitude: float) -> None:
    """Let the clips that strayed furthest be heard as they are measured, each beside whom it came to."""
    by = (strays["own"] / strays["other"]).fillna(1)  # both are 0 of copies
    furthest = strays.assign(by=by).sort_values("by", ascending=False)
    names = names_of(material.data)
    n = len(strays)
    which = f"; the {_STRAYS_HEARD} that strayed furthest" if n > _STRAYS_HEARD else ""
    st.caption(f"{n:,} {'clip is' if n == 1 else 'clips are'} nearer to another original, or as near{which}:")
    for row in furthest.head(_STRAYS_HEARD).to_dict("records"):
        track, nearest = str(row["track"]), str(row["nearest"])
        columns = st.columns(2)
        apart = f"At {magnitude:g} {material.kind.unit}: {row['by']:.2f} times as far from its own original"
        with columns[0]:
            _show_clip(material, track, _degraded_clip(material, track, magnitude), apart)
        with columns[1]:
            _show_clip(material, nearest, _clip(material, nearest), "taken for this one, unchanged")
    table = furthest.assign(
        track=[names.get(one, one) for one in furthest["track"]],
        nearest=[names.get(one, one) for one in furthest["nearest"]],
    )
    st.dataframe(
        table[["track", "nearest", "own", "other"]], key="strays", hide_index=True,
        column_config={"nearest": "taken for", "own": "distance to own", "other": "distance to other"},
        alt="Clips that are nearer to another original",
    )  # fmt: skip
