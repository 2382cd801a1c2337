"""What the server needs of a replica: a CMS that answers requests, and the site behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crawler.replica.asp import Answer, Asked
    from crawler.replica.site import Site


class Cms(Protocol):
    """A replicated CMS."""

    site: Site
    robots: str | None

    @property
    def server(self) -> str:
        """What the Server header says."""

    def respond(self, asked: Asked) -> Answer:
        """The answer to any request but the control's."""

    def headers(self, cookie: str) -> dict[str, str]:
        """Headers of every answer, given the client's cookies."""

    def html(self, text: str, status: int = 200) -> Answer:
        """A page as this CMS sends it."""

    def truth(self) -> dict[str, Any]:
        """What a reader of the site knows: every speech, and every row that cannot be had."""

    def step(self) -> dict[str, list[str]]:
        """One night of the site's life."""
