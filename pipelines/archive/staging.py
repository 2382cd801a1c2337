"""A run in progress: its lines on disk as they come, put in order and numbered only when the run is sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.archive.layout import natural_key
from pipelines.archive.lines import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.reader import Line


class StagedLines:
    """An append-only file of lines of which only keys and offsets are held in memory."""

    def __init__(self, file: Path) -> None:
        """Start `file`, which must not exist."""
        self._stream = file.open("xb+", buffering=0)
        self._index: list[tuple[str, int, int]] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._index)

    def append(self, native_id: str, line: Line) -> None:
        """Hand one line to the operating system; when that fails, no part of it stays."""
        data = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        self._stream.seek(self._end)
        view = memoryview(data)
        try:
            while view:
                view = view[self._stream.write(view) or 0 :]
        except OSError:
            self._stream.truncate(self._end)
            raise
        self._index.append((natural_key(native_id), self._end, len(data)))
        self._end += len(data)

    def take_back(self, count: int) -> None:
        """Remove the last `count` lines, of a speech that could not be kept whole."""
        for _ in range(count):
            self._end = self._index.pop()[1]
        self._stream.truncate(self._end)

    def numbered(self, first_seq: int, commit: int, recorded_at: str) -> Iterator[bytes]:
        """The lines as the archive keeps them: by natural order of id, each speech's own in the order they came."""
        self._index.sort()
        for seq, (_, offset, length) in enumerate(self._index, first_seq):
            self._stream.seek(offset)
            line = json.loads(self._stream.read(length))
            yield (json.dumps(placed(line, seq, commit, recorded_at), ensure_ascii=False, separators=(",", ":"))
                   + "\n").encode()  # fmt: skip

    def close(self) -> None:
        """Let go of the file; it stays where it is."""
        self._stream.close()


class Staging:
    """The folder of one run below `staging/`."""

    def __init__(self, folder: Path) -> None:
        """Make the folder; one that exists already belongs to a dead run of the same name."""
        folder.mkdir()
        self.folder = folder
        self.versions = StagedLines(folder / "versions.jsonl")
        self.observations = StagedLines(folder / "observations.jsonl")

    def add(self, native_id: str, versions: Iterable[Line], observation: Line | None) -> None:
        """Keep all lines one speech brought, or none."""
        before = len(self.versions)
        try:
            for line in versions:
                self.versions.append(native_id, line)
            if observation is not None:
                self.observations.append(native_id, observation)
        except (OSError, ValueError):
            self.versions.take_back(len(self.versions) - before)
            raise

    def close(self) -> None:
        """Let go of the files; they stay where they are."""
        self.versions.close()
        self.observations.close()
