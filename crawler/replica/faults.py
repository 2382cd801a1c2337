"""Faults chosen by hash: the same URL fails in the same way in every run, and recovers after a few answers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from threading import Lock

KINDS = ("500", "503", "reset", "truncated", "truncated-clean", "slow", "empty", "db-down", "challenge")
CHALLENGES_BEFORE_THE_PAGE = 2


@dataclass
class Faults:
    rate: float = 0.0
    kinds: tuple[str, ...] = KINDS
    max_per_url: int = 2
    seed: int = 1
    only: str | None = None
    permanent: bool = False
    _asked: dict[str, int] = field(default_factory=dict)
    _given: dict[str, int] = field(default_factory=dict)
    _challenged: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - set(KINDS)
        if unknown or not self.kinds:
            raise ValueError(f"kinds: {sorted(unknown)} unknown; allowed: {', '.join(KINDS)}")
        re.compile(self.only or "")

    def choose(self, target: str) -> str | None:
        """The fault this request meets, or None for the right answer."""
        if self.rate <= 0 or (self.only and not re.search(self.only, target)):
            return None
        if self.permanent:
            return self._kind(target, 0) if self._chance("whether", target, 0) < self.rate else None
        with self._lock:
            return self._choose_passing(target)

    def _choose_passing(self, target: str) -> str | None:
        attempt = self._asked[target] = self._asked.get(target, 0) + 1
        given = self._given.get(target, 0)
        if given >= self.max_per_url:
            return None
        challenged = self._challenged.get(target, 0)
        if 0 < challenged < CHALLENGES_BEFORE_THE_PAGE:
            kind = "challenge"
        elif challenged or self._chance("whether", target, attempt) >= self.rate:
            return None
        else:
            kind = self._kind(target, attempt)
        self._given[target] = given + 1
        if kind == "challenge":
            self._challenged[target] = challenged + 1
        return kind

    def _kind(self, target: str, attempt: int) -> str:
        return self.kinds[int(self._chance("kind", target, attempt) * len(self.kinds))]

    def _chance(self, question: str, target: str, attempt: int) -> float:
        digest = hashlib.sha256(f"{self.seed} {question} {attempt} {target}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48
