"""Code read as code: what tests of structure look through."""

import ast
from pathlib import Path


def syntax_tree(text: str) -> ast.Module:
    """Return the syntax tree of code, whatever other threads of this process parse at the moment.

    Before Python 3.11.8 they disturb each other's count of the depth, and one of them gets a `SystemError`;
    threads of earlier tests may still live.
    """
    for _ in range(100):
        try:
            return ast.parse(text)
        except SystemError:
            continue
    raise AssertionError("no syntax tree in 100 attempts")


def syntax_tree_of(path: Path) -> ast.Module:
    return syntax_tree(path.read_text(encoding="utf-8"))
