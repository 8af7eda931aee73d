"""Which bands and seconds of a clip made a tagger's decision, and how true that is."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from taglab.audio.library import resolve_audio
from taglab.progress import Progress, between
from taglab.runs import open_run
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.explanations.taggers import BY_SCORES, ClipSettings, explain_clip
from taglab.training import configuration
from taglab.training.running import Which
from taglab.verbs.question import Question
from taglab.verbs.report import Report


class ExplainTagger(Question):
    """Tell which bands and seconds of a track's sound speak for a label and which against it, by what a
    tagger makes of the sound without them; and how true that is: by how the explanation ranks, decides and
    doubts the sound with other parts left out, as the tagger does (Kim 2021, section 5.2).

    Attributes:
        run: A run trained at least one epoch.
        track: Of its own sound, or of other sound.
        label: Of the run; the one of the highest score where not given.
        audio: Other sound, that was added (default: the run's own).
        explainer: What explains.
        rows: Bands, seconds, every part, or the label's probability while parts are switched off.
        cut: How the sound is cut, and what is drawn.
        checkpoint: Of which epoch.
    """

    returns: ClassVar[str] = (
        "{run, track, label, probability, windows, tau, roc_auc, kl, rows: [{low_hz, high_hz, weight}]}; "
        "weights are log odds; or rows of seconds, parts or deletion"
    )
    examples: ClassVar[str] = """
taglab explain-tagger my-run demo-00012
taglab explain-tagger my-run demo-00012 --label techno --explainer shapley --rows seconds
taglab explain-tagger my-run song --audio mine --rows deletion
"""

    run: Annotated[str, Flag(metavar="RUN", word=True)]
    track: Annotated[str, Flag(metavar="TRACK", word=True)]
    label: str | None = None
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    explainer: Annotated[str, Flag(choices=BY_SCORES)] = "lime"
    rows: Literal["bands", "seconds", "parts", "deletion"] = "bands"
    cut: Annotated[ClipSettings, Group("how the sound is cut")] = ClipSettings()
    checkpoint: Which = "best"

    def answer(self, progress: Progress) -> Report:
        """Return the table that is asked for."""
        run = open_run(self.run)
        config, _ = configuration(run)
        data = open_folksonomy(config.data, between(progress, 0, 0.05))
        store = resolve_audio(self.audio or config.audio, data, between(progress, 0.05, 0.2))
        clip = explain_clip(
            run, store, self.track, self.label, self.explainer, self.cut, self.checkpoint,
            between(progress, 0.2, 1),
        )  # fmt: skip
        tables = {
            "bands": clip.by_band, "seconds": clip.by_segment, "parts": clip.parts, "deletion": clip.deletion,
        }  # fmt: skip
        facts: dict[str, Any] = {
            "run": run.name, "track": self.track, "label": clip.label,
            "probability": float(clip.probabilities.mean()), "windows": len(clip.starts_s),
            "tau": clip.ranking, "roc_auc": clip.decisions, "kl": clip.classes,
        }  # fmt: skip
        return Report(facts, tables[self.rows]())
