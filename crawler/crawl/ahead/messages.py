"""What goes over the line between a crawl and the process that reads ahead."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crawler.pages.page import Answers
    from crawler.sites.profile import SiteProfile
    from pipelines.normalise.speech_of import Read, TextAsked

LENGTH = struct.Struct("!I")
"""How many bytes an answer has, which stands before it; 0 says that the process is ready."""


class Site(NamedTuple):
    """A site, of whose pages will be asked by this number."""

    number: int
    profile: SiteProfile


class AskedArticle(NamedTuple):
    """A page of an article: of which site, which part, the title of its list row.

    `observed_at` is when a whole article began to arrive (RFC 3339); null where the text is not read.
    """

    site: int
    url: str
    text: str
    charset: str
    part: int
    listed_title: str | None
    observed_at: str | None


class AskedList(NamedTuple):
    """A list page: of which site."""

    site: int
    url: str
    text: str
    charset: str


class AskedText(NamedTuple):
    """The text of an article of several parts."""

    site: int
    asked: TextAsked


Asked = AskedArticle | AskedList | AskedText


class Found(NamedTuple):
    """What was read of a page, and of the text of an article, and the seconds of CPU time that it took."""

    answers: Answers
    text: tuple[TextAsked, Read] | None
    seconds: float
