"""What a list of steps decides of every tag over all its rounds: what is previewed, and what is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from taglab.cleaning.memory import categories_of, categorised
from taglab.cleaning.plan import DROP, KEEP, MERGE, StepPlan
from taglab.cleaning.tag_map import TagMap, remap
from taglab.folksonomy import Folksonomy
from taglab.reprs import one_line

Targets = tuple[str, ...]
Move = tuple[int, str]
_CAME_BACK = "kept after all, since a later step merges tags into it"


@dataclass(frozen=True, eq=False)
class Rounds:
    """The rounds gone through so far, taken together.

    Of each step and tag the last decision counts, other than to move a tag that is there nevertheless, since
    a later step merges others into it: that is kept whole. Followed in the order of the steps, the decisions
    lead every tag to where it ends; the map and the plans that are shown are both made of them.

    Attributes:
        original: The folksonomy before all steps.
        decided: By step, what was decided in all rounds; the targets as decided.
        is_one: Whether there was one round at most, and no tag came back in it.
    """

    original: Folksonomy
    decided: tuple[StepPlan, ...] = ()
    is_one: bool = True

    __repr__ = one_line

    def and_then(self, plans: Sequence[StepPlan], after: Folksonomy) -> tuple[Rounds, Folksonomy]:
        """Return the rounds with one more, and what the tags are after it.

        Args:
            plans: Of the round, by step.
            after: What they made, one after another.
        """
        decided = tuple(map(_with_later, self.decided, plans)) if self.decided else tuple(plans)
        there = set(after.tags["tag"])
        back = {
            tag
            for plan in decided
            for tag, targets in plan.mapping.items()
            if tag in there and tag not in targets
        }
        if back:
            decided = tuple(_with_kept(plan, back) for plan in decided)
        rounds = Rounds(self.original, decided, is_one=not self.decided and not back)
        if rounds.is_one:
            return rounds, after
        return rounds, categorised(remap(self.original, rounds.mapping), categories_of(after))

    @cached_property
    def _moves(self) -> list[dict[str, Targets]]:
        return [plan.mapping for plan in self.decided]

    @cached_property
    def _paths(self) -> list[dict[str, tuple[Targets, list[Move]]]]:
        """By step, tag it moves → where that ends after this step, and the moves (step, tag) on the way."""
        paths: list[dict[str, tuple[Targets, list[Move]]]] = []
        gone: set[str] = set()
        for number, moves in enumerate(self._moves):
            paths.append({tag: self._followed(number, tag) for tag in moves if tag not in gone})
            gone.update(tag for tag, targets in moves.items() if tag not in targets)
        return paths

    def _followed(self, number: int, tag: str) -> tuple[Targets, list[Move]]:
        """Return where a move ends, once no step up to this one moves it on, and the moves on the way."""
        way, now = [(number, tag)], self._moves[number][tag]
        seen: set[frozenset[str]] = set()
        while (known := frozenset(now)) not in seen:
            seen.add(known)
            further = now
            for earlier, moves in enumerate(self._moves[: number + 1]):
                way += [(earlier, other) for other in further if other in moves]
                further = tuple(dict.fromkeys(end for other in further for end in moves.get(other, (other,))))
            now = now if frozenset(further) == known else further
        return now, list(dict.fromkeys(way))

    @property
    def mapping(self) -> dict[str, Targets]:
        """Tags of the original that change → what they become."""
        became: dict[str, Targets] = {}
        for tag in dict.fromkeys(tag for paths in self._paths for tag in paths):
            now: Targets = (tag,)
            for paths in self._paths:
                now = tuple(dict.fromkeys(end for other in now for end in _end(paths, other)))
            if now != (tag,):
                became[tag] = now
        there = set(self.original.tags["tag"])
        return {tag: targets for tag, targets in became.items() if tag in there}

    def plans(self) -> tuple[StepPlan, ...]:
        """Return by step what it does at the fixed point, tags that later rounds bring to it included.

        A target is where the tag ends after the step. A tag that an earlier step moves is in no later plan.
        Followed once in their order, the plans lead every tag to where applying leads it.
        """
        if self.is_one:
            return self.decided
        tags = dict.fromkeys(self.original.tags["tag"])
        plans = []
        for plan, paths in zip(self.decided, self._paths, strict=True):
            table = plan.table[[tag in tags or tag in paths for tag in plan.table["tag"]]]
            tags = dict.fromkeys(end for tag in tags for end in _end(paths, tag))
            plans.append(replace(plan, table=self._led_on(table, paths), tags_after=len(tags)))
        return tuple(plans)

    def _led_on(self, table: pd.DataFrame, paths: Mapping[str, tuple[Targets, list[Move]]]) -> pd.DataFrame:
        """Return the rows of a step with the targets where the tags end, most used first."""
        action, targets, reason = (table[name].tolist() for name in ("action", "targets", "reason"))
        for row, tag in enumerate(table["tag"]):
            if tag in paths and targets[row] != paths[tag][0]:
                targets[row], (_, *further) = paths[tag]
                action[row] = MERGE if targets[row] else DROP
                reason[row] = "; ".join((reason[row], *(self._reasons[at][moved] for at, moved in further)))
        changed = table.assign(
            action=pd.Series(action, table.index, dtype="str"),
            targets=pd.Series(targets, table.index, dtype=object),
            reason=pd.Series(reason, table.index, dtype="str"),
        )
        return changed.sort_values("count", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def _reasons(self) -> list[dict[str, str]]:
        """By step, tag that it says something of → the reason."""
        changes = [plan.changes for plan in self.decided]
        return [dict(zip(rows["tag"], rows["reason"], strict=True)) for rows in changes]

    def tag_map(self, final: Folksonomy) -> TagMap:
        """Return what became of every tag, new ones last.

        Args:
            final: The tags after all rounds.
        """
        category = categories_of(final)
        rows = []
        for tag in self.original.tags["tag"]:
            targets, steps, reasons = self._fate(tag)
            action = KEEP if targets == (tag,) else MERGE if targets else DROP
            own = category.get(tag, "") if tag in targets else ""
            rows.append((tag, action, targets, own, steps, reasons))
        there = set(self.original.tags["tag"])
        new = [tag for tag in final.tags["tag"] if tag not in there]
        rows += [(tag, KEEP, (tag,), category.get(tag, ""), "", "new: others merge into it") for tag in new]
        return TagMap(pd.DataFrame(rows, columns=["tag", "action", "targets", "category", "step", "reason"]))

    def _fate(self, tag: str) -> tuple[Targets, str, str]:
        """Return what a tag becomes, the steps that say something of it, and what they say.

        What is said of a tag that stays is not said of those that merge into it.
        """
        now: Targets = (tag,)
        moves: dict[tuple[int, str], None] = {}
        for number, (paths, reasons) in enumerate(zip(self._paths, self._reasons, strict=True)):
            if tag in now and tag in reasons and tag not in paths:
                moves[number, tag] = None
            if moving := [other for other in now if other in paths]:
                moves.update(dict.fromkeys(move for other in moving for move in paths[other][1]))
                now = tuple(dict.fromkeys(end for other in now for end in _end(paths, other)))
        kinds = [plan.kind for plan in self.decided]
        steps = dict.fromkeys(f"{number + 1} {kinds[number]}" for number, _ in moves)
        phrases = dict.fromkeys(
            f"{kinds[number]}: {self._reasons[number][other]}"
            for number, other in moves
            if self._reasons[number][other]
        )
        return now, "; ".join(steps), "; ".join(phrases)


def _end(paths: Mapping[str, tuple[Targets, object]], tag: str) -> Targets:
    return paths[tag][0] if tag in paths else (tag,)


def _with_later(plan: StepPlan, later: StepPlan) -> StepPlan:
    """Return the plan with the decisions of a later round, which count where there are two of one tag.

    A tag that was kept and joined by others is not decided anew by a round that finds it joined already.
    """
    joined = {tag for tag, targets in plan.mapping.items() if tag in targets and tag not in later.mapping}
    anew = later.table[~later.table["tag"].isin(joined)]
    table = pd.concat([plan.table, anew], ignore_index=True)
    return replace(
        later,
        table=table.drop_duplicates("tag", keep="last", ignore_index=True),
        touched=plan.touched | later.touched,
    )


def _with_kept(plan: StepPlan, tags: set[str]) -> StepPlan:
    """Return the plan without the moves of tags that are there nevertheless."""
    back = tags.intersection(tag for tag, targets in plan.mapping.items() if tag not in targets)
    if not back:
        return plan
    table = plan.table.copy()
    stays = table["tag"].isin(back)
    table.loc[stays, "reason"] = f"{_CAME_BACK}: " + table.loc[stays, "reason"]
    table.loc[stays, "action"] = KEEP
    table["targets"] = table["targets"].where(~stays, pd.Series([()] * len(table), table.index))
    return replace(plan, table=table)
