"""The text of one speech as a script: the index is made from it, and the page of the search shows a piece of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.redactions import is_redacted
from pipelines.window import addresses

if TYPE_CHECKING:
    from pipelines.window.reading.lives import Life

_CALL, _END = "speechSearch(", ")\n"


def script(name: str, value: Any) -> bytes:
    """A script that hands a JSON value to the search under a name. Half of a pair of surrogates stays an escape."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{_CALL}{json.dumps(name)},{told}{_END}".encode(errors="backslashreplace")


def text_script(life: Life) -> tuple[str, bytes] | None:
    """The script with title and body of the newest text, and its address; null for one that was redacted."""
    line = life.newest
    if is_redacted(line):
        return None
    name = addresses.search_text(life.id)
    return name, script(name, [line["title"], line["body"]])


def text_of(made: bytes) -> tuple[str, str]:
    """Title and body, read back from a script; `ValueError` when it is none."""
    call = made.decode().removeprefix(_CALL).removesuffix(_END)
    title, body = json.loads(f"[{call}]")[1]
    return title, body
