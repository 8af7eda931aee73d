"""Co-occurrence of tags and classes, genres that share their tracks merged, and genres divided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from taglab.cache import replacing
from taglab.cooccurrence import (
    Cooccurrence,
    NpmiSettings,
    matrix_table,
    of_tags,
    pairs_of_all,
    write_matrix,
)
from taglab.embeddings import selected_tags
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    SUBGENRES,
    ClassSettings,
    Genres,
    SubgenreSettings,
    choose_genres,
    class_pairs,
    classes_named,
    classes_of_category,
    divided_table,
    left_out_table,
    make_classes,
    most_popular_tags,
    pairs_table,
    subgenre_space,
    subgenre_table,
)
from taglab.labels import (
    LabelSpace,
    from_classes,
    open_label_space,
    read_genres_txt,
    read_tag_list,
    select_genres,
)
from taglab.metrics.balance import mean_imbalance_ratio
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy
from taglab.studies import subgenre_recovery
from taglab.verbs.opening import list_notes, save_space
from taglab.verbs.question import Question, Share
from taglab.verbs.report import Report, records
from taglab.verbs.shelves import OneFile

_MATRIX = (".npz", ".csv")
_MOST_LISTED = 3_000_000
_FIRST_SEED = 3
_CHOICE = "which classes are genres (all of them where nothing is said)"
Name = Annotated[str | None, Flag(metavar="NAME")]


class Choice(Question):
    """Classes, and which of them are genres.

    Attributes:
        labels: A saved label space; without it classes are made here, as --of says.
        data: Data set.
        classes: How they are made.
        keep: A class that is a genre, or those that hold this tag (may be given several times).
        keep_file: More of them, one a line.
        category: The classes whose most used tag is of this category are genres, e.g. genre.
        genres_txt: What the thesis code's genres.txt keeps and merges.
        m: Merge two genres that share more than 1/m of the rarer one's tracks; 1 merges nothing.
    """

    renamed: ClassVar[dict[str, str]] = {"--m": "-m"}

    labels: Annotated[str | None, Flag(metavar="LABELS", word=True)] = None
    data: Annotated[str, Flag(metavar="NAME", named=True)] = DEMO
    classes: Annotated[ClassSettings | None, Group("classes made here")] = None
    keep: Annotated[tuple[str, ...], Flag(metavar="CLASS", several=True)] = ()
    keep_file: OneFile = None
    category: Name = None
    genres_txt: OneFile = None
    m: Annotated[float, Flag(named=True)] = 1.5

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.labels is not None and self.classes is not None:
            flag = next(iter(self.classes.model_fields_set), "of").replace("_", "-")
            raise ValueError(f"--{flag} is for classes made here, and {self.labels!r} is saved")
        ways = [bool(self.keep or self.keep_file), self.category is not None, self.genres_txt is not None]
        if sum(ways) > 1:
            raise ValueError(
                "choose genres by --keep, by --category or by --genres-txt, not by several of them"
            )
        return self

    def space(self, data: Folksonomy, progress: Progress) -> LabelSpace:
        """Return the saved label space, or the one made here."""
        if self.labels is None:
            return make_classes(data, self.classes, progress)
        return open_label_space(self.labels)[0]

    def genres(self, space: LabelSpace, data: Folksonomy, progress: Progress) -> Genres:
        """Return the classes that are genres, merged."""
        wanted = [*self.keep, *(read_tag_list(self.keep_file) if self.keep_file is not None else ())]
        keep = None
        if self.genres_txt is not None:
            space = _by_genres_txt(self.genres_txt, space)
        elif self.category is not None:
            keep = classes_of_category(space, data, self.category)
        elif wanted:
            keep, absent = classes_named(space, wanted)
            if absent:
                raise InvalidSetting(f"no class is or holds {', '.join(map(repr, absent[:5]))}")
        return choose_genres(space, data, keep, self.m, progress=progress)


def _by_genres_txt(path: Path, space: LabelSpace) -> LabelSpace:
    sets = {one.name: one.tags for one in space.classes}
    made_by = {**space.made_by, "genres_txt": path.name}
    return from_classes(select_genres(sets, read_genres_txt(path)), None, made_by, f"{space.name} genres.txt")


class Cooccurrences(Choice):
    """List the pairs of tags, or of the classes of a label space, that share tracks: how many (n_ij),
    n_ij / sqrt(n_i n_j), PMI in bits, NPMI, and whether they are m-correlated. LABELS is a saved label space;
    without it, and without --of, all tags are looked at.

    Attributes:
        merged: Look at the genres after merging.
        threshold: Of n_ij / sqrt(n_i n_j), above which pairs are counted, 0 to 1.
        matrix: Write the counts of all pairs to this file: .npz (sparse, opens with scipy.sparse.load_npz) or
            .csv.
        npmi: How PMI and NPMI are taken.
    """

    returns: ClassVar[str] = (
        "{data, classes, tracks, tracks_with, pairs, pairs_met, threshold, pairs_above, share_above, "
        "mean_imbalance_ratio, m, merges: [[class]], rows: [{a, b, together, count_a, count_b, normalised, "
        "pmi, npmi, m_correlated}]}"
    )
    examples: ClassVar[str] = """
taglab cooccurrence --min-count 20
taglab cooccurrence --min-count 20 --npmi-total pairs --npmi-tracks all
taglab cooccurrence genres -m 1.5 --matrix pairs.npz
"""

    merged: bool = False
    threshold: Share = 0.5
    matrix: OneFile = None
    npmi: Annotated[NpmiSettings, Group("PMI and NPMI", prefix="npmi-")] = NpmiSettings()

    @field_validator("matrix")
    @classmethod
    def _ends_so(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() not in _MATRIX or path.is_dir()):
            raise ValueError(f"must be a file that ends in {' or '.join(_MATRIX)}")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return a row for every pair that shares a track."""
        pairs = self._counted(open_folksonomy(self.data, between(progress, 0.0, 0.1)), progress)
        above = pairs.pairs_above(self.threshold)
        n_met = (pairs.pairs.nnz - int((pairs.counts > 0).sum())) // 2
        notes = [*list_notes(self.keep_file)]
        if self.matrix is not None:
            _write_matrix(pairs, self.matrix)
            notes.append(f"wrote the counts of all pairs of {len(pairs.names):,} names to {self.matrix}")
        listed = n_met <= _MOST_LISTED
        if not listed:
            notes.append(f"{n_met:,} pairs are too many to list; raise --min-count, or take the --matrix")
        facts = {
            "data": self.data,
            "classes": len(pairs.names),
            "tracks": pairs.n_tracks,
            "tracks_with": pairs.n_tracks_with,
            "pairs": pairs.n_pairs,
            "pairs_met": n_met,
            "threshold": self.threshold,
            "pairs_above": above,
            "share_above": above / pairs.n_pairs if pairs.n_pairs else None,
            "mean_imbalance_ratio": mean_imbalance_ratio(pairs.counts),
            "m": self.m,
            "merges": [list(group) for group in pairs.merge_groups(self.m)] if listed else None,
        }
        table = pairs_table(pairs, self.m, self.npmi) if listed else None
        return Report(facts, table, notes=tuple(notes))

    def _counted(self, data: Folksonomy, progress: Progress) -> Cooccurrence:
        """Return the pairs of all tags, or where classes are asked for, of those."""
        asked = self.classes or ClassSettings()
        chooses = self.keep or self.keep_file or self.category or self.genres_txt or self.merged
        if self.labels is None and "of" not in asked.model_fields_set and not chooses:
            given = asked.model_fields_set
            used = selected_tags(data, asked.min_count if "min_count" in given else 1)
            chosen = used.select_tags(top=asked.n) if "n" in given else used
            return of_tags(chosen, progress, pairs_of_all(data.matrix))
        genres = self.genres(self.space(data, progress), data, progress).space
        space = genres if self.merged else LabelSpace(genres.name, genres.base, genres.made_by)
        return class_pairs(space, data, progress)


def _write_matrix(pairs: Cooccurrence, path: Path) -> None:
    with replacing(path) as temporary:
        if path.suffix.lower() == ".csv":
            matrix_table(pairs).to_csv(temporary, index=False)
        else:
            with temporary.open("wb") as file:
                write_matrix(pairs, file)


class GenreChoice(Choice):
    """Keep the classes of a label space that are genres, and merge the m-correlated: two that share more than
    1/m of the rarer one's tracks. LABELS is a saved label space; without it classes are made here, as --of
    says.

    Attributes:
        name: Save as a label space of this name.
        replace: Let it replace one of the same name.
        popular_name: Save each genre's most used tag alone, to hold it against them, under this name.
    """

    returns: ClassVar[str] = (
        "{name, data, classes, genres, m, tracks_without, mean_imbalance_ratio, merged: [{a, b, together, "
        "count_a, count_b, share}], rows: [{class, tags, tracks, imbalance_ratio, members: [tag]}]}"
    )
    examples: ClassVar[str] = """
taglab genres --category genre --name genres
taglab genres clusters --keep rock --keep jazz -m 1.5 --name genres --popular-name genre-tags
taglab genres clusters --genres-txt genres.txt --name genres
"""
    renamed: ClassVar[dict[str, str]] = {
        **Choice.renamed, "--save": "--name", "--save-popular": "--popular-name",
    }  # fmt: skip

    name: Name = None
    replace: bool = False
    popular_name: Name = None

    def answer(self, progress: Progress) -> Report:
        """Return a row for every genre."""
        data = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        space = self.space(data, progress)
        chosen = self.genres(space, data, progress)
        notes = [*list_notes(self.keep_file)]
        named = chosen.space.renamed(self.name or chosen.space.name)
        if self.name is not None:
            save_space(named, self.replace)
            notes.append(f"saved as label space {self.name}")
        if self.popular_name is not None:
            save_space(most_popular_tags(chosen.space, data, self.popular_name), self.replace)
            notes.append(f"saved as label space {self.popular_name}")
        report = named.report(data)
        members = pd.Series([list(one.tags) for one in named.classes], dtype=object)
        table = report.classes[["class", "tags", "tracks", "imbalance_ratio"]].assign(members=members)
        facts = {
            "name": named.name,
            "data": self.data,
            "classes": len(space),
            "genres": len(named),
            "m": self.m,
            "tracks_without": chosen.tracks_without,
            "mean_imbalance_ratio": report.mean_imbalance_ratio,
            "merged": records(chosen.pairs),
        }
        return Report(facts, table, notes=tuple(notes))


class Subgenres(Choice):
    """Divide each class of a label space into subgenres, by NPMI or by tag embeddings; the union over all of
    them is a label space. LABELS is a saved label space; without it classes are made here, as --of says. With
    --recover demos are divided whose subgenres are known, by either method, by word vectors and by chance.

    Attributes:
        genre: Divide this one only.
        by: What a row is.
        name: Save as a label space of this name.
        replace: Let it replace one of the same name.
        recover: Divide so many demos of different seeds instead, and say how much of their planted subgenres
            each method finds; seeds are 3 and on: on those before, tag embeddings' penalty was chosen.
        dividing: How they are divided.
    """

    returns: ClassVar[str] = (
        "{data, genres_of, method, genres, subgenres, of_two_tags, left_out, rows: [{genre, subgenre, tags, "
        "tracks, silhouette, members: [tag]}]}; by genre rows: [{genre, subgenres, k, silhouette, left_out, "
        "names: [tag], note}]; by left-out rows: [{genre, tag, count, reason}]; with --recover {demos: "
        "[seed], level, rows: [{k_from, method, demos, adjusted_rand, low, high, gain, gain_low, gain_high}]}"
    )
    examples: ClassVar[str] = """
taglab subgenres genres --name subgenres
taglab subgenres genres --method tag-embeddings --name subgenres-by-embeddings
taglab subgenres --category genre --genre metal
taglab subgenres --recover 5
"""
    renamed: ClassVar[dict[str, str]] = {**Choice.renamed, "--save": "--name"}

    m: Annotated[float, Flag(named=True)] = 1.0
    genre: Annotated[str | None, Flag(metavar="CLASS")] = None
    by: Literal["subgenre", "genre", "left-out"] = "subgenre"
    name: Name = None
    replace: bool = False
    recover: int | None = Field(None, ge=1)
    dividing: Annotated[
        SubgenreSettings,
        Group(
            "how they are divided",
            # The classes made here have a seed, too.
            flags={"method": Flag(choices=SUBGENRES), "seed": Flag("--k-means-seed")},
            groups={
                "npmi": Group("NPMI", prefix="npmi-"),
                "skip_gram": Group("tag embeddings", prefix="train-"),
            },
        ),
    ] = SubgenreSettings()

    @model_validator(mode="after")
    def _of_demos(self) -> Self:
        if self.recover is not None and (self.labels or self.genre or self.name):
            raise ValueError("--recover is of demos it makes itself: leave out LABELS, --genre and --name")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return a row for every subgenre, genre, or tag left out."""
        if self.recover is not None:
            return self._recovered(self.recover, progress)
        data = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        genres = self.genres(self.space(data, progress), data, progress).space
        if self.genre is not None:
            genres = LabelSpace(genres.name, (genres.class_named(self.genre),), genres.made_by)
        space, divided = subgenre_space(data, genres, self.dividing, self.name or "", progress)
        notes = [*list_notes(self.keep_file)]
        if self.name is not None:
            save_space(space, self.replace)
            notes.append(f"saved as label space {self.name}")
        facts = {
            "data": self.data,
            "genres_of": genres.name,
            "method": self.dividing.method,
            "genres": len(genres),
            "subgenres": len(space),
            "of_two_tags": sum(len(one.tags) == 2 for one in space.classes),
            "left_out": sum(len(one.left_out) for one in divided),
        }
        if self.by == "subgenre":
            return Report(facts, subgenre_table(divided, data), notes=tuple(notes))
        table = divided_table(divided) if self.by == "genre" else left_out_table(divided)
        return Report(facts, table, notes=tuple(notes))

    def _recovered(self, n_demos: int, progress: Progress) -> Report:
        seeds = range(_FIRST_SEED, _FIRST_SEED + n_demos)
        rows = subgenre_recovery.recover_subgenres(seeds, self.dividing, progress=progress)
        note = "adjusted_rand is of the planted subgenres, gain what it is above word vectors, demo by demo"
        facts = {"demos": list(seeds), "level": subgenre_recovery.LEVEL}
        return Report(facts, subgenre_recovery.recovery_table(rows), notes=(note,))
