"""Which gaps of two runs are the same one, so that a decision about a gap never covers another."""

from __future__ import annotations

import hashlib
import re

from pipelines.reasons import Reason
from pipelines.values import frozen

_PAGE = re.compile(r"list page (\d+):")
_DIGITS = 16
"""Hexadecimal digits of a hash of the words of a gap: enough to tell apart the gaps of one address."""


@frozen
class GapKey:
    """What makes a gap the same in two runs: what was not captured, its address, and why, as far as that matters."""

    what: str
    url: str
    kind: str


def key_of(what: str, url: str, native_id: str | None, reason: str, detail: str) -> GapKey:
    """The key of a gap; `ValueError` for a reason that is none.

    An address without an answer is one gap, whichever error comes. Of a page that came, the reason counts; of a list,
    where one address may have several gaps, the words count as well: as a hash, since an order may remove them.
    """
    if Reason(reason).is_no_answer:
        page = _PAGE.match(detail) if what == "list" else None
        return GapKey(what, url, f"no-answer {page[1]}" if page else "no-answer")
    if native_id is not None:
        return GapKey(what, url, reason)
    return GapKey(what, url, f"{reason} {hashlib.sha256(detail.encode()).hexdigest()[:_DIGITS]}")
