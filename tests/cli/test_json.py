"""`--json` of every verb has the keys that its help tells of."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from taglab.verbs import GROWN, VERBS
from tests.cli.running import Shell
from tests.runs.examples import made_run, small_data

# In this order, in one cache; what one makes the next ones use. {dir} is a folder with some files.
LINES = """
data list
data sources
data show mine
data co-tags rock --data mine
data add demo --name again
data add table {dir}/tags.csv --name read
vectors add {dir}/vectors.txt --name tiny
vectors list
vectors show tiny
embed --data mine --name trained --dim 4
neighbours rock --data mine
analogy rock pop jazz --data mine
axis rock jazz --data mine
overlap --data mine --vectors own,tiny -k 2
coverage --data mine
project --data mine --method pca
export projector --data mine --out {dir}/projector
quality --data mine --vectors tiny
cluster --data mine -k 3
scan --data mine -k 2,3
stability --data mine -k 3 --seeds 0,1
compare --data mine -k 2 --other-k 3
labels make top --name top --data mine -n 4
labels make tags --name classes rock pop jazz metal --data mine
labels make clusters --name clusters --data mine -k 3
labels list
labels show top
labels targets top
labels import {dir}/clusters.json --name read
labels export top --out {dir}/top.json
labels edit classes move rock --to jazz
labels edit classes add pop --to jazz
labels edit classes rename jazz Jazz
labels edit classes merge Jazz metal
labels edit classes undo
labels edit classes redo
labels edit classes new-class other pop
labels edit classes drop-tags metal
labels edit classes keep-classes-with pop
labels edit classes keep-tags pop
labels edit top drop-class rock
cooccurrence --data mine
genres top --data mine
targets label-space --data mine --labels top
targets column --data mine --column artist
targets factors --data mine -k 2
targets tag --data mine -k 2
targets artist --data mine -k 2 --terms 3
targets taste --data demo -k 2 --iterations 5 --terms 3
targets lyrics --data demo -k 2 --iterations 5
targets expert --data demo -k 2 --iterations 5
targets artist-groups --data demo --tags demo-experts -k 2 --iterations 2 --terms 3
targets year --data demo -k 2
targets bpm --data demo -k 2 --terms 2
sources parameters --sources 2
features add {dir}/features.csv --name given --data mine
features list
features show given
features export given {dir}/given.npz
transfer --features given --data mine --splits 2 --task classification --column artist --fewest 1
data activity demo --min-tracks 3
recommend train --name wrmf --recommender wrmf --factors 4 --sweeps 2
recommend list
recommend evaluate wrmf -k 5
recommend for wrmf listener-0001 -n 2
recommend remove wrmf
explain listener-0001 --data demo -n 2 --top 4 --others 4
audio list
joint-space list
queue
sweep list
design make --name kim --sources tag,bpm --single-repeats 1 --all-repeats 1 --fractional 0
design list
design extend kim --fractional 1
design add-scores kim {dir}/scores.csv
design show kim
design remove kim
decisions made-one --label rock
co-predictions made-one
clean new --name tidy
clean list
clean add tidy --step filters --min-count 1
clean edit tidy off 1
clean edit tidy on 1
clean edit tidy move 1 2
clean edit tidy reject 1 rock
clean edit tidy accept 1 rock
clean edit tidy assign 4 x rock
clean edit tidy drop 1
clean show tidy
clean preview --data mine --step categories --step collapse-embeddings --targets rock,jazz,zzz
clean apply --data mine --step word-forms --name cleaned
clean export tidy --out {dir}/tidy.json
clean import {dir}/tidy.json --name twin
collapsed jazz --data mine --step collapse-words --targets jazz,rock
runs list
runs show made-one
runs add {dir}/results.csv --name theirs
runs note theirs text
runs title theirs text
runs tag theirs good
runs export theirs --out {dir}/theirs.zip
runs delete theirs
runs import {dir}/theirs.zip
compare-runs made-one thesis-3.3-tags-spectrogram
stages agree {dir}/map.tsv --data mine
degradations
degrade {dir}/sound.wav --with gain --by -6
cache show
cache prune
clean remove tidy
labels remove read
features remove given
vectors remove tiny
data remove again
"""

ELSEWHERE = {
    "takes seconds to minutes": ("bench", "stages curve"),
    "trains, or needs a trained network": (
        "train", "dry-run", "predict", "tag", "encode", "reproduce", "sweep make", "sweep show", "report",
        "features tag", "sources train", "sources dry-run",
        "spectra train", "spectra dry-run", "spectra measure",
        "design prepare", "design next", "design work", "design score", "robust-labels",
        "explain-tagger",
    ),
    "needs files of sound": (
        "audio add", "audio show", "audio check", "audio remove", "features encode", "features share",
        "consistency", "consistency-shares",
    ),
    "needs a trained space": ("joint-space", "ask"),
    "needs many tags of a genre": ("subgenres",),
    "starts processes": ("launch", "stop", "resume"),
    "writes lines, not an object": ("log",),
    "needs the demo's vectors": ("stages show",),
    "needs runs of stages": ("stages score",),
    "needs the data set": (
        "data add lastfm", "data add magnatagatune", "data add jamendo", "data add matrix",
        "data add folders", "data add musixmatch", "data add target-list",
        "data add irmas", "data add musdb", "data add gtzan", "data add fma", "data add extended-ballroom",
        "data add music-emotion", "data add lfm-1b",
        "data add hetrec", "data add goodbooks", "data add movielens", "data add citeulike",
    ),
}  # fmt: skip
"""Why verbs are not asked here → those verbs; tests of theirs see their keys."""


def files_of(folder: Path) -> None:
    """Write what the lines read."""
    (folder / "tags.csv").write_text("track,tag\n1,rock\n2,pop\n")
    words = ("rock", "pop", "jazz", "metal", "dance")
    rows = [f"{word} {number} {number % 2} 1" for number, word in enumerate(words)]
    (folder / "vectors.txt").write_text("\n".join(rows) + "\n")
    (folder / "clusters.json").write_text(json.dumps({"a": ["rock", "metal"], "b": ["pop"]}))
    soundfile.write(folder / "sound.wav", np.sin(np.arange(8_000) / 9), 8_000)
    (folder / "map.tsv").write_text("metal\trock\n")
    (folder / "results.csv").write_text("label,auc_pr\nrock,0.5\n")
    (folder / "scores.csv").write_text("number,task,score\n1,mood,0.5\n")
    table = "\n".join(f"{track},{track}.5,1" for track in range(1, 8))
    (folder / "features.csv").write_text(f"track,a,b\n{table}\n")


Shape = dict[str, Any] | list[Any] | None


def shape_of(text: str) -> Shape:
    """What a help says of JSON, as `{a, b: [{c}]}`; what comes after that is left aside."""
    if text[0] not in "[{":
        return None
    at_times = re.sub(r"\[, [^\[\]]*\]", ", ...", text)
    return _shape(iter(re.findall(r"[\[\]{},:]|[^\[\]{},:]+", at_times)))


def _shape(parts: Iterator[str]) -> Any:
    part = next(parts)
    if part == "[":
        inner, part = None, next(parts)
        while part != "]":
            inner = _shape(itertools.chain([part], parts)) if part in "[{" else inner
            part = next(parts)
        return [inner]
    if part != "{":
        return None
    shape: dict[str, Any] = {}
    name = ""
    while (part := next(parts)) != "}":
        if part in "[{":
            shape[name] = _shape(itertools.chain([part], parts))
        elif part == ":":
            rest = next(parts)
            assert rest.startswith(" ")
        elif part != ",":
            name = part.strip()
            shape[name] = None
    return shape


def faults(value: Any, shape: Shape, place: str) -> Iterator[str]:
    """What a value lacks, or has beyond what was said."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place} is no list"
        else:
            for one in value[:3]:
                yield from faults(one, shape[0], f"{place}[]")
    elif isinstance(shape, dict) and isinstance(value, dict):
        named = {name for name in shape if name.strip(".…") and not any(map(str.isupper, name))}
        if missing := named - set(value):
            yield f"{place} lacks {sorted(missing)}"
        if named == set(shape) and (more := set(value) - named):
            yield f"{place} has {sorted(more)}, too"
        for name in named & set(value):
            yield from faults(value[name], shape[name], f"{place}.{name}")


def test_shapes_are_read() -> None:
    assert shape_of("[{a, b: [text], c[, d: {e}]}], and") == [
        {"a": None, "b": [None], "c": None, "...": None}
    ]
    assert shape_of("{a: [{b, c: {...}}], d}; with") == {"a": [{"b": None, "c": {"...": None}}], "d": None}
    assert list(faults({"a": [{"b": 1}], "x": 1}, {"a": [{"c": None}], "d": None}, "it")) == [
        "it lacks ['d']", "it has ['x'], too", "it.a[] lacks ['c']", "it.a[] has ['b'], too",
    ]  # fmt: skip


def declared() -> dict[str, str]:
    """Name of every verb → what its `--json` writes; families of a dictionary by the words of each entry."""
    own = {name: verb.question.returns for name, verb in VERBS.items()}
    grown = {
        f"{verb.name} {name}": question.returns
        for verb in GROWN.values() for name, (_, question) in verb.entries().items()
    }  # fmt: skip
    return own | grown


def verb_of(line: str) -> str:
    """The name of the verb that a line asks; what stands in capitals there is any word here."""
    words = line.split()
    (name,) = [
        name for name in declared()
        if len(name.split()) <= len(words) and all(
            own.isupper() or own == word for own, word in zip(name.split(), words, strict=False)
        )
    ]  # fmt: skip
    return name


def test_every_verb_is_asked_here_or_is_known_not_to_be() -> None:
    asked = {verb_of(line) for line in LINES.strip().splitlines()}
    elsewhere = tuple(name for names in ELSEWHERE.values() for name in names)
    left = {name for name in declared() if not name.startswith(elsewhere)}
    assert left <= asked


def test_json_has_the_keys_that_the_help_tells_of(mine: Shell) -> None:
    files_of(mine.folder)
    made_run("one", small_data())
    wrong = []
    for line in LINES.strip().splitlines():
        words = shlex.split(line.format(dir=mine.folder))
        shape = shape_of(declared()[verb_of(line)])
        if mine.run(*words, "--json"):
            wrong.append(f"{line}: {mine.err}")
        elif shape is not None:
            wrong += [f"{line}: {fault}" for fault in faults(json.loads(mine.out), shape, "it")]
    assert not wrong, "\n".join(wrong)
