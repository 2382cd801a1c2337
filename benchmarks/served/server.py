"""A compiled web server in front of a folder of recorded pages: nginx, else Caddy from PyPI, as its own process."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from benchmarks.rivals.environments import python_of

_PATIENCE = 10.0
_NGINX = """
daemon off; master_process off; pid {state}/pid; error_log {state}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format address '$request_uri';
  access_log {state}/asked address;
  open_file_cache max=500 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  sendfile on; tcp_nopush on;
  client_body_temp_path {state}/body; proxy_temp_path {state}/proxy; fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
  types {{ }} default_type text/html;
  server {{
    {listen}
    root {pages}/$server_addr;
    location / {{
      try_files $uri@$args =404;
      etag off; add_header Last-Modified ""; add_header X-Powered-By ASP.NET; add_header Cache-Control private;
    }}
  }}
}}
"""
_CADDY = """
{{
  admin off
  auto_https off
  persist_config off
}}
{sites} {{
  root * {pages}/{{host}}
  log {{
    output file {state}/asked
    format json
  }}
  header Content-Type text/html
  header X-Powered-By ASP.NET
  header Cache-Control private
  header -ETag
  header -Last-Modified
  rewrite * {{path}}@{{query}}
  file_server
}}
"""


class NoServerError(RuntimeError):
    """The server did not start."""


def file_name(address: str) -> str:
    """The file below the folder of pages that an address stands for."""
    path, _, query = address.lstrip("/").partition("?")
    return f"{path}@{query}"


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def nginx() -> str | None:
    """Where nginx is; Debian's lies in a folder that users do not have on their path."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")


def serving(pages: Path, state: Path, port: int, hosts: Sequence[str] = ("127.0.0.1",)) -> Server:
    """nginx where it is installed, else Caddy, for one or more addresses of the loopback.

    `pages` has a folder for each host; `state` is a folder for what the server itself writes.
    """
    binary = nginx()
    return Nginx(pages, state, port, hosts, binary) if binary else Caddy(pages, state, port, hosts, _caddy())


def _caddy() -> str:
    return str(Path(python_of("caddy")).parent / "caddy")


class Server(ABC):
    """Serves `pages` from `with` to its end."""

    config: ClassVar[str]

    def __init__(self, pages: Path, state: Path, port: int, hosts: Sequence[str], binary: str) -> None:
        """`binary` is the program."""
        self._state, self._address, self._binary = state, (hosts[0], port), binary
        listen = "\n    ".join(f"listen {host}:{port} backlog=512;" for host in hosts)
        sites = ", ".join(f"http://{host}:{port}" for host in hosts)
        self._config = self.config.format(state=state, pages=pages, listen=listen, sites=sites)
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self, binary: str, config: Path, state: Path) -> list[str]:
        """What is run."""

    @abstractmethod
    def address(self, line: str) -> str:
        """The address that a line of the log holds, with its query."""

    def __enter__(self) -> Self:
        """Start, and wait until it answers."""
        self._state.mkdir(parents=True, exist_ok=True)
        config, log = self._state / "config", self._state / "said"
        config.write_text(self._config, encoding="utf-8")
        with log.open("wb") as said:
            command = self.command(self._binary, config, self._state)
            self._process = subprocess.Popen(command, stdout=said, stderr=said)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(self._address) == 0:
                    return self
            time.sleep(0.02)
        self._stop()
        raise NoServerError(f"{self._binary} did not start: {log.read_text('utf-8')[-500:]}")

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
        found = [self.address(line) for line in file.read_text("utf-8").split("\n")[:-1]]
        with file.open("r+b") as log:
            log.truncate()
        return found


class Nginx(Server):
    """One process without a master."""

    config = _NGINX

    def command(self, binary: str, config: Path, state: Path) -> list[str]:
        """Below its own folder, as any user."""
        return [binary, "-p", str(state), "-c", str(config), "-e", str(state / "error.log")]

    def address(self, line: str) -> str:
        """The line is the address."""
        return line


class Caddy(Server):
    """Slower than nginx, and uses more than one core: for machines without it."""

    config = _CADDY

    def command(self, binary: str, config: Path, state: Path) -> list[str]:  # noqa: ARG002
        """In the foreground."""
        return [binary, "run", "--adapter", "caddyfile", "--config", str(config)]

    def address(self, line: str) -> str:
        """A line is JSON."""
        return str(json.loads(line)["request"]["uri"])
