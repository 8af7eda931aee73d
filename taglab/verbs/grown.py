"""Verbs made for every entry of a dictionary: what is asked of all, and the settings of each."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, create_model

from taglab.settings import Group
from taglab.verbs.question import Question

Asked = TypeVar("Asked", bound=Question)


def in_group(model: type[BaseModel], group: Group) -> Any:
    """Return the field of an entry's settings: their defaults, or that they must be told something."""
    annotated: Any = Annotated  # its first argument is known when this runs, and not before
    required = any(field.is_required() for field in model.model_fields.values())
    return annotated[model, group], ... if required else model()


def question_of_entry(
    base: type[Asked], verb: str, about: str, examples: str, fields: dict[str, Any], **attributes: Any
) -> type[Asked]:
    """Return the question of one entry.

    Args:
        base: What is asked of every entry.
        verb: In the shell, the entry's name last.
        about: What it does.
        examples: Lines of shell.
        fields: What is asked of this entry besides, as pydantic's `create_model` takes it.
        attributes: Further attributes of the class, such as the entry itself.
    """
    name = "".join(word.capitalize() for word in verb.replace("-", " ").split())
    question: type[Asked] = create_model(name, __base__=base, __doc__=about, **fields)
    for attribute, value in {"verb": verb, "examples": examples, **attributes}.items():
        setattr(question, attribute, value)
    return question
