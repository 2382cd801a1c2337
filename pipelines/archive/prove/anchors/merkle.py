"""Merkle trees as RFC 6962, section 2.1, defines them, over SHA-256: one root, a short path for each leaf."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEFT, RIGHT = "left", "right"


class Neighbour(NamedTuple):
    """A neighbour on the way from a leaf to the root: the side it stands on, and its hash."""

    side: str
    sha256: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def paths(leaves: Sequence[bytes]) -> tuple[bytes, list[list[Neighbour]]]:
    """The root of the tree over `leaves` (at least one), and of each leaf its path, from the leaf up."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0]), [[]]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    left, of_left = paths(leaves[:middle])
    right, of_right = paths(leaves[middle:])
    for path in of_left:
        path.append(Neighbour(RIGHT, right))
    for path in of_right:
        path.append(Neighbour(LEFT, left))
    return _joined(left, right), of_left + of_right


def root_of(leaf: bytes, path: Iterable[Neighbour]) -> bytes:
    """The root to which a path leads from a leaf."""
    found = leaf_hash(leaf)
    for step in path:
        found = _joined(step.sha256, found) if step.side == LEFT else _joined(found, step.sha256)
    return found


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
