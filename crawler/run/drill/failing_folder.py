"""A folder that fails for a share of the time, as a mounted one does whose server is away for moments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

_SHORTEST, _LONGEST = 0.02, 0.3
"""Seconds that it is away: shorter than the copying of an archive, which then fails at any point of it."""
_NOWHERE = "x" * 300
"""Longer than a name may be: whatever is asked of it fails, and not as if it were not there."""


class FailingFolder:
    """A link to a folder, exchanged for one that leads nowhere for moments.

    Whoever goes through the link gets a real `OSError` then, at whatever point of its work it is.
    """

    def __init__(self, link: Path, seed: int) -> None:
        """The folder is made beside the link, with `-kept` at its name.

        Args:
            link: the folder as others see it.
            seed: of the moments.
        """
        self.link = link
        self._kept = link.with_name(f"{link.name}-kept")
        self._kept.mkdir()
        self._chance = random.Random(seed)  # noqa: S311 - moments, no secrets
        self._lead(self._kept.name)

    @contextmanager
    def failing(self, share: float) -> Iterator[None]:
        """Let it be away for a share of the time, below 1; whole again at the end."""
        if share <= 0:
            yield
            return
        ended = Event()
        thread = Thread(target=self._fail, args=(share, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _fail(self, share: float, ended: Event) -> None:
        there = (_SHORTEST + _LONGEST) / 2 * (1 - share) / share
        while not ended.wait(self._chance.expovariate(1 / there)):
            with self.away():
                ended.wait(self._chance.uniform(_SHORTEST, _LONGEST))

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let whatever goes through the link fail meanwhile."""
        self._lead(_NOWHERE)
        try:
            yield
        finally:
            self._lead(self._kept.name)

    def _lead(self, target: str) -> None:
        """Let the link lead elsewhere; there is one at any moment."""
        new = self.link.with_name(f"{self.link.name}-new")
        new.symlink_to(target)
        new.replace(self.link)
