"""Schemas generated from the record classes: for validators, reader libraries and documentation.

What writes them into an archive is imported when a run is sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from pipelines.archive.schema.schemas import documents
    from pipelines.archive.schema.sets import to_add

__all__ = ["documents", "to_add"]

if not TYPE_CHECKING:
    __getattr__ = imported_on_use(__name__, {"documents": ".schemas", "to_add": ".sets"})
