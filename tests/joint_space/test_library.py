"""Joint spaces on their shelf: whole or refused."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from taglab import cache
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.joint_space import delete_joint_space, joint_space_names, open_joint_space, save_joint_space
from tests.joint_space.test_space import space


def test_a_space_comes_back_as_it_was() -> None:
    joint = dataclasses.replace(space(), name="mine", about={"data": "demo", "steps": 3})
    save_joint_space(joint)
    again = open_joint_space("mine")
    assert again.fingerprint == joint.fingerprint
    assert (again.artists, again.tags, again.scaling) == (joint.artists, joint.tags, joint.scaling)
    assert again.about == joint.about
    assert joint_space_names() == ["mine"]
    delete_joint_space("mine")
    with pytest.raises(NotFound, match="there are: none yet"):
        open_joint_space("mine")


def test_a_name_that_is_taken_is_not_overwritten_unawares() -> None:
    save_joint_space(dataclasses.replace(space(1), name="mine"))
    with pytest.raises(Conflict, match="named 'mine' already"):
        save_joint_space(dataclasses.replace(space(2), name="mine"))
    save_joint_space(dataclasses.replace(space(2), name="mine"), replace=True)
    assert open_joint_space("mine").fingerprint == space(2).fingerprint
    with pytest.raises(InvalidSetting, match=r"name='\.\./x'"):
        save_joint_space(dataclasses.replace(space(), name="../x"))


@pytest.mark.parametrize("file", ["space.json", "vectors.npz"])
def test_rot_is_told(file: str) -> None:
    save_joint_space(dataclasses.replace(space(), name="mine"))
    path = cache.Shelf(cache.JOINT_SPACES).path("mine") / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"train it again|is damaged"):
        open_joint_space("mine")


def test_a_folder_of_something_else_is_refused() -> None:
    folder: Path = cache.Shelf(cache.JOINT_SPACES).path("mine")
    folder.mkdir(parents=True)
    np.savez(folder / "vectors.npz", artist_vectors=np.ones((1, 2)))
    (folder / "space.json").write_text(json.dumps({"format": 1, "artists": [], "tags": []}), encoding="utf-8")
    with pytest.raises(DataError, match="does not hold a joint space"):
        open_joint_space("mine")
