"""`taglab app`: the dashboard, served to this machine's browser."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from types import FrameType
from typing import NoReturn

from taglab.cli.options import Parser, add_cache, whole
from taglab.errors import InvalidSetting, NotFound

ALLOW_LAUNCH = (
    "TAGLAB_ALLOW_LAUNCH"  # as `taglab.launch` names it, whose import would cost the start a second
)
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
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--allow-launch",
        action="store_true",
        help="let everybody who reaches the dashboard start and stop trainings; needed only where --host "
        "is not this machine alone and visitors do not log in",
    )
    add_cache(parser)
    parser.set_defaults(run=run_app)


def run_app(args: argparse.Namespace) -> int:
    """Serve the dashboard until it is stopped; return its exit code."""
    command = serve_command(app_path(), args.host, args.port)
    require_free(args.host, args.port)
    address = url(args.host, args.port)
    if not is_local(args.host):
        more = ", start processes and read files on this machine" if args.allow_launch else ""
        sys.stderr.write(
            f"warning: there is no password; whoever can reach {args.host} port {args.port} over the network "
            f"can see and change what taglab keeps{more}\n"
        )
    sys.stdout.write(f"taglab opens at {address} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    if not args.no_browser and _has_screen():
        threading.Thread(target=_open_when_ready, args=(address,), daemon=True).start()
    if args.allow_launch:
        os.environ[ALLOW_LAUNCH] = "1"
    try:
        return _serve(command)
    except KeyboardInterrupt:
        sys.stdout.write("\ntaglab stopped\n")
        return _INTERRUPTED


def serve_command(app: Path, host: str, port: int) -> list[str]:
    """Return the command that serves the dashboard; `-P` keeps files of the current folder from shadowing
    the packages it needs."""
    flags = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        # Its greeting would ask a server on the internet for this machine's public address.
        "logger.hideWelcomeMessage": "true",
    }
    server = Path(__file__).resolve().parent.parent / "ui" / "serve.py"
    command = [sys.executable, "-P", str(server), str(app)]
    return command + [part for name, value in flags.items() for part in (f"--{name}", value)]


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


def _open_when_ready(address: str) -> None:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310
                webbrowser.open(address)
                return
        except OSError:
            time.sleep(0.1)


def _serve(command: list[str]) -> int:
    """Run the server; it ends when this process does, however that comes."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    server = subprocess.Popen(command)  # noqa: S603  # an argument list, of our own making
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
