"""External sort, for more lines than fit into memory."""

from __future__ import annotations

import heapq
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

HELD = 32 << 20


def sorted_lines(lines: Iterable[bytes], scratch: Path, held: int = HELD) -> Iterator[bytes]:
    """Lines, each with its line feed, sorted by their bytes.

    About `held` bytes of them are in memory; the rest is in unnamed files in `scratch`, each sorted.
    """
    with ExitStack() as files:
        runs: list[BinaryIO] = []
        batch: list[bytes] = []
        size = 0
        for line in lines:
            batch.append(line)
            size += len(line)
            if size >= held:
                runs.append(files.enter_context(tempfile.TemporaryFile(dir=scratch)))
                runs[-1].writelines(sorted(batch))
                runs[-1].seek(0)
                batch, size = [], 0
        yield from heapq.merge(*runs, sorted(batch))
