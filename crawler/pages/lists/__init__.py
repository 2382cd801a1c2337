"""List pages of any site. What the walk asks is imported on use: its first request is sent before a list is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from crawler.pages.lists.elsewhere import dated_years
    from crawler.pages.lists.rows import leads_to_anothers
    from crawler.pages.lists.sections import SectionFinder, heads_section, named_columns, says_section

__all__ = ["SectionFinder", "dated_years", "heads_section", "leads_to_anothers", "named_columns", "says_section"]

if not TYPE_CHECKING:
    __getattr__ = imported_on_use(
        __name__,
        {
            "dated_years": ".elsewhere",
            "leads_to_anothers": ".rows",
            "SectionFinder": ".sections",
            "heads_section": ".sections",
            "named_columns": ".sections",
            "says_section": ".sections",
        },
    )
