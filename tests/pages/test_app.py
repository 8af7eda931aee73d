"""The frame: the pages there are, the Clusters page first, nothing that reaches for the network."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.syntax_trees import syntax_tree_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_root_opens_without_a_fault() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert not app.exception
    assert not app.error


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "app.py").read_text(encoding="utf-8")
    for page in (ROOT / "pages").glob("*.py"):
        assert f"pages/{page.name}" in text


def test_pages_are_thin() -> None:
    for page in (ROOT / "pages").glob("*.py"):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 80, page.name


def test_every_page_says_its_name_and_the_question_of_the_readme() -> None:
    rows = re.findall(r"^\| \*(\w+)\* \| (.+\?) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert len(rows) == len(list((ROOT / "pages").glob("*.py")))
    for name, question in rows:
        text = (ROOT / "pages" / f"{name.lower()}.py").read_text(encoding="utf-8")
        assert re.search(rf'heading\(\s*"{name}",\s*"{re.escape(question)}"\s*\)', text)


def test_every_table_and_figure_is_named_for_those_who_cannot_see_it() -> None:
    for path in (*(ROOT / "pages").glob("*.py"), *(ROOT / "taglab" / "ui").rglob("*.py")):
        for node in ast.walk(syntax_tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named = any(keyword.arg == "alt" for keyword in node.keywords)
                assert named or node.func.attr not in ("dataframe", "plotly_chart"), (path.name, node.lineno)


def test_the_configuration_keeps_to_itself() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["fileWatcherType"] == "none"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert {"light", "dark"} <= set(config["theme"])


def test_pages_about_tags_import_no_tagger() -> None:
    heavy = ["gensim", "numba", "sklearn", "torch", "umap"]
    code = f"import sys, taglab.ui; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
