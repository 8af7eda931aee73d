"""Word vectors and what they say of tags: neighbours, analogies, axes, coverage, maps."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data, open_vectors, openable, partly_known_notes, select
from taglab.cli.options import (
    Parser,
    UsageError,
    add_commands,
    add_data,
    add_settings,
    add_vectors,
    finish,
    settings_of,
    settings_values,
    whole,
)
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report, dropped

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

    from taglab.embeddings import WordVectors
    from taglab.progress import Progress
    from taglab.vectors import TagVectors

_LONG_S = 10


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "vectors",
        help="word vectors: list, add, show, remove",
        description="Word vectors read from files, or trained by `taglab embed`.",
        fill=_fill_vectors,
        examples="taglab vectors add glove.6B.200d.txt.gz --name glove\ntaglab vectors show glove",
    )
    commands.add_parser(
        "embed",
        help="train word vectors on a data set's tag lists",
        description="Train word vectors on a data set's own tag lists: skip-gram with negative sampling over "
        "words, or over whole tags by the network of model 4.2 (--method tag-skip-gram).",
        returns="{name, words, dim, source}",
        fill=_fill_embed,
        examples="taglab embed --data demo --name demo-32 --dim 32 --seed 7\n"
        "taglab embed --method tag-skip-gram --min-count 5 --name demo-tags",
    )
    _add_questions(commands)
    _add_maps(commands)


def _add_questions(commands: Any) -> None:
    """Add the commands that ask tag vectors something."""
    commands.add_parser(
        "neighbours",
        help="the tags nearest to a tag",
        description="List the tags nearest to a tag, by the cosine of their vectors.",
        returns="[{tag, similarity, distance, unknown}]",
        fill=_fill_neighbours,
        examples="taglab neighbours jazz\ntaglab neighbours 'hip hop' --vectors glove -n 20 --json\n"
        "taglab neighbours jazz --vectors glove --fully-known",
    )
    commands.add_parser(
        "analogy",
        help="A is to B as C is to what? (a - b + c)",
        description="List the tags nearest to a - b + c: what is to C as A is to B.",
        returns="[{tag, similarity, ...}]",
        fill=_fill_analogy,
        examples="taglab analogy 'heavy metal' metal rock",
    )
    commands.add_parser(
        "axis",
        help="where tags lie between two tags",
        description="Place every tag on the line from one tag to another.",
        returns="[{tag, position, distance, unknown}]: position 0 at FROM, 1 at TO",
        fill=_fill_axis,
        examples="taglab axis sad happy --out moods.csv",
    )
    commands.add_parser(
        "overlap",
        help="do two embeddings agree on neighbours?",
        description="For every tag, the share of its k nearest neighbours that two embeddings share.",
        returns="{mean, k, tags, rows: [{tag, overlap}]}",
        fill=_fill_overlap,
        examples="taglab overlap --vectors own --other glove -k 10",
    )
    commands.add_parser(
        "coverage",
        help="which tags have a vector",
        description="Tell what share of the tags, of their words, and of their use has a vector; with --by "
        "words which words are unknown, with --by duplicates which tags fall on the same point.",
        returns="{vectors, share_of_tags, share_of_counts, share_fully_known, share_of_words, "
        "share_of_word_counts, tags, partly_known, words, unknown_words, duplicates, rows: [{tag, "
        "count, words, unknown, state, covered}]}, or by words rows: [{word, count, tags}], or by duplicates "
        "rows: [{tag, same_as, count}]",
        fill=_fill_coverage,
        examples="taglab coverage --out coverage.csv\ntaglab coverage --vectors glove --by words",
    )


def _add_maps(commands: Any) -> None:
    """Add the commands that lay tags out, here or in other programs."""
    commands.add_parser(
        "project",
        help="positions of tags on a map (PCA, t-SNE, UMAP)",
        description="Place tags on a map of two or three dimensions.",
        returns="{method, dimensions, trustworthiness, neighbours_kept, explained_variance, missing, rows: "
        "[{tag, count, x, y[, z], unknown}]}",
        fill=_fill_project,
        examples="taglab project --out map.csv\ntaglab project --method umap --out map.parquet",
    )
    commands.add_parser(
        "export",
        help="files for other programs",
        description="Write files that other programs open.",
        fill=_fill_export,
        examples="taglab export projector --vectors own --out projector/",
    )


def _add_count(parser: Parser, default: int = 10) -> None:
    parser.add_argument(
        "-n", type=whole(1), default=default, metavar="N", help=f"how many (default: {default})"
    )


def _fill_vectors(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the word vectors there are",
        description="List the word vectors that were added or trained; `own` is trained where it is needed.",
        returns="[{name, words, dim, source}]",
        fill=lambda own: finish(own, _list),
        examples="taglab vectors list",
    )
    adding = (
        "Read GloVe or word2vec text, word2vec binary, fastText .vec (each also .gz or .zip), or .npy with "
    )
    commands.add_parser(
        "add",
        help="read word vectors and keep them under a name",
        description=adding
        + "a vocabulary. Pickles (.kv, .model, .pkl) are refused: they could run anything.",
        returns="{name, words, dim, source}",
        fill=_fill_add,
        examples="taglab vectors add glove.6B.200d.txt --name glove\n"
        "taglab vectors add glove.6B.zip --member glove.6B.200d.txt --name glove",
    )
    commands.add_parser(
        "show",
        help="size and origin of word vectors",
        description="Show what word vectors hold.",
        returns="{name, words, dim, source, dropped: [{count, what, reason, examples}], fingerprint, "
        "first_words: [word]}",
        fill=lambda own: _fill_named(own, _show),
        examples="taglab vectors show glove",
    )
    commands.add_parser(
        "remove",
        help="remove word vectors from the cache",
        description="Remove word vectors from the cache; the file they were read from is not touched.",
        returns="{removed}",
        fill=lambda own: _fill_named(own, _remove),
        examples="taglab vectors remove glove",
    )


def _fill_named(parser: Parser, run: Any) -> None:
    parser.add_argument("name", metavar="NAME", help="word vectors")
    finish(parser, run, table=False)


def _fill_add(parser: Parser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="the file")
    parser.add_argument("--name", required=True, help="what to call them from now on")
    parser.add_argument(
        "--member", metavar="FILE", help="which file to read of a zip or a folder that holds several"
    )
    finish(parser, _add, table=False)


_WORDS, _TAGS = "skip-gram", "tag-skip-gram"
_SHARED = ("dim", "min_count", "seed")


def _fill_embed(parser: Parser) -> None:
    from taglab.embeddings import SkipGramSettings, TagSkipGramSettings

    parser.add_argument("--name", required=True, help="what to call the vectors")
    add_data(parser, min_count=False)
    parser.add_argument(
        "--method",
        choices=(_WORDS, _TAGS),
        default=_WORDS,
        help="skip-gram: negative sampling, over words unless --unit says tags (default); tag-skip-gram: "
        "whole tags, a softmax over all other tags of a track",
    )
    both = parser.add_argument_group("training")
    add_settings(both, SkipGramSettings, omit=[n for n in SkipGramSettings.model_fields if n not in _SHARED])
    add_settings(parser.add_argument_group("training by skip-gram"), SkipGramSettings, omit=_SHARED)
    group = parser.add_argument_group(
        "training by tag-skip-gram", "--dim counts where --dimension is given, as it is where --dim is said"
    )
    add_settings(group, TagSkipGramSettings, omit=_SHARED)
    finish(parser, _embed, table=False)


def _fill_neighbours(parser: Parser) -> None:
    parser.add_argument("tag", metavar="TAG")
    _add_count(parser)
    add_data(parser)
    add_vectors(parser)
    finish(parser, _neighbours)


def _fill_analogy(parser: Parser) -> None:
    for name in ("a", "b", "c"):
        parser.add_argument(name, metavar=name.upper(), help="a tag")
    _add_count(parser)
    add_data(parser)
    add_vectors(parser)
    finish(parser, _analogy)


def _fill_axis(parser: Parser) -> None:
    parser.add_argument("from_tag", metavar="FROM", help="tag at position 0")
    parser.add_argument("to_tag", metavar="TO", help="tag at position 1")
    add_data(parser)
    add_vectors(parser)
    finish(parser, _axis)


def _fill_overlap(parser: Parser) -> None:
    parser.add_argument("--other", required=True, metavar="NAME", help="word vectors to compare with")
    parser.add_argument("-k", type=whole(1), default=10, metavar="K", help="neighbours (default: 10)")
    add_data(parser)
    add_vectors(parser)
    finish(parser, _overlap)


def _fill_coverage(parser: Parser) -> None:
    parser.add_argument(
        "--by",
        choices=("tags", "words", "duplicates"),
        default="tags",
        help="what the rows are (default: tags)",
    )
    add_data(parser)
    add_vectors(parser)
    finish(parser, _coverage)


def _fill_project(parser: Parser) -> None:
    from taglab.projection import PROJECTIONS, ProjectionSettings

    add_data(parser)
    add_vectors(parser)
    group = parser.add_argument_group("the map")
    add_settings(group, ProjectionSettings, choices={"method": tuple(PROJECTIONS)})
    finish(parser, _project)


def _fill_export(parser: Parser) -> None:
    commands = add_commands(parser, "files")
    commands.add_parser(
        "projector",
        help="the two files the TensorFlow Embedding Projector opens",
        description="Write vectors.tsv and metadata.tsv, which the TensorFlow Embedding Projector opens.",
        returns="{tags, files}",
        fill=_fill_projector,
        examples="taglab export projector --min-count 10 --out projector/",
    )


def _fill_projector(parser: Parser) -> None:
    add_data(parser)
    add_vectors(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="folder for the two files")
    finish(parser, _projector, table=False)


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab import embeddings

    opened, notes = openable(embeddings.vector_names(), embeddings.open_vectors)
    rows = [_size(words) for words in opened]
    return Report(table=pd.DataFrame(rows, columns=["name", "words", "dim", "source"]), notes=notes)


def _size(words: Any) -> dict[str, Any]:
    return {
        "name": words.name,
        "words": len(words.words),
        "dim": int(words.vectors.shape[1]),
        "source": words.source,
    }


def _add(args: argparse.Namespace) -> Report:
    from taglab import embeddings

    _require_free_name(args.name)
    with progress_bar() as progress:
        words = embeddings.add_vectors(args.path, args.name, progress, args.member)
    return Report({**_size(words), "dropped": dropped(words.dropped)})


def _require_free_name(name: str) -> None:
    from taglab.embeddings import OWN

    if name == OWN:
        raise UsageError(f"the name {OWN!r} is kept for vectors trained on the data set at hand")


def _show(args: argparse.Namespace) -> Report:
    from taglab import embeddings

    words = embeddings.open_vectors(args.name)
    facts = {"dropped": dropped(words.dropped), "fingerprint": words.fingerprint}
    return Report({**_size(words), **facts, "first_words": list(words.words[:10])})


def _remove(args: argparse.Namespace) -> Report:
    from taglab import cache

    cache.Shelf(cache.VECTORS).delete(args.name)
    return Report({"removed": args.name})


def _embed(args: argparse.Namespace) -> Report:
    from taglab import cache

    _require_free_name(args.name)
    folder = cache.Shelf(cache.VECTORS).path(args.name)
    with progress_bar() as progress:
        words = _TRAINERS[args.method](args, progress)
    words.save(folder)
    return Report(_size(words))


def _refuse(args: argparse.Namespace, model: type[BaseModel]) -> None:
    """Refuse the settings of the method that was not chosen."""
    given = [name for name in settings_values(args, model) if name not in _SHARED]
    if given:
        raise UsageError(f"--{given[0].replace('_', '-')} is not heeded by --method {args.method}")


def _train_words(args: argparse.Namespace, progress: Progress) -> WordVectors:
    from taglab.embeddings import SkipGramSettings, TagSkipGramSettings, train_skipgram

    _refuse(args, TagSkipGramSettings)
    settings = settings_of(args, SkipGramSettings)
    return train_skipgram(open_data(args, progress), settings, args.name, progress)


def _train_tags(args: argparse.Namespace, progress: Progress) -> WordVectors:
    from taglab.embeddings import SkipGramSettings, TagSkipGramSettings, train_tag_vectors

    _refuse(args, SkipGramSettings)
    shared = settings_values(args, SkipGramSettings)
    least = settings_of(args, SkipGramSettings).min_count
    more: dict[str, Any] = {name: shared[name] for name in ("dim", "seed") if name in shared}
    if "dim" in more and "dimension" not in settings_values(args, TagSkipGramSettings):
        more["dimension"] = "given"
    settings = settings_of(args, TagSkipGramSettings, **more)
    return train_tag_vectors(open_data(args, progress), settings, args.name, least, progress)


_TRAINERS = {_WORDS: _train_words, _TAGS: _train_tags}


def _left_out_notes(vectors: TagVectors) -> tuple[str, ...]:
    missing = len(vectors.missing)
    left_out = (f"{missing:,} tags have no vector and are left out",) if missing else ()
    return (*left_out, *partly_known_notes(vectors))


def _neighbours(args: argparse.Namespace) -> Report:
    from taglab.embeddings import neighbours

    with progress_bar() as progress:
        _, vectors = open_vectors(args, progress)
    return _near(vectors, neighbours(vectors, args.tag, args.n), [args.tag])


def _near(vectors: TagVectors, table: pd.DataFrame, asked: list[str]) -> Report:
    """Report what is near; say which words of the tags asked for have no say."""
    unknown = vectors.unknown
    notes = (
        f"{tag!r} is taken without {unknown[tag]!r}, which has no vector" for tag in asked if tag in unknown
    )
    return Report(table=table, notes=tuple(notes))


def _analogy(args: argparse.Namespace) -> Report:
    from taglab.embeddings import analogy

    with progress_bar() as progress:
        _, vectors = open_vectors(args, progress)
    table = analogy(vectors, args.a, args.b, args.c, args.n)
    return _near(vectors, table, [args.a, args.b, args.c])


def _axis(args: argparse.Namespace) -> Report:
    from taglab.embeddings import axis

    with progress_bar() as progress:
        _, vectors = open_vectors(args, progress)
    return Report(table=axis(vectors, args.from_tag, args.to_tag), notes=_left_out_notes(vectors))


def _overlap(args: argparse.Namespace) -> Report:
    from taglab.embeddings import overlap_at_k

    with progress_bar() as progress:
        _, vectors = open_vectors(args, progress)
        _, others = open_vectors(args, progress, args.other)
        table = overlap_at_k(vectors, others, args.k)
    mean = float(table["overlap"].mean()) if len(table) else None
    return Report({"mean": mean, "k": args.k, "tags": len(table)}, table)


def _coverage(args: argparse.Namespace) -> Report:
    from taglab import embeddings

    with progress_bar() as progress:
        data = open_data(args, progress)
        selected = select(data, args.min_count)
        words = embeddings.resolve(args.vectors, data, progress)
        found = embeddings.coverage(words, selected, settings_of(args, embeddings.Lookup), progress)
    tables = {"tags": found.tags, "words": found.unknown_words, "duplicates": found.duplicates}
    facts = {
        "vectors": args.vectors,
        "share_of_tags": found.share_of_tags,
        "share_of_counts": found.share_of_counts,
        "share_fully_known": found.share_fully_known,
        "share_of_words": found.share_of_words,
        "share_of_word_counts": found.share_of_word_counts,
        "tags": len(found.tags),
        "partly_known": found.partly_known,
        "words": len(found.words),
        "unknown_words": len(found.unknown_words),
        "duplicates": len(found.duplicates),
    }
    return Report(facts, tables[args.by])


def _project(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.projection import ProjectionSettings, cached_projection, cost, find_projection

    settings = settings_of(args, ProjectionSettings)
    with progress_bar() as progress:
        selected, vectors = open_vectors(args, progress)
        expected = cost(max(len(vectors), 1), vectors.dim, settings)
        if expected.seconds > _LONG_S and find_projection(vectors, settings) is None:
            sys.stderr.write(f"{expected.sentence}\n")
        made = cached_projection(vectors, settings, progress)
    table = pd.DataFrame(made.positions, columns=["x", "y", "z"][: made.positions.shape[1]])
    table.insert(0, "tag", list(vectors.tags))
    table.insert(1, "count", selected.counts().reindex(list(vectors.tags)).to_numpy())
    facts = {
        "method": made.method,
        "dimensions": made.positions.shape[1],
        "trustworthiness": made.trustworthiness,
        "neighbours_kept": made.neighbours_kept,
        "explained_variance": made.explained_variance,
        "missing": list(vectors.missing),
    }
    return Report(facts, vectors.annotated(table), notes=(*made.notes, *_left_out_notes(vectors)))


def _projector(args: argparse.Namespace) -> Report:
    from taglab.cache import replacing
    from taglab.embeddings import write_projector

    with progress_bar() as progress:
        selected, vectors = open_vectors(args, progress)
    metadata = selected.tags[["tag", "count"]]
    made = write_projector(vectors, vectors.annotated(metadata) if vectors.unknown else metadata)
    files = {args.out / "vectors.tsv": made.vectors, args.out / "metadata.tsv": made.metadata}
    for path, content in files.items():
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    return Report(
        {"tags": len(vectors), "files": [str(path) for path in files]}, notes=_left_out_notes(vectors)
    )
