"""The page of the search."""

from __future__ import annotations

from pipelines.window import addresses
from pipelines.window.pages import Page

_COMMAND = "python -m pipelines search output 协商民主"
"""What finds the same without scripts."""


def search_page() -> Page:
    """The page: the same whatever there is to be found, which its script asks the index for."""
    return Page(addresses.SEARCH, "search.html", {"command": _COMMAND})
