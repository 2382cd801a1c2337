"""A speech's text is that speech's: answers of status 200 that are another page, and edits that are none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.read.reader import Archive
from tests.conftest import Site
from tests.small import PROFILE, Answer, serve

WORDS = ("调研", "协商", "监督", "提案", "视察", "履职", "联络", "培训", "民生", "环保", "教育", "文史")
SAYINGS = (
    "各位委员，今天我们就{0}工作开第{1}次会，主要任务是总结上半年的情况。",
    "半年来，{0}方面收到意见{1}条，大家讲得实在，听了很受启发。",
    "第一，要把{0}抓在手上，选出{1}个题目，一件一件办好。",
    "第二，要走到基层去，把{1}个村的{0}情况看清楚、写明白。",
    "第三，要有回音，{0}的结果要在{1}天以内告诉提出意见的人。",
    "最后，感谢大家为{0}付出的辛劳，祝愿{1}位老同志身体健康。",
)
NEWS = "".join(f'<li><a href="/news/{n}.html">市政协组织委员开展第{n}次视察活动</a></li>' for n in range(9))


@dataclass
class Cms:
    """A made site of one family: its addresses, and the frame of its articles."""

    name: str
    article: str
    listing: str
    body: str
    native_id: str
    titles: dict[int, str] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(1, 41):
            word = WORDS[number % len(WORDS)]
            self.titles[number] = f"在第{number}次{word}工作座谈会上的讲话"
            self.texts[number] = [saying.format(word, number + 100) for saying in SAYINGS]

    def frame(self, title: str, inner: str) -> str:
        trail = f'<div>当前位置：<a href="/">首页</a> &gt; <a href="{self.listing}">领导讲话</a></div>'
        menu = f'<div><a href="/">首页</a> | <a href="{self.listing}">领导讲话</a></div>'
        head = f'<html><head><meta charset="utf-8"><title>{title}-广水市政协网</title></head>'
        return f"{head}<body>{menu}{trail}{inner}<div>版权所有：广水市政协</div></body></html>"

    def page(self, number: int, title: str | None = None, text: str | None = None) -> str:
        title = self.titles[number] if title is None else title
        text = "".join(f"<p>{one}</p>" for one in self.texts[number]) if text is None else text
        info = "<p>发布时间：2023-12-28 09:00:00 来源：办公室 浏览次数：12</p>"
        beside = f'<p><a href="{self.article.format(number + 1)}">{self.titles.get(number + 1, "没有了")}</a></p>'
        return self.frame(title, f"<h1>{title}</h1>{info}{self.body.format(text)}{beside}")

    def rows(self, numbers: list[int]) -> str:
        rows = "".join(
            f'<li><a href="{self.article.format(n)}">{self.titles[n]}</a><span>2023-12-28</span></li>'
            for n in numbers
        )
        return self.frame("领导讲话", f'<ul class="list">{rows}</ul>')

    def front(self) -> str:
        return self.frame("首页", f"<ul>{NEWS}</ul>").replace("当前位置：", "").replace(" &gt; ", " ")

    def serve(self, numbers: list[int]) -> Callable[[str, Message], Answer]:
        addresses = {self.article.format(n): n for n in range(1, 41)}

        def answer(path: str, _: Message) -> Answer:
            if path == "/":
                return Answer(self.front())
            if path == self.listing:
                return Answer(self.rows(numbers))
            if path in ODD:
                return Answer(ODD[path] if ODD[path].startswith("<html") else self.frame("提示", ODD[path]))
            number = addresses.get(path)
            if number is None:
                return Answer("", 404)
            return self.answers.get(number) or Answer(self.page(number))

        return answer


def generic() -> Cms:
    return Cms("generic", "/ldjh/t{}.html", "/ldjh/", '<div class="content">{}</div>', "ldjh-t{}")


def kesion() -> Cms:
    return Cms("kesion", "/Item/Show.asp?m=1&d={}", "/Item/list.asp?id=5", '<div id="MyContent">{}</div>', "{}")


def dedecms() -> Cms:
    body = '<div class="viewbox"><div class="content">{}</div></div>'
    return Cms("dedecms", "/ldjh/2023/1228/{}.html", "/ldjh/", body, "{}")


ODD = {
    "/404.html": f"<h2>抱歉，您访问的页面不存在或已删除</h2><p>您可以返回首页。</p><ul>{NEWS}</ul>",
    "/error?aspxerrorpath=/x": f"<h2>系统繁忙，请稍后再试</h2><ul>{NEWS}</ul>",
    "/login.html": "<html><head><title>会员登录</title></head><body><form>用户名<input name=u></form></body></html>",
    "/user/login": "<h2>会员登录</h2><form>用户名<input name=u>密码<input type=password name=p></form>",
}
PARKED = "<html><head><title>example.com</title></head><body><h1>该域名出售</h1><p>Domain for sale.</p></body></html>"
CAPTCHA = (
    "<html><head><title>安全验证</title></head><body><p>请完成安全验证</p><script>var a=1;</script></body></html>"
)


def led(to: str) -> Answer:
    return Answer("", 302, {"Location": to})


Damage = Callable[[Cms, int], Answer]
GAPS: dict[str, Damage] = {
    "the article before": lambda cms, n: Answer(cms.page(n - 1)),
    "the list": lambda cms, n: Answer(cms.rows([n, n - 1, 30, 31, 32])),
    "the front page": lambda cms, _: Answer(cms.front()),
    "a login form": lambda cms, _: Answer(cms.frame("会员登录", ODD["/user/login"])),
    "a JSON error": lambda _c, _n: Answer('{"code":500,"msg":"error"}', 200, {"Content-Type": "application/json"}),
    "only the frame": lambda cms, n: Answer(cms.frame(cms.titles[n], "")),
    "maintenance": lambda cms, _: Answer(cms.frame("提示", "<h1>系统维护中</h1><p>我站今日升级维护，暂停访问。</p>")),
    "maintenance in the container": lambda cms, n: Answer(cms.page(n, None, "<p>网站升级维护中，请稍后访问！</p>")),
    "loading in the container": lambda cms, n: Answer(cms.page(n, None, "<p>正在加载，请稍候……</p>")),
    "a firewall in the container": lambda cms, n: Answer(cms.page(n, "网站防火墙", "<p>您的请求已被拦截。</p>")),
    "a parked domain": lambda _c, _n: Answer(PARKED),
    "a captcha": lambda _c, _n: Answer(CAPTCHA),
    "led home": lambda _c, _n: led("/"),
    "led to the list": lambda cms, _: led(cms.listing),
    "led to an error page": lambda _c, _n: led("/error?aspxerrorpath=/x"),
    "led to a login form": lambda _c, _n: led("/user/login"),
}
"""What is no speech and no word of the site about it: a gap, whether the speech is known or new."""
KNOWN_GAPS: dict[str, Damage] = {
    "an empty container": lambda cms, n: Answer(cms.page(n, None, "")),
    "a line of it": lambda cms, n: Answer(cms.page(n, None, f"<p>{cms.texts[n][0]}</p>")),
    "the right title over the text before": lambda cms, n: Answer(
        cms.page(n, None, "".join(f"<p>{one}</p>" for one in cms.texts[n - 1]))
    ),
    "an unread title over an unread text": lambda cms, n: Answer(
        cms.page(n, "关于放假的通知", "<p>放假三天，照常值班。</p>" * 20)
    ),
}
EDITS: dict[str, Damage] = {
    "a sentence more": lambda cms, n: Answer(cms.page(n, None, "<p>" + "".join(cms.texts[n]) + "特此说明。</p>")),
    "two sentences fewer": lambda cms, n: Answer(
        cms.page(n, None, "".join(f"<p>{one}</p>" for one in cms.texts[n][:4]))
    ),
    "another title in the page alone": lambda cms, n: Answer(cms.page(n, "关于座谈会的讲话全文")),
    "rewritten under its title": lambda cms, n: Answer(
        cms.page(n, None, "".join(f"<p>新的第{n}{k}稿说了别的事情，与原来的一句也不相同。</p>" for k in range(6)))
    ),
}
WORDS_OF_THE_SITE: dict[str, Damage] = {
    "deleted, in the container": lambda cms, n: Answer(cms.page(n, None, "<p>对不起，该信息已被删除！</p>")),
    "deleted, among news": lambda cms, _: Answer(
        cms.frame("提示信息", f"<ul>{NEWS}{NEWS}</ul><div><p>对不起，您访问的信息不存在或已被删除！</p></div>")
    ),
    "led to a page that says so": lambda _c, _n: led("/404.html"),
}


def crawl(site: Site, cms: Cms, numbers: list[int], folder: Path, *arguments: str) -> int:
    profile = folder / "made.toml"
    profile.write_text(PROFILE.replace('cms = "kesion"', f'cms = "{cms.name}"'), "utf-8")
    with serve(cms.serve(numbers)) as url:
        ended = site.crawl(url, "-a", f"profile={profile}", "-s", "RETRY_TIMES=1", *arguments)
    assert "Traceback" not in ended.out + ended.err
    print(ended.out)
    return ended.status


def damaged(cms: Cms, kinds: dict[str, Damage], first: int) -> dict[str, str]:
    """Damage one speech by each kind, every other one; native id → kind."""
    chosen = dict(zip(kinds, range(first, 41, 2), strict=False))
    cms.answers |= {number: kinds[kind](cms, number) for kind, number in chosen.items()}
    return {cms.native_id.format(number): kind for kind, number in chosen.items()}


def told(report: dict[str, Any]) -> dict[str, bool]:
    return {gap["native_id"]: gap["is_the_sites_word"] for gap in report["not_captured"]}


ALL = list(range(1, 41))


@pytest.mark.parametrize("made", [generic, kesion, dedecms])
def test_what_came_for_a_known_speech_is_its_text_or_told(
    made: Callable[[], Cms], site: Site, tmp_path: Path
) -> None:
    cms = made()
    assert crawl(site, cms, ALL, tmp_path) == 0
    assert len(site.latest()) == len(ALL)
    gaps = damaged(cms, GAPS | KNOWN_GAPS, 2)
    assert crawl(site, cms, ALL, tmp_path, "-a", "mode=full") == 3
    assert site.events(2) == {}
    assert {kind for one, kind in gaps.items() if one not in told(site.report())} == set()
    assert told(site.report()).keys() == gaps.keys()
    cms.answers.clear()
    edits, words = damaged(cms, EDITS, 2), damaged(cms, WORDS_OF_THE_SITE, 12)
    cms.titles[30], cms.texts[30] = (
        "何主任答记者问",
        ["他说了几句与先前全不相干的话，一句也没有重复。"] * 3 + [f"那是{n}年。" for n in range(9)],
    )
    assert crawl(site, cms, ALL, tmp_path, "-a", "mode=full") == 0
    assert site.events(3) == {"changed": {*edits, cms.native_id.format(30)}}
    assert told(site.report()) == dict.fromkeys(words, True)
    states = {
        one["id"].partition(":")[2]: one["presence"]
        for one in Archive(site.folder).observations()
        if one["commit"] == 3
    }
    assert {states[one] for one in words} == {"missing"}
    assert site.verify().status == 0


@pytest.mark.parametrize("made", [generic, kesion, dedecms])
def test_what_came_for_a_new_row_is_a_speech_or_told(made: Callable[[], Cms], site: Site, tmp_path: Path) -> None:
    cms = made()
    gaps = damaged(cms, GAPS, 2)
    assert crawl(site, cms, ALL, tmp_path) == 3
    assert {kind for one, kind in gaps.items() if one in site.latest()} == set()
    assert told(site.report()).keys() == gaps.keys()
    assert len(site.latest()) == len(ALL) - len(gaps), "a healthy row beside a damaged one is captured"
    cms.answers.clear()
    assert crawl(site, cms, ALL, tmp_path) == 0
    assert site.events(2) == {"created": set(gaps)}
    texts = {cms.native_id.format(n): "\n".join(text) for n, text in cms.texts.items()}
    assert {one: line["body"] for one, line in site.latest().items()} == texts


@pytest.mark.parametrize("made", [generic, kesion, dedecms])
def test_one_answer_for_every_article_is_no_edit_of_any(made: Callable[[], Cms], site: Site, tmp_path: Path) -> None:
    cms = made()
    assert crawl(site, cms, ALL[:9], tmp_path) == 0
    for same in (cms.page(1), cms.page(1, "系统提示", "<p>请联系管理员处理，谢谢合作。</p>" * 30)):
        cms.answers = dict.fromkeys(ALL, Answer(same))
        assert crawl(site, cms, ALL[:12], tmp_path, "-a", "mode=full") == 4
        assert [gate["gate"] for gate in site.report()["gates"]] == ["same-text"]
        assert len(site.latest()) == 9
    assert [site.events(commit) for commit in (2, 3)] == [{}, {}]


def test_a_text_that_stays_short_is_an_edit_in_the_end(site: Site, tmp_path: Path) -> None:
    cms = kesion()
    assert crawl(site, cms, ALL[:3], tmp_path) == 0
    cms.answers[2] = Answer(cms.page(2, None, "<p>全文见附件。</p>"))
    assert crawl(site, cms, ALL[:3], tmp_path, "-s", "GONE_AFTER_DAYS=0", "-a", "mode=full") == 3
    assert crawl(site, cms, ALL[:3], tmp_path, "-s", "GONE_AFTER_DAYS=0") == 0, "what was in doubt is read again"
    assert site.events(3) == {"changed": {"2"}}


def test_rows_of_another_section_are_judged_among_the_new_ones(site: Site, tmp_path: Path) -> None:
    cms = generic()
    assert crawl(site, cms, ALL[:6], tmp_path) == 0
    for number in range(11, 17):
        foreign = cms.page(number).replace(
            f'<a href="{cms.listing}">领导讲话</a></div>', '<a href="/zxyw/">要闻</a></div>'
        )
        cms.answers[number] = Answer(foreign)
    assert crawl(site, cms, ALL[10:16], tmp_path) == 3
    assert len(site.latest()) == 6
    assert crawl(site, cms, ALL[:6], tmp_path) == 0


STUBS = (
    '<html><head><meta content="0;url={}" http-equiv="Refresh"></head><body></body></html>',
    "<script>window.location.replace('{}')</script>",
    "<html><body onload=\"top.location='{}'\">正在跳转……</body></html>",
    '<script type="text/javascript">\n<!--\nsetTimeout("location.href=\'{}\'", 3000);\n//-->\n</script>',
)


def test_stubs_are_followed_to_the_site_and_to_its_speeches(site: Site, tmp_path: Path) -> None:
    cms = generic()
    inner = cms.serve(ALL[:4])

    def answer(path: str, headers: Message) -> Answer:
        if path in {"/", "/zx/"}:
            return Answer(STUBS[path == "/"].format({"/": "zx/", "/zx/": "/index.shtml"}[path]))
        if path == cms.listing:
            return Answer(cms.rows(ALL[:4]).replace("/ldjh/t", "/go/t"))
        if path.startswith("/go/"):
            return Answer(STUBS[int(path[5]) % 4].format(path.replace("/go/", "../ldjh/")))
        return inner("/" if path == "/index.shtml" else path, headers)

    profile = tmp_path / "made.toml"
    profile.write_text(PROFILE.replace('cms = "kesion"', 'cms = "generic"'), "utf-8")
    with serve(answer) as url:
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
    texts = {cms.native_id.format(n): "\n".join(cms.texts[n]) for n in ALL[:4]}
    assert {one: line["body"] for one, line in site.latest().items()} == texts


@pytest.mark.parametrize("arguments", [("-a", "mode=full"), ()])
@pytest.mark.parametrize("has_validator", [True, False])
def test_a_file_replaced_in_place_is_a_change(
    arguments: tuple[str, ...], has_validator: bool, site: Site, tmp_path: Path
) -> None:
    cms, asked = kesion(), list[str]()
    link = '<p>附件：<a href="/upload/jh.txt">全文.txt</a></p>'
    cms.answers[1] = Answer(cms.page(1, None, "".join(f"<p>{one}</p>" for one in cms.texts[1]) + link))
    file, rows = ["first"], cms.serve([1])

    def answer(path: str, headers: Message) -> Answer:
        if path != "/upload/jh.txt":
            return rows(path, headers)
        tag = {"ETag": f'"{file[0]}"'} if has_validator else {}
        is_known = has_validator and headers.get("If-None-Match") == tag["ETag"]
        return Answer("" if is_known else file[0], 304 if is_known else 200, {"Content-Type": "text/plain", **tag})

    profile = tmp_path / "made.toml"
    profile.write_text(PROFILE + 'attachment_types = ["txt"]\n', "utf-8")
    with serve(answer, asked) as url:
        for text in ("first", "first", "second", "second"):
            file[0] = text
            cms.titles[1] += "。" if asked else ""  # another row, so that the article is looked at
            ended = site.crawl(url, "-a", f"profile={profile}", *arguments)
            assert ended.status == 0, ended.out
    assert [site.events(commit) for commit in (2, 4)] == [{}, {}]
    assert site.events(3) == {"changed": {"1"}}
    assert site.verify().status == 0
    assert site.latest()["1"]["version"] == 2


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (led("/login.html"), "asks for a login"),
        (Answer(f"<html><body><h1>系统维护中</h1><ul>{NEWS}</ul></body></html>"), "系统维护中"),
        (Answer("<html><script>var to = where(); location.href = to;</script></html>"), "forwards by a script"),
    ],
)
def test_messages_name_what_came_and_not_the_profile(came: Answer, words: str, site: Site, tmp_path: Path) -> None:
    cms = generic()
    inner = cms.serve(ALL[:3])
    profile = tmp_path / "made.toml"
    profile.write_text(PROFILE.replace('cms = "kesion"', 'cms = "generic"'), "utf-8")
    ailing: set[str] = set()
    with serve(lambda path, headers: came if path in ailing else inner(path, headers)) as url:
        ailing = {"/"}
        ended = site.crawl(url, "-a", f"profile={profile}")
        assert (ended.status, words in ended.out) == (3, True), ended.out
        ailing = set()
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
        ailing = {cms.listing}
        ended = site.crawl(url, "-a", f"profile={profile}")
        assert (ended.status in {3, 4}, words in ended.out or "known speeches" in ended.out) == (True, True), (
            ended.out
        )
    assert len(site.latest()) == 3


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("came", ["front page", "led to the front page", "article"])
def test_another_page_in_the_place_of_a_list_page_is_a_gap(
    came: str, is_known: bool, site: Site, tmp_path: Path
) -> None:
    cms = kesion()
    inner = cms.serve(ALL)
    news = "".join(
        f'<li><a href="/Item/Show.asp?m=1&d={n}">{cms.titles[n]}</a> 2023-12-28</li>' for n in range(31, 35)
    )
    box = f'<div><span>领导讲话</span><a href="{cms.listing}">更多</a></div><ul class="list">{news}</ul>'
    front = Answer(f"<html><head><title>广水市政协网</title></head><body>{box}</body></html>")
    second, pager = (
        "/Item/list.asp?ID=5&Page=2",
        '<div id="fenye">共 6 篇 页次:{}/2页 <a href="?ID=5&Page=2">2</a></div>',
    )
    pages = {
        "/": front,
        cms.listing: Answer(cms.rows([1, 2, 3]).replace("</ul>", "</ul>" + pager.format(1))),
        second: Answer(cms.rows([4, 5, 6]).replace("</ul>", "</ul>" + pager.format(2))),
    }
    whole = dict(pages)
    profile = tmp_path / "made.toml"
    profile.write_text(PROFILE, "utf-8")
    with serve(lambda path, headers: pages.get(path) or inner(path, headers)) as url:
        if is_known:
            assert site.crawl(url, "-a", f"profile={profile}").status == 0
        pages[second] = {"front page": front, "article": Answer(cms.page(20))}.get(came, led("/"))
        ended = site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full")
        assert ended.status == 3, ended.out
        assert [gap["what"] for gap in site.report()["not_captured"]] == ["list"]
        assert len(site.latest()) == (6 if is_known else 3)
        pages.update(whole)
        assert site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full").status == 0
    assert len(site.latest()) == 6


def test_what_is_told_of_a_further_part_stands_on_the_record(site: Site, tmp_path: Path) -> None:
    """The second part goes on where only a script leads; the first is whole."""
    cms = generic()
    halves = ["".join(f"<p>{one}</p>" for one in half) for half in (cms.texts[1][:2], cms.texts[1][2:])]
    first = f'{halves[0]}<div><a href="/ldjh/t1_2.html">下一页</a></div>'
    second = f'{halves[1]}<div><a href="javascript:turn(3)">3</a> <a href="javascript:turn(3)">下一页</a></div>'
    rest = cms.serve([1])
    parts = {"/ldjh/t1.html": cms.page(1, None, first), "/ldjh/t1_2.html": cms.page(1, None, second)}
    profile = tmp_path / "made.toml"
    profile.write_text(PROFILE.replace('cms = "kesion"', 'cms = "generic"'), "utf-8")
    with serve(lambda path, head: Answer(parts[path]) if path in parts else rest(path, head)) as url:
        ended = site.crawl(url, "-a", f"profile={profile}")
    line = site.latest()["ldjh-t1"]
    assert all(text in line["body"] for text in cms.texts[1]), ended.out
    told = {(problem["code"], problem["detail"].partition(":")[0]) for problem in line["problems"]}
    assert ("continued", "part 2") in told


def test_a_further_part_that_is_not_there_is_no_deletion(site: Site, tmp_path: Path) -> None:
    cms = generic()
    rest, profile = cms.serve([1, 2]), tmp_path / "made.toml"
    profile.write_text(PROFILE.replace('cms = "kesion"', 'cms = "generic"'), "utf-8")
    whole = "".join(f"<p>{one}</p>" for one in cms.texts[1])
    pages = {"/ldjh/t1.html": cms.page(1, None, whole)}
    with serve(lambda path, head: Answer(pages[path]) if path in pages else rest(path, head)) as url:
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
        pages["/ldjh/t1.html"] = cms.page(1, None, f'{whole}<div><a href="/ldjh/t1_2.html">下一页</a></div>')
        ended = site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    assert ended.status == 3, ended.out
    assert site.events(2) == {}
    assert [gap["detail"].partition(":")[0] for gap in site.report()["not_captured"]] == ["part 2"]
