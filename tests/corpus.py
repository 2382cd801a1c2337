"""Article pages of eight makes, written for the tests: templates of pages/, filled with the replica's speeches.

The bodies carry the replica's editor noise (Word runs, hidden marks, spacers, tables); the frames are those a crawl
of committees meets, with menus, lists, teasers, comments, share bars and footers, all in the replica's own prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from string import Template

from crawler.replica.noise import BodyLinks, render
from crawler.replica.prose import dice, fill, sentences
from crawler.replica.speeches import Speech, make_speech
from tests.conftest import ROOT

PAGES = ROOT / "tests" / "pages"
FRAMES = ("trs", "hanweb", "vsb", "tables", "paper", "portal", "blog", "nameless")
FIRST = datetime(2016, 3, 1, 9, 0, 0)  # noqa: DTZ001 - local time, as a CMS stores it


@dataclass(frozen=True, slots=True)
class Made:
    """A page and what it should be read as; None where the page says nothing of the kind."""

    name: str
    text: str
    title: str
    moment: str
    author: str | None
    source: str | None
    body: str


def made_pages(each: int) -> list[Made]:
    """`each` pages of every frame, the same in every process."""
    return [_made(frame, 100 * place + number) for place, frame in enumerate(FRAMES) for number in range(each)]


def _made(frame: str, key: int) -> Made:
    chance = dice("frame", key)
    speech = make_speech(29, 1, key, FIRST + timedelta(days=4 * key, minutes=67 * key))
    template = (PAGES / f"{frame}.html").read_text("utf-8")
    partials = {name: (PAGES / f"_{name}.html").read_text("utf-8") for name in ("menu", "closing", "footer")}
    fillings = {**_facts(speech), **_noise(chance), "body": _body(speech, chance)}
    fillings |= {name: Template(text).substitute(fillings) for name, text in partials.items()}
    return Made(
        name=f"{frame}-{key % 100}",
        text=Template(template).substitute(fillings),
        title=speech.title,
        moment=f"{speech.published:%Y-%m-%d %H:%M}",
        author=speech.author if "$author" in template else None,
        source=speech.source if "$source" in template else None,
        body=speech.body,
    )


def _facts(speech: Speech) -> dict[str, str]:
    at, half = speech.published, len(speech.title) // 2
    return {
        "title": speech.title,
        "broken_title": f"{speech.title[:half].strip()}<br>{speech.title[half:].strip()}",
        "author": speech.author,
        "source": speech.source,
        "day": f"{at:%Y-%m-%d}",
        "minute": f"{at:%H:%M}",
        "second": f"{at:%H:%M:%S}",
        "year": str(at.year),
        "month": str(at.month),
        "date": str(at.day),
    }


def _body(speech: Speech, chance: Random) -> str:
    links = BodyLinks(home="/", picture=None)
    return "<br>".join(render(part, chance, links) for part in speech.parts)


def _noise(chance: Random) -> dict[str, str]:
    def row(number: int) -> str:
        return (
            f'<li><a href="/a/{number}.html">{_headline(chance)}</a><span>2025-0{chance.randint(1, 9)}-10</span></li>'
        )

    def teaser(number: int) -> str:
        link = f'<h4><a href="/t/{number}.html">{_headline(chance)}</a></h4>'
        return f"<li>{link}<p>{sentences('review', 2, chance)}</p></li>"

    def comment(number: int) -> str:
        said = sentences("work", 1, chance)
        return f'<div class="comment"><b>网友{number}</b> 2025-02-0{number} 10:2{number}<p>{said}</p></div>'

    return {
        "headline": _headline(chance),
        "rows": "".join(map(row, range(8))),
        "teasers": "".join(map(teaser, range(3))),
        "comments": "".join(map(comment, range(1, 5))),
    }


def _headline(chance: Random) -> str:
    matter = chance.choice(("防汛备汛", "春耕生产", "校园安全", "养老服务", "文旅融合", "民营经济"))
    return fill(f"市政协组织委员到{{town}}视察{matter}工作", chance)
