"""Sites of a known CMS in a template of their own: read to the letter without a word about it in the profile."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

import pytest

from crawler.replica.prose import dice, sentences
from tests.conftest import Ended, Site
from tests.small import PROFILE, Answer, serve

TITLES = {
    1: "在市政协九届三次会议闭幕会上的讲话",
    2: "在政协委员培训班上的致辞",
    3: "在重点提案办理会上的讲话",
    4: "新年贺词",
    5: "在“双岗”建功活动会上的发言",
}
NEWS = {91: "市政协调研组到我县走访", 92: "市政协召开主席会议", 93: "委员读书班开班"}
MENU = "".join(f'<li><a href="/{name}/">{name}</a></li>' for name in ("zxjs", "tzgg", "tagz", "wsgz"))
FOOT = '<div class="dibu">版权所有：云溪市政协办公室　地址：云溪市解放路1号　备案号：鄂ICP备00000000号</div>'
TRAIL = '<div class="dqwz">您的位置：<a href="/">云溪市政协网</a> > <a href="{0}">{1}</a></div>'
PER_PAGE = 3


@dataclass(frozen=True, slots=True)
class Make:
    """What the CMS decides, whatever the template: addresses, how lists turn, what its counter looks like."""

    section: str
    article: str
    second: str
    pager: str
    counter: str = ""

    def path(self, number: int) -> str:
        return self.article.format(number, "ldjh" if number in TITLES else "xwzx")


MAKES = {
    "trs": Make(
        "/{}/",
        "/{1}/2020{0:02}/t2020{0:02}05_{0}.html",
        "/ldjh/index_1.html",
        '<div class="fy"><script>createPageHTML(2, 0, "index", "html");</script></div>',
    ),
    "dedecms": Make(
        "/a/{}/",
        "/a/{1}/2020/{0:02}05/{0}.html",
        "/a/ldjh/list_3_2.html",
        '<div class="fy">共2页 <a href="/a/ldjh/">1</a> <a href="/a/ldjh/list_3_2.html">下一页</a></div>',
        "点击：<script src='/plus/count.php?view=yes&aid={0}&mid=1'></script>",
    ),
    "empirecms": Make("/zx/{}/", "/zx/{1}/jh_{0}.html", "", ""),
}


def paragraphs(number: int) -> list[str]:
    chance = dice("own template", number)
    return ["各位委员，同志们：", *(sentences("work", 3, chance) for _ in range(5)), "谢谢大家！"]


def article(make: Make, number: int, trail: str) -> str:
    title = TITLES.get(number) or NEWS[number]
    text = "".join(f'<p style="text-indent:2em">{paragraph}</p>' for paragraph in paragraphs(number))
    column = ("ldjh", "领导讲话") if number in TITLES else ("xwzx", "政协新闻")
    info = f"<i>发布时间：2020-{number % 12 + 1:02}-05 08:0{number % 10}</i><i>来源：市政协办公室</i>"
    return (
        f"<html><head><title>{title}_云溪市政协网</title></head><body><ul class='dh'>{MENU}</ul>"
        f"{trail and trail.format(make.section.format(column[0]), column[1])}"
        f'<div class="wz"><div class="bt">{title}</div><div class="xx">{info}{make.counter.format(number)}</div>'
        f'<div class="nr">{text}<p><a href="/upload/{number}.docx">附件：讲话稿{number}.docx</a></p></div>'
        f'<div class="xgd">责任编辑：张三</div></div>{FOOT}</body></html>'
    )


def listing(make: Make, numbers: list[int], trail: str, pager: str) -> str:
    def row(number: int, title: str) -> str:
        return (
            f'<div class="h"><a href="{make.path(number)}">{title}</a><span>2020-{number % 12 + 1:02}-05</span></div>'
        )

    rows = "".join(row(number, TITLES[number]) for number in numbers)
    side = "".join(row(number, title) for number, title in NEWS.items())
    return (
        f"<html><head><title>领导讲话_云溪市政协网</title></head><body><ul class='dh'>{MENU}</ul>"
        f"{trail and trail.format(make.section.format('ldjh'), '领导讲话')}<div class='cl'>{side}</div>"
        f"<div class='lb'>{rows}{pager}</div>{FOOT}</body></html>"
    )


def crawl(site: Site, cms: str, trail: str, pager: str, more: str = "") -> Ended:
    make, numbers = MAKES[cms], sorted(TITLES)
    pages = {make.path(number): article(make, number, trail) for number in (*TITLES, *NEWS)}
    first, second = (numbers[:PER_PAGE], numbers[PER_PAGE:]) if pager else (numbers, [])
    pages[make.section.format("ldjh")] = listing(make, first, trail, pager)
    pages[make.second] = listing(make, second, trail, pager)
    pages["/"] = f'<html><body><a href="{make.section.format("ldjh")}">领导讲话</a></body></html>'

    def answer(path: str, _: Message) -> Answer:
        return Answer(pages[path]) if path in pages else Answer("", 404)

    profile = site.root.parent / "own.toml"
    profile.write_text(PROFILE.replace('"kesion"', f'"{cms}"').replace("广水", "云溪") + more, "utf-8")
    with serve(answer) as url:
        return site.crawl(url, "-a", f"profile={profile}")


CASES = [
    ("trs", TRAIL, MAKES["trs"].pager, ""),
    ("trs", "", "", ""),
    ("dedecms", TRAIL, "", ""),
    ("dedecms", "", MAKES["dedecms"].pager, ""),
    ("dedecms", "", "", 'rows = ".lb"\n'),
]


@pytest.mark.parametrize(("cms", "trail", "pager", "more"), CASES)
def test_an_own_template_is_read_to_the_letter(cms: str, trail: str, pager: str, more: str, site: Site) -> None:
    ended = crawl(site, cms, trail, pager, more)
    assert (ended.status, ended.err) == (0, ""), ended
    found = {int(key): line for key, line in site.latest().items()}
    assert found.keys() == TITLES.keys(), site.report()["not_captured"]
    for number, line in found.items():
        assert line["title"] == TITLES[number]
        assert line["published_at"] == f"2020-{number % 12 + 1:02}-05T08:0{number % 10}:00+08:00"
        assert line["source"] == "市政协办公室"
        assert line["body"] == "\n".join([*paragraphs(number), f"附件：讲话稿{number}.docx"])
        assert [one["name"] for one in line["attachments"]] == [f"附件：讲话稿{number}.docx"]
        codes = {problem["code"] for problem in line["problems"]}
        assert codes - {"missing", "withheld", "not-fetched"} == {"unknown-container"}


def test_rows_that_nothing_tells_from_a_side_bar_are_gaps_with_the_remedy(site: Site) -> None:
    assert crawl(site, "dedecms", "", "").status == 3
    gaps = {(gap["native_id"], gap["reason"], "`rows`" in gap["detail"]) for gap in site.report()["not_captured"]}
    assert gaps == {(str(number), "unreadable", True) for number in (*TITLES, *NEWS)}


def test_rows_of_addresses_the_family_does_not_know_are_gaps_with_the_remedy(site: Site) -> None:
    assert crawl(site, "empirecms", TRAIL, "").status == 3
    gaps = {
        (gap["url"].rpartition("/")[2], gap["reason"], "`static_article`" in gap["detail"])
        for gap in site.report()["not_captured"]
    }
    assert gaps == {(f"jh_{number}.html", "bad-url", True) for number in TITLES}
    ended = crawl(site, "empirecms", TRAIL, "", "static_article = '/jh_(?P<id>[0-9]+)\\.html$'\n")
    assert (ended.status, set(map(int, site.latest()))) == (0, set(TITLES))
