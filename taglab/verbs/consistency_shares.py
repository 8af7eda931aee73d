"""Consistency measured in shares: on every core, by hand on several machines, or as a job array of SLURM."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from taglab.audio.library import DEMO, resolve_audio
from taglab.launch import LaunchSettings, own_command, submit_array
from taglab.launch.shares import run_shares
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.robustness import ConsistencySettings
from taglab.studies.robustness.shares import measure_share, share_table
from taglab.verbs import shell_line
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.robustness import recordings_of


class ConsistencyShares(Question):
    """Measure what `taglab consistency` takes in shares, side by side: on this machine, with --launch-where
    slurm as a job array, or each by hand with --share on any machine that sees the cache folder. What it
    costs is told first by --do tell. An interrupted share goes on when asked again; `taglab consistency`
    then reads what all of them measured.

    Attributes:
        audio: Sound.
        data: Data set that the sound belongs to.
        do: Measure, or only tell how far each share is and what is left costs.
        shares: How many.
        share: Only this one, from 0, here and now.
        measured: What is measured.
        noise: A recording of the place whose noise is added.
        impulse: A recording of the impulse response of a telephone.
        launch: Where the shares run.
    """

    returns: ClassVar[str] = (
        "{changes, pairs, core_s, left, job, rows: [{share, changes, kept, core_s, lacking}]}; core_s are "
        "seconds of a core that are left, about"
    )
    examples: ClassVar[str] = """
taglab consistency-shares --features my-run --clips 1000 --grid thesis --do tell
taglab consistency-shares --features my-run --clips 1000 --grid thesis --shares 4
taglab consistency-shares --features my-run --clips 1000 --shares 64 --launch-where slurm
taglab consistency-shares --features my-run --clips 1000 --shares 64 --share 17
"""

    audio: Annotated[str, Flag(metavar="NAME")] = DEMO
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    do: Literal["measure", "tell"] = "measure"
    shares: int = Field(2, ge=1, le=10_000)
    share: Annotated[int | None, Flag(metavar="N")] = Field(None, ge=0)
    measured: Annotated[ConsistencySettings, Group("what is measured")] = ConsistencySettings()
    noise: Annotated[str | None, Flag(metavar="FILE")] = None
    impulse: Annotated[str | None, Flag(metavar="FILE")] = None
    launch: Annotated[LaunchSettings, Group("where shares run", prefix="launch-")] = LaunchSettings(gpus=0)

    def answer(self, progress: Progress) -> Report:
        """Return how far each share is."""
        folksonomy = open_folksonomy(self.data, between(progress, 0, 0.02))
        store = resolve_audio(self.audio, folksonomy, between(progress, 0.02, 0.1))
        files = {"noise": self.noise, "impulse response": self.impulse}
        recordings = recordings_of(self.measured, files, store.sample_rate_hz)
        job = ""
        if self.do == "measure" and self.share is not None:
            share = between(progress, 0.1, 1)
            measure_share(store, self.measured, self.share, self.shares, recordings, share)
        elif self.do == "measure":
            before = share_table(store, self.measured, self.shares, recordings)
            commands = [self._command(number) for number in before["share"][before["lacking"] != ""]]
            if self.launch.where == "slurm" and commands:
                job = submit_array("consistency", self.launch, commands)
            else:
                run_shares("consistency", commands, between(progress, 0.1, 1))
        table = share_table(store, self.measured, self.shares, recordings)
        left = table[table["lacking"] != ""]
        clips = min(self.measured.clips, len(store))
        facts: dict[str, Any] = {
            "changes": int(table["changes"].sum()),
            "pairs": int(table["changes"].sum()) * clips**2,
            "core_s": int(table["core_s"].sum()),
            "left": len(left),
            "job": job,
        }
        return Report(facts, table, notes=self._notes(facts, [int(number) for number in left["share"]]))

    def _notes(self, facts: dict[str, Any], left: list[int]) -> tuple[str, ...]:
        if not left:
            return ("all of it is measured; `taglab consistency` with the same settings reads it",)
        listed = ", ".join(map(str, left[:10])) + (" …" if len(left) > 10 else "")
        cost = f"about {facts['core_s'] / 60:,.1f} minutes of a core"
        return (f"shares {listed} of {self.shares} lack something, {cost}; asked again, they go on",)

    def _command(self, number: int) -> list[str]:
        return own_command(*shell_line(self.model_copy(update={"share": int(number)}))[1:])
