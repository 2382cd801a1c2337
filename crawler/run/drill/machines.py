"""Workers in processes of their own, each with a deployment of its own, as on so many machines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit

_PATIENCE = 60.0
"""Seconds to seal the crawls under way."""
_SAID = 2_000


class WorkerEnded(ArchiveError):  # noqa: N818 - reads as a sentence
    """A worker ended that nobody had killed or stopped; the message has the end of its log."""

    exit_status = Exit.DAMAGED


class Machine:
    """One worker, and the folder of the machine that it plays."""

    def __init__(self, name: str, folder: Path, command: list[str], environment: Mapping[str, str]) -> None:
        """Nothing is started yet.

        Args:
            name: of the worker, by which servers know it.
            folder: where its process runs and logs.
            command: its words after `scrapy`.
            environment: further variables.
        """
        self.name, self._folder = name, folder
        self._command = [sys.executable, "-m", "crawler", *command]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._is_meant_to_end = False

    @property
    def is_up(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        """What it printed."""
        return self._folder / "worker.log"

    def keep(self) -> None:
        """Start it again where it waits for the database (exit 11), as a service manager does.

        `WorkerEnded` when it ended otherwise, and nobody had asked it to.
        """
        status = self._process.poll() if self._process else None
        if status is None or self._is_meant_to_end:
            return
        if status != Exit.INTERRUPTED:
            said = self.log.read_text("utf-8", "replace").strip()[-_SAID:]
            raise WorkerEnded(f"{self.name} ended by itself with {status}: {said}")
        self.start()

    def start(self) -> None:
        """Start its process, in a session of its own: Ctrl-C is for the drill, which ends it."""
        self._is_meant_to_end = False
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """`kill -9`; what it started must end by itself."""
        self._is_meant_to_end = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int | None:
        """Let it seal what is under way; its exit status, null when it did not run, or had to be killed."""
        if self._process is None or not self.is_up:
            return None
        self._is_meant_to_end = True
        self._process.terminate()
        try:
            return self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def clear(self) -> None:
        """End at once whatever of it still runs."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
