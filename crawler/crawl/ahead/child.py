"""The process that reads ahead: answers every question about articles' pages, one page after the other.

It imports no Scrapy and no Twisted: it is ready in a third of a second, and small.
"""

from __future__ import annotations

import pickle
import socket
import time
from contextlib import suppress
from pathlib import Path

from lxml import etree

import pipelines
from crawler.crawl.ahead.messages import LENGTH, Asked, AskedArticle, AskedText, Found, Site
from crawler.crawl.reading_time import reading_time
from crawler.crawl.requisites.named import of_page
from crawler.pages import Family, lists
from crawler.pages.families.questions import article_of, leads_to, list_of, notice_of, own_links_of, section_of
from crawler.pages.forwarding import forward
from crawler.pages.page import Answers, Page, PageError
from crawler.pages.shown import first_title
from crawler.sites.profile import SiteProfile
from pipelines.normalise.speech_of import Read, TextAsked, read_text
from pipelines.verbs.processes import collect_seldom


def work(line: socket.socket, began: float) -> None:
    """Take sites and pages of them, and answer each page, until the other side is gone.

    Raises:
        SystemExit: the software was replaced since `began`, so that this process would read by other rules.
    """
    homes = Path(pipelines.__file__).parent, Path(__file__).parents[2]
    sources = [Path(etree.__file__), *(file for home in homes for file in home.rglob("*.py"))]
    if any(file.stat().st_ctime > began for file in sources):
        raise SystemExit("no process reads ahead: the software was replaced since this crawl began")
    collect_seldom()
    sites: dict[int, tuple[SiteProfile, Family]] = {}
    with line, line.makefile("rb") as asked:
        try:
            line.sendall(LENGTH.pack(0))
            while True:
                given: Site | Asked = pickle.load(asked)  # noqa: S301 - from the process that started this one
                if isinstance(given, Site):
                    sites[given.number] = given.profile, given.profile.family()
                    continue
                found = pickle.dumps(_found(given, *sites[given.site]), pickle.HIGHEST_PROTOCOL)
                line.sendall(LENGTH.pack(len(found)) + found)
        except (EOFError, ConnectionError):
            return


def _found(asked: Asked, profile: SiteProfile, family: Family) -> Found:
    began = time.thread_time()
    answers: Answers = {}
    text = None
    try:
        if isinstance(asked, AskedText):
            text = _read_text(asked.asked)
            return Found(answers, text, time.thread_time() - began)
        with reading_time(asked.url):
            page = Page(asked.url, asked.text, asked.charset)
        answers = page.answers
        if isinstance(asked, AskedArticle):
            text = _read_article(page, asked, profile, family)
        else:
            _read_list(page, profile, family)
    except PageError:
        pass  # it is an answer, too, or is met again by whoever needs the page
    return Found(answers, text, time.thread_time() - began)


def _read_article(
    page: Page, asked: AskedArticle, profile: SiteProfile, family: Family
) -> tuple[TextAsked, Read] | None:
    """Ask everything that a crawl asks of an article, in its order and within its limits of time."""
    with reading_time(asked.url):
        notice_of(family, page, is_article=True)
        leads_to(family, page)
    forward(page)
    first_title(page)
    if profile.page_requisites:
        of_page(page)
    with reading_time(asked.url):
        article = article_of(family, page, asked.part, asked.listed_title)
    if asked.observed_at is None or article.next_part is not None:
        return None
    return _read_text((article.title, (article.body_html,), asked.observed_at, profile.committee))


def _read_text(asked: TextAsked) -> tuple[TextAsked, Read]:
    with reading_time(asked[0]):
        return asked, read_text(*asked)


def _read_list(page: Page, profile: SiteProfile, family: Family) -> None:
    """The same of a list page; whether it is an article is asked, too."""
    with reading_time(page.url):
        notice_of(family, page, is_article=False)
    forward(page)
    with reading_time(page.url):
        own_links_of(family, page)
        list_of(family, page)
        with suppress(PageError):
            article_of(family, page, 1, None)
    with reading_time(page.url):  # of its own, so that it takes nothing from the time of the others
        section_of(family, page, profile.section)
    for name in profile.section:
        lists.says_section(page, name)
    if profile.page_requisites:
        of_page(page)
