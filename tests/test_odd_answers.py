"""Answers that are not as their heads say: read without damage, asked for again, or told as gaps."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from datetime import UTC, datetime
from email.message import Message
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Headers, HtmlResponse, Response
from w3lib.encoding import html_to_unicode

from crawler.http.certificates import looked_at
from crawler.http.netloc import Server
from crawler.http.politeness.retry_after import retry_after
from crawler.http.redirects import cookies_of
from crawler.http.transport.known_text import keep_text
from crawler.sites.profile import ProfileError, load_profile
from pipelines.decoding import decode, decoded
from tests.conftest import Ended, Site, run_anew
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_wire import certificate, raw_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "各位委员、同志们：这次会议的主要任务是听取工作报告，请大家认真审议。"
TRADITIONAL = "各位委員、同志們：這次會議的主要任務是聽取工作報告，請大家認真審議。"
META = '<html><head><meta charset="{}"></head>'


def crawl(site: Site, answers: dict[str, Callable[[Message], Answer]], *more: str, times: int = 1) -> Ended:
    """Crawl a list of the articles named in `answers`, which answer as they are given; the last run's end."""

    def answer(path: str, headers: Message) -> Answer:
        number = int((re.findall(r"(?:d|ID)=(\d+)", path) or ["0"])[0])
        if "GetHits" in path:
            return Answer("document.write('1');")
        if "Show" in path:
            return answers[str(number)](headers)
        return Answer(list_page([(int(n), "在会上的讲话", "2020-01-01") for n in answers]))

    profile = site.root.parent / "small.toml"
    profile.parent.mkdir(exist_ok=True)
    profile.write_text(PROFILE, "utf-8")
    with serve(answer) as url:
        for _ in range(times):
            ended = site.crawl(url, "-a", f"profile={profile}", "-s", "RETRY_TIMES=2", *more)
    return ended


def gaps(site: Site) -> dict[str, str]:
    return {gap["native_id"]: gap["reason"] for gap in site.report()["not_captured"]}


def page(number: int, encoding: str = "utf-8", *, meta: str = "", damage: bool = False) -> bytes:
    body = article_page(number, body=f"<p>{TEXT}</p>" * 5).replace(
        "<html><head>", META.format(meta) if meta else "<html><head>"
    )
    data = body.encode(encoding)
    return data.replace(b"</h3>", "会".encode(encoding)[:-1] + b"</h3>", 1) if damage else data


def typed(body: bytes, content_type: str = "text/html", **headers: str) -> Callable[[Message], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(body, headers={"Content-Type": content_type, **named})


def test_pages_are_read_with_the_fewest_damaged_characters_whatever_is_declared(site: Site) -> None:
    lie = {
        "1": typed(page(1, "gb18030"), "text/html; charset=utf-8"),
        "2": typed(page(2, "gb18030", meta="gb2312"), "text/html; charset=ISO-8859-1"),
        "3": typed(page(3, "utf-8", meta="gb2312"), "text/html; charset=GBK"),
        "4": typed(page(4, "gb18030", meta="utf-8")),
    }
    fine = {
        "5": typed(page(5, "utf-8", damage=True)),
        "6": typed(page(6, "gb18030", damage=True)),
        "7": typed(page(7, "gb18030"), "text/html; charset=zip"),
        "8": typed(page(8, "utf-8"), "text/html; charset=undefined"),
        "9": typed(page(9, "gb18030", meta="idna"), "text/html; charset=rot13"),
    }
    assert crawl(site, {**lie, **fine}).status == 0
    assert {line["body"] for line in site.latest().values()} == {"\n".join([TEXT] * 5)}
    assert site.latest().keys() == {*lie, *fine}
    notes = site.report()["notes"]
    assert sum(notes.values()) == 3, notes
    assert all("Content-Type header names" in note for note in notes)


@pytest.mark.parametrize(
    ("text", "encoding", "header", "read"),
    [
        (TEXT, "gb18030", None, "gb18030"),
        (TEXT, "utf-8", "gb2312", "utf-8"),
        (TRADITIONAL, "big5", None, "big5hkscs"),
        (TRADITIONAL, "gbk", "big5", "gb18030"),
        (TRADITIONAL, "utf-8", "big5", "utf-8"),
        ("讲", "gbk", "utf-8", "gb18030"),
        ("café", "utf-8", "iso-8859-1", "utf-8"),
        ("plain", "ascii", "gbk", "gb18030"),
        ("\ufeff讲话", "utf-8", "gbk", "utf-8"),
        (TEXT, "utf-16", "utf-8", "utf-16-le"),
    ],
)  # fmt: skip
def test_encodings(text: str, encoding: str, header: str | None, read: str) -> None:
    assert decode(text.encode(encoding), header).encoding == read


def damage_in(body: bytes, encoding: str) -> int:
    """As `_least_damaged` counts it, plainly: of the whole text, character by character."""
    if encoding == "cp1252":
        return sum(byte >= 0x80 for byte in body)
    text = body.decode(encoding, "replace")
    odd = re.findall(
        "[\ufffd\x80-\x9f\ue000-\uf8ff\xc0-\xd6\xd8-\xf6\xf8-\u0390\u0400-\u07ff\uff61-\uff9f\uac00-\ud7a3]", text
    )
    rare = sum("\u3400" <= one <= "\u9fff" and not one.encode("gb2312", "ignore") for one in text)
    return 2 * len(odd) + rare


MANY = st.text(st.sampled_from("各位委员同志们在大会上的讲话，。镕堃喆廣議é\ue004Жㄅ a<>"), max_size=60)
FEW = st.lists(st.sampled_from([b"\xff", b"\x81", b"\xb0", "镕".encode("gbk"), "会".encode()]), max_size=3)


@given(MANY, st.sampled_from(["utf-8", "gb18030", "big5hkscs"]), FEW, st.sampled_from([0, 500, 6000]))
def test_of_all_encodings_the_one_with_the_fewest_damaged_characters(
    text: str, encoding: str, others: list[bytes], head: int
) -> None:
    body = b" " * head + b"".join([text.encode(encoding, "ignore"), *others])
    found = decode(body, None)
    if body.isascii() or body == body.decode("utf-8", "ignore").encode():
        assert found.encoding == "utf-8"
    else:
        assert found.encoding == min(
            ("utf-8", "gb18030", "big5hkscs", "cp1252"), key=lambda one: damage_in(body, one)
        )
    assert found.text == html_to_unicode(f"charset={found.encoding}", body)[1]


@pytest.mark.parametrize("other", [b"", "联系电话：主办单位".encode("gbk"), b"\xff", b"\x81"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_foreign_bytes_damage_no_other_character(encoding: str, other: bytes) -> None:
    assert TEXT in decoded(b"<p>" + TEXT.encode(encoding) + b"</p><p>" + other + b"</p>", None)


def test_answers_that_are_shorter_than_they_say(site: Site) -> None:
    whole, seen = page(3), []

    def once(_: Message) -> Answer:
        seen.append(1)
        return Answer(whole, headers={"Content-Length": str(len(whole) + (9 if len(seen) == 1 else 0))})

    answers = {
        "1": typed(page(1), Content_Length=str(len(page(1)) + 900)),
        "2": typed(page(2)[:-30], Content_Length=str(len(whole))),
        "3": once,
    }
    assert crawl(site, answers).status == 3
    assert gaps(site) == {"2": "truncated"}
    told = {key: [p["code"] for p in line["problems"]] for key, line in site.latest().items()}
    assert told == {"1": ["length-disagrees"], "3": []}
    assert site.verify().status == 0
    again = site.crawl(
        "http://127.0.0.1:1/", "-a", f"profile={site.root.parent / 'small.toml'}", "-a", "replay=latest"
    )
    assert (again.status, len(site.latest())) == (0, 2), again


def test_content_codings_that_do_not_fit(site: Site) -> None:
    data, seen = page(1), []

    def broken_once(_: Message) -> Answer:
        seen.append(1)
        return Answer(
            gzip.compress(data) if len(seen) > 1 else b"\x1f\x8b\x08rubbish", headers={"Content-Encoding": "gzip"}
        )

    answers = {
        "1": broken_once,
        "2": typed(data, Content_Encoding="gzip"),
        "3": typed(gzip.compress(data), Content_Encoding="x-gzip"),
        "4": typed(gzip.compress(data) + b"\0\0rubbish", Content_Encoding="gzip"),
        "5": typed(zlib.compress(data)[2:-4], Content_Encoding="deflate"),
        "6": typed(data, Content_Encoding=", ".join(["identity"] * 1500)),
        "7": typed(data, Content_Encoding=", ".join(["gzip"] * 1500)),
    }
    ended = crawl(site, answers)
    assert ended.status == 3
    assert gaps(site) == {"2": "unreadable", "6": "unreadable", "7": "unreadable"}
    assert "Traceback" not in ended.err
    assert site.verify().status == 0
    assert {line["body"] for line in site.latest().values()} == {"\n".join([TEXT] * 5)}


def test_a_304_that_nobody_asked_for_is_asked_again_and_proves_nothing(site: Site) -> None:
    days: list[int] = []

    def edited(text: str, *, for_ever: bool) -> Callable[[Message], Answer]:
        def answer(headers: Message) -> Answer:
            changed = bool(days)
            if changed and (for_ever or not headers.get("Cache-Control")):
                return Answer("", 304)
            return Answer(article_page(1, body=f"<p>{text}{'（改）' if changed else ''}</p>"))

        return answer

    answers = {"1": edited("甲", for_ever=False), "2": edited("乙", for_ever=True)}
    assert crawl(site, answers).status == 0
    days.append(1)
    assert crawl(site, answers, "-a", "mode=full").status == 3
    assert site.latest()["1"]["body"] == "甲（改）"
    assert (site.latest()["2"]["body"], gaps(site)) == ("乙", {"2": "http-error"})


@pytest.mark.parametrize("door", ["/Item/Show.asp?m=1&d={}", "/Item/Show.asp?m=1&d={}&door=1"])
def test_a_cookie_that_a_redirect_back_asks_for_is_kept_for_it(door: str, site: Site) -> None:
    def behind(number: int) -> Callable[[Message], Answer]:
        def answer(headers: Message) -> Answer:
            if "c=1" in headers.get("Cookie", ""):
                return Answer(page(number))
            return Answer("", 302, {"Set-Cookie": "c=1; path=/; HttpOnly", "Location": door.format(number)})

        return answer

    assert crawl(site, {"1": behind(1), "2": behind(2)}).status == 0
    assert site.latest().keys() == {"1", "2"}


def test_statuses_that_are_no_page(site: Site) -> None:
    reasons = {206: "truncated", 300: "http-error", 302: "http-error", 304: "http-error", 999: "http-error"}
    answers = {str(status): lambda _, status=status: Answer(page(status), status) for status in reasons}
    assert crawl(site, {"1": typed(page(1)), **answers}, "-s", "RETRY_TIMES=0").status == 3
    assert gaps(site) == {str(status): reason for status, reason in reasons.items()}


def test_a_server_that_asks_to_be_left_alone_for_hours_is_asked_once(site: Site) -> None:
    asked: list[int] = []

    def busy(_: Message) -> Answer:
        asked.append(1)
        return Answer("busy", 503, {"Retry-After": "7200" if len(asked) > 1 else "9" * 5_000})

    locks = ("-s", f"HOST_LOCKS={site.root.parent / 'hosts'}")
    assert crawl(site, {"1": busy, "2": busy, "3": typed(page(3))}, *locks).status == 11
    assert (len(asked), gaps(site)) == (1, {"1": "rate-limited"}), "the one that was asked; the other waits"
    assert "Retry-After" in site.report()["message"]


def test_a_counter_without_end_is_not_read(site: Site) -> None:
    profile = site.root.parent / "small.toml"
    profile.write_text(PROFILE, "utf-8")

    def answer(path: str, _: Message) -> Answer:
        if "GetHits" in path:
            return Answer(f"document.write('{'9' * 100_000}');")
        return Answer(page(1) if "Show" in path else list_page([(1, "在会上的讲话", "2020-01-01")]))

    with serve(answer) as url:
        assert site.crawl(url, "-a", f"profile={profile}").status == 3
    assert [(gap["what"], gap["reason"]) for gap in site.report()["not_captured"]] == [("counter", "too-large")]


@pytest.mark.parametrize("delay", ["999999", "86400.5"])
def test_a_site_that_asks_for_hours_between_two_requests_is_left_alone(delay: str, site: Site) -> None:
    asked: list[str] = []
    robots = f"User-agent: *\nCrawl-delay: {delay}\n"
    profile = site.root.parent / "small.toml"
    profile.write_text(PROFILE, "utf-8")
    with serve(lambda *_: Answer(robots), asked, has_robots=True) as url:
        ended = site.crawl(url, "-a", f"profile={profile}")
    assert (ended.status, asked) == (4, ["/robots.txt"]), ended
    assert "CRAWL_DELAY_MAX" in ended.out


@pytest.mark.parametrize(("length", "reason"), [(3_000, None), (20_000, "bad-url")])
def test_a_row_with_a_long_address_is_read_or_told(length: int, reason: str | None, site: Site) -> None:
    rows = list_page([(1, "在会上的讲话", "2020-01-01"), (2, "在会上的讲话", "2020-01-01")])
    profile = site.root.parent / "small.toml"
    profile.write_text(PROFILE, "utf-8")

    def answer(path: str, _: Message) -> Answer:
        if "GetHits" in path:
            return Answer("document.write('1');")
        if "Show" in path:
            return Answer(page(2 if "d=2" in path else 1))
        return Answer(rows.replace("d=2", f"d=2&x={'y' * length}"))

    with serve(answer) as url:
        delay = 'DOWNLOAD_SLOTS={"127.0.0.1": {"delay": 0.02}}'
        ended = site.crawl(url, "-a", f"profile={profile}", "-s", delay)
    assert ended.status == (3 if reason else 0), ended
    assert gaps(site) == ({"2": reason} if reason else {})
    assert site.report()["politeness"]["delay_seconds"] == 0.02


@pytest.mark.parametrize(
    "line",
    [
        f"gone_after_days = {'9' * 5000}",
        f"young_days = {'9' * 4000}",
        f"x = {'[' * 5000}{']' * 5000}",
        "a." * 9_000 + "b = 1",
    ],
    ids=["too many digits", "a great number", "deep arrays", "deep tables"],
)
def test_a_profile_that_cannot_be_meant_is_refused_with_its_name(line: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(f"{PROFILE}{line}\n", "utf-8")
    with pytest.raises(ProfileError, match=r"odd\.toml"):
        load_profile("odd", file)


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    with raw_server(tmp_path / "log", str(certificate(tmp_path / "cert.pem"))) as host:
        server = Server.of(f"https://{host}/")
        assert server is not None
        assert "self" in looked_at(server)
    assert looked_at(server).startswith("not seen"), "of a server that does not answer nothing is known"


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("7", "", 7), ("1.5", "", 1.5), ("²¹", "", 0), ("-5", "", 0), ("soon", "", 0), ("", "", 0),
        ("9" * 400, "", float("inf")),
        ("Thu, 01 Jan 2026 00:01:00 GMT", "", 60), ("Thu, 01 Jan 2026 00:01:00 -0000", "", 60),
        ("Thu, 01 Jan 2026 00:01:00 GMT", "Thu, 01 Jan 2026 00:00:30 GMT", 30),
        ("Thu, 01 Jan 2020 00:01:00 GMT", "", 0), ("Thu, 01 Jan 99999 00:01:00 GMT", "", 0),
    ],
)  # fmt: skip
def test_retry_after(value: str, date: str, seconds: float) -> None:
    headers = Headers({"Retry-After": value.encode("utf-8"), "Date": date})
    assert retry_after(Response("http://a.example/", headers=headers), NOW) == seconds


def test_cookies_are_well_formed_and_few() -> None:
    lines = ["a=1; path=/", "bad", "b=x\ny", "c d=1", *(f"f{n}=1" for n in range(999))]
    cookies = cookies_of(Response("http://a.example/", headers={"Set-Cookie": lines}))
    assert cookies["a"] == "1"
    assert len(cookies) <= 50
    assert all(re.fullmatch(r"\S+", name + value) for name, value in cookies.items())


STEERING = "\x1b[31m红\x1b]0;x\x07\n假的一行\t"


def printing(encoding: str) -> dict[str, Any]:
    return {"encoding": encoding, "errors": "replace", "env": {**os.environ, "PYTHONIOENCODING": encoding}}


def test_what_a_page_wrote_neither_steers_a_terminal_nor_ends_a_command(site: Site) -> None:
    title = f"讲话ｰ𠮷{STEERING.replace(chr(10), '&#10;').replace(chr(27), '&#27;')}"
    answers = {
        "1": lambda _: Answer(article_page(1, title=title)),
        "2": lambda _: Answer("", 302, {"Location": f"http://other.example/{STEERING!r}\x1b[2J"}),
    }
    profile = site.root.parent / "small.toml"

    def answer(path: str, headers: Message) -> Answer:
        number = "2" if "d=2" in path else "1"
        if "Show" in path:
            return answers[number](headers)
        rows = [(1, title, "2020-01-01"), (2, title, "2020-01-01")]
        return Answer("document.write('1');") if "GetHits" in path else Answer(list_page(rows))

    profile.parent.mkdir(exist_ok=True)
    profile.write_text(PROFILE, "utf-8")
    with serve(answer) as url:
        command = site.command(url, "-a", f"profile={profile}", "-s", "RETRY_TIMES=0")
        for encoding, more in (("gbk", ["-a", "plan=1"]), ("ascii", [])):
            ended = run_anew(*command, *more, **printing(encoding))
            assert ended.status in {0, 3}, ended
            assert "\x1b" not in ended.out + ended.err
            assert "\n假的一行" not in ended.out
    for encoding in ("gbk", "ascii"):
        shown = run_anew("pipelines", "show", str(site.folder), "1", **printing(encoding))
        assert shown.status == 0
        assert "\x1b" not in shown.out


def test_scrapy_does_not_decode_again_what_is_decoded() -> None:
    """It keeps the text under a private name; where that is gone, every page is decoded twice, and nothing tells."""
    response = HtmlResponse("http://127.0.0.1/", encoding="gb18030", body=TEXT.encode("gb18030"))
    keep_text(response, "known")
    assert response.text == "known"
