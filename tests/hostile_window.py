"""A root of archives whose every value tries to execute, to leave its place or to fill the page."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from pipelines.record import Attachment, Evidence, Problem, Speaker
from tests.conftest import Site
from tests.nasty_archives import SECOND
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import day, missed, opened, sealed, speech

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = "长" * 340_000
"""A title of a million bytes."""
HOSTILE = (
    "<script>alert('executed')</script>",
    "\"><img src='http://127.0.0.1:9999/x.png' onerror=\"alert('executed')\">",
    "</title></script></textarea><svg onload=alert('executed')>",
    "\u202e讲话\u2066gnp.exe\u200f",
    "{{7*7}}{% raise %}{#",
    "javascript:alert('executed')",
    "../../x",
    "]]>--><!-- &amp;&lt;b&gt; \x1b[31m\x07",
)
_BODY = """<p>——2023年12月28日在政协第九届第三次会议上</p><p>各位委员：</p><p onclick="alert('executed')">请看
<a href="javascript:alert('executed')">此处</a><a href="http://127.0.0.1:9999/out" ping="http://127.0.0.1:9999/ping">外</a>
<img src="http://127.0.0.1:9999/x.png" onerror="alert('executed')"><img src="/upload/a.jpg"></p>
<script>alert('executed')</script><iframe src="http://127.0.0.1:9999/frame"></iframe>
<style>@import "http://127.0.0.1:9999/x.css"</style>
<form action="http://127.0.0.1:9999/form"><input name="a"><button>go</button></form><base href="http://127.0.0.1:9999/">
<svg onload="alert('executed')"><a href="x">s</a></svg>
<p style="background: url(http://127.0.0.1:9999/bg.png); position: fixed">{0}</p>"""


def hostile_root(root: Path) -> Path:
    """Two archives: crawled twice, with values as a site could print them; written, with values as none should be."""
    profile = root.parent / "profile.toml"
    profile.write_text(PROFILE.replace("广水市政协网", HOSTILE[0].replace("'", "")), "utf-8")
    titles = dict(enumerate((*HOSTILE, "在政协第九届第三次会议上的讲话"), 1))
    arguments = ("-a", f"profile={profile}", "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    nights: list[int] = []
    with serve(lambda path, _: _answer(path, titles, is_later=bool(nights))) as url:
        for night in (1, 2):
            ended = Site(root, "hostile").crawl(f"{url}Item/list.asp?id=5", *arguments)
            assert ended.status == 0, ended
            nights.append(night)
    _written(root / "0052")
    return root


def _answer(path: str, titles: dict[int, str], *, is_later: bool) -> Answer:
    """Articles with these titles; later the first says something else, and the second is gone."""
    number = int(path.rpartition("=")[2]) if "d=" in path.lower() else 0
    if "GetHits" in path:
        return Answer(f"document.write('{number * (9 if is_later else 2)}');")
    if "Show.asp" in path:
        if number == 2 and is_later:
            return Answer("", 404)
        body = _BODY.replace("{0}", escape(titles[number]) + ("，改了。" if is_later and number == 1 else "。"))
        return Answer(article_page(number, title=escape(titles[number]), body=body))
    if "list.asp" in path:
        return Answer(list_page([(n, escape(title[:60]), "2020-01-01") for n, title in titles.items()]))
    return Answer(b"\xff\xd8\xff\xd9", headers={"Content-Type": "image/jpeg"})


def _written(folder: Path) -> None:
    run = opened(folder, 1, facts=SECOND)
    for number, text in enumerate((*HOSTILE, MEGABYTE), 1):
        run.keep(_speech(number, text, 1))
    sealed(run, 1)
    run = opened(folder, 2, facts=SECOND, days=0)
    run.keep(_speech(1, HOSTILE[1], 2))
    run.miss(replace(missed("2", day(2)), site="0052"))
    sealed(run, 2)


def _speech(number: int, text: str, on: int) -> Any:
    short = text[:4000]
    return replace(
        speech(str(number), day(on), title=text, author=short, source=short, body=f"{short}\n<b>{short}</b>"),
        site="0052",
        url=f"javascript:alert('executed')//{number}",
        section=short,
        speaker=short,
        speakers=(Speaker(name=short, post=short),),
        committee=short,
        meeting=short,
        attachments=(Attachment(name=short, url="javascript:alert('executed')"),),
        evidence=(
            Evidence(field="title", where="title", text=text[:300]),
            Evidence(field="speaker", where="body", text=short[:20]),
        ),
        problems=(Problem(field="body", code="empty", detail=short),),
    )
