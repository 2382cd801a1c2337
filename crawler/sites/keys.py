"""Checks the keys of a TOML file: a wrong one is refused with the file, the key and what is allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import urlsplit

Kind = tuple[Callable[[object], bool], str]
"""Whether a value is accepted, and in words what is."""


class WrongFile(ValueError):  # noqa: N818 - reads as a sentence
    """A file that cannot be read, or a key that is missing, unknown or of the wrong kind; the message says which."""


def read_toml(path: Traversable, what: str) -> dict[str, Any]:
    """The tables of a file; `what` it is, for messages.

    Raises:
        FileNotFoundError: there is none.
        WrongFile: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise WrongFile(f"{path}: cannot be read: {error}; {what} is a UTF-8 text file") from None
    except (ValueError, RecursionError) as error:
        # Besides TOMLDecodeError: a number with too many digits for Python, and tables nested too deep.
        raise WrongFile(f"{path}: is not TOML that can be read: {error}") from None


def check(
    path: Traversable, values: Mapping[str, Any], kinds: Mapping[str, Kind], needed: tuple[str, ...] = ()
) -> None:
    """Refuse (`WrongFile`) unknown keys, values that are not of their kind, and missing ones of `needed`."""
    for key in values:
        if key not in kinds:
            raise WrongFile(f"{path}: unknown key {key!r}; allowed are: {', '.join(kinds)}")
    for key in needed:
        if key not in values:
            raise WrongFile(f"{path}: key {key!r} is missing; it must be {kinds[key][1]}")
    for key, value in values.items():
        accepts, wanted = kinds[key]
        if not accepts(value):
            raise WrongFile(f"{path}: {key} = {repr(value)[:200]}: must be {wanted}")


def is_text(value: object) -> bool:
    """True for a text with visible characters."""
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: object) -> bool:
    """True for a list of such texts, not empty."""
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def is_web_address(value: object) -> bool:
    """True for an absolute http(s) address with a host."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def is_parsed(parse: Callable[[str], object]) -> Callable[[object], bool]:
    """A check for texts that `parse` takes without a `ValueError`."""

    def accepts(value: object) -> bool:
        try:
            return isinstance(value, str) and bool(parse(value))
        except ValueError:
            return False

    return accepts


def whole_number(most: int, unit: str) -> Kind:
    """A number of `unit`, 0 to `most`."""
    return (lambda value: type(value) is int and 0 <= value <= most), f"a number of {unit}, 0 to {most}"


TEXT: Kind = (is_text, "a text")
YES_OR_NO: Kind = (lambda value: type(value) is bool, "true or false")
_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
TAGS: Kind = (
    lambda value: isinstance(value, list) and all(isinstance(one, str) and _TAG.fullmatch(one) for one in value),
    "a list of tags, each of a-z, 0-9 and -",
)
