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

        def asked(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return kept(text, *args, **kwargs) if len(text) <= longest else function(text, *args, **kwargs)

        def asked_alone(text: str, /) -> T:
            return kept(text) if len(text) <= longest else function(text)  # type: ignore[call-arg]

        # Asked hundreds of times a page: to hand on further arguments, even none, takes as long as the look itself.
        code = getattr(function, "__code__", None)  # a method of a pattern has none, and is given the text alone
        takes_one = code is None or code.co_argcount + code.co_kwonlyargcount == 1
        return wraps(function)(cast("Callable[Concatenate[str, P], T]", asked_alone) if takes_one else asked)

    return made
