"""`browse`: builds the window, serves it to this machine's browsers, and builds it again as runs commit."""

from __future__ import annotations

import signal
import threading
import time
import webbrowser
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.prove.anchors.anchor_files import ANCHORS
from pipelines.archive.read.archives import Archives
from pipelines.exits import Exit
from pipelines.fleet.attempts import FLEET
from pipelines.verbs.output import print_message
from pipelines.verbs.window.building_site import add_choices, build_window, tell_done, tell_problems
from pipelines.window.building.fleet_state import fleet_state

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pipelines.verbs import AddVerb
    from pipelines.window.serving.window_server import WindowServer

_EVERY = 2.0
"""Seconds between two looks at the archives, each of which is three or so `stat` an archive."""


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Build the window, open it in the browser, and keep it up to date as runs commit. Ctrl-C ends it."
    browse = verb("browse", run, about, "output", root=True)
    browse.set_defaults(reads="whole")
    browse.add_argument(
        "--out", metavar="DIR", type=Path, help="the window's own folder (default: fleet/window beside the archives)"
    )
    browse.add_argument("--port", metavar="N", type=int, help="of the address (default: 8009, or any that is free)")
    browse.add_argument("--no-open", action="store_true", help="only print the address")
    add_choices(browse)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it; then 5 when an archive of several could not be read by the last build."""
    path = Path(arguments.archive)
    followed = _Followed(arguments, path, arguments.out or _usual_folder(path))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        followed.build()
        with _served(followed, arguments.port) as server:
            print(server.address, flush=True)
            if not arguments.no_open:
                with suppress(webbrowser.Error):
                    webbrowser.open(server.address)
            while True:
                time.sleep(_EVERY)
                followed.look(server)
    except KeyboardInterrupt:
        return followed.status
    finally:
        signal.signal(signal.SIGTERM, before)


def _usual_folder(path: Path) -> Path:
    """In the folder of the archives; a window of one archive lies beside it, since nothing else may lie in it."""
    if not is_archive(path):
        return path / FLEET / "window"
    return path.resolve().parent / FLEET / f"window-{path.resolve().name}"


class _Followed:
    """The archives below a path, and the window that shows them."""

    def __init__(self, arguments: argparse.Namespace, path: Path, out: Path) -> None:
        self.out, self.status = out, 0
        self._arguments, self._path = arguments, path
        self._seen: dict[Path, tuple[int, int]] = {}
        self._fleet = ""
        self._told = ""

    @property
    def archives(self) -> list[Path]:
        """The folders of the archives as of the last look."""
        return list(self._seen)

    def build(self) -> None:
        """Bring the window up to date."""
        self._seen, self._fleet = self._state()
        print_message(f"building {self.out} …")
        built = build_window(self._arguments, [self._path], self.out)
        self.status = tell_problems(built, len(self._seen))
        tell_done(built, self.out)

    def look(self, server: WindowServer) -> None:
        """Build again when an archive has a new commit, a run failed without one, or there is a new archive.

        What fails is told and tried again.
        """
        try:
            if self._state() != (self._seen, self._fleet):
                self.build()
                server.archives = [folder.resolve() for folder in self.archives]
            self._told = ""
        except (ArchiveError, OSError) as error:
            self._seen = {}
            self.status = error.exit_status if isinstance(error, ArchiveError) else Exit.INTERRUPTED
            if str(error) != self._told:
                self._told = str(error)
                print_message(f"PROBLEM: {error}")

    def _state(self) -> tuple[dict[Path, tuple[int, int]], str]:
        """When each archive got its last commit and time-stamp, which change a folder; and the fleet's records."""
        folders = Archives(self._path).folders
        changed = {folder: (_changed(folder / "commits"), _changed(folder / ANCHORS)) for folder in folders}
        return changed, fleet_state([self._path])


def _changed(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.exists() else 0


@contextmanager
def _served(followed: _Followed, port: int | None) -> Iterator[WindowServer]:
    from pipelines.window.serving.window_server import WindowServer  # noqa: PLC0415 - http.server takes a while

    try:
        server = WindowServer(followed.out, followed.archives, port)
    except (OSError, OverflowError) as error:
        raise NotUnderstood(f"--port {port}: {error}; give another, or none") from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
