"""Lists of the window by speaker, meeting and year, edits after publication, and Atom feeds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, get_args
from urllib.parse import unquote
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.compare.differences import PUBLISHED, Kind
from pipelines.reasons import CLOSED_LISTS
from pipelines.window import addresses
from pipelines.window.groups import atom_feeds as feeds
from pipelines.window.groups import grouping
from pipelines.window.groups.atom_feeds import atom_feeds
from pipelines.window.groups.group_pages import group_pages
from pipelines.window.groups.grouping import members_of, touched_by
from pipelines.window.pages import LANGUAGES, Page
from pipelines.window.reading.summary import Edit, Happening, Summary
from pipelines.window.templates import Templates, strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMES = {"gszx": "广水市政协网", "two": "第二政协网"}
WORDS = ("讲话", "<&>")
HOSTILE = "</script><b>{{7*7}}\u202e\x00\ufffe&\"'"
ATOM = "{http://www.w3.org/2005/Atom}"
templates = cache(Templates)


def happening(event: str, seq: int, day: str, version: int = 1) -> Happening:
    at = f"{day}T02:00:00Z"
    return Happening(
        event=event, seq=seq, commit=seq, version=version, reading=1, observed_at=at, recorded_at=f"{day}T03:00:00Z"
    )


def edit(seq: int, day: str, version: int = 2, *, is_known: bool = True) -> Edit:
    return Edit(
        old=f"{version - 1}.1",
        new=f"{version}.1",
        seq=seq,
        commit=seq,
        observed_at=f"{day}T02:00:00Z",
        recorded_at=f"{day}T03:00:00Z",
        kinds=("number", "wording") if is_known else (),
        fields=("title", "body") if is_known else (),
        added=3 if is_known else None,
        removed=0 if is_known else None,
    )


def summary(number: int, **as_told: object) -> Summary:
    site = "gszx" if number % 3 else "two"
    made = Summary(
        id=f"{site}:{number}",
        site=site,
        native_id=str(number),
        title=f"在会上的讲话{number}",
        url=f"http://gszx.example/{number}",
        section="领导讲话",
        state="present",
        is_redacted=False,
        published_on="2024-01-01",
        published_at=None,
        published_precision="day",
        delivered_on=None,
        speaker=None,
        speakers=(),
        committee=None,
        term=None,
        session=None,
        meeting=None,
        genre=None,
        characters=100,
        versions=1,
        readings=1,
        view_count=None,
        view_count_at=None,
        first_view_count=None,
        first_view_count_at=None,
        first_seen="2024-02-01T02:00:00Z",
        last_seen="2024-02-01T02:00:00Z",
        problems={},
        events=(happening("created", number, "2024-02-01"),),
        edits=(),
    )
    return replace(made, **as_told)  # type: ignore[arg-type]


def spoken(number: int, name: str, **as_told: object) -> Summary:
    return summary(number, speaker=name, speakers=tuple(name.split("、")), **as_told)


DAYS = st.sampled_from([None, "2023-12-30", "2024-01-01", "2024-01-09", "2024-02-01", "../../x-01"])
SPEAKERS = st.sampled_from([None, "何庆海", "何庆海、李明", HOSTILE, "李明"])
MEETINGS = st.sampled_from([None, "九届三次会议", HOSTILE])
EDITS = st.lists(st.sampled_from(["2024-03-01", "2024-03-02", "2025-01-01", "../x-1"]), max_size=3).map(sorted)
STATES = st.sampled_from(["present", "gone", "succeeded"])


@st.composite
def roots(draw: st.DrawFn) -> tuple[list[Summary], list[Summary]]:
    """Speeches, and the same after some have changed, come or gone from the window."""

    def one(number: int) -> Summary:
        days = draw(EDITS)
        edits = [edit(100 * number + n, day, n + 2, is_known=n != 1) for n, day in enumerate(days)]
        events = [happening("changed", 100 * number + n, day, n + 2) for n, day in enumerate(days)]
        made = spoken(
            number, draw(SPEAKERS) or "", published_on=draw(DAYS), meeting=draw(MEETINGS), state=draw(STATES)
        )
        made = replace(made, keywords=tuple(sorted(draw(st.sets(st.sampled_from(WORDS))))))
        made = made if made.speaker else replace(made, speaker=None, speakers=())
        last = replace(happening("succeeded", 9, "2025-03-03"), succeeded_by=summary(draw(st.integers(0, 8))).id)
        events += [last] if made.state == "succeeded" else []
        title = draw(st.sampled_from([made.title, HOSTILE * 90]))
        return replace(made, edits=tuple(edits), events=(*made.events, *events), title=title)

    before = [one(number) for number in range(draw(st.integers(0, 7)))]
    changed = draw(st.sets(st.integers(0, 8), max_size=3))
    after = [
        one(n) if n in changed else was for n, was in enumerate(before) if n not in changed or draw(st.booleans())
    ]
    return before, [*after, *([one(8)] if 8 in changed else [])]


def made(summaries: Sequence[Summary], touched: grouping.Touched | None = None) -> dict[str, object]:
    """Every page and feed by its address; null where it was not made."""
    members = members_of(summaries, WORDS)
    pages = list(group_pages(members, NAMES, touched))
    told = list(atom_feeds(members, LANGUAGES, touched))
    found: dict[str, object] = {
        **{one.address: one.page for one in pages},
        **{one.address: one.content for one in told},
    }
    assert len(found) == len(pages) + len(told), "one address, one file"
    return found


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "ROWS", 2)
    monkeypatch.setattr(feeds, "ENTRIES", 4)


@settings(max_examples=60)
@given(both=roots())
def test_what_is_made_anew_after_news_is_all_that_differs(both: tuple[list[Summary], list[Summary]]) -> None:
    """So that a window after many small builds is the one that a whole build makes."""
    with pytest.MonkeyPatch.context() as patched:
        short(patched)
        before, after = both
        changed = [*(one for one in before if one not in after), *(one for one in after if one not in before)]
        kept = made(before)
        found = made(after, touched_by(changed, WORDS))
        assert {at: kept[at] if new is None else new for at, new in found.items()} == made(after)
        for page in found.values():
            if isinstance(page, Page):
                shows_all_of_it(page)


def shows_all_of_it(page: Page) -> None:
    for language in LANGUAGES:
        text = templates(language).render(page).decode()
        assert not re.search("[\u202e\x00]|<b>{{|49", text), page.address
        for row in page.facts.get("rows", ()):
            one = getattr(row, "summary", row)
            assert f'href="{addresses.relative(page.address, addresses.speech(one.id))}"' in text
    assert re.fullmatch(r"feeds\.html|[a-z]+/[a-z0-9-]+\.html", page.address)


def rows_of(pages: dict[str, object], start: str) -> list[str]:
    """The ids in the pages of a list, by the order in which these are linked."""
    first = pages[start]
    assert isinstance(first, Page)
    parts = [pages[one.address] for one in first.facts["parts"]] or [first]
    assert all(one.number == len(part.facts["rows"]) for one, part in zip(first.facts["parts"], parts, strict=False))  # type: ignore[attr-defined]
    return [row.id for part in parts for row in part.facts["rows"]]  # type: ignore[attr-defined]


def test_a_long_list_is_split_and_a_new_row_changes_its_first_pages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "ROWS", 4)
    days = [*["2024-01-05"] * 9, "2024-03-01", "2023-06-01", None]
    some = [spoken(n, "何庆海", published_on=day) for n, day in enumerate(days)]
    pages = made(some)
    person = addresses.speaker("何庆海")
    assert rows_of(pages, person)[:3] == ["two:9", "gszx:8", "gszx:7"], "of one day the newest id first"
    assert sorted(rows_of(pages, addresses.year("2024"))) == sorted(one.id for one in some[:10])
    assert rows_of(pages, person)[-1] == "gszx:11", "without a date: last"
    assert len(rows_of(pages, person)) == len(days)
    names = [one.name for one in pages[person].facts["parts"]]  # type: ignore[attr-defined]
    assert names == ["2024-p3", "2024-p2", "2024-p1", "2023", "undated"]
    more = made([*some, spoken(20, "何庆海", published_on="2024-04-01")])
    moved = [at for at, page in pages.items() if "-p" in at and page.facts["rows"] != more[at].facts["rows"]]  # type: ignore[attr-defined]
    assert moved == [addresses.speaker("何庆海", "2024-p3")]


def test_a_speech_is_in_each_list_that_says_something_of_it() -> None:
    two = spoken(1, "何庆海、李明", meeting="九届三次会议", state="gone", edits=(edit(9, "2025-03-01"),))
    followed = replace(happening("succeeded", 9, "2025-03-03"), seq=None, version=None, succeeded_by="gszx:1")
    old = spoken(2, "何庆海、王芳", state="succeeded", edits=(edit(7, "2025-03-02"),))
    old = replace(old, events=(*old.events, followed))
    pages = made([two, old])
    assert rows_of(pages, addresses.speaker("王芳")) == ["gszx:2"], "whom the page under the new id does not name"
    for at in (
        addresses.speaker("何庆海"),
        addresses.speaker("李明"),
        addresses.year("2024"),
        addresses.meeting("九届三次会议"),
    ):
        assert rows_of(pages, at) == ["gszx:1"], at
    edits = pages[addresses.EDITED]
    assert isinstance(edits, Page)
    assert [row.summary.id for row in edits.facts["rows"]] == ["gszx:2", "gszx:1"], "the edit seen last stands first"
    text = templates("en").render(edits).decode()
    assert "3 characters added, 0 removed" in text
    assert "speeches/gszx/1/compare-1-2.html" in text
    assert "speeches/gszx/1/proof-9.html" in text
    person = pages[addresses.speaker("李明")]
    assert isinstance(person, Page)
    assert re.findall('class="mark">([^<]+)', templates("en").render(person).decode()) == [
        "edited once",
        "taken down",
    ]


def test_speakers_stand_as_in_a_dictionary() -> None:
    names = ["张三", "Ann", "白一", "𠮷九", "安二", "上官十", "丘八", "曹丕"]
    (page,) = [
        p for at, p in made([spoken(n, name) for n, name in enumerate(names)]).items() if at == addresses.SPEAKERS
    ]
    assert isinstance(page, Page)
    assert [one.name for one in page.facts["entries"]] == [
        "Ann",
        "安二",
        "白一",
        "曹丕",
        "丘八",
        "上官十",
        "张三",
        "𠮷九",
    ]


def test_every_word_that_a_list_may_need_is_there() -> None:
    known = strings().keys()
    assert {f"kind.{kind}" for kind in get_args(Kind)} <= known
    assert {f"field.{name}" for name in (*PUBLISHED, "body")} <= known
    assert {f"presence.{state}" for state in CLOSED_LISTS["states"]} <= known
    assert {f"feed.{event}" for event in feeds._TOLD} <= known


def entries_of(feed: ElementTree.Element) -> list[ElementTree.Element]:
    return feed.findall(f"{ATOM}entry")


def said(one: ElementTree.Element, name: str) -> str:
    found = one.findall(f"{ATOM}{name}")
    assert len(found) == 1, "exactly one"
    return found[0].text or ""


def checked_feed(content: bytes, address: str) -> ElementTree.Element:
    """A feed as RFC 4287 wants it."""
    feed = ElementTree.fromstring(content)  # noqa: S314 - our own
    assert feed.tag == f"{ATOM}feed"
    assert said(feed.find(f"{ATOM}author"), "name")  # type: ignore[arg-type]
    ids = [said(one, "id") for one in (feed, *entries_of(feed))]
    assert len(set(ids)) == len(ids)
    assert all(UUID(one).urn == one for one in ids)
    updated = [said(one, "updated") for one in (feed, *entries_of(feed))]
    assert all(datetime.fromisoformat(one).tzinfo for one in updated)
    assert all(former >= later for former, later in pairwise(updated)), "the newest first"
    for one in (feed, *entries_of(feed)):
        assert said(one, "title").strip()
        links = [link for link in one.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert [link.get("hreflang") for link in links] == ["zh-CN", "en"]
        assert all((link.get("href") or "").startswith("../") for link in links)
    (own,) = (link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert f"feeds/{unquote(own or '')}" == address
    return feed


def parsed_feeds(summaries: Iterable[Summary]) -> dict[str, ElementTree.Element]:
    told = atom_feeds(members_of(summaries, WORDS), LANGUAGES)
    found = {one.address: checked_feed(one.content or b"", one.address) for one in told}
    assert len({said(feed, "id") for feed in found.values()}) == len(found)
    return found


def test_feeds_tell_what_is_new_edited_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "ENTRIES", 3)
    events = (
        happening("created", 1, "2024-02-01"),
        happening("reprocessed", 2, "2024-02-09"),
        happening("changed", 3, "2024-03-01", 2),
        happening("gone", 4, "2024-04-01", 2),
    )
    one = spoken(1, HOSTILE, title=HOSTILE * 99, events=events, edits=(edit(3, "2024-03-01"),))
    back = summary(3, events=(happening("restored", 1, "2023-12-31"), happening("restored", 2, "2024-03-31")))
    found = parsed_feeds([one, spoken(2, "何庆海", title="<&>", keywords=("讲话",)), back])
    everything, edited = (found[addresses.feed(name)] for name in ("all", "edited"))
    terms = [entry.find(f"{ATOM}category").get("term") for entry in entries_of(everything)]  # type: ignore[union-attr]
    assert terms == ["gone", "restored", "changed"], "at most three, those that were recorded last"
    assert len(entries_of(found[addresses.feed("site-gszx")])) == 3
    (page,) = (
        one.page for one in group_pages(members_of([one, back], WORDS), NAMES) if one.address == addresses.FEEDS
    )
    assert isinstance(page, Page)
    named = re.findall('href="../feeds/([^"]+)" type', templates("en").render(page).decode())
    others = re.compile("(speaker|meeting|year)-")
    assert sorted(named) == sorted(
        at.removeprefix("feeds/") for at in found if not others.match(at.removeprefix("feeds/"))
    )
    (entry,) = entries_of(edited)
    assert "增 3 字，删 0 字。 / 3 characters added, 0 removed." in said(entry, "summary")
    assert len(said(entry, "title")) < 300
    assert "../en/speeches/gszx/1/compare-1-2.html" in [link.get("href") for link in entry.findall(f"{ATOM}link")]
    words = {word: addresses.feed(f"keyword-{addresses.slug(word)}") for word in WORDS}
    assert [len(entries_of(found[at])) for at in words.values()] == [1, 0]
    assert said(found[words["<&>"]], "updated") == "1970-01-01T00:00:00Z", "a feed without an entry"
    again = parsed_feeds(
        [replace(one, title="另一个标题", state="gone"), spoken(2, "李明", keywords=("讲话",)), back]
    )
    ids = [[said(entry, "id") for entry in entries_of(some[addresses.feed("all")])] for some in (found, again)]
    assert ids[0] == ids[1], "whatever becomes of the speech, an entry is the same"


def test_a_served_window_has_whole_addresses_in_its_feeds() -> None:
    told = atom_feeds(members_of([spoken(1, "何庆海")]), ("en",), base="https://window.example/a/")
    feed = ElementTree.fromstring(next(iter(told)).content or b"")  # noqa: S314 - our own
    links = {link.get("href") for link in feed.iter(f"{ATOM}link")}
    assert links == {
        f"https://window.example/a/{at}" for at in ("feeds/all.atom.xml", "en/index.html", "en/speeches/gszx/1.html")
    }
