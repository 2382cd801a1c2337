"""Orders to remove words: what they reach, how files are written without the words, and what later runs leave out.

What a run asks of them is imported on use: few archives have any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from pipelines.archive.write.orders.suppression import OtherTexts, note_title, suppressed_words
    from pipelines.archive.write.orders.without_words import has_lost_words, masks_of, of_file, write_warc

__all__ = ["OtherTexts", "has_lost_words", "masks_of", "note_title", "of_file", "suppressed_words", "write_warc"]

if not TYPE_CHECKING:
    __getattr__ = imported_on_use(
        __name__,
        {
            "OtherTexts": ".suppression",
            "note_title": ".suppression",
            "suppressed_words": ".suppression",
            "has_lost_words": ".without_words",
            "masks_of": ".without_words",
            "of_file": ".without_words",
            "write_warc": ".without_words",
        },
    )
