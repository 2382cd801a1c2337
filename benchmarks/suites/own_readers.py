"""Our readers, in the frame of the rivals': `python -m benchmarks.suites.own_readers generic|kesion PAGES FOLDER`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.rivals.timed import Reader, main
from crawler.pages import family
from crawler.pages.page import Page
from pipelines.rendering import body_text
from pipelines.text.dates import weigh

_ZONE, _SEEN_AT = ZoneInfo("Asia/Shanghai"), datetime(2026, 1, 1, tzinfo=UTC)
_SECTION, _NAMES = ("领导讲话",), ("广水市政协网", "政协广水市委员会")


def reader(name: str) -> Callable[[], Reader]:
    """A family's reader of articles, with the day and the text that the normaliser makes of what it finds."""

    def make() -> Reader:
        static: Any = r"/Item/Show\.asp\?m=1&d=(?P<id>\d+)" if name == "generic" else None
        pages = family(name, static, _SECTION, _NAMES)

        def read(url: str, text: str) -> tuple[str | None, str | None, str | None]:
            article = pages.read_article(Page(url, text), 1, None)
            said = weigh(article.dates, tz=_ZONE, seen_at=_SEEN_AT).moment
            return article.title, said.on if said else None, body_text([article.body_html])

        return read

    return make


if __name__ == "__main__":
    main({name: reader(name) for name in ("generic", "kesion")})
