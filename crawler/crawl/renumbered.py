"""Detects known speeches under other ids in a list; as new speeches they would be archived twice. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crawler.pages import ListedRow
from crawler.pages.page import squeeze
from pipelines.archive.read.state import SpeechState

_FEWEST = 2


def renumbered(known: Mapping[str, SpeechState], rows: Sequence[ListedRow]) -> str | None:
    """A message when no row of the first list page has a known id, but half of them have titles of known speeches.

    Such a list is the known list under another scheme of ids.

    Args:
        known: the archive's speeches by native id.
        rows: the rows of the first list page.
    """
    if any(row.native_id in known for row in rows):
        return None
    titles = {squeeze(title) for state in known.values() if not state.is_gone for title in _titles(state) if title}
    same = {squeeze(row.title) for row in rows if row.title and row.native_id} & titles
    if len(same) < _FEWEST or 2 * len(same) < len(rows):
        return None
    return (
        f"{len(same)} of {len(rows)} rows have titles of known speeches, and none has a known id: ids have changed, "
        "by the site's addresses, by `cms` or `static_article` in the profile, or by a newer version of this program "
        "(CHANGELOG.md); nothing was read, nothing is marked gone. Correct the profile so that ids stay the same; if "
        "the site itself has new ids, give the profile a new `id_namespace` and begin another archive"
    )


def _titles(state: SpeechState) -> tuple[str | None, ...]:
    return state.title, state.listed.title if state.listed else None
