"""`taglab app`: what is started, where, and how it ends."""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def options_of(command: list[str]) -> dict[str, Any]:
    return dict(json.loads(command[4]))


def test_the_server_is_started_with_an_argument_list() -> None:
    command = serve_command(Path("/some where/app.py"), "127.0.0.1", 8600)
    assert command[:2] == [sys.executable, "-P"]
    assert Path(command[2]).is_file()
    assert command[3] == "/some where/app.py"
    options = options_of(command)
    assert options["server.address"] == "127.0.0.1"
    assert options["server.port"] == 8600
    assert options["browser.gatherUsageStats"] is False
    assert set(options["server.allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}


def test_names_it_answers_to() -> None:
    command = serve_command(Path("app.py"), "192.168.1.5", 1, ["hub.example", "[fe80::1]:8443"], "/a//b/")
    options = options_of(command)
    assert options["server.allowedHosts"][3:] == ["192.168.1.5", "hub.example", "fe80::1"]
    assert options["server.corsAllowedOrigins"] == [
        "https://hub.example",
        "http://hub.example",
        "https://[fe80::1]:8443",
        "http://[fe80::1]:8443",
    ]
    assert options["server.baseUrlPath"] == "a/b"


def test_served_to_every_network_it_answers_to_its_own_names_only() -> None:
    hosts = options_of(serve_command(Path("app.py"), "0.0.0.0", 1))["server.allowedHosts"]  # noqa: S104
    assert socket.gethostname() in hosts
    assert "127.0.0.1" in hosts
    assert "0.0.0.0" not in hosts  # noqa: S104
    assert not any("%" in host or "*" in host for host in hosts)


@pytest.mark.parametrize(
    "name", ["http://hub.example", "hub.example/path", "", "a b", "user@hub.example", "*:x"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match="allowed-host="):
        serve_command(Path("app.py"), "127.0.0.1", 1, [name])


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


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The environments of the servers that would have been started."""
    environments: list[Mapping[str, str]] = []
    monkeypatch.setattr(
        dashboard, "_serve", lambda command, environment: environments.append(environment) or 0
    )
    monkeypatch.setenv(dashboard.ALLOW_LAUNCH, "")
    monkeypatch.delenv(dashboard.TOKEN, raising=False)
    return environments


EVERY = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ""),
        (["--no-token"], "every user of this machine"),
        (["--host", EVERY], "the token travels unencrypted"),
        (["--host", EVERY, "--allow-launch"], "start processes and read files on this machine"),
        (["--host", EVERY, "--no-token"], "there is no password"),
    ],
)
def test_who_else_comes_in_is_said(
    started: list[Mapping[str, str]], shell: Shell, flags: list[str], words: str
) -> None:
    assert shell.run("app", "--no-browser", "--port", str(free_port()), *flags) == 0
    assert words in shell.err if words else not shell.err


def test_the_printed_address_carries_a_new_token_every_time(
    started: list[Mapping[str, str]], shell: Shell
) -> None:
    tokens = set()
    for _ in range(2):
        port = free_port()
        assert shell.run("app", "--no-browser", "--port", str(port)) == 0
        token = started[-1][dashboard.TOKEN]
        assert f"taglab opens at http://127.0.0.1:{port}/?token={token} " in shell.out
        tokens.add(token)
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 32
    assert dashboard.TOKEN not in os.environ


def test_the_token_is_off_or_ones_own(
    started: list[Mapping[str, str]], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(free_port())
    assert shell.run("app", "--no-browser", "--port", port, "--no-token", "--base-path", "tags") == 0
    assert f"taglab opens at http://127.0.0.1:{port}/tags (" in shell.out
    assert started[-1][dashboard.TOKEN] == ""
    monkeypatch.setenv(dashboard.TOKEN, "only-we-two-know-it")
    assert shell.run("app", "--no-browser", "--port", port) == 0
    assert started[-1][dashboard.TOKEN] == "only-we-two-know-it"
    monkeypatch.setenv(dashboard.TOKEN, "short")
    assert shell.run("app", "--no-browser", "--port", port) == 1
    assert "TAGLAB_TOKEN must be 16 or more" in shell.err


def test_the_browser_is_opened_with_what_works_once(
    started: list[Mapping[str, str]], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str]] = []
    monkeypatch.setattr(dashboard, "_has_screen", lambda: True)
    monkeypatch.setattr(dashboard, "_open_when_ready", lambda *addresses: opened.append(addresses))
    port = free_port()
    assert shell.run("app", "--port", str(port)) == 0
    address = f"http://127.0.0.1:{port}"
    assert opened == [(address, f"{address}/?token={started[0][dashboard.TICKET]}")]
    assert started[0][dashboard.TICKET] != started[0][dashboard.TOKEN]


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
    assert f"http://127.0.0.1:{port}/?token=" in out
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
