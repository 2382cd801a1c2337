"""The archive of one site: append-only lines, hash-chained commits, readable without this software.

`from pipelines.archive import Archive` reads one with nothing but the standard library, `Archives` many in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from pipelines.archive.read.archives import Archives
    from pipelines.archive.read.reader import Archive

__all__ = ["Archive", "Archives"]

if not TYPE_CHECKING:
    __getattr__ = imported_on_use(__name__, {"Archive": ".read.reader", "Archives": ".read.archives"})
