"""Families of which hardly more than addresses is known, from public sources: structure finds body and labels."""

from __future__ import annotations

import re

from crawler.pages import Column, Pager
from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.page import Page
from crawler.pages.plain import pairs, plain_parts

_NUMBER = r"(?P<id>\d{3,18})(?:_(?P<part>\d{1,4}))?\.s?html?$"
_DOC = re.compile(r"/DocHtml/(?P<site>\d{1,9})/\d{2,4}/\d\d?/(?:\d\d?/)?(?P<id>\d{1,18})\.html?$", re.IGNORECASE)
_FOLDERS = r"(?:szxapp/)?\d+(?:/\d+)*"


class ByDay(DescribedFamily):
    """Files in folders of their day, as several vendors write them; what names an article is the number.

    `/2026/03-25/4363302.html` (河南 and its cities), `/ldjh/2020-10-27/109580.html` (湖北, 济南, 延边),
    `/ldjh/content/2024-10/18/content_8801774.htm` (newspapers: 杭州, 深圳, 三亚, 哈尔滨),
    `/system/2024/06/19/030294101.shtml` (news media: 河北, 江西), `/doc/2022/07/27/3719461.shtml` (无锡).
    Guessed: that lists are `index.html`, `index_2.html` or `node_12_2.htm`.
    """

    version = "by-day/1"
    marks = any_case(
        r"/\d{4}/\d\d-\d\d/\d{3,}\.s?html?",
        r"/\d{4}-\d\d/\d\d/content_\d+\.s?html?",
        r"/(?:system|doc)/\d{4}/\d\d/\d\d/\d{3,}\.s?html?",
    )
    articles = any_case(
        rf"/\d{{4}}/\d\d-\d\d/{_NUMBER}",
        rf"/\d{{4}}-\d\d-\d\d/{_NUMBER}",
        rf"/\d{{4}}-\d\d/\d\d/content_{_NUMBER}",
        rf"/(?:system|doc)/\d{{4}}/\d\d/\d\d/{_NUMBER}",
    )
    lists = any_case(
        r"/(?P<column>.*node_\d+)(?:_(?P<number>\d{1,5}))?\.s?html?",
        r"/(?P<column>.+)/(?:index(?:_(?P<number>\d{1,5}))?\.s?html?)?",
    )


class DocHtml(DescribedFamily):
    """A vendor of 安徽 and 四川: `/DocHtml/1/21/02/00001479.html`, `/DocHtml/1/2012/11/28/00000284.html`.

    The first number is the site's; several committees may share a server, so it stays in the identity. Lists are
    `/UserData/SortHtml/1/37683846130.html`. Guessed: names of a list's further pages.
    """

    version = "dochtml/1"
    marks = any_case(r"/DocHtml/\d+/\d{2,4}/\d", r"/SortHtml/\d+/")
    lists = any_case(r"(?:.*)/SortHtml/(?P<column>\d+/\d+)(?:_(?P<number>\d{1,5}))?\.html?")

    def article(self, url: str) -> ArticleAddress | None:
        parts = plain_parts(url)
        if found := _DOC.search(parts.path):
            return ArticleAddress(f"{found['site']}-{found['id']}", 1, parts._replace(query="").geturl())
        return super().article(url)


class EyouCms(DescribedFamily):
    """易优 eyoucms: `/?m=home&c=View&a=index&aid=71`, lists `/?m=home&c=Lists&a=index&tid=5&page=2`.

    Guessed: lists by `tid`, as the program's own names go. A site that publishes files names them by
    `static_article`.
    """

    version = "eyoucms/1"
    marks = any_case(r"[?&](?:amp;)?c=(?:View|Lists)&(?:amp;)?a=index", r"\beyou_arcclick\b|eyoucms")

    def article(self, url: str) -> ArticleAddress | None:
        program, query = _program(url)
        number = query.get("aid", "")
        if program == "view" and re.fullmatch(r"[0-9]{1,18}", number):
            kept = plain_parts(url)._replace(query=f"m=home&c=View&a=index&aid={number}")
            return ArticleAddress(number, 1, kept.geturl())
        return super().article(url)

    def column(self, url: str) -> Column | None:
        program, query = _program(url)
        is_list = program == "lists" and "tid" in query
        return Column(query["tid"], query.get("page", "1") == "1") if is_list else None


def _program(url: str) -> tuple[str, dict[str, str]]:
    query = {key.lower(): value for key, value in pairs(plain_parts(url).query)}
    return query.get("c", "").lower(), query


class Guangdong(DescribedFamily):
    """The platform of 广东's governments: `/zxkw/2023/08/content/post_35611.html`, lists `index_2.html`.

    Guessed: that parts of an article do not have files of their own.
    """

    version = "guangdong/1"
    marks = any_case(r"/content/(?:mpost|post)_\d+\.html")
    articles = any_case(r"/content/m?post_(?P<id>\d{1,18})\.html$")
    lists = any_case(r"/(?P<column>(?!.*/content/).+)/(?:index(?:_(?P<number>\d{1,5}))?\.html)?")


class PowerEasy(DescribedFamily):
    """动易 PowerEasy SiteFactory: `/Item/4082.aspx`, lists `/Category_12/Index.aspx`, `/Category_12/Index_2.aspx`.

    Guessed: the lists, and parts (`/Item/4082_2.aspx`). Its counter is not known.
    """

    version = "powereasy/1"
    marks = any_case(r"/Item/\d+\.aspx", r"/Category_\d+/")
    articles = any_case(r"/Item/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.aspx$")
    lists = any_case(r"/(?P<column>Category_\d+)/(?:Index(?:_(?P<number>\d{1,5}))?\.aspx)?")


class ZhengXieYun(DescribedFamily):
    """湖南政协云: `/szxapp/3/28/277/content_870198.html`, the same without `szxapp` on hosts of a city.

    Guessed: that a column is the folder of numbers, its further pages `index_2.html` or `list_2.html`.
    """

    version = "zhengxieyun/1"
    marks = any_case(r"/szxapp/|/\d+/\d+/\d+/content_\d+\.html")
    articles = (re.compile(rf"/{_FOLDERS}/content_(?P<id>\d{{1,18}})(?:_(?P<part>\d{{1,4}}))?\.html$"),)
    lists = (re.compile(rf"/(?P<column>{_FOLDERS})/(?:(?:index|list)(?:_(?P<number>\d{{1,5}}))?\.html)?"),)
    own_column = re.compile(rf"/(?P<column>{_FOLDERS})/content_")

    def parts(self, page: Page) -> Pager:  # noqa: ARG002 - where its parts lie is not known: structure finds them
        return Pager()
