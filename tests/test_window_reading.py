"""What pages are made from: lives and summaries, the same whether a few speeches are read or all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.disk import files
from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.layout import PLACES_LINES
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.pack.packing import pack
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.canonical import json_value
from pipelines.window.reading.life_store import LifeStore, acts_among
from pipelines.window.reading.site_named import site_of
from pipelines.window.reading.summary import Summary, summary_of
from tests.test_places import resealed
from tests.test_state import life as lived

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.window.reading.lives import Life

OF_THE_LIST = {"last_seen", "last_seq"}
"""What a quiet look at the whole list changes without a line about the speech."""


def opened(root: Path) -> LifeStore:
    archive = Archive(root)
    return LifeStore(":memory:", archive, site_of(archive, "../a"), acts_among(archive.commits()))


def read(root: Path, *native_ids: str) -> list[Life]:
    store = opened(root)
    return [store.life(one) for one in store.fill(frozenset(native_ids) if native_ids else None)]


def told_alike(root: Path) -> None:
    archive = Archive(root)
    lives, history = read(root), list(archive.history())
    assert [one.native_id for one in lives] == [row["id"].partition(":")[2] for row in archive.index()]
    for life, row in zip(lives, archive.index(), strict=True):
        assert [one.line for one in life.stored] == [line for line in history if line["id"] == life.id]
        for one in life.stored:
            lines = list(raw_lines(archive.layout.stored(one.named.path)))
            assert lines[one.number - 1] == one.raw
            named = {*one.by.files, *(done.new for done in (one.by.redaction.files if one.by.redaction else ()))}
            assert one.named in named
            assert file_digest(archive.layout.stored(one.named.path)) == (one.named.bytes, one.named.sha256)
        assert {**json_value(life.row), **{key: row[key] for key in OF_THE_LIST}} == row
        assert read(root, life.native_id) == [life]
        summary = summary_of(life)
        assert Summary.from_json(json.loads(json.dumps(json_value(summary)))) == summary
        assert summary.events[0].event == "created"
    assert read(root, "none", lives[0].native_id) == [lives[0]]


def test_a_life_is_all_lines_about_a_speech_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MEMBER_LINES", 2)
    root = tmp_path / "a"
    for _ in lived(root):
        told_alike(root)
    resealed(root, lambda lines: lines.replace(b" 9 ", b" 8 "))
    told_alike(root)
    (root / PLACES_LINES).unlink()
    told_alike(root)
    pack(root, "2026", When(recorded_at="2027-06-01T00:00:00Z", software={}))
    told_alike(root)
