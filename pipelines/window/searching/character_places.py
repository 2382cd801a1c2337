"""Where each character of a text stands, packed into strings that a script reads quickly. Pure.

The places of a character are the distances from one to the next, each a character itself: most take one or two bytes
of UTF-8, and a browser needs no decoder but its own. `assets/search.js` reads them.
"""

from __future__ import annotations

import string
from array import array
from itertools import starmap
from operator import sub
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_INDEXED = "\n"
"""Stands between texts, so that nothing is found across their ends."""
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_FIRST = 0x23
"""Of distance 0: the first character after those that JSON must escape, but for the backslash."""
_FAR = 0xD000
"""Longer distances take two characters, how often they hold this and the rest: all remain below the surrogates."""
MOST_CHARACTERS = _FAR * (0xD7FF - _FIRST - _FAR)
"""Of a text whose places can be packed."""


def folded(text: str) -> str:
    """The text with A-Z as a-z: all that a search does not tell apart, as the command `search`."""
    return text.translate(_FOLDED)


def places(text: str) -> Mapping[str, str]:
    """For each character, in order of code points, where it stands in the folded text, packed."""
    found: dict[str, array[int]] = {}
    for place, character in enumerate(folded(text)):
        of_character = found.get(character)
        if of_character is None:
            found[character] = of_character = array("I")
        of_character.append(place)
    found.pop(NOT_INDEXED, None)
    return {character: _packed(found.pop(character)) for character in sorted(found)}


def _packed(of_character: array[int]) -> str:
    steps = [of_character[0], *starmap(sub, zip(of_character[1:], of_character, strict=False))]
    if max(steps) < _FAR:
        return "".join([chr(_FIRST + step) for step in steps])
    return "".join(map(_step, steps))


def _step(step: int) -> str:
    times, rest = divmod(step, _FAR)
    return (chr(_FIRST + _FAR + times) if times else "") + chr(_FIRST + rest)
