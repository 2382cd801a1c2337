"""Reads one page without a crawl, for `scrapy parse URL`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.http.decode import as_text
from crawler.http.hosts import Hosts
from crawler.pages import Ask, Family, family
from crawler.pages.page import Page, PageError
from crawler.run.arguments import WrongUse
from crawler.run.fleet.deployment import find_deployment
from crawler.sites.lookup import Profiles
from crawler.sites.profile import SiteProfile
from pipelines.normalise import Normaliser

_DEFAULT_TIMEZONE = "Asia/Shanghai"


class PageSpider(Spider):
    """The spider `speeches` without a crawl: for one page of `scrapy parse`, `fetch` or `shell`.

    Args:
        name: name of the spider.
        site: site of the pages; by default the known site with the page's host.
        profile: profile file of `site`, instead of the built-in one.
    """

    def __init__(self, name: str, site: str | None = None, profile: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        if profile is not None and site is None:
            raise WrongUse(f"-a profile={profile} needs -a site=NAME")
        self.site, self.profile = site, Path(profile) if profile is not None else None

    async def start(self) -> AsyncIterator[Any]:
        """Refuse to crawl."""
        raise WrongUse("-a site=NAME is missing; `scrapy sites` lists the names")
        yield

    def parse(self, response: Response, **_: Any) -> Iterator[dict[str, Any] | Request]:
        """One page as a crawl reads it: the speech of an article, the rows of a list as requests."""
        return page_as_read(response, profile_of(response.url, self.site, self.profile), self.parse)


def profile_of(url: str, site: str | None = None, file: Path | None = None) -> SiteProfile | None:
    """The profile of `site`, in `file` if given, or of the known site with an address's host; None without one.

    Raises:
        ProfileError, DeploymentError: there is no such site, or its profile or the deployment's file is wrong.
    """
    deployment = find_deployment()
    profiles = Profiles(deployment.profiles if deployment else None)
    if site is not None:
        return profiles.load(site, file)
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    for known in profiles.all() if host else ():
        hosts = known.profile.hosts if known.profile else ()
        if host in {named.partition(":")[0].removeprefix("www.") for named in hosts}:
            return known.profile
    return None


def page_as_read(
    response: Response, profile: SiteProfile | None, callback: Callable[..., Any]
) -> Iterator[dict[str, Any] | Request]:
    """The content of a page: of an article its speech, as by `scrapy read --jsonl`, of a list requests for its rows.

    Args:
        response: the page; an answer that is not text gives nothing.
        profile: profile of its site; without one it is read by structure alone.
        callback: callback of the requests.
    """
    readable = as_text(response)
    if readable is None:
        return
    hosts = Hosts(response.url, profile.hosts if profile else ())
    reader = profile.family() if profile else family("generic", None, (), ())
    if reader.native_id(response.url) is None and (links := _links(reader, hosts, response.url, readable.text)):
        for url in links:
            yield Request(url, callback)
        return
    now = datetime.now(UTC)
    timezone = ZoneInfo(profile.timezone if profile else _DEFAULT_TIMEZONE)
    normaliser = Normaliser(
        reader.reader, profile.digest if profile else "", timezone, profile.committee if profile else None
    )
    from crawler.replay.reading import PageReader  # noqa: PLC0415 - a crawl imports this module, too
    from crawler.replay.saved import SavedPage  # noqa: PLC0415 - as above

    pages = PageReader(reader, normaliser, now)
    line = pages.line(SavedPage(response.url, response.url, readable.text, response.status, now))
    yield {key: value for key, value in line.items() if key != "file"}


def _links(reader: Family, hosts: Hosts, url: str, text: str) -> list[str]:
    """Addresses on the site of the articles of a list page, then of the pages of its pagination."""
    try:
        page = Page(url, text)
        listing = reader.read_list(page)
    except PageError:
        return []
    hosts.learn(reader.own_links(page))
    rows = [row.url for row in listing.rows if row.native_id is not None and not row.is_doubtful]
    turns = [to.url if isinstance(to, Ask) else to for to in (*listing.linked.values(), listing.next_url) if to]
    found = [hosts.local(link) for link in (*rows, *turns)] if rows else []
    return list(dict.fromkeys(link for link in found if link))
