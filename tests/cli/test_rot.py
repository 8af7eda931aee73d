"""Every stored file of every kind, damaged in every way: the command ends in one sentence or says nothing.

What people may write by hand, plain JSON and text, can be changed into something else that is valid; all
else is noticed.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from taglab import cache, embeddings, labels
from taglab.cleaning import first_cleaning, save_cleaned, save_cleaning
from taglab.embeddings import WordVectors
from taglab.errors import DataError
from taglab.runs.checking import check_run
from taglab.training.checkpoints import load_checkpoint, save_checkpoint
from tests.cli.running import Shell
from tests.runs.examples import made_run, small_data, small_sound

DEEP = b"[" * 100_000 + b"]" * 100_000


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


def flipped(content: bytes) -> bytes:
    at = 100 if content.startswith(b"PK") else len(content) // 2  # in a zip not in a date, say: among values
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "zeroed": zeroed,
    "one bit": flipped,
    "nested deeply": lambda content: DEEP,
    "nested in an object": lambda content: b'{"format": ' + DEEP + b"}",
}
COMMANDS = {
    "folksonomies": ["data", "show", "tidy"],
    "vectors": ["neighbours", "rock", "--data", "small", "--vectors", "words"],
    "labels": ["labels", "show", "classes", "--data", "small"],
    "cleanings/applied": ["collapsed", "rock", "--data", "tidy"],
    "cleanings": ["clean", "show", "tidying"],
    "audio": ["audio", "show", "small", "--data", "small"],
    "runs": ["runs", "show", "made-one"],
    "derived": ["neighbours", "rock", "--data", "small"],
}
BY_HAND = {".json", ".jsonl", ".csv", ".txt"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home with a thing of every kind."""
    folder = tmp_path_factory.mktemp("rot") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(folder))
        data = small_data()
        small_sound()
        made_run("one", data)
        words = embeddings.own_vectors(data)
        WordVectors("words", words.words, words.vectors).save(cache.Shelf(cache.VECTORS).path("words"))
        space = labels.from_tags(data, ("rock", "jazz")).renamed("classes")
        labels.save_label_space(space)
        cleaning = first_cleaning("tidying")
        save_cleaning(cleaning)
        save_cleaned(cleaning.apply(data, name="tidy"), cleaning, "small")
    return folder


def stored(home: Path) -> list[tuple[str, Path]]:
    """Kind and file of all that is stored, without locks."""
    found = []
    for file in sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file()):
        kind = next(kind for kind in COMMANDS if file.is_relative_to(kind))
        if file.suffix != ".lock" and not file.is_relative_to("folksonomies/small"):
            found.append((kind, file))
    return found


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damaged_file_ends_in_a_sentence(
    home: Path, taglab_home: Path, shell: Shell, damage: str
) -> None:
    shutil.copytree(home, taglab_home)
    files = stored(taglab_home)
    assert {kind for kind, _ in files} == set(COMMANDS)
    unnoticed = set()
    for kind, file in files:
        path = taglab_home / file
        content = path.read_bytes()
        if DAMAGES[damage](content) == content:
            continue
        path.write_bytes(DAMAGES[damage](content))
        noticed = told(shell, file, COMMANDS[kind])
        if file.suffix == ".pcm":  # large, and so compared when that is asked for
            noticed = told(shell, file, ["audio", "check", "small"])
        if kind == "runs":  # of which a command reads what it needs
            try:
                check_run(taglab_home / "runs" / "made-one")
            except DataError:
                noticed = True
        if not noticed:
            unnoticed.add((kind, file.suffix))
        shutil.rmtree(taglab_home)
        shutil.copytree(home, taglab_home)
    # Derived results are made again; a shard's own list is only of use while a store is made.
    rest = {(kind, suffix) for kind, suffix in unnoticed if kind != "derived"}
    assert {suffix for _, suffix in rest} <= BY_HAND
    if damage != "one bit":  # a run's lines are written as it goes: one without its end is passed over
        assert {kind for kind, _ in rest} <= {"audio", "runs"}


def told(shell: Shell, file: Path, command: list[str]) -> bool:
    """Whether a command ends in just a sentence, for a damaged file, and not as if nothing were wrong."""
    code = shell.run(*command)
    assert code in (0, 1), (file, shell.err)
    if code == 0:
        return False
    assert len(shell.err.strip().splitlines()) == 1, (file, shell.err)
    assert shell.err.startswith("taglab: "), (file, shell.err)
    assert shell.out == "", (file, shell.out)
    return True


@pytest.mark.parametrize("file", ["best.pt", "last.pt"])
def test_one_flipped_bit_of_a_checkpoint_is_damage(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    save_checkpoint(path, {"made_for": {}, "network": {"weight": torch.ones(50, 50)}})
    content = path.read_bytes()
    at = content.index(bytes(torch.ones(50).numpy().data)) + 402
    path.write_bytes(content[:at] + bytes([content[at] ^ 64]) + content[at + 1 :])
    with pytest.raises(DataError, match=r"data/0', which is cut off or damaged .Bad CRC"):
        load_checkpoint(path, {})
    path.write_bytes(content)
    assert load_checkpoint(path, {})["network"]["weight"].sum() == 2_500


def test_what_was_stored_without_checksums_opens(home: Path, taglab_home: Path, shell: Shell) -> None:
    shutil.copytree(home, taglab_home)
    for file in taglab_home.rglob("checksums.json"):
        file.unlink()
    store = taglab_home / "audio" / "small"
    manifest = json.loads((store / "store.json").read_text())
    for name, table in manifest.pop("tables").items():
        (store / table["name"]).rename(store / f"{name}.parquet")
    (store / "store.json").write_text(json.dumps(manifest))
    for command in COMMANDS.values():
        shell.text(*command)


def test_damage_of_what_has_no_checksums_is_a_sentence_too(
    home: Path, taglab_home: Path, shell: Shell
) -> None:
    """As stored before there were any: a zeroed word list, and manifests nested too deeply."""
    shutil.copytree(home, taglab_home)
    for file in taglab_home.rglob("checksums.json"):
        file.unlink()
    words = taglab_home / "vectors" / "words" / "words.utf8"
    content = words.read_bytes()
    words.write_bytes(bytes(len(content)))
    assert told(shell, words, COMMANDS["vectors"])
    words.write_bytes(content)
    for kind, manifest in (("folksonomies", "tidy"), ("vectors", "words")):
        (taglab_home / kind / manifest / "manifest.json").write_bytes(DEEP)
        assert told(shell, words, COMMANDS[kind])
        assert "nested too deeply" in shell.err
