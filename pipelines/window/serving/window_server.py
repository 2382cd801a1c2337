"""A web server for one person: the window and the files of its archives, read only, for programs of this machine."""

from __future__ import annotations

import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    import io
    from collections.abc import Sequence

HOST = "127.0.0.1"
USUAL_PORT = 8009
"""Tried first, so that bookmarks last."""
_WEB_PORT = 80
_DOOR = "index.html"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",  # pages change as archives grow
}
_WINDOW_POLICY = "frame-ancestors 'self'"
_ARCHIVE_POLICY = "default-src 'none'; sandbox"
"""What an archive holds came from the web, whatever it is called."""
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "text/plain; charset=utf-8",
    ".sha256": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".xml": "application/atom+xml; charset=utf-8",
    "": "application/octet-stream",
}


class WindowServer(ThreadingHTTPServer):
    """Listens on the loopback address only, once it is made.

    Its addresses are paths below the folder in which the window and the archives lie, since pages lead to files of
    the archives by relative links. Nothing else of that folder is served.
    """

    daemon_threads = True

    def __init__(self, window: Path, archives: Sequence[Path], port: int | None = None) -> None:
        """`OSError` when the port is taken; null for the usual one, or else any."""
        self.window = window.resolve()
        self.archives = [archive.resolve() for archive in archives]
        self._base = Path(os.path.commonpath([self.window, *self.archives]))
        handler = partial(_Handler, directory=os.fspath(self._base))
        try:
            super().__init__((HOST, USUAL_PORT if port is None else port), handler)
        except OSError:
            if port is not None:
                raise
            super().__init__((HOST, 0), handler)

    @property
    def door(self) -> str:
        """The path of the window's first page."""
        return "/" + quote((self.window / _DOOR).relative_to(self._base).as_posix())

    @property
    def names(self) -> frozenset[str]:
        """What browsers may call it: they leave out the port of the web."""
        port = self.server_port
        ends = ("", f":{port}") if port == _WEB_PORT else (f":{port}",)
        return frozenset(f"{name}{end}" for name in (HOST, "localhost") for end in ends)

    @property
    def address(self) -> str:
        """Where a browser finds the window."""
        return f"http://{HOST}:{self.server_port}{self.door}"

    def policy_of(self, file: Path) -> str | None:
        """The policy under which a file is served; null of what is not, or is no file."""
        try:
            place = file.resolve(strict=True)
        except (OSError, ValueError):  # also of a name that no disk can have
            return None
        if not place.is_relative_to(self._base) or not place.is_file():
            return None
        if any(part.startswith(".") for part in place.relative_to(self._base).parts):
            return None
        if place.is_relative_to(self.window):
            return _WINDOW_POLICY
        return _ARCHIVE_POLICY if any(map(place.is_relative_to, self.archives)) else None


class _Handler(SimpleHTTPRequestHandler):
    server: WindowServer
    server_version, sys_version = "speech-archive", ""
    timeout = 30
    extensions_map = _TYPES

    _policy: str | None = None

    def send_head(self) -> io.BytesIO | Any:
        """Refuse what is not asked of us under our own name: a page of the web may have led a browser here."""
        self._policy = None
        if self.headers.get("Host") not in self.server.names:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, f"open {self.server.address}")
            return None
        path = unquote(urlsplit(self.path).path)
        if path == "/":
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", self.server.door)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        file = Path(self.translate_path(self.path))
        self._policy = self.server.policy_of(file)
        if self._policy is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Add what each answer has."""
        for name, value in {**_HEADERS, "Content-Security-Policy": self._policy or _ARCHIVE_POLICY}.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the terminal tells what was built."""
