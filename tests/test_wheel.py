"""The wheel alone is enough: built, installed into an empty environment, it opens the app."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

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
at = AppTest.from_file(str(app), default_timeout=120).run()
assert not at.exception, at.exception
assert not at.error, at.error
print("opened", at.title[0].value if at.title else at.main)
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


def test_app_opens_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """The environment borrows the dependencies of this one, not its taglab: .pth files do not chain."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True, capture_output=True)
    site = next((environment / "lib").glob("python*/site-packages"))
    borrowed = {str(Path(path).resolve()) for path in sys.path if "site-packages" in path}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    done = subprocess.run(
        [python, "-c", OPEN_APP], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "opened" in done.stdout
