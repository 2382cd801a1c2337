"""The answers of a run beside its lines, noted in staging as they come: after its death they say what it had got."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from pipelines.archive.disk.answers import Answer
from pipelines.canonical import json_line
from pipelines.untrusted import LONGEST_LINE, opened, parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

ANSWERS = "answers.jsonl"
MOST_UNNAMED = 2_000
"""Answers that a commit names beside its lines: 0.8 MB of the 32 MiB that a commit may have."""


class NotedAnswers:
    """Writes the notes of one run, from any thread. Each goes to the system at once, so that a kill costs none.

    A power cut may.
    """

    def __init__(self, folder: Path) -> None:
        """Begin with none; `folder` is the run's staging, in which the file is made with the first note."""
        self._file = folder / ANSWERS
        self._stream: BinaryIO | None = None
        self._lock = Lock()

    def note(self, answer: Answer) -> None:
        """Note an answer whose record is written; `OSError` when that cannot be done."""
        line = b"%b\n" % json_line(answer.document()).encode()
        with self._lock:
            if self._stream is None:
                self._stream = self._file.open("ab", buffering=0)
            self._stream.write(line)

    def close(self) -> None:
        """Close the file; it stays in place."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None


def noted_answers(folder: Path) -> Iterator[Answer]:
    """The notes in a run's staging in the order they came, up to the first that was torn; none of older software."""
    try:
        stream = opened(folder / ANSWERS)
    except FileNotFoundError:
        return
    with stream:
        while line := stream.readline(LONGEST_LINE):
            try:
                yield Answer.from_json(parsed_json(line))
            except (ValueError, KeyError, TypeError):
                return
