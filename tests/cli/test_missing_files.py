"""A path that leads nowhere is said to: no verb blames anything else."""

import pytest

from tests.cli.running import Shell

VERBS = {
    "data add table": "csv parquet zip",
    "data add lastfm": "db zip",
    "data add magnatagatune": "csv",
    "data add jamendo": "tsv",
    "vectors add": "txt vec bin npy gz zip",
    "runs add": "csv npz zip",
    "runs import": "zip",
    "labels import": "json csv txt",
    "clean import": "csv json",
    "audio add": "csv parquet zip mp3",
    "quality --pairs": "txt zip",
    "quality --analogies": "txt",
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_that_there_is_no_such_file(mine: Shell, verb: str) -> None:
    for ending in ["", *VERBS[verb].split()]:
        name = f"nosuch.{ending}".rstrip(".")
        words = [*verb.split(), str(mine.folder / name)]
        named = [] if verb.startswith("quality") else ["--name", "x"]
        assert mine.run(*words, *named) == 1
        assert f"{name}: there is no such file" in mine.err
        assert "TAGLAB_HOME" not in mine.err
