"""The wheel alone is enough: built, installed into an empty environment, it opens the app and every page."""

import email
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

OPEN_APP = """
import sys
from pathlib import Path
import taglab
from taglab.cli import app_path
here = Path(taglab.__file__).resolve()
assert here.is_relative_to(Path(sys.prefix)), here
app = app_path()
assert app.is_relative_to(Path(sys.prefix)), app
assert (app.parent / ".streamlit" / "config.toml").is_file()
from streamlit.testing.v1 import AppTest
def sound(at):
    assert not at.exception, at.exception
    assert not at.error, at.error
    return at

def frame(page):
    import streamlit as st
    shown = st.navigation([st.Page(page, default=True)])
    shown.run()

sound(AppTest.from_file(str(app), default_timeout=120).run())
for page in sorted((app.parent / "pages").glob("*.py")):
    sound(AppTest.from_function(frame, args=(str(page),), default_timeout=120).run())
    print("opened", page.stem)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return next(folder.glob("*.whl"))


def test_wheel_holds_the_dashboard(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    pages = {f"taglab/_app/pages/{page.name}" for page in (ROOT / "pages").glob("*.py")}
    scripts = {str(path.relative_to(ROOT)) for path in (ROOT / "taglab").rglob("*.js")}
    assert pages
    assert {
        "taglab/_app/app.py",
        "taglab/_app/.streamlit/config.toml",
        "taglab/py.typed",
    } | pages | scripts <= names
    assert not any(name.startswith(("tests/", "cache/")) for name in names)


def test_wheel_asks_for_what_the_project_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist") or []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert requirements(line for line in told if "extra ==" not in line) == requirements(
        project["dependencies"]
    )
    for extra, lines in project["optional-dependencies"].items():
        of_extra = (line for line in told if f"extra == '{extra}'" in line)
        assert requirements(of_extra) == requirements(lines)


def requirements(lines: Iterable[str]) -> dict[str, str]:
    """Version ranges by package."""
    parsed = [Requirement(line) for line in lines]
    return {each.name.lower(): str(each.specifier) for each in parsed}


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; it borrows the dependencies of this one, not its taglab: .pth files do
    not chain."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True, capture_output=True)
    site = next((environment / "lib").glob("python*/site-packages"))
    borrowed = {str(Path(path).resolve()) for path in sys.path if "site-packages" in path}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return environment


def test_every_page_opens_from_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "open_app.py").write_text(OPEN_APP)
    command = [environment / "bin" / "python", tmp_path / "open_app.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    pages = {page.stem for page in (ROOT / "pages").glob("*.py")}
    assert {line.removeprefix("opened ") for line in done.stdout.splitlines()} == pages


def test_the_command_runs_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    command = environment / "bin" / "taglab"
    assert str(environment) in command.read_text().splitlines()[0]
    helped = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "how listeners tag music" in helped.stdout
    shown = subprocess.run(
        [command, "data", "list", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert '"demo"' in shown.stdout
