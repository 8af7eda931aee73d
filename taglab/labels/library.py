"""Label spaces under names: as JSON, on the shelf, safe against two people saving at once."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pydantic

from taglab.cache import LABEL_SPACES, Shelf, revision, save_revision
from taglab.errors import DataError, TaglabError
from taglab.labels.classes import LabelClass
from taglab.labels.edits import Edit
from taglab.labels.importing import read_bytes
from taglab.labels.space import LabelSpace

_SHELF = Shelf(LABEL_SPACES, ".json")
_FORMAT = "taglab label space 1"


class _ClassForm(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    name: str
    tags: tuple[str, ...]


class _SpaceForm(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    format: Literal["taglab label space 1"]
    name: str
    made_by: dict[str, pydantic.JsonValue]
    classes: Annotated[tuple[_ClassForm, ...], pydantic.Field(min_length=1)]
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()


def to_json(space: LabelSpace) -> str:
    """Return a label space as JSON text: classes before edits, and the edits."""
    form: dict[str, Any] = {
        "format": _FORMAT,
        "name": space.name,
        "made_by": space.made_by,
        "classes": [{"name": label_class.name, "tags": label_class.tags} for label_class in space.base],
        "edits": [edit.model_dump(exclude_none=True) for edit in space.edits],
        "undone": [edit.model_dump(exclude_none=True) for edit in space.undone],
    }
    return json.dumps(form, indent=1, ensure_ascii=False) + "\n"


def from_json(data: bytes | str, source: str) -> LabelSpace:
    """Read what `to_json` wrote, trusting nothing.

    Args:
        data: The text, or its UTF-8 bytes.
        source: Name of the file, for messages.

    Raises:
        DataError: If it is not a label space, or its edits do not fit its classes.
    """
    try:
        form = _SpaceForm.model_validate_json(data)
        return LabelSpace(
            form.name,
            tuple(LabelClass(label_class.name, label_class.tags) for label_class in form.classes),
            form.made_by,
            form.edits,
            form.undone,
        )
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the whole"
        raise DataError(source, f"is not a label space: {where}: {problem['msg']}") from error
    except TaglabError as error:
        raise DataError(source, f"is not a label space: {error}") from error


def is_label_space(data: bytes) -> bool:
    """Return whether a file claims to be a label space; `from_json` tells whether it is a sound one."""
    return data.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{") and b'"taglab label space' in data[:200]


def label_space_names() -> list[str]:
    """Return the names of the saved label spaces, sorted."""
    return _SHELF.names()


def open_label_space(name: str) -> tuple[LabelSpace, int]:
    """Open a saved label space.

    Returns:
        The label space, and the revision to hand to `save_label_space` when saving over it.

    Raises:
        NotFound: If there is none of this name.
        DataError: If the file is damaged.
    """
    path = _SHELF.find(name)
    data = read_bytes(path)
    return from_json(data, str(path)).renamed(name), revision(data)


def save_label_space(space: LabelSpace, expected_revision: int | None = None) -> int:
    """Save under its name, unless somebody else did so meanwhile.

    Args:
        space: What to save.
        expected_revision: The revision it was opened at; None if nothing of this name may be there yet.

    Returns:
        The new revision.

    Raises:
        Conflict: If what lies there is not what was opened; nothing was written.
        InvalidSetting: If the name cannot be a file's.
        StorageError: If the disk is full or the place cannot be written; the old file is as it was.
    """
    path = _SHELF.path(space.name)
    return save_revision(path, to_json(space).encode(), expected_revision, f"label space {space.name!r}")


def delete_label_space(name: str) -> None:
    """Remove a saved label space for good; raises NotFound."""
    _SHELF.delete(name)
