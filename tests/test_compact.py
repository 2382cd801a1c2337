"""What a run remembers in few bytes is what sets and dictionaries of Python would hold."""

from __future__ import annotations

from random import Random

import pytest

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


def test_many_take_a_tenth_of_what_a_set_takes() -> None:
    ids = TextSet(str(n) for n in range(100_000, 150_000))
    assert ids._few is None
    assert ids._entries.__sizeof__() + ids._slots.__sizeof__() < 50_000 * 25


def test_records_and_queues_give_back_what_they_were_given() -> None:
    told = [(str(n), None, "领导" * (n % 5), n % 2 == 0) for n in range(500)]
    records, queue = Records(), PackedQueue()
    assert [records.append(one) for one in told] == list(range(500))
    assert [records[n] for n in range(500)] == told
    came = []
    for n, one in enumerate(told):
        queue.push(one)
        came += [queue.pop()] if n % 3 == 0 else []
    assert len(queue) == len(told) - len(came)
    while queue:
        came.append(queue.pop())
    assert came == told
    assert queue.pop() is None
