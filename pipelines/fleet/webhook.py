"""What a webhook is sent, and what it answers when it took it: our own JSON, or the text of a chat robot. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_BYTES = {"dingtalk": 18_000, "wecom": 2_000, "feishu": 18_000, "slack": 35_000}
"""Bytes of text, a little below what each robot takes (20,000, 2,048, 20,480, and 40,000 characters)."""
_CUT = "\n…"


def _plain(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


_BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "dingtalk": _plain,
    "wecom": _plain,
    # In a text of Feishu, `<at user_id="all">` calls everybody: words of a site must not.
    "feishu": lambda text: {"msg_type": "text", "content": {"text": text.replace("<", "‹")}},
    "slack": lambda text: {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")},
}


SHAPES = ("json", *_BODIES)
"""What a webhook is sent: our own JSON, or the message of a chat robot."""


def request_body(shape: str, document: Mapping[str, Any], text: str) -> bytes:
    """The body of the request, UTF-8.

    Args:
        shape: one of `SHAPES`.
        document: what `json` is sent.
        text: what a chat robot is sent, cut to what it takes.
    """
    body = document if shape == "json" else _BODIES[shape](cut(text, _MOST_BYTES[shape]))
    return json.dumps(body, ensure_ascii=False).encode()


def refusal(shape: str, answer: bytes) -> str | None:
    """Why a robot that answered 200 did not take the message; null when it did."""
    if shape == "json":
        return None
    said = answer[:200].decode(errors="replace")
    if shape == "slack":
        return None if answer.strip() == b"ok" else said
    try:
        told = parsed_json(answer)
        code = told["code"] if "code" in told else told["StatusCode"] if "StatusCode" in told else told["errcode"]
    except (ValueError, KeyError, TypeError):
        return said or "an empty answer"
    return None if code == 0 else said


def cut(text: str, most: int) -> str:
    """A text of at most `most` bytes of UTF-8, with a sign where it was cut."""
    data = text.encode(errors="replace")
    return text if len(data) <= most else data[: most - len(_CUT.encode())].decode(errors="ignore") + _CUT
