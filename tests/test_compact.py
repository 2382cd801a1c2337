"""What a run remembers in few bytes is what sets and dictionaries of Python would hold."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from scrapy import Request, Spider

from crawler.crawl.listing import ListState
from crawler.crawl.observed import OnList
from crawler.crawl.remembering.seen_before import Bearers, IdsOf, TextsSeen
from crawler.crawl.remembering.waiting_articles import WaitingArticles
from crawler.pages import ListPage, SectionLink
from pipelines.archive.read.payloads import Kept, KeptPayloads
from pipelines.record import Capture, Row
from pipelines.text.compact import BytesTable, FingerprintSet, PackedQueue, Records, TextSet, TextTable

TEXTS = [str(n) for n in range(3000)] + ["", "领" * 90, "x" * 254, "x" * 255, "x" * 70_000, "\ud800", "a\nb", "a\0b"]


@pytest.mark.parametrize("few", [1, 7, 100_000])
def test_a_compact_table_holds_what_a_dictionary_holds(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextTable, "FEW", few)
    monkeypatch.setattr(BytesTable, "FEW", few)
    dice = Random(17)  # noqa: S311 - a sample, not a secret
    held, packed, texts, table, seen = dict[str, bytes](), TextTable(4), TextSet(), BytesTable(4), FingerprintSet()
    for text in (dice.choice(TEXTS) for _ in range(6000)):
        value, raw = dice.randbytes(4), text.encode("utf-8", "surrogatepass")
        if dice.random() < 0.5:
            assert packed.setdefault(text, value) == table.setdefault(raw, value) == held.setdefault(text, value)
        else:
            held[text] = value
            packed.put(text, value)
            table.put(raw, value)
        texts.add(text)
        seen.add(text)
    assert list(packed.items()) == list(held.items())
    assert list(table.items()) == [(text.encode("utf-8", "surrogatepass"), value) for text, value in held.items()]
    assert list(texts) == list(held)
    assert len(packed) == len(texts) == len(held) < len(TEXTS)
    for text in [*TEXTS, "none"]:
        assert packed.get(text) == table.get(text.encode("utf-8", "surrogatepass")) == held.get(text)
        assert (text in texts) == (text in packed) == (text in seen) == (text in held)
    assert None not in texts


def test_what_a_table_holds_is_found_while_it_grows() -> None:
    """By another thread, which may look at any moment."""

    class Watched(TextSet):
        __slots__ = ()

        def _put(self, key: bytes, value: bytes) -> None:
            super()._put(key, value)
            assert all(str(n) in self for n in range(0, held, 97))

    held, found = 0, Watched()
    for n in range(2 * TextSet.FEW):
        found.add(str(n))
        held = n + 1
    assert len(found) == held


def test_many_take_a_tenth_of_what_a_set_takes() -> None:
    ids = TextSet(str(n) for n in range(100_000, 150_000))
    assert ids._few is None
    assert ids._entries.__sizeof__() + ids._slots.__sizeof__() < 50_000 * 25


def test_records_and_queues_give_back_what_they_were_given() -> None:
    told = [(str(n), None, "领导" * (n % 5), n % 2 == 0) for n in range(500)]
    records, queue = Records(), PackedQueue()
    assert [records.append(one) for one in told] == list(range(500))
    assert [records[n] for n in range(500)] == list(records) == told
    came = []
    for n, one in enumerate(told):
        queue.push(one)
        came += [queue.pop()] if n % 3 == 0 else []
    assert len(queue) == len(told) - len(came)
    while queue:
        came.append(queue.pop())
    assert came == told
    assert queue.pop() is None


class Reader(Spider):
    """As the spider of speeches, as far as its queue knows it."""

    name = "reader"

    def parse_article(self, _: object) -> None: ...

    def article_failed(self, _: object) -> None: ...


def test_an_article_that_waits_is_requested_as_it_was_to_be() -> None:
    spider = Reader()
    sections = [
        SectionLink("http://a.cn/1", "讲话", (SectionLink("http://a.cn/2", "报告"),)),
        SectionLink("", "报告"),
    ]

    def asked(n: int) -> Request:
        page = Capture(
            role="list",
            part=n // 20,
            url="http://a.cn/1",
            captured_at="2026-01-01T00:00:00Z",
            offset=n,
            payload_sha256=None,
        )
        row = OnList(Row(title="领导讲话" * (n % 3), date=None if n % 7 else "2026-01-01"), page if n % 5 else None)
        given = {"native_id": str(n), "url": f"http://a.cn/{n}", "is_doubtful": n % 2 == 0, "is_second": False}
        headers = {"If-None-Match": f'"{n}"'} if n % 11 == 0 else {}
        meta: dict[str, object] = {"expected": "article", "own_page": None, "is_start_request": True}
        meta |= {"of_another_component": object()} if n % 97 == 0 else {}
        return Request(
            f"http://a.cn/{n}?名=值", spider.parse_article, meta=meta, dont_filter=n % 89 != 0, priority=n % 3,
            errback=spider.article_failed, headers=headers,
            cb_kwargs=given | {"section": sections[n % 2], "listed": row if n % 13 else None},
        )  # fmt: skip

    requests, waiting = [asked(n) for n in range(1000)], WaitingArticles(spider)
    requests[500] = Request("http://a.cn/", method="POST", body=b"x", callback=spider.parse_article)
    for request in requests:
        waiting.push(request)
    assert len(waiting) == 1000
    came = [waiting.pop() for _ in range(1000)]
    assert [facts(one) for one in came] == [facts(one) for one in requests]
    assert sum(one is other for one, other in zip(came, requests, strict=True)) < 300
    assert waiting.pop() is None
    assert len(waiting) == 0


def test_titles_texts_and_answers_are_remembered_as_sets_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BytesTable, "FEW", 3)
    dice = Random(5)  # noqa: S311 - a sample, not a secret
    bearers, ids, titles = Bearers(), IdsOf(), defaultdict[str, set[str]](set)
    seen, texts = TextsSeen(), defaultdict[bytes, dict[str, str]](dict)
    for _ in range(400):
        title, native_id, digest = (dice.choice("甲乙丙丁戊" * 9) * dice.randint(1, 25) for _ in range(3))
        bearers.note(title, native_id)
        ids.note(title, native_id)
        titles[title].add(native_id)
        assert ids.of(title) == titles[title]
        seen.note(digest.encode(), native_id, title)
        texts[digest.encode()][native_id] = title
        assert bearers.has_other(title, native_id) == bool(titles[title] - {native_id})
        assert list(seen.of(digest.encode()).items()) == list(texts[digest.encode()].items())
    assert any(len(ids) == 1 for ids in titles.values())
    seen.note(b"", "1", "甲")
    assert (seen.of(b""), seen.of(b"none"), bearers.has_other("none", "1"), ids.of("")) == ({}, {}, False, set())
    one, other = "1" * 64, "2" * 64
    kept = KeptPayloads()
    for item in (("a", one, "f", 1), ("b", one, "f", 2), ("a", other, "f", 3), ("c", "no", "f", 4)):
        kept.note_kept(Kept(*item))
    assert (kept.get(one), kept.get(other), kept.newest("c")) == (None, ("f", 3), None)
    kept.note_kept(Kept("b", one, "f", 9))
    assert (kept.get(one), kept.of("b", one)) == (("f", 9), ("f", 2))


def test_a_row_on_two_pages_counts_twice_and_a_pinned_one_once() -> None:
    state, page = ListState(), ListPage((), None, {}, None, None)
    for number, (keys, shown) in enumerate((("ab", 2), ("ac", 4), ("ad", 4)), 1):
        state.add(number, page, frozenset(keys), tuple(keys), None)
        assert state._shown() == shown


def facts(request: Request | None) -> dict[str, object]:
    return {name: getattr(request, name) for name in Request.attributes}
