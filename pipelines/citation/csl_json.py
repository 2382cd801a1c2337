"""A citation as CSL JSON, which Zotero, Pandoc and citeproc read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.citation.cited import Cited


def csl_json(one: Cited) -> list[dict[str, Any]]:
    """A list of one item; what is not known is left out. `custom` has what CSL has no name for."""
    item = {
        "id": one.key,
        "type": "webpage",
        "title": one.title,
        "author": [{"literal": name} for name in one.speakers],
        "container-title": one.site_name,
        "publisher": one.publisher,
        "genre": one.genre,
        "issued": _date(one.published_on),
        "event-date": _date(one.delivered_on),
        "accessed": _date(one.captured_on),
        "URL": one.url,
        "version": f"{one.version}.{one.reading}",
        "language": one.language,
        "archive": one.custody,
        "archive_location": one.reference,
        "note": f"To verify, {one.where}: {one.verify[0]}",
        "custom": {
            "captured_at": one.captured_at,
            "commit": one.commit,
            "head": one.head,
            "content_sha256": one.content_sha256,
            "meeting": one.meeting,
            "rights": one.rights,
            "gone_at": one.gone_at,
            "contact": one.contact,
            "verify": [*one.verify],
        },
    }
    return [{key: value for key, value in item.items() if value}]


def _date(day: str | None) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[int(part) for part in day.split("-")]]} if day else None
