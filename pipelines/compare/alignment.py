"""Aligns the paragraphs of two texts, also moved and edited ones. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ALIKE = 0.4
_ALIKE_ELSEWHERE = 0.6
# Pairs of paragraphs compared, about two seconds; beyond it only equal ones are paired.
_MOST_PAIRS = 250_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Places, from 0, of a paragraph in both texts; null where it has none."""

    old: int | None
    new: int | None
    moved: bool = False


def align(old: Sequence[str], new: Sequence[str], skeletons: Mapping[str, str]) -> list[Pair]:
    """Every paragraph of both texts once, in the order of the new text, removed ones at their old place.

    `skeletons` are the paragraphs without numbers, names and punctuation, so that a short line is recognised when
    only a number changed.
    """
    paired = _equal(old, new)
    paired |= _alike(old, new, paired, skeletons)
    spine = _longest_rising(paired)
    for i in [i for i in paired if i not in spine and old[i] != new[paired[i]]]:
        if _likeness(old[i], new[paired[i]], skeletons) < _ALIKE_ELSEWHERE:
            del paired[i]
    return list(_in_order(len(old), len(new), paired, spine))


def _equal(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Paragraphs that are in both texts, first those that kept their order, then any."""
    paired: dict[int, int] = {}
    counted = Counter(new)
    if sum(counted[text] for text in old) <= _MOST_PAIRS:
        for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
            paired |= {block.a + n: block.b + n for n in range(block.size)}
    free: dict[str, list[int]] = {}
    taken = set(paired.values())
    for j in reversed(range(len(new))):
        if j not in taken:
            free.setdefault(new[j], []).append(j)
    for i, text in enumerate(old):
        if i not in paired and free.get(text):
            paired[i] = free[text].pop()
    return paired


def _alike(
    old: Sequence[str], new: Sequence[str], paired: dict[int, int], skeletons: Mapping[str, str]
) -> dict[int, int]:
    """The best pairs among the remaining paragraphs, most similar first, then nearest."""
    taken = set(paired.values())
    left = [i for i in range(len(old)) if i not in paired]
    right = [j for j in range(len(new)) if j not in taken]
    if len(left) * len(right) > _MOST_PAIRS:
        return {}
    scored = ((_likeness(old[i], new[j], skeletons), i, j) for i in left for j in right)
    best = sorted((-score, abs(i - j), i, j) for score, i, j in scored if score >= _ALIKE)
    found: dict[int, int] = {}
    used: set[int] = set()
    for _, _, i, j in best:
        if i not in found and j not in used:
            found[i] = j
            used.add(j)
    return found


def _likeness(one: str, other: str, skeletons: Mapping[str, str]) -> float:
    """From 0 to 1: how many pairs of neighbouring characters both share, as written and as skeletons."""
    return (_shared(one, other) + _shared(skeletons[one], skeletons[other])) / 2


def _shared(one: str, other: str) -> float:
    left, right = (set(zip(f"\n{text}", f"{text}\n", strict=True)) for text in (one, other))
    return 2 * len(left & right) / (len(left) + len(right))


def _longest_rising(paired: dict[int, int]) -> frozenset[int]:
    """The most pairs that kept their order (patience sorting); the rest moved."""
    tops: list[int] = []
    top_of: list[int] = []
    before: dict[int, int | None] = {}
    for i in sorted(paired):
        place = bisect_left(tops, paired[i])
        before[i] = top_of[place - 1] if place else None
        tops[place:] = [paired[i], *tops[place + 1 :]]
        top_of[place:] = [i, *top_of[place + 1 :]]
    spine = set()
    at = top_of[-1] if top_of else None
    while at is not None:
        spine.add(at)
        at = before[at]
    return frozenset(spine)


def _in_order(olds: int, news: int, paired: dict[int, int], spine: frozenset[int]) -> Iterator[Pair]:
    came_from = {j: i for i, j in paired.items()}
    removed = iter([i for i in range(olds) if i not in paired])
    waiting = next(removed, None)
    for j in range(news):
        i = came_from.get(j)
        if i in spine:
            while waiting is not None and i is not None and waiting < i:
                yield Pair(waiting, None)
                waiting = next(removed, None)
        yield Pair(i, j, moved=i is not None and i not in spine)
    while waiting is not None:
        yield Pair(waiting, None)
        waiting = next(removed, None)
