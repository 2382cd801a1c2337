"""KesionCMS's scripts: which answer a request gets, with the builds' differences and slips."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crawler.replica.asp import Answer, AspRequest
from crawler.replica.kesion import notices
from crawler.replica.kesion.listing import part_pager
from crawler.replica.kesion.templates import COMMON_GUARD, SITE, ArticleView
from crawler.replica.noise import BodyLinks, render
from crawler.replica.prose import dice
from crawler.replica.site import ARCHIVE, MEMBERS, MODELS, NEWS, NOTICES, SECTION, Item, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.replica.asp import Asked
    from crawler.replica.kesion.templates import Flavour
    from crawler.replica.kesion.views import ListPages

FILTERED = ("m", "d", "id", "p", "page", "getflag")
UNSEEN = ("removed", "deleted-notice", "not-approved")
SESSION = "ASPSESSIONIDQQSCRTAD=KFHBNLOAGDPCEMJIKBNALHCO; path=/"
TINY_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


class Kesion:
    server = "Microsoft-IIS/6.0"

    def __init__(self, flavour: Flavour, site: Site, lists: ListPages, robots: str | None) -> None:
        self.flavour = flavour
        self.site = site
        self.robots = robots
        self.lists = lists
        self.scripts: dict[str, Callable[[AspRequest], Answer]] = {
            "/": self.home,
            "/index.asp": self.home,
            "/default.asp": self.home,
            "/item/show.asp": self.show,
            "/item/list.asp": self.list_page,
            "/item/gethits.asp": self.get_hits,
            "/item/print.asp": self.print_page,
            "/item/filedown.asp": self.file_down,
            "/item/ajaxpage.asp": self.ajax_page,
            "/plus/error.asp": self.error_page,
            "/user/login/": lambda _: self.html("<html><body>会员登录</body></html>"),
        }

    def respond(self, asked: Asked) -> Answer:
        return self.answer(AspRequest.read(asked, self.flavour.encoding))

    def headers(self, cookie: str) -> dict[str, str]:
        common = {"X-Powered-By": "ASP.NET", "Cache-control": "private"}
        return common if "ASPSESSIONID" in cookie else {**common, "Set-Cookie": SESSION}

    def truth(self) -> dict[str, Any]:
        return self.site.truth(self.flavour.prints_author, self.flavour.prints_source)

    def step(self) -> dict[str, list[str]]:
        return self.site.step()

    def answer(self, request: AspRequest) -> Answer:
        if request.path == "/robots.txt" and self.robots is not None:
            return Answer(200, self.robots.encode(), "text/plain")
        if request.path.startswith(("/uploadfiles/", "/images/")):
            return self.static_file(request.path)
        if counts := self.lists.counts_script(request.path):
            return self.html(counts)
        served = self.lists.form.read(request)
        if served is None and (target := self.moved_to(request)):
            return self.redirect(target)
        request = served or request
        script = self.scripts.get(request.path)
        if script is None:
            return self.not_found()
        if bad := self.forbidden_text(request):
            return self.html(notices.guard(bad, "127.0.0.1"))
        return script(request)

    def moved_to(self, request: AspRequest) -> str:
        """Where Show.asp sends an article that has an address of another form; empty when it has none."""
        item = self.site.items.get((request.number("m"), request.number("d") or request.number("id")))
        if request.path != "/item/show.asp" or item is None:
            return ""
        target = self.lists.form.item(self.domain(request), item)
        return "" if "Show.asp" in target else target

    def forbidden_text(self, request: AspRequest) -> str:
        words = (*COMMON_GUARD, *self.flavour.guarded_more)
        values = [request.text(name).lower() for name in FILTERED]
        return next((word for word in words for value in values if word in value), "")

    def html(self, text: str, status: int = 200) -> Answer:
        return Answer(status, text.encode(self.flavour.encoding), self.flavour.content_type)

    def not_found(self) -> Answer:
        return Answer(404, notices.NOT_FOUND.encode("gb18030"), "text/html")

    def redirect(self, target: str) -> Answer:
        text = notices.OBJECT_MOVED.format(target=target)
        return Answer(302, text.encode("ascii", "replace"), self.flavour.content_type, {"Location": target})

    def domain(self, request: AspRequest) -> str:
        return self.lists.domain(request.host)

    def home(self, request: AspRequest) -> Answer:
        return self.html(self.lists.home(request.host))

    def list_page(self, request: AspRequest) -> Answer:
        class_id = request.number("id")
        if class_id == MEMBERS:
            return self.html(notices.MEMBERS_ONLY)
        if class_id not in (SECTION, NEWS, NOTICES, ARCHIVE):
            return self.html(notices.UNKNOWN_CLASS)
        return self.html(self.lists.page(request.host, class_id, request.number("page")))

    def ajax_page(self, request: AspRequest) -> Answer:
        if not request.referer:
            return self.html("error!")
        return self.html(self.lists.ajax_page(request.host, request.text("classid"), request.number("curpage")))

    def show(self, request: AspRequest) -> Answer:
        model, number = request.number("m"), request.number("d") or request.number("id")
        if not model and not number:
            return self.redirect("index.asp")
        if not model:  # the CMS takes a lone d for a class
            listing = AspRequest(request.path, request.host, {**request.values, "id": str(number)})
            return self.list_page(listing)
        if model not in MODELS:
            return self.html("\r\n\r\n")
        return self.show_item(request, self.site.items.get((model, number)))

    def show_item(self, request: AspRequest, item: Item | None) -> Answer:
        if item and self.lists.form.is_file(item) and item.state in UNSEEN:
            return self.not_found()
        if item is None or item.state in ("removed", "deleted-notice"):
            return self.refuse(notices.DELETED)
        if item.state == "not-approved":
            return self.refuse(notices.NOT_APPROVED)
        if item.target and self.lists.form.is_file(item):
            return self.html(notices.scripted_redirect(item.speech, item.target))
        if item.target:
            if self.flavour.name == "X2":
                item.hits[0] += 1
            return self.redirect(item.target)
        return self.article(request, item)

    def refuse(self, message: str) -> Answer:
        if self.flavour.errors == "alert":
            return self.html(notices.alert(message))
        encoded = quote(message, encoding=self.flavour.encoding)
        return self.redirect(f"/Plus/error.asp?action=error&message={encoded}")

    def article(self, request: AspRequest, item: Item) -> Answer:
        parts = len(item.speech.parts)
        asked = request.number("p") if request.text("p") else 1
        part = asked if parts > 1 else 1
        inside = 1 <= part <= parts
        if not inside and self.flavour.name == "X2":
            return self.html(notices.SUBSCRIPT_ERROR, 500)
        domain = self.domain(request)
        if notice := notices.in_place_of_body(item.state, item.speech.number, domain):
            if item.state == "paid" and request.text("pt") == "1":
                self.site.purchases += 1
            return self.html(self.page_of(request, item, 1, notice, wrapped=False))
        body = self.part_html(item, part, domain) if inside else ""
        return self.html(self.page_of(request, item, part, body, wrapped=True))

    def part_html(self, item: Item, part: int, domain: str) -> str:
        speech = item.speech
        parts = len(speech.parts)
        picture = None
        if parts > 1:
            last = part >= parts
            picture = self.lists.form.column(domain, item.class_id) if last else self.lists.form.part(item, part + 1)
        chance = dice(self.site.seed, "noise", self.flavour.name, speech.native_id, speech.revision, part)
        return render(speech.parts[part - 1], chance, BodyLinks(domain, picture))

    def page_of(self, request: AspRequest, item: Item, part: int, body: str, wrapped: bool) -> str:
        speech, domain = item.speech, self.domain(request)
        parts = len(speech.parts)
        before, after = self.site.neighbours(item)
        section, crumbs = self.lists.crumbs(domain, item)
        view = ArticleView(
            domain=domain,
            model=speech.model,
            number=speech.number,
            title=f"{speech.title}({part})" if parts > 1 and self.flavour.numbered_titles else speech.title,
            raw_date=self.flavour.raw_date(speech.published),
            author=speech.author,
            source=speech.source,
            editor=speech.editor,
            section=section,
            body=body,
            wrapped=wrapped,
            pager=part_pager(partial(self.lists.form.part, item), part, parts) if parts > 1 and wrapped else "",
            crumbs=crumbs,
            previous=self.lists.neighbour(domain, before),
            following=self.lists.neighbour(domain, after),
        )
        title = f"{view.title}-{section}-{SITE}"
        return self.flavour.page(domain, title, self.lists.navigation(domain), self.flavour.article(view))

    def get_hits(self, request: AspRequest) -> Answer:
        if request.text("action") == "commentnum" and self.flavour.name == "X2":
            return self.script(
                f'<a href="/plus/Comment.asp?InfoID={request.number("postid")}">我要评论(<span>0</span>)</a>'
            )
        flag, model, number = request.number("getflag"), request.number("m"), request.number("id")
        if model and model not in MODELS:
            return self.html(notices.SQL_ERROR, 500)
        item = self.site.items.get((model, number))
        if item is None or item.state in ("removed", "deleted-notice"):
            return self.script({0: "0", 1: "", 2: "", 3: ""}.get(flag))
        if request.text("action") == "Count":  # VBScript's = knows case
            self.site.count_hit(item)
        return self.script(str(item.hits[flag]) if flag in range(4) else None)

    def script(self, value: str | None) -> Answer:
        statement = "" if value is None else f"document.write('{value}');"
        return self.html(f"{self.flavour.leak}{statement} \r\n")

    def print_page(self, request: AspRequest) -> Answer:
        item = self.site.items.get((request.number("m"), request.number("id")))
        # Whether an article is in the recycle bin, this script does not ask.
        if item is None or item.state in ("deleted-notice", "not-approved"):
            return self.html(notices.BAD_PARAMETER)
        domain = self.domain(request)
        if item.target:  # the field of the body holds the address, and the print page prints it
            return self.html(notices.print_page(item.speech, item.hits[0], "", item.target))
        whole = "".join(self.part_html(item, part, domain) for part in range(1, len(item.speech.parts) + 1))
        body = notices.in_place_of_body(item.state, item.speech.number, domain) or notices.html_code(whole)
        date = self.flavour.raw_date(item.speech.published)
        return self.html(notices.print_page(item.speech, item.hits[0], date, body))

    def error_page(self, request: AspRequest) -> Answer:
        return self.html(notices.error_page(request.values.get("message", "")))

    def file_down(self, request: AspRequest) -> Answer:
        number = request.number("id")
        if not number:
            return self.html(notices.alert("附件已不存在!"))
        return Answer(200, f"attachment {number}".encode(), "application/octet-stream")

    def static_file(self, path: str) -> Answer:
        if path.endswith((".gif", ".jpg")):
            return Answer(200, TINY_GIF, "image/gif")
        return Answer(200, f"file {path}".encode(), "application/msword")
