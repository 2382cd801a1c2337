"""The right to ask a site, which a crawl in a cluster holds while no other machine can have it."""

from __future__ import annotations

from typing import Protocol


class Lease(Protocol):
    """The right to ask one site and its host."""

    @property
    def is_held(self) -> bool:
        """Whether it is certain, at this moment, that nobody else has it. False may become true again."""

    @property
    def since(self) -> float:
        """When it was taken, the last time (seconds since boot): until then another machine may have asked."""
