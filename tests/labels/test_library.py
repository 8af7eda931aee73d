"""Label spaces on the shelf: saving, conflicts, damaged and hostile files."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from taglab.errors import Conflict, DataError, InvalidSetting, NotFound, StorageError
from taglab.labels import (
    LabelClass,
    LabelSpace,
    Move,
    Rename,
    delete_label_space,
    from_json,
    label_space_names,
    open_label_space,
    save_label_space,
    to_json,
)

SPACE = LabelSpace("mine", (LabelClass("rock", ("rock", "metal")), LabelClass("calm", ("calm",))), {"k": 2})
EDITED = SPACE.edit(Rename(cls="rock", new="loud")).edit(Move(tags=("metal",), to_class="calm")).undo()


def test_round_trip() -> None:
    revision = save_label_space(EDITED)
    opened, opened_at = open_label_space("mine")
    assert opened == EDITED
    assert opened_at == revision
    assert opened.redo().classes_of("metal") == ("calm",)
    assert label_space_names() == ["mine"]


def test_two_browsers() -> None:
    save_label_space(SPACE)
    (one, one_at), (other, other_at) = open_label_space("mine"), open_label_space("mine")
    second = save_label_space(one.edit(Rename(cls="rock", new="first")), one_at)
    with pytest.raises(Conflict, match="saved by somebody else"):
        save_label_space(other.edit(Rename(cls="rock", new="second")), other_at)
    kept, at = open_label_space("mine")
    assert kept.names == ("first", "calm")
    assert at == second
    save_label_space(kept.edit(Rename(cls="first", new="third")), at)


def test_a_name_in_use_is_not_taken_by_accident() -> None:
    save_label_space(SPACE)
    with pytest.raises(Conflict, match="already"):
        save_label_space(EDITED)
    assert open_label_space("mine")[0] == SPACE


def test_removed_since() -> None:
    revision = save_label_space(SPACE)
    delete_label_space("mine")
    with pytest.raises(Conflict, match="was removed"):
        save_label_space(EDITED, revision)
    assert label_space_names() == []


def test_a_file_changed_by_hand_is_a_conflict(taglab_home: Path) -> None:
    revision = save_label_space(SPACE)
    path = taglab_home / "labels" / "mine.json"
    path.write_text(path.read_text().replace('"calm"', '"quiet"'))
    with pytest.raises(Conflict):
        save_label_space(EDITED, revision)


RACE = """
import sys
from taglab.errors import Conflict
from taglab.labels import Rename, open_label_space, save_label_space

space, revision = open_label_space("mine")
print("ready", flush=True)
sys.stdin.readline()
try:
    save_label_space(space.edit(Rename(cls="rock", new=sys.argv[1])), revision)
    print("saved")
except Conflict:
    print("conflict")
"""


def test_two_processes_at_once() -> None:
    save_label_space(SPACE)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    assert sorted(said) == ["conflict", "saved"]
    winner = ("one", "two")[said.index("saved")]
    assert open_label_space("mine")[0].names == (winner, "calm")


def test_a_full_disk_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch, taglab_home: Path) -> None:
    revision = save_label_space(SPACE)

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="nothing was changed"):
            save_label_space(EDITED, revision)
    assert open_label_space("mine") == (SPACE, revision)
    assert [entry.name for entry in (taglab_home / "labels").iterdir() if not entry.name.startswith(".")] == [
        "mine.json"
    ]


def test_names_that_could_be_paths_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="name="):
        save_label_space(SPACE.renamed("../evil"))
    with pytest.raises(NotFound, match="none yet"):
        open_label_space("missing")


def changed(**values: Any) -> str:
    return json.dumps({**json.loads(to_json(SPACE)), **values})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Invalid JSON"),
        ('{"format": ', "Invalid JSON"),
        ("[1]", "not a label space"),
        ("null", "not a label space"),
        (changed(format="taglab label space 2"), "format"),
        (changed(surplus=1), "surplus"),
        (changed(classes=[]), "classes"),
        (changed(classes=[{"name": "a", "tags": []}]), "at least one tag"),
        (changed(classes=[{"name": "a", "tags": [1]}]), "classes.0.tags.0"),
        (changed(classes=[{"name": "a", "tags": "abc"}]), "classes.0.tags"),
        (changed(classes=[{"name": "a", "tags": ["x", "x"]}]), "twice"),
        (changed(classes=[{"name": "a", "tags": ["x"]}, {"name": "a", "tags": ["y"]}]), "stands twice"),
        (changed(classes=[{"name": " ", "tags": ["x"]}]), "visible"),
        (changed(classes=[{"name": "a", "tags": ["\ud800"]}]), "JSON|half"),
        (changed(edits=[{"kind": "explode"}]), "edits.0"),
        (changed(edits=[{"kind": "rename", "cls": "rock", "new": "x", "self": 1}]), "edits.0"),
        (changed(edits=[{"kind": "drop-class", "cls": "jazz"}]), "no class 'jazz'"),
        (changed(edits=[{"kind": "move", "tags": [], "to_class": "rock"}]), "edits.0"),
        (changed(made_by=[1]), "made_by"),
        ('{"format": "taglab label space 1", "made_by": ' + '{"a":' * 5000, "JSON"),
        (changed(name=3), "name"),
    ],
)
def test_hostile_files(text: str, words: str, taglab_home: Path) -> None:
    with pytest.raises(DataError, match=words):
        from_json(text, "upload.json")
    (taglab_home / "labels").mkdir(parents=True)
    (taglab_home / "labels" / "bad.json").write_text(text)
    with pytest.raises(DataError, match=r"bad\.json"):
        open_label_space("bad")


def test_tags_may_hold_anything(tmp_path: Path) -> None:
    odd = ("\u202e", "a\nb", "<script>", "\x00", "x" * 400, " ", "")
    space = LabelSpace("odd", (LabelClass("odd", odd),))
    save_label_space(space)
    assert open_label_space("odd")[0] == space
