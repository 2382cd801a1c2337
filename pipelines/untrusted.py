"""Opens and parses untrusted files within bounds: no links, no devices, no decompression bombs.

An archive may come from elsewhere, and a file in it may be malicious: a fifo that never answers, a link to a file
outside, a terabyte in a kilobyte, brackets nested beyond the recursion limit. All reading of archives goes through
this module. It refuses with an `OSError` or a `ValueError` that says why; the caller adds the file and the line.
Standard library only.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import stat
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.stored.distant import Distant
from pipelines.stored.packed import Packed, Slice, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO, NoReturn

    from pipelines.stored.packed import Stored

LONGEST_LINE = 16 << 20
"""Bytes of one JSON line: 40 times the longest known speech; twice the line of a page at the limit of 10 MB."""

LONGEST_DOCUMENT = 32 << 20
"""Bytes of one JSON document: a run report that lists a hundred thousand gaps."""

MOST_DEPTH = 64
"""Nesting depth of lists and objects; our own records have five."""

MOST_CONTAINERS = 250_000
"""Lists and objects in one line or document: in memory they are many times larger than in JSON."""

MOST_VALUES = 1_000_000
"""Values in one line or document."""

MOST_DIGITS = 18
"""Digits of a whole number, so that it fits in 64 bits in every program."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKET = re.compile(rb"[^][{}]+")
_CLOSING = frozenset(b"]}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def opened(file: Stored) -> BinaryIO:
    """Open a regular file, a member of a container, or a file that lies elsewhere, for reading.

    Raises:
        OSError: it cannot be read, is a symbolic link, or is not a regular file (opening a fifo never blocks). What
            reads a `Distant` one raises it (`OutOfReach`), too.
    """
    if isinstance(file, Distant):
        return file.opened()
    if not isinstance(file, Packed):
        return os.fdopen(_descriptor(file), "rb")
    if file.stream is None:
        return io.BufferedReader(Slice(opened(file.container), file.offset, file.size))
    plain = _unpacked(file.container, file.stream, state_of(file.container))
    return io.BytesIO(plain[file.offset : file.offset + file.size])


def state_of(file: Path) -> tuple[int, ...]:
    """What is another after a change of the file; `OSError` when there is none."""
    about = file.stat()
    return about.st_dev, about.st_ino, about.st_nlink, about.st_size, about.st_mtime_ns, about.st_ctime_ns


@lru_cache(4)  # the members of a stream are asked for one after another
def _unpacked(container: Path, at: int, _state: tuple[int, ...]) -> bytes:
    with opened(container) as stream:
        stream.seek(at)
        return unpacked(stream)[0]


def size_of(file: Stored) -> int:
    """Bytes of a file or of a member of a container; `OSError` when there is none, or it lies elsewhere."""
    if isinstance(file, Distant):
        raise OSError(errno.ENOTSUP, "lies elsewhere, and how long it is is not asked", file.path)
    return file.size if isinstance(file, Packed) else file.stat().st_size


def is_there(file: Stored) -> bool:
    """False for a path at which nothing is, and for what lies elsewhere."""
    return isinstance(file, Packed) or (not isinstance(file, Distant) and file.exists())


def opened_to_write(file: Path) -> BinaryIO:
    """Create or truncate `file` for writing; `OSError` when it is a symbolic link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.fdopen(os.open(file, flags, 0o666), "wb")
    except OSError as error:
        raise _named(error, file) from None


def _descriptor(file: Path) -> int:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _named(error, file) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "is not a regular file", str(file))
    return handle


def _named(error: OSError, file: Path) -> OSError:
    if error.errno == errno.ELOOP:
        return OSError(errno.ELOOP, "is a symbolic link, which is not followed", str(file))
    return error


def whole(file: Stored, most: int = LONGEST_DOCUMENT) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises:
        OSError: as `opened`.
        ValueError: it is longer than `most`.
    """
    with opened(file) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size > most:
            raise ValueError(f"{size} bytes long, more than the {most} allowed")
        stream.seek(0)
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"longer than the {most} bytes allowed")
    return data


def document(file: Stored) -> Any:
    """The value of a JSON document.

    Raises:
        OSError, ValueError: as `whole` and `parsed_json`.
    """
    return parsed_json(whole(file))


def json_object(file: Stored) -> dict[str, Any]:
    """The object in a JSON document; `OSError` or `ValueError` as `document`, also for any other value."""
    value = document(file)
    if not isinstance(value, dict):
        raise ValueError(f"a JSON {type(value).__name__}, not an object")  # noqa: TRY004 - one error for bad content
    return value


def parsed_json(data: bytes, *, each_key_once: bool = False) -> Any:
    """The value of a JSON text in UTF-8.

    Args:
        data: the text.
        each_key_once: refuse an object that has a key twice, of which readers take the first, the last, or none.

    Raises:
        ValueError: not JSON (RFC 8259), half a surrogate pair, NaN or Infinity, a number of more than `MOST_DIGITS`
            digits, or more levels or values than the bounds above.
    """
    # Few texts are long enough for so many values, and counting them takes time.
    may_be_many = len(data) > MOST_VALUES and data.count(b",") > MOST_VALUES
    marks = data.translate(_MARKS)  # each pass over a text takes a tenth of the time
    if may_be_many or marks.count(b"[") > MOST_DEPTH:
        _check_structure(data)
    # A function called for each number costs a third of the time; few texts have so long a run of digits.
    has_long_run = _TOO_MANY in marks
    decoders = _OF_UNIQUE_KEYS if each_key_once else _OF_ANY_KEYS
    value = decoders[has_long_run].decode(data.decode())
    if _SURROGATE.search(data):
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _check_structure(data: bytes) -> None:
    plain = _STRING.sub(b"", data)
    containers, commas = plain.count(b"[") + plain.count(b"{"), plain.count(b",")
    if containers > MOST_CONTAINERS or containers + commas > MOST_VALUES:
        raise ValueError(f"more than {MOST_CONTAINERS} lists and objects, or {MOST_VALUES} values")
    depth = 0
    for bracket in _NO_BRACKET.sub(b"", plain):
        depth += -1 if bracket in _CLOSING else 1
        if depth > MOST_DEPTH:
            raise ValueError(f"nested more than {MOST_DEPTH} levels deep")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS + digits.startswith("-"):
        raise ValueError(f"a number of {len(digits)} digits, more than {MOST_DIGITS}")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _decimal(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"the number {digits[:20]} is too large")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise ValueError(f"it has {counts.most_common(1)[0][0][:40]!r} twice")
    return value


def _decoders(hook: Callable[[list[tuple[str, Any]]], Any] | None) -> tuple[json.JSONDecoder, json.JSONDecoder]:
    """One for texts with only short runs of digits, and one that looks at each number."""
    fast = json.JSONDecoder(object_pairs_hook=hook, parse_float=_decimal, parse_constant=_constant)
    return fast, json.JSONDecoder(
        object_pairs_hook=hook, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
    )


_OF_ANY_KEYS, _OF_UNIQUE_KEYS = _decoders(None), _decoders(_object)
_MARKS, _TOO_MANY = bytes.maketrans(b"{123456789", b"[" + b"0" * 9), b"0" * (MOST_DIGITS + 1)
