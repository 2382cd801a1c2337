"""A replica in its own process, and the handle to steer it: `with Replica(flavour="6.5") as replica: …`."""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


class Replica:
    """Starts at `with` (or start()), ends at the end of it (or stop()), and with the process that started it."""

    module: ClassVar[str] = "crawler.replica"
    """What runs: a program with the arguments of `python -m crawler.replica`."""

    def __init__(self, flavour: str = "6.5", speeches: int = 100, seed: int = 7, **options: object) -> None:
        """Further options are the command's: alias=…, date_form=…, per_page=…, robots=…, port=…"""
        options = {"flavour": flavour, "speeches": speeches, "seed": seed, **options}
        self._arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self._process: Popen[str] | None = None
        self.url = ""
        self.pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "--leave-with-parent", *self._arguments]
        process = Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)  # noqa: S603 - our own module
        self._process = process
        ready = process.stdout.readline() if process.stdout else ""
        if not ready:
            self.stop()
            raise RuntimeError(f"the replica did not start: {' '.join(command)} ended with {process.returncode}")
        told = json.loads(ready)
        self.url, self.pid = told["url"], told["pid"]

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.communicate(timeout=PATIENCE)

    def truth(self) -> dict[str, Any]:
        return self._ask("GET", "truth")

    def log(self) -> dict[str, Any]:
        return self._ask("GET", "log")

    def step(self) -> dict[str, list[str]]:
        return self._ask("POST", "step")

    def grow(self) -> None:
        self._ask("POST", "grow")

    def faults(self, **plan: object) -> None:
        """rate, kinds, max_per_url, seed, only, permanent; without any: no faults."""
        self._ask("POST", "faults", plan)

    def section(self, empty: bool) -> None:
        self._ask("POST", "section", {"empty": empty})

    def robots(self, text: str | None) -> None:
        """What /robots.txt says; None: 404."""
        self._ask("POST", "robots", {"text": text})

    def _ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, f"/__replica__/{name}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"/__replica__/{name}: {answer['error']}")
        return answer
