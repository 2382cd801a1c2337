"""Sites that mislead: what a crawl must not take for a speech, for the end of a list, or for a whole text."""

from __future__ import annotations

import re
from email.message import Message
from typing import Any

import pytest

from tests.conftest import Ended, Site
from tests.small import NEWS, PROFILE, Answer, article_page, list_page, serve

ROWS = [(7, "在会上的讲话", "2020-01-01"), (6, "在会上的讲话", "2020-01-01")]
SIDE = '<div class="side"><ul>{}</ul></div>'.format(
    "".join(f'<li><a href="/Item/Show.asp?m=1&d={n}">新闻{n}</a> 2021-02-0{n - 90}</li>' for n in range(91, 97))
)
PAGER = '<div id="fenye">共 {2} 篇 页次:{0}/{1}页 <a href="?ID=5&Page={3}">下一页</a></div>'
MAINTENANCE = "<html><head><title>维护</title></head><body><p>网站维护中，请稍后访问</p></body></html>"


def crawl(site: Site, pages: dict[str, Answer | str]) -> Ended:
    """Crawl a site given by pattern → answer, the first that matches; articles and counters are there by default."""

    def answer(path: str, _: Message) -> Answer:
        for pattern, given in pages.items():
            if re.search(pattern, path):
                return given if isinstance(given, Answer) else Answer(given)
        number = int((re.findall(r"(?:d|ID)=(\d+)", path) or ["0"])[0])
        if "GetHits" in path:
            return Answer(f"document.write('{number}');")
        return Answer(article_page(number, trail=NEWS) if number > 90 else article_page(number))

    profile = site.root.parent / "small.toml"
    profile.parent.mkdir(exist_ok=True)
    profile.write_text(PROFILE, "utf-8")
    with serve(answer) as url:
        return site.crawl(url, "-a", f"profile={profile}", "-s", "RETRY_TIMES=2")


def line(site: Site, native_id: str = "7") -> dict[str, Any]:
    return site.latest()[native_id]


@pytest.mark.parametrize("pager", ["", PAGER.format(1, 1, 2, 1)], ids=["without a pager", "with a pager"])
@pytest.mark.parametrize("empty_box", ["", "<div><h3>专题</h3><p>此栏目下没有文章</p></div>"])
def test_side_bars_are_no_rows(pager: str, empty_box: str, site: Site) -> None:
    ended = crawl(site, {r"list\.asp|^/$": list_page(ROWS, side=SIDE + empty_box, pager=pager)})
    assert ended.status == 0, ended
    assert site.latest().keys() == {"7", "6"}


def test_a_section_of_nothing_but_side_bars_is_refused(site: Site) -> None:
    assert crawl(site, {r"list\.asp|^/$": list_page([], side=SIDE + "<p>此栏目下没有文章</p>")}).status == 4


@pytest.mark.parametrize(
    "second", [MAINTENANCE, list_page([], pager=PAGER.format(2, 3, 6, 3)), list_page(ROWS), list_page(ROWS)[:-40]]
)
def test_a_list_that_ends_too_early_is_a_gap(second: str, site: Site) -> None:
    ended = crawl(site, {"age=2": second, r"list\.asp|^/$": list_page(ROWS, pager=PAGER.format(1, 3, 6, 2))})
    assert ended.status == 3, ended
    assert site.report()["listing_complete"] is False


TEXT = "".join(f"<p>{said}</p>" for said in (
    "今年以来，市政协围绕供水和道路开展协商，多数意见已经办理答复。", "要把群众的意见放在前面，一件一件落实到位。",
    "希望同志们再接再厉，作出新的更大的贡献。",
))  # fmt: skip


def test_two_speeches_with_one_text_are_kept_and_told(site: Site) -> None:
    titles = {7: "在提案办理工作座谈会上的讲话", 6: "新春茶话会致辞：同心共筑"}
    pages = {f"d={n}": article_page(n, title=title, body=TEXT) for n, title in titles.items()}
    rows = list_page([(n, title, "2020-01-01") for n, title in titles.items()])
    assert crawl(site, {**pages, r"list\.asp|^/$": rows}).status == 3
    told = [(gap["native_id"], gap["detail"]) for gap in site.report()["not_captured"]]
    # Which of the two shows the other's text, none can say.
    assert sorted(told) == [("6", "kept with the same text as gszx:7"), ("7", "kept with the same text as gszx:6")]
    assert site.latest().keys() == {"7", "6"}


def test_a_row_that_leads_to_the_article_of_another_is_told(site: Site) -> None:
    rows = [
        (7, "在提案办理工作座谈会上的讲话", "2020-01-01"),
        (7, "新春茶话会致辞：同心共筑美好家园", "2020-01-02"),
        ROWS[1],
    ]
    page = article_page(7, title=rows[0][1], body=TEXT)
    assert crawl(site, {"d=7": page, r"list\.asp|^/$": list_page(rows)}).status == 3
    assert [gap["title"][:5] for gap in site.report()["not_captured"]] == ["新春茶话会"]


def test_an_article_in_the_place_of_the_list_gives_no_rows(site: Site) -> None:
    article = article_page(7, title="在提案办理工作座谈会上的讲话", body=TEXT, behind=SIDE.replace("side", "box"))
    pages: dict[str, Answer | str] = {r"^/$": list_page(ROWS), r"list\.asp": article}
    assert crawl(site, pages).status in {3, 4}
    assert any("an article instead of the list page" in gap["detail"] for gap in site.report()["not_captured"])


IN_THE_MIDDLE = {
    "a short article": (
        article_page(7, title="在提案办理工作座谈会上的讲话", body="<p>欢迎各位。</p>"),
        "an article instead of the list page",
    ),
    "a part of one": (
        article_page(
            7, title="在2014年座谈会上的讲话", body="<p>好。再好。好。</p><a href='/Item/Show.asp?m=1&d=7&p=2'>2</a>"
        ),
        "an article instead of the list page",
    ),
    "another page": (list_page(ROWS[1:]), "it has no pagination, and 2 rows where others have up to 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_THE_MIDDLE)
def test_another_page_in_the_middle_of_a_list_is_told(name: str, site: Site) -> None:
    second, said = IN_THE_MIDDLE[name]
    pager = '<div id="fenye">{} <a href="?ID=5&Page={}">下一页</a> <a href="?ID=5&Page=3">3</a></div>'
    rows = [(7, "在提案办理工作座谈会上的讲话", "2020-01-01"), *ROWS[1:], (4, "在会上的讲话", "2019-02-01")]
    third = list_page([(3, "在会上的讲话", "2019-01-01")], pager=pager.format(3, 3))
    box = second.replace("</body>", '<p>下一篇：<a href="/Item/Show.asp?m=1&d=5">在会上的讲话</a></p></body>')
    first = list_page(rows, pager=pager.format(1, 2))
    pages: dict[str, Answer | str] = {"age=2": box, "age=3": third, r"list\.asp|^/$": first}
    assert crawl(site, {**pages, "d=7": article_page(7, title=rows[0][1])}).status == 3
    assert [said in gap["detail"] for gap in site.report()["not_captured"] if gap["what"] == "list"] == [True]


def test_a_first_list_page_without_rows_is_a_gap_where_the_second_has_some(site: Site) -> None:
    uncounted = PAGER.replace("共 {2} 篇", "")
    second = list_page(ROWS, pager=uncounted.format(2, 2, 0, 2))
    ended = crawl(site, {"age=2": second, r"list\.asp|^/$": list_page([], pager=uncounted.format(1, 2, 0, 2))})
    assert ended.status == 3, ended
    assert [gap["detail"] for gap in site.report()["not_captured"]] == ["list page 1: it has no rows"]
    assert site.latest().keys() == {"7", "6"}


@pytest.mark.parametrize("cut", [-20, -40, -60])
def test_a_page_cut_off_alike_every_time_is_never_taken_for_whole(cut: int, site: Site) -> None:
    whole = article_page(7, body="<p>第一段。</p><p>第二段。</p><p>第三段。</p>")
    ended = crawl(site, {"d=7": whole[:cut], r"list\.asp|^/$": list_page(ROWS)})
    assert ended.status == 3
    assert site.latest().keys() == {"6"}


def test_a_last_page_of_foreign_rows_only_is_the_end_of_a_whole_list(site: Site) -> None:
    last = list_page([], pager=PAGER.format(2, 2, 3, 2)).replace(
        '<ul class="list">',
        '<ul class="list"><li><a href="http://other.example/a" title="转载">转载</a> 2019-01-01</li>',
    )
    ended = crawl(site, {"age=2": last, r"list\.asp|^/$": list_page(ROWS, pager=PAGER.format(1, 2, 3, 2))})
    assert ended.status == 0, ended
    assert [(gap["url"], gap["reason"]) for gap in site.report()["not_captured"]] == [
        ("http://other.example/a", "foreign-host")
    ]


def test_a_site_that_never_ends_its_pages_is_read_and_told(site: Site) -> None:
    def unended(page: str) -> str:
        return page.removesuffix("</html>").removesuffix("</body>") + "<!-- footer -->"

    pages = {f"d={n}": unended(article_page(n)) for n in (6, 7)}
    ended = crawl(site, {**pages, r"list\.asp|^/$": unended(list_page(ROWS))})
    assert ended.status == 0, ended
    assert [p["code"] for p in line(site)["problems"]] == ["no-end"]


TRAPS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a date in a side bar": (
        {"info": "发布时间：", "before": "<ul><li>新闻 2021-05-05</li></ul>"},
        {"published_on": "2020-01-01"},
    ),
    "a date in the title": (
        {"title": "2023年1月2日在会上的讲话", "info": "浏览数："},
        {"published_on": "2020-01-01", "delivered_on": "2023-01-02"},
    ),
    "an author in a side bar": (
        {"info": "来源： 作者：", "before": "<p>作者：侧栏人 来源：侧栏报</p>"},
        {"author": None},
    ),
    "a source of related articles": (
        {"behind": "<div>相关文章：旧闻 来源：别处报 作者：别人</div>"},
        {"author": None, "source": None},
    ),
    "labels behind the body": ({"behind": "<div>文章录入：admin 责任编辑：甲</div>"}, {"author": "admin"}),
    "labels in brackets": (
        {"info": "【作者：张三】 【来源：市政协办公室】【日期：2020-03-04】"},
        {"author": "张三", "source": "市政协办公室", "published_on": "2020-03-04"},
    ),
    "labels in round brackets": (
        {"info": "（来源：湖北政协（网）） （作者：张三）2020-03-04"},
        {"author": "张三", "source": "湖北政协（网）", "published_on": "2020-03-04"},
    ),
    "a label without a colon": (
        {"info": "作者：张三 发布于 2020年3月4日 5:06:07 来源：办公室"},
        {"author": "张三", "published_at": "2020-03-04T05:06:07+08:00", "source": "办公室"},
    ),
    "a login box": (
        {"before": "<form>您还没有登录，请先登录 <a href='/reg.asp'>注册</a></form>"},
        {"body": "各位委员："},
    ),
    "a container within the container": (
        {"body": '<p>甲</p><div id="MyContent"><p>乙</p></div>'},
        {"body": "甲\n乙"},
    ),
    "a script that sets a cookie": (
        {"before": "<script>function m(){document.cookie='m=1';location.href='/3g/'}</script>"},
        {"body": "各位委员："},
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_articles_that_mislead(trap: str, site: Site) -> None:
    given, expected = TRAPS[trap]
    rows = [(7, given.get("title", "在会上的讲话"), "2020-01-01")]
    login = "<form>您还没有登录，请先登录</form>"
    ended = crawl(site, {"d=7": article_page(7, **given), r"list\.asp|^/$": list_page(rows, side=login)})
    assert ended.status == 0, ended
    assert {key: line(site)[key] for key in expected} == expected


def test_text_behind_a_stray_end_tag_is_told(site: Site) -> None:
    page = article_page(7, body="<p>第一段。</p></div><p>第二段在多余的标签之后。</p><div>")
    assert crawl(site, {"d=7": page, r"list\.asp|^/$": list_page(ROWS[:1])}).status == 0
    assert [(p["field"], p["code"]) for p in line(site)["problems"]] == [("body", "text-behind")]


def test_a_row_that_leads_to_another_article_is_that_article(site: Site) -> None:
    moved = Answer("", 302, {"Location": "/Item/Show.asp?m=1&d=6"})
    rows = [(8, "转向", "2020-01-01"), (9, "转向", "2020-01-01"), ROWS[1]]
    for listed in (rows, rows[:2]):
        there = Site(site.root / str(len(listed)))
        assert crawl(there, {"d=[89]$": moved, r"list\.asp|^/$": list_page(listed)}).status == 0
        assert there.latest().keys() == {"6"}
        told = {(gap["native_id"], gap["reason"]) for gap in there.report()["not_captured"]}
        assert told == {("8", "redirects-elsewhere"), ("9", "redirects-elsewhere")}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("", 302, {"Location": "http://other.example/a"}), "foreign-host"),
        ("<html><script>location.href='http://other.example/a';</script></html>", "foreign-host"),
        (Answer("", 302, {"Location": "/Plus/error.asp?action=error"}), "deleted-notice"),
        (Answer("", 410), "not-found"),
    ],
)
def test_rows_the_site_itself_withholds(answer: Answer | str, reason: str, site: Site) -> None:
    error = "<html><title>操作提示消息！</title>产生错误的可能原因：您要查看的文章已删除。</html>"
    ended = crawl(site, {"d=7": answer, "error": error, r"list\.asp|^/$": list_page(ROWS)})
    assert ended.status == 0, ended
    assert site.latest().keys() == {"6"}
    assert [gap["reason"] for gap in site.report()["not_captured"]] == [reason]


def test_a_page_that_unpacks_to_too_much_is_a_gap(site: Site) -> None:
    huge = Answer("甲" * 12_000_000)
    ended = crawl(site, {"d=7": huge, r"list\.asp|^/$": list_page(ROWS)})
    assert ended.status == 3
    assert {gap["reason"] for gap in site.report()["not_captured"]} == {"too-large"}


def test_a_site_that_moved_to_another_port_is_still_asked_for_what_it_no_longer_lists(site: Site) -> None:
    assert crawl(site, {r"list\.asp|^/$": list_page(ROWS)}).status == 0
    deleted = "<script>alert('您要查看的文章已删除。或是您非法传递注入参数!');</script>"
    assert crawl(site, {"d=6": deleted, r"list\.asp|^/$": list_page(ROWS[:1])}).status == 0
    told = [gap["reason"] for gap in site.report()["not_captured"]]
    assert told == ["deleted-notice"]
