"""The page that says what the window is, what its words mean, and how anyone checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.window import addresses
from pipelines.window.pages import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.window.overview.site_ledger import SiteLedger

TERMS = ("version", "reading", "look", "gone", "quiet", "gap", "problem", "evidence", "commit", "proof", "rendering")
"""Words of the window that the page explains (`about.term.…` and `about.means.…` in `words.toml`)."""


def about_page(ledgers: Sequence[SiteLedger]) -> Page:
    """The page. What changes with every commit stands on the pages of the sites, so that this one stays."""
    return Page(addresses.ABOUT, "about.html", {"terms": TERMS, "ledgers": ledgers})
