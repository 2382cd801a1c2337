"""What an archive tells over time. Its modules are imported when a feed is asked for: most commands ask for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from pipelines.archive.read.feeds.asof import as_of_lines
    from pipelines.archive.read.feeds.counts_feed import view_counts
    from pipelines.archive.read.feeds.extent import extent_of
    from pipelines.archive.read.feeds.feed import Asked, changes, raw_changes
    from pipelines.archive.read.feeds.feed_records import CURSOR_SCHEMA

__all__ = ["CURSOR_SCHEMA", "Asked", "as_of_lines", "changes", "extent_of", "raw_changes", "view_counts"]

if not TYPE_CHECKING:
    __getattr__ = imported_on_use(
        __name__,
        {
            "as_of_lines": ".asof",
            "view_counts": ".counts_feed",
            "extent_of": ".extent",
            "Asked": ".feed",
            "changes": ".feed",
            "raw_changes": ".feed",
            "CURSOR_SCHEMA": ".feed_records",
        },
    )
