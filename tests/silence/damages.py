"""What can happen to a page between a site and its reader, one function a kind.

A damage takes a `Scene` and gives the answer to send in its place, or None where it does not apply. None of them
removes every sign of a loss: a row that is simply not printed any more is the site's business.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from itertools import pairwise

from lxml import etree, html

from crawler.replica.asp import Answer
from tests.silence.scene import SHORTEST_LINE, Scene, squeeze

Damage = Callable[[Scene], Answer | None]
LIST_DAMAGES: dict[str, Damage] = {}
ARTICLE_DAMAGES: dict[str, Damage] = {}
INSERTED = "许可证：经研究，特别说明的是，时间：要抓紧，联系我们的群众越来越多，责编同志也来了。"
"""A sentence with the words that label boilerplate."""
VIEWED = "/upload/jianghua.pdf"
"""The file that a viewer shows in the place of a text."""
NOTICE = "<html><head><meta charset='utf-8'><title>提示</title></head><body><div class='main'>{}</div></body></html>"


def on(table: dict[str, Damage]) -> Callable[[Damage], Damage]:
    def add(damage: Damage) -> Damage:
        table[damage.__name__] = damage
        return damage

    return add


def notice(words: str) -> Answer:
    return Answer(200, NOTICE.format(words).encode(), "text/html; charset=utf-8")


def redirect(to: str) -> Answer:
    return Answer(302, b"", "text/html", {"Location": to})


# Both lists and articles.


def empty(_: Scene) -> Answer | None:
    return Answer(200, b"", "text/html; charset=utf-8")


def blank(_: Scene) -> Answer | None:
    return Answer(200, b"<html><head></head><body></body></html>", "text/html; charset=utf-8")


def truncated(scene: Scene) -> Answer | None:
    body = scene.answer.body
    return replace(scene.answer, body=body[: int(len(body) * scene.dice.uniform(0.2, 0.8))])


def server_error(_: Scene) -> Answer | None:
    return Answer(500, b"<html><body>Internal Server Error</body></html>", "text/html")


def not_found(_: Scene) -> Answer | None:
    return Answer(404, b"<html><body>Not Found</body></html>", "text/html")


def maintenance(_: Scene) -> Answer | None:
    return notice("<p>系统维护中，请稍后访问。</p>")


def firewall(_: Scene) -> Answer | None:
    return notice("<h1>您的访问请求可能对网站造成安全威胁，已被拦截</h1><p>事件编号：20260101</p>")


def loading(_: Scene) -> Answer | None:
    return notice("<p>正在加载，请稍候……</p><script src='/app.js'></script>")


def login(_: Scene) -> Answer | None:
    return notice(
        "<form action='/login'>用户名<input name=u>密码<input type=password name=p><button>登录</button></form>"
    )


def json_error(_: Scene) -> Answer | None:
    return Answer(200, '{"code":500,"msg":"服务器内部错误"}'.encode(), "application/json; charset=utf-8")


def front_page(scene: Scene) -> Answer | None:
    return scene.ask("/")


def led_home(_: Scene) -> Answer | None:
    return redirect("/")


def led_to_error_page(scene: Scene) -> Answer | None:
    if scene.path.startswith("/404.html"):
        return None
    return redirect("/404.html")


def interstitial(scene: Scene) -> Answer | None:
    return notice(f"<p>您即将访问本网站，请点击继续</p><a href='{escape(scene.path)}'>继续访问</a>")


def cookie_by_script(_: Scene) -> Answer | None:
    """A guard's page: nothing to see, a script sets a cookie and loads the page again."""
    script = b"<html><head><script>document.cookie='k='+run(7);location.reload()</script></head><body></body></html>"
    return Answer(200, script, "text/html")


def charset_lies(scene: Scene) -> Answer | None:
    """Head and meta tag name another encoding than the bytes are in."""
    lie = "gb2312" if scene.encoding.replace("-", "").lower() == "utf8" else "utf-8"
    text = re.sub(r"(charset\s*=\s*[\"']?)[\w-]+", rf"\g<1>{lie}", scene.text)
    return replace(scene.text_answer(text), content_type=f"text/html; charset={lie}")


def gzip_cut(scene: Scene) -> Answer | None:
    body = gzip.compress(scene.answer.body)
    headers = {**scene.answer.headers, "Content-Encoding": "gzip"}
    return replace(scene.answer, body=body[: len(body) * 3 // 5], headers=headers)


def gzip_untold(scene: Scene) -> Answer | None:
    return replace(scene.answer, body=gzip.compress(scene.answer.body))


SHARED = (
    empty, blank, truncated, server_error, not_found, maintenance, firewall, loading, login, json_error, front_page,
    led_home, interstitial, cookie_by_script, charset_lies, gzip_cut, gzip_untold,
)  # fmt: skip
for shared in SHARED:
    on(LIST_DAMAGES)(shared)
    on(ARTICLE_DAMAGES)(shared)
on(ARTICLE_DAMAGES)(led_to_error_page)

# Lists.


def _row(scene: Scene, change: Callable[[html.HtmlElement, str], None]) -> Answer | None:
    tree = scene.tree()
    link = scene.row(tree)
    if link is None or not link.get("href"):
        return None
    change(link, link.get("href", ""))
    return scene.page(tree)


@on(LIST_DAMAGES)
def row_by_script(scene: Scene) -> Answer | None:
    return _row(scene, lambda link, href: link.set("href", f"javascript:openDoc('{href.rsplit('/', 1)[-1]}')"))


@on(LIST_DAMAGES)
def row_by_onclick(scene: Scene) -> Answer | None:
    def change(link: html.HtmlElement, href: str) -> None:
        link.set("href", "#")
        link.set("onclick", f"window.open('{href}')")

    return _row(scene, change)


@on(LIST_DAMAGES)
def row_by_data(scene: Scene) -> Answer | None:
    def change(link: html.HtmlElement, href: str) -> None:
        link.set("href", "javascript:;")
        link.set("data-url", href)

    return _row(scene, change)


@on(LIST_DAMAGES)
def row_without_href(scene: Scene) -> Answer | None:
    def change(link: html.HtmlElement, _: str) -> None:
        del link.attrib["href"]

    return _row(scene, change)


@on(LIST_DAMAGES)
def row_leads_to_file(scene: Scene) -> Answer | None:
    return _row(scene, lambda link, _: link.set("href", "/upload/jianghua.pdf"))


@on(LIST_DAMAGES)
def row_leads_home(scene: Scene) -> Answer | None:
    return _row(scene, lambda link, _: link.set("href", "/"))


@on(LIST_DAMAGES)
def row_leads_to_another(scene: Scene) -> Answer | None:
    """Its address is that of another row."""
    tree = scene.tree()
    others = (replace(scene, target=one).row(tree) for one in scene.speeches if one is not scene.target)
    other = next((link.get("href") for link in others if link is not None), None)
    return None if other is None else _row(scene, lambda link, _: link.set("href", other))


@on(LIST_DAMAGES)
def rows_twice(scene: Scene) -> Answer | None:
    """Every row is printed twice: no damage."""
    tree = scene.tree()
    box = _box(scene, tree)
    if box is None:
        return None
    for child in list(box):
        child.addnext(html.fromstring(etree.tostring(child, encoding="unicode", with_tail=False)))
    return scene.page(tree)


@on(LIST_DAMAGES)
def rows_by_script(scene: Scene) -> Answer | None:
    """The rows stand in a script, as data."""

    def change(box: html.HtmlElement, links: list[dict[str, str]]) -> None:
        script = html.Element("script")
        script.text = f"var list={json.dumps(links, ensure_ascii=False)};render(list);"
        box.append(script)

    return _rows(scene, change)


@on(LIST_DAMAGES)
def rows_in_frame(scene: Scene) -> Answer | None:
    return _rows(scene, lambda box, _: box.append(html.Element("iframe", src="/inner/list.html")))


def _box(scene: Scene, tree: html.HtmlElement) -> html.HtmlElement | None:
    """What holds the rows."""
    link = scene.row(tree)
    boxes = link.iterancestors("ul", "table", "tbody") if link is not None else iter(())
    return next(boxes, None)


def _rows(scene: Scene, change: Callable[[html.HtmlElement, list[dict[str, str]]], None]) -> Answer | None:
    """Something else in the place of the rows."""
    tree = scene.tree()
    box = _box(scene, tree)
    if box is None:
        return None
    links = [{"title": a.text_content(), "url": a.get("href", "")} for a in box.iter("a")]
    _emptied(box)
    change(box, links)
    return scene.page(tree)


@on(LIST_DAMAGES)
def row_leads_nowhere(scene: Scene) -> Answer | None:
    return _row(scene, lambda link, _: link.set("href", "http:///"))


def _pager(scene: Scene, change: Callable[[html.HtmlElement, int], None]) -> Answer | None:
    tree = scene.tree()
    links = scene.pager(tree)
    for number, link in enumerate(links, 1):
        change(link, number)
    return scene.page(tree) if links else None


@on(LIST_DAMAGES)
def pager_by_script(scene: Scene) -> Answer | None:
    return _pager(scene, lambda link, number: link.set("href", f"javascript:turn({number})"))


@on(LIST_DAMAGES)
def pager_by_onclick(scene: Scene) -> Answer | None:
    def change(link: html.HtmlElement, number: int) -> None:
        link.set("href", "#")
        link.set("onclick", f"turn({number});return false")

    return _pager(scene, change)


@on(LIST_DAMAGES)
def pager_to_itself(scene: Scene) -> Answer | None:
    return _pager(scene, lambda link, _: link.set("href", scene.path))


@on(LIST_DAMAGES)
def pager_abroad(scene: Scene) -> Answer | None:
    return _pager(scene, lambda link, number: link.set("href", f"http://www.elsewhere.example/list?page={number}"))


@on(LIST_DAMAGES)
def pager_to_missing_pages(scene: Scene) -> Answer | None:
    return _pager(scene, lambda link, number: link.set("href", f"/no/such/list_{number}.html"))


@on(LIST_DAMAGES)
def pager_by_postback(scene: Scene) -> Answer | None:
    return _pager(scene, lambda link, number: link.set("href", f"javascript:__doPostBack('pager','{number}')"))


@on(LIST_DAMAGES)
def pager_without_hrefs(scene: Scene) -> Answer | None:
    def change(link: html.HtmlElement, _: int) -> None:
        link.attrib.pop("href", None)
        link.set("class", "page-link")

    return _pager(scene, change)


@on(LIST_DAMAGES)
def pager_of_pictures(scene: Scene) -> Answer | None:
    """Directions become pictures; numbers stay."""

    def change(link: html.HtmlElement, _: int) -> None:
        words = squeeze(link.text_content())
        if not words.isdigit():
            for child in list(link):
                link.remove(child)
            link.text = ""
            link.append(html.Element("img", src="/images/next.gif" if "下" in words else "/images/p.gif"))

    return _pager(scene, change)


@on(LIST_DAMAGES)
def pager_of_numbers(scene: Scene) -> Answer | None:
    """Directions go; the numbers stay."""
    tree = scene.tree()
    links = scene.pager(tree)
    numbers = [link for link in links if squeeze(link.text_content()).isdigit()]
    if not numbers or len(numbers) == len(links):
        return None
    for link in links:
        if link not in numbers:
            link.drop_tree()
    return scene.page(tree)


@on(LIST_DAMAGES)
def load_more(scene: Scene) -> Answer | None:
    """A script's button in the place of the pager."""
    tree = scene.tree()
    links = scene.pager(tree)
    if not links:
        return None
    for link in links[1:]:
        link.drop_tree()
    links[0].tag, links[0].text = "button", "加载更多"
    links[0].attrib.pop("href", None)
    for child in list(links[0]):
        links[0].remove(child)
    return scene.page(tree)


@on(LIST_DAMAGES)
def no_rows(scene: Scene) -> Answer | None:
    """The template with its pager, without its rows."""
    return _rows(scene, lambda *_: None)


@on(LIST_DAMAGES)
def first_page_again(scene: Scene) -> Answer | None:
    """Every page of the list shows the first."""
    first = scene.paths.get("list")
    return None if first is None or first == scene.path else scene.ask(first)


@on(LIST_DAMAGES)
def led_to_first_page(scene: Scene) -> Answer | None:
    first = scene.paths.get("list")
    return None if first is None or first == scene.path else redirect(first)


@on(LIST_DAMAGES)
def another_columns_list(scene: Scene) -> Answer | None:
    other = scene.other_column()
    return None if other is None else scene.ask(other)


@on(LIST_DAMAGES)
def row_goes_mid_walk(scene: Scene) -> Answer | None:
    """While a later page is asked for, the first row of the list goes away and the others move up."""
    first = scene.paths.get("list")
    if first is None or first == scene.path or not scene.remove_newest():
        return None
    return scene.ask(scene.path)


@on(LIST_DAMAGES)
def an_article(scene: Scene) -> Answer | None:
    other = scene.paths.get("article")
    return None if other is None else scene.ask(other)


# Articles: another page in its place.


@on(ARTICLE_DAMAGES)
def another_article(scene: Scene) -> Answer | None:
    other = scene.paths.get("article")
    return None if other is None or other == scene.path else scene.ask(other)


@on(ARTICLE_DAMAGES)
def the_list(scene: Scene) -> Answer | None:
    first = scene.paths.get("list")
    return None if first is None else scene.ask(first)


@on(ARTICLE_DAMAGES)
def led_to_list(scene: Scene) -> Answer | None:
    first = scene.paths.get("list")
    return None if first is None else redirect(first)


@on(ARTICLE_DAMAGES)
def led_to_another_article(scene: Scene) -> Answer | None:
    other = scene.paths.get("article")
    return None if other is None or other == scene.path else redirect(other)


@on(ARTICLE_DAMAGES)
def led_abroad(_: Scene) -> Answer | None:
    return redirect("http://www.elsewhere.example/")


def _inside(scene: Scene, change: Callable[[html.HtmlElement], None]) -> Answer | None:
    """Change the body's element."""
    tree = scene.tree()
    body = scene.body(tree)
    if body is None or body.tag in ("body", "html"):
        return None
    change(body)
    return scene.page(tree)


def _emptied(node: html.HtmlElement, text: str = "") -> None:
    for child in list(node):
        node.remove(child)
    node.text = text


@on(ARTICLE_DAMAGES)
def deleted_in_template(scene: Scene) -> Answer | None:
    return _inside(scene, lambda body: _emptied(body, "对不起，该信息已被删除或不存在！"))


@on(ARTICLE_DAMAGES)
def loading_in_template(scene: Scene) -> Answer | None:
    return _inside(scene, lambda body: _emptied(body, "正在加载中..."))


@on(ARTICLE_DAMAGES)
def no_body(scene: Scene) -> Answer | None:
    return _inside(scene, _emptied)


@on(ARTICLE_DAMAGES)
def body_in_frame(scene: Scene) -> Answer | None:
    def change(body: html.HtmlElement) -> None:
        _emptied(body)
        body.append(html.Element("iframe", src="/inner/text.html", width="100%"))

    return _inside(scene, change)


@on(ARTICLE_DAMAGES)
def body_in_viewer(scene: Scene) -> Answer | None:
    def change(body: html.HtmlElement) -> None:
        _emptied(body)
        body.append(html.Element("iframe", src="/pdfjs/web/viewer.html?file=" + VIEWED))

    return _inside(scene, change)


@on(ARTICLE_DAMAGES)
def container_renamed(scene: Scene) -> Answer | None:
    def change(body: html.HtmlElement) -> None:
        for node in (body, *list(body.iterancestors())[:3]):
            for name in ("id", "class"):
                node.attrib.pop(name, None)
        body.set("class", "nr")

    return _inside(scene, change)


def _as_script(body: html.HtmlElement) -> str:
    return "".join(etree.tostring(child, encoding="unicode", method="html") for child in body)


@on(ARTICLE_DAMAGES)
def body_in_script(scene: Scene) -> Answer | None:
    def change(body: html.HtmlElement) -> None:
        source = json.dumps((body.text or "") + _as_script(body), ensure_ascii=False).replace("</", "<\\/")
        _emptied(body)
        script = html.Element("script")
        script.text = f"var content={source};show(content);"
        body.append(script)

    return _inside(scene, change)


def _held(body: html.HtmlElement, tag: str) -> None:
    source = (body.text or "") + _as_script(body)
    _emptied(body)
    holder = html.Element(tag, {"type": "text/html"} if tag == "script" else {})
    holder.text = source
    body.append(holder)


@on(ARTICLE_DAMAGES)
def body_in_script_template(scene: Scene) -> Answer | None:
    return _inside(scene, lambda body: _held(body, "script"))


@on(ARTICLE_DAMAGES)
def body_in_textarea(scene: Scene) -> Answer | None:
    return _inside(scene, lambda body: _held(body, "textarea"))


@on(ARTICLE_DAMAGES)
def text_of_another(scene: Scene) -> Answer | None:
    """The page of the article with another's text."""
    if "article" not in scene.paths:
        return None
    other = scene.paths.setdefault("lent", scene.paths["article"])
    page = html.document_fromstring(scene.ask(other).body.decode(scene.encoding))
    shown = max(
        (replace(scene, target=one, text=etree.tostring(page, encoding="unicode")) for one in scene.speeches),
        key=Scene.share,
    )
    source = shown.body(page)
    if source is None or shown.target is scene.target or shown.share() < 1 or source.tag in ("body", "html"):
        return None

    def change(body: html.HtmlElement) -> None:
        _emptied(body, source.text or "")
        body.extend(list(source))

    return _inside(scene, change)


@on(ARTICLE_DAMAGES)
def comments_below(scene: Scene) -> Answer | None:
    """Readers' words behind the text: none of it."""
    if scene.share() < 1:
        return None

    def change(body: html.HtmlElement) -> None:
        words = "主席讲得很好，说到了我们心坎里，希望把老旧小区的水管早日换好。"
        entries = "".join(f"<li><b>网友{n}</b> 2024-01-0{n} 10:0{n}<p>{words}</p></li>" for n in range(1, 4))
        body.addnext(html.fromstring(f'<div class="comments"><h3>网友评论</h3><ul>{entries}</ul></div>'))

    return _inside(scene, change)


@on(ARTICLE_DAMAGES)
def half_behind_a_stray_end_tag(scene: Scene) -> Answer | None:
    return _in_text(scene, lambda text, place: f"{text[:place]}</div>{text[place:]}")


def _in_text(scene: Scene, change: Callable[[str, int], str]) -> Answer | None:
    """Change the source before a paragraph in the middle of the text."""
    lines = [line for line in scene.target["body"].split("\n") if len(line) >= SHORTEST_LINE]
    places = [scene.text.find(escape(line[:8], quote=False)) for line in lines]
    starts = [
        max(scene.text.rfind("<p", 0, place), scene.text.rfind("<P", 0, place)) for place in places if place > 0
    ]
    usable = [start for before, start in pairwise(starts) if start > before > 0]
    return scene.text_answer(change(scene.text, usable[len(usable) // 2])) if usable else None


@on(ARTICLE_DAMAGES)
def sentence_of_label_words(scene: Scene) -> Answer | None:
    return _in_text(scene, lambda text, place: f"{text[:place]}<p>{INSERTED}</p>{text[place:]}")


@on(ARTICLE_DAMAGES)
def paragraph_hidden_until_clicked(scene: Scene) -> Answer | None:
    """The second half stands in a block that a script opens."""

    def change(text: str, place: int) -> str:
        end = text.find("</div>", place)
        opener = '<a href="javascript:;" onclick="show(more)">展开全文</a>'
        return f'{text[:place]}{opener}<div id="more" style="display:none">{text[place:end]}</div>{text[end:]}'

    return _in_text(scene, change)


def _instead_of_half(change: Callable[[str], str]) -> Damage:
    """The second half of the text becomes something else."""

    def damage(text: str, place: int) -> str:
        end = text.find("</div>", place)
        return f"{text[:place]}{change(text[place:end])}{text[end:]}"

    return lambda scene: _in_text(scene, damage)


@on(ARTICLE_DAMAGES)
def rest_after_login(scene: Scene) -> Answer | None:
    return _instead_of_half(lambda _: '<p><a href="/login.html">登录后阅读全文</a></p>')(scene)


@on(ARTICLE_DAMAGES)
def rest_in_app(scene: Scene) -> Answer | None:
    return _instead_of_half(lambda _: "<p>扫码下载APP，查看全文</p>")(scene)


@on(ARTICLE_DAMAGES)
def error_within_text(scene: Scene) -> Answer | None:
    error = "<p>Microsoft OLE DB Provider for SQL Server 错误 '80004005' 超时已过期 /inc/conn.asp，行 12</p>"
    return _instead_of_half(lambda _: error)(scene)


@on(ARTICLE_DAMAGES)
def half_in_textarea(scene: Scene) -> Answer | None:
    return _instead_of_half(lambda half: f"<textarea>{escape(half)}</textarea>")(scene)


@on(ARTICLE_DAMAGES)
def half_in_script_template(scene: Scene) -> Answer | None:
    return _instead_of_half(lambda half: f'<script type="text/template">{half}</script>')(scene)


@on(ARTICLE_DAMAGES)
def half_in_frame(scene: Scene) -> Answer | None:
    return _instead_of_half(lambda _: '<iframe src="/inner/rest.html"></iframe>')(scene)


@on(ARTICLE_DAMAGES)
def continued_by_script(scene: Scene) -> Answer | None:
    """The second half stands on a page that only a script opens."""

    def change(text: str, place: int) -> str:
        end = text.find("</div>", place)
        turned = "".join(
            f'<a href="javascript:page({n})">{words}</a> ' for n, words in ((1, "1"), (2, "2"), (2, "下一页"))
        )
        pager = f'<div class="fenye">{turned}</div>'
        return f"{text[:place]}{pager}{text[end:]}"

    return _in_text(scene, change)


# Articles: their facts.


@on(ARTICLE_DAMAGES)
def no_title(scene: Scene) -> Answer | None:
    tree = scene.tree()
    nodes = scene.heading(tree)
    for node in nodes:
        node.drop_tree()
    return scene.page(tree) if nodes else None


@on(ARTICLE_DAMAGES)
def another_title(scene: Scene) -> Answer | None:
    tree = scene.tree()
    nodes = scene.heading(tree)
    for node in nodes:
        _emptied(node, "关于召开座谈会的通知")
    for node in tree.iter("title"):
        node.text = "关于召开座谈会的通知-广水市政协网"
    return scene.page(tree) if nodes else None


def _dates(scene: Scene) -> re.Pattern[str]:
    year, month, day = (int(part) for part in scene.target["published_on"].split("-"))
    return re.compile(
        rf"\b{year}\s*[-/.年]\s*0?{month}\s*[-/.月]\s*0?{day}(?!\d)(?:\s*日)?(?:\s*\d{{1,2}}:\d{{2}}(?::\d{{2}})?)?"
    )


def _date(scene: Scene, change: Callable[[re.Match[str]], str]) -> Answer | None:
    text, count = _dates(scene).subn(change, scene.text)
    return scene.text_answer(text) if count else None


@on(ARTICLE_DAMAGES)
def no_date(scene: Scene) -> Answer | None:
    return _date(scene, lambda _: "")


@on(ARTICLE_DAMAGES)
def date_by_script(scene: Scene) -> Answer | None:
    return _date(scene, lambda _: "<script>showDate(document)</script>")


@on(ARTICLE_DAMAGES)
def impossible_date(scene: Scene) -> Answer | None:
    return _date(scene, lambda _: "2023-02-30 10:00:00")


@on(ARTICLE_DAMAGES)
def date_without_year(scene: Scene) -> Answer | None:
    return _date(scene, lambda match: re.sub(r"^\d{4}\s*[-/.年]\s*", "", match[0]))


@on(ARTICLE_DAMAGES)
def another_date(scene: Scene) -> Answer | None:
    """The day of another speech, where the list prints the right one."""
    day = next(one["published_on"] for one in scene.speeches if one["published_on"] != scene.target["published_on"])
    if not any(_dates(scene).search(scene.ask(path).body.decode(scene.encoding)) for path in scene.lists):
        return None
    return _date(scene, lambda _: f"{day} 10:00:00")


@on(ARTICLE_DAMAGES)
def rough_count(scene: Scene) -> Answer | None:
    """A printed count becomes `10万+`."""
    text, count = re.subn(
        r"((?:浏览|点击|阅读|访问)[次数量]{0,2}\s*[:：]\s*(?:<[^>]*>)*\s*)\d+", r"\g<1>10万+", scene.text
    )
    return scene.text_answer(text) if count else None


@on(ARTICLE_DAMAGES)
def files_by_script(scene: Scene) -> Answer | None:
    tree = scene.tree()
    links = [a for a in tree.iter("a") if re.search(r"\.docx?$|download|filedown", a.get("href", ""), re.IGNORECASE)]
    for link in links:
        link.set("onclick", f"down('{link.get('href')}')")
        link.set("href", "javascript:void(0)")
    return scene.page(tree) if links else None


@on(ARTICLE_DAMAGES)
@on(LIST_DAMAGES)
def written_anew(scene: Scene) -> Answer | None:
    """The same page from another serialiser: no damage."""
    return scene.page(scene.tree())
