"""What Datasette shows of a database: `metadata.json`, with the meaning of each column and a search as a query."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import json_document
from pipelines.tables.search.bigrams import PHRASE_IN_SQL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.tables.columns import Column
    from pipelines.tables.table import Table

SEARCH = f"""
SELECT speeches.site, speeches.id, speeches.published_on, speeches.speaker, speeches.title,
  substr(speeches.body, max(1, instr(lower(speeches.body), lower(:q)) - 30), 60 + length(:q)) AS passage, speeches.url
FROM speeches_text JOIN speeches ON speeches.number = speeches_text.rowid
WHERE speeches_text MATCH ({PHRASE_IN_SQL})
ORDER BY speeches.published_on DESC
""".strip()  # noqa: S608 - both parts are ours


def metadata(database: str, tables: Mapping[str, tuple[Table, Sequence[Column]]], *, is_searchable: bool) -> bytes:
    """The bytes of metadata.json, for Datasette 0.64 or newer.

    Args:
        database: name of the file.
        tables: each with the columns that it has.
        is_searchable: whether there is a full-text index.
    """
    shown: dict[str, Any] = {
        name: {"description": table.about, "columns": {column.name: column.about for column in columns}}
        for name, (table, columns) in tables.items()
    }
    about: dict[str, Any] = {"tables": shown}
    if is_searchable:
        about["queries"] = {
            "search": {
                "title": "Search the texts",
                "description": "Speeches whose title or body has exactly these characters",
                "params": ["q"],
                "sql": SEARCH,
            }
        }
    return json_document({"databases": {PurePath(database).stem: about}})
