"""The parser: every command explains itself, its examples parse, and nothing heavy is imported for help."""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from taglab.cli.commands import build_parser
from taglab.cli.main import _with_command
from taglab.cli.options import Parser, numbers, table_path, whole
from tests.cli.running import Shell

HEAVY = (
    *("numpy", "pandas", "scipy", "sklearn", "torch", "torchaudio", "gensim", "umap", "openTSNE", "numba"),
    *("plotly", "streamlit", "pyarrow", "pydantic", "tqdm", "filelock"),
)


def walk(parser: Parser) -> Iterator[Parser]:
    """Every parser of the command, its arguments added."""
    parser.fill()
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from walk(child)


def _runs_nothing(parser: Parser) -> bool:
    """Whether a parser only leads to commands; those have the examples."""
    return any(isinstance(action, argparse._SubParsersAction) for action in parser._actions)


@pytest.mark.parametrize(
    "code",
    [
        "import taglab, taglab.cli",
        "from taglab.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from taglab.cli import main\ntry: main(['labels', 'edit', 'x', '--help'])\nexcept SystemExit: pass",
        "from taglab.cli import app_path; app_path()",
    ],
)
def test_nothing_heavy_is_imported_for_help(code: str) -> None:
    code += f"\nimport sys\nsys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_every_command_explains_itself() -> None:
    parsers = list(walk(build_parser()))
    assert len(parsers) > 50
    for parser in parsers:
        text = parser.format_help()
        assert parser.description, parser.prog
        assert _runs_nothing(parser) or "examples:\n  taglab" in text, parser.prog
        takes_json = any("--json" in action.option_strings for action in parser._actions)
        assert ("--json writes" in text) == takes_json, parser.prog
        for action in parser._actions:
            if action.option_strings and action.help is not argparse.SUPPRESS:
                assert action.help, f"{parser.prog} {action.option_strings}"
        assert max(map(len, text.splitlines())) <= 110, parser.prog


def test_the_examples_parse() -> None:
    root = build_parser()
    examples = []
    for parser in walk(root):
        _, _, ending = (parser.epilog or "").partition("examples:\n")
        lines = [line.strip() for line in ending.splitlines() if line.startswith("  ")]
        examples += [line.split("   ")[0] if "   " in line else line for line in lines]
    assert len(examples) > 50
    for line in examples:
        program, *argv = shlex.split(line.partition(" how many")[0])
        assert program == "taglab"
        args = root.parse_args(_with_command(argv))
        assert callable(args.run), line


@pytest.mark.parametrize(
    ("argv", "port"), [([], 8501), (["--port", "8600"], 8600), (["app", "--port", "8600"], 8600)]
)
def test_without_a_command_the_dashboard_opens(argv: list[str], port: int) -> None:
    args = build_parser().parse_args(_with_command(argv))
    assert args.run.__name__ == "run_app"
    assert args.port == port
    assert args.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", (7,)),
        ("10,20,10", (10, 20)),
        ("10:50:10", (10, 20, 30, 40, 50)),
        ("10:55:20", (10, 30, 50)),
        ("3:5", (3, 4, 5)),
        ("2,10:12:2, 9", (2, 10, 12, 9)),
        (" 10 : 30 : 10 ,5, ", (10, 20, 30, 5)),
        ("1:10000", tuple(range(1, 10_001))),
    ],
)
def test_numbers(text: str, expected: tuple[int, ...]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1:",
        "5:1",
        "1:5:0",
        "-3",
        "1:999999999",
        "1.5",
        "1;2",
        ",",
        "1,,2",
        "1:10001",
        "1:9000,9001:18001",
    ],
)
def test_what_is_not_numbers_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        numbers(text)


@pytest.mark.parametrize("text", ["1:999999999", "1:10001", "1:9000,9001:18001"])
def test_too_many_numbers_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="more than 10,000 numbers"):
        numbers(text)


@pytest.mark.parametrize("text", ["0", "x", "1.0", "", "9" * 40])
def test_what_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="1 or more"):
        whole(1)(text)


def test_a_tables_file_must_have_a_known_ending() -> None:
    assert table_path("x.CSV").name == "x.CSV"
    with pytest.raises(argparse.ArgumentTypeError, match=r"\.csv"):
        table_path("x.xlsx")


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["data"],
        ["data", "add", "nonsense", "x", "--name", "y"],
        ["data", "add", "table", "x.csv"],
        ["scan", "-k", "5:1"],
        ["cluster", "-k", "0"],
        ["cluster", "-k", "many"],
        ["cluster", "--method", "guess"],
        ["cluster", "--min-count", "0"],
        ["cluster", "--out", "x.xlsx"],
        ["project", "--dimensions", "4"],
        ["embed", "--name", "x", "--dim", "0"],
        ["labels", "make", "tags", "x"],
        ["compare", "-k", "3"],
        ["vectors", "add", "x.txt", "--name", "own"],
    ],
)
def test_wrong_usage_exits_with_2(mine: Shell, argv: list[str]) -> None:
    assert mine.run(*argv) == 2
    assert mine.out == ""
    assert "taglab" in mine.err


def test_version(shell: Shell) -> None:
    assert shell.text("--version").startswith("taglab ")
