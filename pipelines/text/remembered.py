"""`remembered`: the decorator of functions of a text that is asked for again, such as a style or an address."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 400
"""Characters of a text whose answer is kept: longer ones are data, hardly asked for again, and fill the memory."""


def remembered(
    size: int, longest: int = LONGEST
) -> Callable[[Callable[Concatenate[str, P], T]], Callable[Concatenate[str, P], T]]:
    """`lru_cache(size)` for a function whose first argument is a text, at most `longest` characters of it."""

    def made(function: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
        kept = cast("Callable[Concatenate[str, P], T]", lru_cache(size)(function))

        @wraps(function)
        def asked(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return (kept if len(text) <= longest else function)(text, *args, **kwargs)

        return asked

    return made
