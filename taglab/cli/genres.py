"""Co-occurrence of tags and classes, genres that share their tracks merged, and genres divided."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data, save_space, select
from taglab.cli.options import (
    Parser,
    UsageError,
    add_data,
    add_settings,
    checked,
    finish,
    settings_of,
    settings_values,
    tags_in,
)
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report
from taglab.paths import typed_path

if TYPE_CHECKING:
    from taglab.cooccurrence import Cooccurrence
    from taglab.folksonomy import Folksonomy
    from taglab.genres import Genres, SubgenreSettings
    from taglab.labels import LabelSpace
    from taglab.progress import Progress

_CLASSES = "LABELS is a saved label space; without it classes are made here, as --of says."
_NPMI, _TRAIN = "npmi-", "train-"
_MATRIX = (".npz", ".csv")
_MOST_LISTED = 3_000_000
_FIRST_SEED = 3


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "cooccurrence",
        help="which tags, or classes, are found on the same tracks",
        description="List the pairs of tags, or of the classes of a label space, that share tracks: how many "
        "(n_ij), n_ij / sqrt(n_i n_j), PMI in bits, NPMI, and whether they are m-correlated. LABELS is a "
        "saved label space; without it, and without --of, all tags are looked at.",
        returns="{data, classes, tracks, tracks_with, pairs, pairs_met, threshold, pairs_above, share_above, "
        "mean_imbalance_ratio, m, merges: [[class]], rows: [{a, b, together, count_a, count_b, normalised, "
        "pmi, npmi, m_correlated}]}",
        fill=_fill_cooccurrence,
        examples="""
taglab cooccurrence --min-count 20
taglab cooccurrence --min-count 20 --npmi-total pairs --npmi-tracks all
taglab cooccurrence genres --m 1.5 --matrix pairs.npz
""",
    )
    commands.add_parser(
        "genres",
        help="choose the classes that are genres, merge those that share their tracks",
        description="Keep the classes of a label space that are genres, and merge the m-correlated: two "
        f"that share more than 1/m of the rarer one's tracks. {_CLASSES}",
        returns="{name, data, classes, genres, m, tracks_without, mean_imbalance_ratio, merged: [{a, b, "
        "together, count_a, count_b, share}], rows: [{class, tags, tracks, imbalance_ratio, members: "
        "[tag]}]}",
        fill=_fill_genres,
        examples="""
taglab genres --category genre --save genres
taglab genres clusters --keep rock --keep jazz --m 1.5 --save genres --save-popular genre-tags
taglab genres clusters --genres-txt genres.txt --save genres
""",
    )
    commands.add_parser(
        "subgenres",
        help="divide each genre into subgenres",
        description="Divide each class of a label space into subgenres, by NPMI or by tag embeddings; the "
        f"union over all of them is a label space. {_CLASSES} With --recover demos are divided whose "
        "subgenres are known, by either method, by word vectors and by chance.",
        returns="{data, genres_of, method, genres, subgenres, of_two_tags, left_out, rows: [{genre, "
        "subgenre, tags, tracks, silhouette, members: [tag]}]}; by genre rows: [{genre, subgenres, k, "
        "silhouette, left_out, names: [tag], note}]; by left-out rows: [{genre, tag, count, reason}]; with "
        "--recover {demos: [seed], level, rows: [{k_from, method, demos, adjusted_rand, low, high, gain, "
        "gain_low, gain_high}]}",
        fill=_fill_subgenres,
        examples="""
taglab subgenres genres --save subgenres
taglab subgenres genres --method tag-embeddings --save subgenres-by-embeddings
taglab subgenres --category genre --genre metal
taglab subgenres --recover 5
""",
    )


def _add_classes(parser: Parser) -> None:
    from taglab.genres import ClassSettings

    parser.add_argument("labels", nargs="?", metavar="LABELS", help="a saved label space")
    add_data(parser, min_count=False)
    group = parser.add_argument_group("classes made here")
    add_settings(group, ClassSettings, flags={"n": "-n", "k": "-k"})


def _add_choice(parser: Parser, m: float) -> None:
    group = parser.add_argument_group("which classes are genres (all of them where nothing is said)")
    group.add_argument(
        "--keep", action="append", default=[], metavar="CLASS",
        help="a class, or those that hold this tag (may be given several times)",
    )  # fmt: skip
    group.add_argument("--keep-file", type=Path, metavar="FILE", help="more of them, one a line")
    group.add_argument(
        "--category", metavar="NAME", help="the classes whose most used tag is of this category, e.g. genre"
    )
    group.add_argument(
        "--genres-txt", type=Path, metavar="FILE", help="what the thesis code's genres.txt keeps and merges"
    )
    group.add_argument(
        "--m", type=float, default=m, metavar="N",
        help="merge two that share more than 1/m of the rarer one's tracks; 1 merges nothing "
        f"(default: {m:g})",
    )  # fmt: skip


def _add_saving(parser: Parser) -> None:
    parser.add_argument("--save", metavar="NAME", help="save as a label space of this name")
    parser.add_argument("--replace", action="store_true", help="let --save replace one of the same name")


def _fill_cooccurrence(parser: Parser) -> None:
    from taglab.cooccurrence import NpmiSettings

    _add_classes(parser)
    _add_choice(parser, 1.5)
    parser.add_argument("--merged", action="store_true", help="look at the genres after merging")
    parser.add_argument(
        "--threshold", type=float, default=0.5, metavar="N",
        help="of n_ij / sqrt(n_i n_j), above which pairs are counted, 0 to 1 (default: 0.5)",
    )  # fmt: skip
    parser.add_argument(
        "--matrix", type=_matrix_path, metavar="FILE",
        help="write the counts of all pairs: .npz (sparse, opens with scipy.sparse.load_npz) or .csv",
    )  # fmt: skip
    add_settings(parser.add_argument_group("PMI and NPMI"), NpmiSettings, prefix=_NPMI)
    finish(parser, _cooccurrence)


def _matrix_path(text: str) -> Path:
    path = typed_path(text)
    if path.suffix.lower() not in _MATRIX or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} must be a file that ends in {' or '.join(_MATRIX)}")
    return path


def _fill_genres(parser: Parser) -> None:
    _add_classes(parser)
    _add_choice(parser, 1.5)
    _add_saving(parser)
    parser.add_argument(
        "--save-popular",
        metavar="NAME",
        help="save each genre's most used tag alone, to hold it against them",
    )
    finish(parser, _genres)


def _fill_subgenres(parser: Parser) -> None:
    from taglab.cooccurrence import NpmiSettings
    from taglab.embeddings.tag_skipgram import TagSkipGramSettings
    from taglab.genres import SUBGENRES, SubgenreSettings

    _add_classes(parser)
    _add_choice(parser, 1.0)
    parser.add_argument("--genre", metavar="CLASS", help="divide this one only")
    parser.add_argument(
        "--by", choices=("subgenre", "genre", "left-out"), default="subgenre", help="what a row is"
    )
    _add_saving(parser)
    parser.add_argument(
        "--recover", type=_at_least_one, metavar="N",
        help="divide N demos of different seeds instead, and say how much of their planted subgenres each "
        f"method finds; seeds are {_FIRST_SEED} and on: on those before, tag embeddings' penalty was chosen",
    )  # fmt: skip
    group = parser.add_argument_group("how they are divided")
    choices = {"method": tuple(SUBGENRES)}
    add_settings(group, SubgenreSettings, flags=_OWN_FLAGS, choices=choices, omit=("npmi", "skip_gram"))
    add_settings(parser.add_argument_group("NPMI"), NpmiSettings, prefix=_NPMI)
    add_settings(parser.add_argument_group("tag embeddings"), TagSkipGramSettings, prefix=_TRAIN)
    finish(parser, _subgenres)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be 1 or more")
    return number


# ClassSettings has a seed, too.
_OWN_FLAGS = {"seed": "--k-means-seed"}


def _subgenre_settings(args: argparse.Namespace) -> SubgenreSettings:
    from taglab.cooccurrence import NpmiSettings
    from taglab.embeddings.tag_skipgram import TagSkipGramSettings
    from taglab.genres import SubgenreSettings

    npmi = settings_values(args, NpmiSettings, _NPMI)
    trained = settings_values(args, TagSkipGramSettings, _TRAIN)
    return settings_of(args, SubgenreSettings, npmi=npmi, skip_gram=trained)


def _space(args: argparse.Namespace, data: Folksonomy, progress: Progress) -> LabelSpace:
    """Return the saved label space, or the one made here."""
    from taglab.genres import ClassSettings, make_classes
    from taglab.labels import open_label_space

    if args.labels is None:
        return make_classes(data, settings_of(args, ClassSettings), progress)
    given = settings_values(args, ClassSettings)
    if given:
        flag = next(iter(given)).replace("_", "-")
        raise UsageError(f"--{flag} is for classes made here, and {args.labels!r} is saved")
    return open_label_space(args.labels)[0]


def _chosen(args: argparse.Namespace, space: LabelSpace, data: Folksonomy, progress: Progress) -> Genres:
    from taglab.genres import choose_genres, classes_named, classes_of_category

    wanted = list(args.keep)
    if args.keep_file is not None:
        wanted += tags_in(args.keep_file)
    if sum([bool(wanted), args.category is not None, args.genres_txt is not None]) > 1:
        raise UsageError("choose genres by --keep, by --category or by --genres-txt, not by several of them")
    keep = None
    if args.genres_txt is not None:
        space = _by_genres_txt(args.genres_txt, space)
    elif args.category is not None:
        keep = classes_of_category(space, data, args.category)
    elif wanted:
        keep, absent = classes_named(space, wanted)
        if absent:
            raise UsageError(f"no class is or holds {', '.join(map(repr, absent[:5]))}")
    return choose_genres(space, data, keep, args.m, progress=progress)


def _by_genres_txt(path: Path, space: LabelSpace) -> LabelSpace:
    from taglab.labels import from_classes, read_genres_txt, select_genres

    sets = {each.name: each.tags for each in space.classes}
    made_by = {**space.made_by, "genres_txt": path.name}
    return from_classes(select_genres(sets, read_genres_txt(path)), None, made_by, f"{space.name} genres.txt")


def _cooccurrence(args: argparse.Namespace) -> Report:
    from taglab.cooccurrence import NpmiSettings
    from taglab.genres import pairs_table
    from taglab.metrics.balance import mean_imbalance_ratio

    with progress_bar() as progress:
        pairs = _counted(args, open_data(args, progress), progress)
    above = pairs.pairs_above(args.threshold)
    n_met = (pairs.pairs.nnz - int((pairs.counts > 0).sum())) // 2
    notes = []
    if args.matrix is not None:
        _write_matrix(pairs, args.matrix)
        n = len(pairs.names)
        notes.append(f"wrote the counts of all pairs of {n:,} names to {args.matrix}")
    listed = n_met <= _MOST_LISTED
    if not listed:
        notes.append(f"{n_met:,} pairs are too many to list; raise --min-count, or take the --matrix")
    facts = {
        "data": args.data,
        "classes": len(pairs.names),
        "tracks": pairs.n_tracks,
        "tracks_with": pairs.n_tracks_with,
        "pairs": pairs.n_pairs,
        "pairs_met": n_met,
        "threshold": args.threshold,
        "pairs_above": above,
        "share_above": above / pairs.n_pairs if pairs.n_pairs else None,
        "mean_imbalance_ratio": mean_imbalance_ratio(pairs.counts),
        "m": args.m,
        "merges": [list(group) for group in pairs.merge_groups(args.m)] if listed else None,
    }
    measured = checked(NpmiSettings, settings_values(args, NpmiSettings, _NPMI))
    table = pairs_table(pairs, args.m, measured) if listed else None
    return Report(facts, table, notes=tuple(notes))


def _counted(args: argparse.Namespace, data: Folksonomy, progress: Progress) -> Cooccurrence:
    """Return the pairs of all tags, or where classes are asked for, of those."""
    from taglab.cooccurrence import of_tags, pairs_of_all
    from taglab.genres import ClassSettings, class_pairs

    given = settings_values(args, ClassSettings)
    chooses = args.keep or args.keep_file or args.category or args.genres_txt or args.merged
    if args.labels is None and "of" not in given and not chooses:
        settings = settings_of(args, ClassSettings)
        used = select(data, settings.min_count if "min_count" in given else 1)
        chosen = used.select_tags(top=settings.n) if "n" in given else used
        return of_tags(chosen, progress, pairs_of_all(data.matrix))
    space = _space(args, data, progress)
    genres = _chosen(args, space, data, progress).space
    return class_pairs(genres if args.merged else _unmerged(genres), data, progress)


def _unmerged(space: LabelSpace) -> LabelSpace:
    from taglab.labels import LabelSpace

    return LabelSpace(space.name, space.base, space.made_by)


def _write_matrix(pairs: Cooccurrence, path: Path) -> None:
    from taglab.cache import replacing
    from taglab.cooccurrence import matrix_table, write_matrix

    with replacing(path) as temporary:
        if path.suffix.lower() == ".csv":
            matrix_table(pairs).to_csv(temporary, index=False)
        else:
            with temporary.open("wb") as file:
                write_matrix(pairs, file)


def _genres(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.cli.report import records
    from taglab.genres import most_popular_tags

    with progress_bar() as progress:
        data = open_data(args, progress)
        space = _space(args, data, progress)
        chosen = _chosen(args, space, data, progress)
    notes = []
    named = chosen.space.renamed(args.save or chosen.space.name)
    if args.save is not None:
        save_space(named, args.replace)
        notes.append(f"saved as label space {args.save}")
    if args.save_popular is not None:
        save_space(most_popular_tags(chosen.space, data, args.save_popular), args.replace)
        notes.append(f"saved as label space {args.save_popular}")
    report = named.report(data)
    members = pd.Series([list(each.tags) for each in named.classes], dtype=object)
    table = report.classes[["class", "tags", "tracks", "imbalance_ratio"]].assign(members=members)
    facts = {
        "name": named.name,
        "data": args.data,
        "classes": len(space),
        "genres": len(named),
        "m": args.m,
        "tracks_without": chosen.tracks_without,
        "mean_imbalance_ratio": report.mean_imbalance_ratio,
        "merged": records(chosen.pairs),
    }
    return Report(facts, table, notes=tuple(notes))


def _recovered(args: argparse.Namespace) -> Report:
    from taglab.studies.subgenre_recovery import LEVEL, recover_subgenres, recovery_table

    if args.labels is not None or args.genre is not None or args.save is not None:
        raise UsageError("--recover is of demos it makes itself: leave out LABELS, --genre and --save")
    seeds = range(_FIRST_SEED, _FIRST_SEED + args.recover)
    with progress_bar() as progress:
        rows = recover_subgenres(seeds, _subgenre_settings(args), progress=progress)
    facts = {"demos": list(seeds), "level": LEVEL}
    notes = ["adjusted_rand is of the planted subgenres, gain what it is above word vectors, demo by demo"]
    return Report(facts, recovery_table(rows), notes=tuple(notes))


def _subgenres(args: argparse.Namespace) -> Report:
    from taglab.genres import divided_table, left_out_table, subgenre_space, subgenre_table
    from taglab.labels import LabelSpace

    if args.recover is not None:
        return _recovered(args)
    settings = _subgenre_settings(args)
    with progress_bar() as progress:
        data = open_data(args, progress)
        genres = _chosen(args, _space(args, data, progress), data, progress).space
        if args.genre is not None:
            genres = LabelSpace(genres.name, (genres.class_named(args.genre),), genres.made_by)
        space, found = subgenre_space(data, genres, settings, args.save or "", progress)
    notes = []
    if args.save is not None:
        save_space(space, args.replace)
        notes.append(f"saved as label space {args.save}")
    facts = {
        "data": args.data,
        "genres_of": genres.name,
        "method": settings.method,
        "genres": len(genres),
        "subgenres": len(space),
        "of_two_tags": sum(len(each.tags) == 2 for each in space.classes),
        "left_out": sum(len(each.left_out) for each in found),
    }
    if args.by == "subgenre":
        return Report(facts, subgenre_table(found, data), notes=tuple(notes))
    table = divided_table(found) if args.by == "genre" else left_out_table(found)
    return Report(facts, table, notes=tuple(notes))
