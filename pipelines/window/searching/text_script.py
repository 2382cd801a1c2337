"""The text of one speech as a script: the index is made from it, and the page of the search shows a piece of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.redactions import is_redacted
from pipelines.window import addresses

if TYPE_CHECKING:
    from pipelines.window.reading.lives import Life

_CALL, _END = "speechSearch(", ")\n"
_MOST_EARLIER = 100_000
"""Characters of earlier versions, the newest of them: more than thirty speeches have, and parts stay small."""


def script(name: str, value: Any) -> bytes:
    """A script that hands a JSON value to the search under a name. Half of a pair of surrogates stays an escape."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{_CALL}{json.dumps(name)},{told}{_END}".encode(errors="backslashreplace")


def text_script(life: Life) -> tuple[str, bytes] | None:
    """The script with title and body of the newest text, and what stood in earlier ones; null for a redacted one."""
    line = life.newest
    if is_redacted(line):
        return None
    name = addresses.search_text(life.id)
    return name, script(name, [line["title"], line["body"], earlier_words(life)])


def earlier_words(life: Life) -> str:
    """Titles and paragraphs of earlier versions that the newest text has not, each once, those of the newest first.

    What an order removed is not among them.
    """
    newest, found = life.newest, dict[str, None]()
    now = {newest["title"], *newest["body"].split("\n")}
    size = 0
    for line in (one.line for one in reversed(life.texts) if one.line["version"] != newest["version"]):
        for text in () if is_redacted(line) else (line["title"], *line["body"].split("\n")):
            if text in now or text in found or size + len(text) > _MOST_EARLIER:
                continue
            found[text] = None
            size += len(text) + 1
    return "\n".join(found)


def text_of(made: bytes) -> tuple[str, str, str]:
    """Title, body and earlier words, read back from a script; `ValueError` when it is none."""
    call = made.decode().removeprefix(_CALL).removesuffix(_END)
    title, body, earlier = json.loads(f"[{call}]")[1]
    return title, body, earlier
