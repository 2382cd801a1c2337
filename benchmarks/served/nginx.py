"""nginx in front of a folder of recorded pages, as a process of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 10.0
_CONFIG = """
daemon off; master_process off; pid {state}/pid; error_log {state}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format address '$request_uri';
  access_log {state}/asked address;
  open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  sendfile on; tcp_nopush on;
  client_body_temp_path {state}/body; proxy_temp_path {state}/proxy; fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
  types {{ }} default_type text/html;
  server {{
    listen 127.0.0.1:{port} backlog=512;
    root {pages};
    # The name of a file is the whole address, with its question mark.
    location / {{
      try_files $request_uri =404;
      etag off; add_header Last-Modified ""; add_header X-Powered-By ASP.NET; add_header Cache-Control private;
    }}
  }}
}}
"""


class NoServerError(RuntimeError):
    """nginx is not installed, or did not start."""


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def binary() -> str:
    """Where nginx is; NoServerError says how to get it."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if found is None:
        raise NoServerError(
            "nginx is needed and not installed: apt install nginx-light (Debian, Ubuntu), brew install nginx"
        )
    return found


class Nginx:
    """Serves `pages`, a file for each address, from `with` to its end."""

    def __init__(self, pages: Path, state: Path, port: int) -> None:
        """`state` is a folder for what nginx itself writes."""
        self._state, self._port = state, port
        self._config = _CONFIG.format(state=state, pages=pages, port=port)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start, and wait until it answers."""
        self._state.mkdir(parents=True, exist_ok=True)
        config = self._state / "nginx.conf"
        config.write_text(self._config, encoding="utf-8")
        command = [binary(), "-p", str(self._state), "-c", str(config), "-e", str(self._state / "error.log")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self._port)) == 0:
                    return self
            time.sleep(0.02)
        self._stop()
        raise NoServerError(f"nginx did not start: {(self._state / 'error.log').read_text('utf-8')[-500:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)

    def asked(self) -> list[str]:
        """The addresses that were requested since the last call, in order."""
        file = self._state / "asked"
        found = file.read_text("utf-8").split("\n")[:-1]
        with file.open("r+b") as log:
            log.truncate()
        return found
