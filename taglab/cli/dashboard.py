"""`taglab app`: the dashboard, served to this machine's browser."""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from taglab.cli.options import Parser, add_cache, whole
from taglab.errors import InvalidSetting, NotFound

ALLOW_LAUNCH = (
    "TAGLAB_ALLOW_LAUNCH"  # as `taglab.launch` names it, whose import would cost the start a second
)
TOKEN = "TAGLAB_TOKEN"  # noqa: S105  # names, as `taglab/ui/serve.py` reads them
TICKET = "TAGLAB_TICKET"
_TOKEN_SYNTAX = re.compile(r"[A-Za-z0-9_-]{16,}")
_ALLOWED_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/?#@\[\]\s]+)(?::\d{1,5})?")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_PORT = 8501
_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_INTERRUPTED = 130


def app_path() -> Path:
    """Return the dashboard's `app.py`: of the checkout, or inside the installed package.

    Raises:
        NotFound: If neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for path in (package / "_app" / "app.py", package.parent / "app.py"):
        if path.is_file():
            return path
    raise NotFound(f"the dashboard's app.py is not beside {package}; install taglab again")


def fill_app(parser: Parser) -> None:
    """Add the arguments of `taglab app`."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address to serve at (default: 127.0.0.1)"
    )
    parser.add_argument("--port", type=whole(1), default=_PORT, metavar="N", help=f"port (default: {_PORT})")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that browsers may use for the dashboard, such as a proxy's, with its port where "
        "that is not the usual one; may be repeated (always allowed: localhost, 127.0.0.1, ::1 and --host)",
    )
    parser.add_argument(
        "--base-path", default="", metavar="PATH", help="path before all addresses, which a proxy passes on"
    )
    parser.add_argument(
        "--no-token",
        action="store_true",
        help="let everybody in who reaches the dashboard, other users of this machine too; by default the "
        f"printed address carries a token (a new one every time, or what {TOKEN} holds)",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--allow-launch",
        action="store_true",
        help="let everybody who is let in start and stop trainings and read files by path; needed only for "
        "those who neither sit at this machine nor log in",
    )
    add_cache(parser)
    parser.set_defaults(run=run_app)


def run_app(args: argparse.Namespace) -> int:
    """Serve the dashboard until it is stopped; return its exit code."""
    command = serve_command(app_path(), args.host, args.port, args.allowed_host, args.base_path)
    secrets_of_server = {TOKEN: "" if args.no_token else _token(), TICKET: secrets.token_urlsafe()}
    require_free(args.host, args.port)
    address = url(args.host, args.port) + _base(args.base_path)
    _warn(args)
    visit = f"{address}/?token={secrets_of_server[TOKEN]}" if not args.no_token else address
    sys.stdout.write(f"taglab opens at {visit} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    if not args.no_browser and _has_screen():
        # Other users see what programs are started with: they see a token that is used up.
        first = f"{address}/?token={secrets_of_server[TICKET]}" if not args.no_token else address
        threading.Thread(target=_open_when_ready, args=(address, first), daemon=True).start()
    if args.allow_launch:
        os.environ[ALLOW_LAUNCH] = "1"
    try:
        return _serve(command, os.environ | secrets_of_server)
    except KeyboardInterrupt:
        sys.stdout.write("\ntaglab stopped\n")
        return _INTERRUPTED


def _token() -> str:
    """Return what visitors must know.

    Raises:
        InvalidSetting: If the environment names one that is short, or would be cut in an address.
    """
    token = os.environ.get(TOKEN) or secrets.token_urlsafe()
    if not _TOKEN_SYNTAX.fullmatch(token):
        raise InvalidSetting(f"{TOKEN} must be 16 or more letters, digits, - or _; unset it for a random one")
    return token


def _warn(args: argparse.Namespace) -> None:
    """Say who else can come in."""
    if args.no_token and is_local(args.host):
        sys.stderr.write(
            "warning: without a token, every user of this machine can open the dashboard, start processes "
            "and read files in your name\n"
        )
    elif not is_local(args.host):
        more = ", start processes and read files on this machine" if args.allow_launch else ""
        who = (
            f"there is no password; whoever can reach {args.host} port {args.port} over the network"
            if args.no_token
            else f"the token travels unencrypted; whoever overhears or is sent it and can reach {args.host} "
            f"port {args.port} over the network"
        )
        sys.stderr.write(f"warning: {who} can see and change what taglab keeps{more}\n")


def serve_command(
    app: Path, host: str, port: int, allowed_hosts: Sequence[str] = (), base_path: str = ""
) -> list[str]:
    """Return the command that serves the dashboard; `-P` keeps files of the current folder from shadowing
    the packages it needs.

    Args:
        app: The script of the frame.
        host: Address to serve at.
        port: Port to serve at.
        allowed_hosts: Further names the dashboard answers to, as `name` or `name:port`.
        base_path: Path before all addresses.

    Raises:
        InvalidSetting: If an allowed host is no name.
    """
    for name in allowed_hosts:
        if not _ALLOWED_HOST.fullmatch(name):
            raise InvalidSetting(
                f"allowed-host={name!r} must be a name or address, perhaps with a port; no http://, no path"
            )
    origins = [f"{scheme}://{name}" for name in allowed_hosts for scheme in ("https", "http")]
    names = [_ALLOWED_HOST.sub(r"\1", name).strip("[]") for name in allowed_hosts]
    options = {
        "server.address": host,
        "server.port": port,
        "server.baseUrlPath": _base(base_path).strip("/"),
        "server.allowedHosts": [*_LOCAL_NAMES, *_own_names(host), *names],
        # Where a proxy shows the dashboard under its own name but does not pass that name on.
        "server.corsAllowedOrigins": origins,
        "server.headless": True,
        "browser.gatherUsageStats": False,
        # Its greeting would ask a server on the internet for this machine's public address.
        "logger.hideWelcomeMessage": True,
    }
    server = Path(__file__).resolve().parent.parent / "ui" / "serve.py"
    return [sys.executable, "-P", str(server), str(app), json.dumps(options)]


def _base(path: str) -> str:
    """Return a path with one slash before each part, and none at its end."""
    return "".join(f"/{part}" for part in path.split("/") if part)


def _own_names(host: str) -> list[str]:
    """Return the names and addresses by which an address of this machine is reached."""
    if host not in ("0.0.0.0", "::", ""):  # noqa: S104
        return [host]
    import psutil

    interfaces = psutil.net_if_addrs().values()
    internet = (socket.AF_INET, socket.AF_INET6)
    addresses = [one.address for those in interfaces for one in those if one.family in internet]
    return [socket.gethostname(), socket.getfqdn(), *(address.partition("%")[0] for address in addresses)]


def require_free(host: str, port: int) -> None:
    """Raise unless the port can be had.

    Raises:
        InvalidSetting: If it is taken, above 65535, not permitted, or the host is not this machine's.
    """
    if port > 65535:
        raise InvalidSetting(f"port={port} must be at most 65535")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (socket.gaierror, UnicodeError) as error:
        raise InvalidSetting(f"host={host!r} is not an address of this machine; try 127.0.0.1") from error
    except PermissionError as error:
        raise InvalidSetting(f"port={port} is reserved by the system; try `taglab --port {_PORT}`") from error
    except OSError as error:
        raise InvalidSetting(
            f"port={port} cannot be used at {host} ({error.strerror}); is taglab running already? "
            f"`taglab --port {_free_port()}` takes a free one"
        ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_local(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url(host: str, port: int) -> str:
    """Return what to type into a browser on this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _has_screen() -> bool:
    """Return whether a person sits at this machine, with a browser that has windows."""
    windows = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return windows and sys.stdout.isatty()


def _open_when_ready(address: str, first: str) -> None:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310
                webbrowser.open(first)
                return
        except OSError:
            time.sleep(0.1)


def _serve(command: list[str], environment: Mapping[str, str]) -> int:
    """Run the server; it ends when this process does, however that comes."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    server = subprocess.Popen(command, env=environment)  # noqa: S603  # an argument list, of our own making
    try:
        return server.wait()
    finally:
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                server.kill()
        signal.signal(signal.SIGTERM, before)
