"""`taglab app`: what is started, where, and how it ends."""

import argparse
import functools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from taglab.cli import app_path, dashboard
from taglab.cli.dashboard import is_local, require_free, serve_command, url
from taglab.errors import InvalidSetting
from tests.cli.running import Shell


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_app_is_found() -> None:
    assert app_path().name == "app.py"
    assert (app_path().parent / "pages").is_dir()


def test_the_server_is_started_with_an_argument_list() -> None:
    command = serve_command(Path("/some where/app.py"), "127.0.0.1", 8600)
    assert command[0] == sys.executable
    assert command[1] == "-P"
    assert Path(command[2]).is_file()
    assert command[3] == "/some where/app.py"
    pairs = dict(zip(command[4::2], command[5::2], strict=True))
    assert pairs["--server.address"] == "127.0.0.1"
    assert pairs["--server.port"] == "8600"
    assert pairs["--browser.gatherUsageStats"] == "false"


@pytest.mark.parametrize(
    ("host", "local", "address"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:80"),
        ("127.0.0.7", True, "http://127.0.0.7:80"),
        ("::1", True, "http://[::1]:80"),
        ("localhost", True, "http://localhost:80"),
        ("0.0.0.0", False, "http://127.0.0.1:80"),  # noqa: S104
        ("::", False, "http://[::1]:80"),
        ("192.168.1.5", False, "http://192.168.1.5:80"),
        ("example.org", False, "http://example.org:80"),
    ],
)
def test_hosts(host: str, local: bool, address: str) -> None:
    assert is_local(host) == local
    assert url(host, 80) == address


def test_a_port_in_use_is_told_with_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSetting, match=rf"port={port} cannot be used.*taglab --port \d+"):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 70000, "at most 65535"), ("no such host.invalid", 8600, "host="), ("", 70000, "65535")],
)
def test_addresses_that_cannot_be(host: str, port: int, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        require_free(host, port)


def test_being_reachable_by_others_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(dashboard, "_serve", lambda command: started.append(command) or 0)
    monkeypatch.setenv(dashboard.ALLOW_LAUNCH, "")
    every = "0.0.0.0"  # noqa: S104
    for host, allowed, warned in (("127.0.0.1", False, False), (every, False, True), (every, True, True)):
        args = argparse.Namespace(host=host, port=free_port(), no_browser=True, allow_launch=allowed)
        assert dashboard.run_app(args) == 0
        told = capsys.readouterr().err
        assert ("no password" in told) == warned
        assert ("start processes and read files on this machine" in told) == allowed
    assert len(started) == 3


def test_the_taken_port_in_the_shell(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert shell.run("--port", str(taken.getsockname()[1])) == 1
    assert "is taglab running already?" in shell.err


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_it_is_stopped(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Started in a folder with a module that would shadow one of the standard library."""
    (tmp_path / "random.py").write_text("raise RuntimeError('shadowed')")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "taglab", "--port", str(port), "--cache", tmp_path / "cache"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts what runs in its background deaf to Ctrl-C, and children inherit that.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert answers(f"http://127.0.0.1:{port}/_stcore/health", process)
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code
    assert f"http://127.0.0.1:{port}" in out
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)


def answers(address: str, process: subprocess.Popen[str]) -> bool:
    for _ in range(300):
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.2)
    return False
