"""The search of a window finds what a plain scan finds, in a browser that opened its page from disk."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.window import addresses
from pipelines.window.building import page_workers
from pipelines.window.building.build import build
from pipelines.window.building.window_options import WindowOptions
from pipelines.window.searching import search_index
from tests.conftest import PATIENCE, ROOT
from tests.judging import BUILT, node
from tests.test_archive import FACTS, crawl, day, missed, opened, sealed, speech
from tests.test_redaction import ordered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.window.building.build import Built

SIGNS = "政协会议aB'-\n\t，𠮷（1）/\\:%_é"
FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e__proto__"
FAR = "𫝀" + "开场" * 60_000 + "𫝀结束"
"""Characters that stand farther apart than one step of the index reaches, and than two."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_workers, "_MANY_JOBS", 1_000)  # other processes know nothing of what follows
    monkeypatch.setattr(search_index, "_SPEECHES", 8)
    monkeypatch.setattr(search_index, "_PACKED", 500)
    monkeypatch.setattr(page_workers, "PROCESSES", 99)  # so that parts are made in this one


def texts() -> list[tuple[str, str]]:
    chance = random.Random(5)  # noqa: S311 - any will do
    some = ["".join(chance.choices(SIGNS, k=60)) for _ in range(24)]
    return [*((one[:5], one) for one in some), (HOSTILE, f"{HOSTILE}政协"), ("首尾", FAR), ("尾", "首")]


def archived(root: Path) -> list[tuple[str, str, str]]:
    """Two sites; id, title and body of each of their speeches."""
    days = ["2023-12-28", "2022-07-01", None]
    made = [
        replace(
            speech(str(n), day(1), body=body, speaker="何庆海、李四"[: n % 7]), title=title, published_on=days[n % 3]
        )
        for n, (title, body) in enumerate(texts(), 1)
    ]
    made = [replace(one, published_at=None, published_precision="day" if one.published_on else None) for one in made]
    crawl(root / "gszx", 1, *made[5:])
    facts = replace(FACTS, site="other", name="别处", hosts=("other.example",))
    run = opened(root / "other", 2, facts=facts)
    for one in made[:5]:
        run.keep(replace(one, site="other", url=f"http://other.example/{one.native_id}"))
    sealed(run, 2)
    return [
        (f"{'other' if n < 5 else 'gszx'}:{one.native_id}", one.title, one.body or "") for n, one in enumerate(made)
    ]


def built(root: Path, out: Path) -> Built:
    folders = sorted(one for one in root.iterdir() if one.is_dir() and one.name != "fleet")
    return build(folders, out, WindowOptions(languages=("en",), has_renderings=False))


def searched(page: str, asked: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """What the browser shows of each search in the window's page."""
    given = {
        "npm": str(BUILT / "npm"),
        "chromium": os.environ.get("CHROMIUM", str(BUILT / "browser")),
        "url": page,
        "asked": asked,
    }
    command = [node() / "node", ROOT / "tests/judges/searching.mjs"]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def has(one: tuple[str, str, str], wanted: str) -> bool:
    return any(wanted.translate(FOLD) in text.translate(FOLD) for text in one[1:])


def queries(kept: list[tuple[str, str, str]]) -> dict[str, set[str]]:
    """What is asked, and whose texts have it: one to six characters, whatever they are."""
    chance, asked = random.Random(7), {}  # noqa: S311
    pieces = [
        text[at : at + size].swapcase()
        for size in (1, 2, 3, 4, 5, 6) * 5
        for _, _, text in [chance.choice(kept[:24])]
        for at in [chance.randrange(len(text) - size)]
    ]
    for piece in [*pieces, "𫝀结束", "场开场", HOSTILE[:8], "__proto__", "首尾", "尾首", "没有的"]:
        if not {"\n", "\t"} & set(piece):
            asked[f'"{piece}"'] = {one[0] for one in kept if has(one, piece)}
    asked["政 协"] = {one[0] for one in kept if has(one, "政") and has(one, "协")}
    return asked


def test_a_browser_finds_from_disk_what_the_texts_have(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "window"
    kept = archived(root)
    crawl(root / "gszx", 3, missed("7", day(3)), speech("40", day(3), title="另题", body="旧𫝁句\n甲"), days=0)
    crawl(root / "gszx", 4, speech("40", day(4), title="另题", body="甲"))
    kept.append(("gszx:40", "另题", "甲"))
    assert built(root, out).errors == []
    asked = {**queries(kept), "𫝁句 甲": {"gszx:40"}}
    filters = [{"q": "政", "site": "other"}, {"q": "政", "year": "2022"}, {"year": "-"}, {"speaker": "李四"}]
    page = (out / "en/search.html").as_uri()
    told = searched(page, [*({"q": one} for one in asked), *filters])
    assert [line for one in told for line in one["said"]] == []
    addressed = {addresses.speech(one[0]): one for one in kept}
    days = {"2022-07-01": {one[0] for n, one in enumerate(kept, 1) if n % 3 == 1}}
    days["no date"] = {one[0] for n, one in enumerate(kept, 1) if n % 3 == 2}
    political = {one[0] for one in kept if has(one, "政")}
    true = [
        *asked.values(),
        {one for one in political if one.startswith("other:")},
        political & days["2022-07-01"],
        days["no date"],
        {one[0] for n, one in enumerate(kept, 1) if n % 7 == 6},
    ]
    for query, one, ids in zip([*asked, *filters], told, true, strict=True):
        assert sorted(addressed[hit["link"]][0] for hit in one["hits"]) == sorted(ids), query
        assert one["told"] == f"{len(ids)} speech{'es' if len(ids) != 1 else ''} found"
        shown = [hit["text"].split("\n")[0].replace("no date", "") for hit in one["hits"]]
        assert shown == sorted(shown, reverse=True)
        for hit in one["hits"]:
            assert ("only in an earlier version" in hit["text"]) == (query == "𫝁句 甲")
            assert ("taken down" in hit["text"]) == (hit["link"] == "speeches/gszx/7.html")
    assert "旧𫝁句" in told[list(asked).index("𫝁句 甲")]["hits"][0]["text"]
    hostile = told[list(asked).index('"__proto__"')]["hits"][0]["text"]
    assert "onerror=alert(1)>\\u202e__proto__政协" in hostile


def index_of(out: Path) -> dict[str, bytes]:
    return {one.relative_to(out).as_posix(): one.read_bytes() for one in (out / "search").rglob("*") if one.is_file()}


def parts_of(out: Path) -> list[str]:
    return sorted({name.split("/")[2] for name in index_of(out) if name.startswith("search/parts/")})


def test_the_index_follows_and_keeps_no_word_of_what_was_redacted(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "window"
    archived(root)

    def follows() -> list[str]:
        """The parts that a build makes."""
        before = set(parts_of(out)) if out.exists() else set()
        built(root, out)
        return [name.split("-")[0] for name in parts_of(out) if name not in before]

    assert follows() == ["0000", "0001", "0002", "0003"]
    crawl(root / "gszx", 4, *(speech(str(n), day(4), body=f"新的{n}") for n in range(40, 48)))
    assert follows() == ["0003", "0004"]
    crawl(root / "gszx", 5, speech("6", day(5), body="秘密𫝂"), missed("46", day(5)), days=0)
    assert follows() == ["0002", "0004"]
    assert any("𫝂".encode() in data for data in index_of(out).values())
    ordered(root / "gszx", "6", 6)
    assert follows() == ["0002"]
    assert not any("𫝂".encode() in data for data in index_of(out).values())
    built(root, tmp_path / "anew")
    assert index_of(out) == index_of(tmp_path / "anew")
    (out / addresses.search_text("gszx:8")).unlink()
    (out / "search/parts/").rename(out / "search/lost")
    crawl(root / "gszx", 7, speech("6", day(7), body="另一篇"))
    with pytest.raises(Exception, match=r"gszx/8.js.*delete"):
        built(root, out)
