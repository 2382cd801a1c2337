"""Blocks that an earlier page of a site had: whatever is known, a page has the lines that reading all of it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from crawler.pages.body import known as known_module
from crawler.pages.body.judging import judge
from crawler.pages.body.known import KnownBlocks, Lines
from crawler.pages.body.lines import read_lines
from crawler.pages.page import Page

ADDRESS = "https://www.example.gov.cn/art/1.html"
PAGES = sorted(Path(__file__).parent.glob("pages/**/*.html"))
BOX = "<div class=box><p>关于下半年工作的<b>通知</b></p><p><a href=/a/1>要闻</a>：附件</p><ul><li>甲</li></ul></div>"
EMPTY = "<div class=rule><hr><hr></div>"


def told(root: etree._Element, lines: Lines) -> tuple[object, ...]:
    """Everything that is read of a page, its elements by number."""
    order = {node: number for number, node in enumerate(root.iter())}
    texts = [(one.text, one.bare, one.size, one.linked) for one in lines.all]
    nodes = [(order[one.block], [(order[node], is_tail) for node, is_tail in one.pieces]) for one in lines.all]
    judged = judge(lines)
    return texts, nodes, [(order[node], span) for node, span in lines.spans.items()], judged.kinds, judged.worths


def holds(source: str, known: KnownBlocks, **how: str) -> int:
    """How many blocks of a page were known, whose reading is the same without them."""
    root = Page(ADDRESS, source).root
    found: dict[str, Any] = {name: root.xpath(path) for name, path in how.items()}
    found |= {"body": found["body"][-1]} if "body" in found else {}
    lines = read_lines(root, known=known, **found)
    assert told(root, lines) == told(root, read_lines(root, **found)), source
    return len(lines.known)


def having(*blocks: str) -> KnownBlocks:
    """What is known of a site on whose pages these stood; a block that was met once may be a page's own."""
    known = KnownBlocks()
    for block in blocks * 2:
        assert holds(f"<body>{block}", known) == 0
    return known


def test_a_known_block_is_read_as_if_it_was_not() -> None:
    known = KnownBlocks()
    total = 0
    for path in PAGES * 3:
        source = path.read_text("utf-8")
        total += holds(source, known)
        for number in range(1, 30, 7):
            total += holds(
                source, known, body=f"(//div|//td|//ul|//body)[position() = {number} or position() = last()]"
            )
    assert total > 2 * len(PAGES)


def test_what_stands_around_a_block_or_is_asked_of_it_is_not_known() -> None:
    hidden = BOX.replace("<b>", "<b style='display:none'>")
    known = having(BOX, EMPTY, hidden)
    assert holds(f"<body>{BOX}{EMPTY}<p>一", known) == 1
    assert holds(f"<body><p>二<span>三</span></p>四{BOX}五", known) == 1
    assert holds(f"<body><a href=/b/2.doc>六{BOX}</a>", known) == 0
    assert holds(f"<body><a href=/b/2.doc>六</a>{BOX}", known) == 1
    assert holds(f"<body><a name=top href='#x.doc'>今天，七。{BOX}</a>", known) == 0
    assert holds(f"<body>{BOX}", known, body="//div/p[2]") == 0
    assert holds(f"<body><div id=own>{BOX}</div>{BOX}", known, body="//div[@id]") == 1
    assert holds(f"<body>{BOX}", known, skipped="//b") == 0
    assert holds(f"<body>{hidden}", known) == 1
    assert holds(f"<body>{hidden}", known, shown="//b") == 0
    assert holds(f"<body><div hidden>{BOX}</div>{BOX}", known) == 1


def test_blocks_that_are_written_alike_and_those_deep_down_are_read() -> None:
    block = "<div><p>甲{}乙</p><p>丙</p></div>"
    assert holds("<body>" + block.format("\x01"), having(block.format("\x0b"))) == 0
    deep = "<div>" * known_module._DEEPEST + BOX
    assert holds(f"<body>{deep}", having(deep)) == 0


def test_the_lines_of_a_known_block_are_judged_where_it_stands() -> None:
    abstract = "<div><p>今年以来，各项工作取得进展。<p>明年继续努力，再上台阶。</div>"
    row = f"<ul><li><a href=/c/1.html>七月工作会议的通知</a>{abstract}</li></ul>"
    assert holds(f"<body>{row}", having(abstract)) == 1


def test_a_block_is_known_as_a_whole() -> None:
    inner = f"<div class=inner>{BOX}{EMPTY}</div>"
    known = having(f"<div class=outer><p>一{inner}</div><div class=next><p>二<p>三</div>")
    assert len(known._blocks) == 2
    assert holds(f"<body><div class=outer><p>一{inner}</div><div class=next><p>二<p>三</div><p>四", known) == 2


def test_what_is_kept_has_a_bound_and_what_changes_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownBlocks()
    for number in range(100):
        block = f"<body><div id=d{number}><p>{'长' * 300}{number}</p><p>2</p></div>"
        for own in (f"<div id=own><p>{number}<p>1</div>", ""):
            holds(f"{block}{own}{EMPTY}", known)
    assert known._size == sum(map(len, known._blocks)) <= known_module._LARGEST
    assert [times for name, times in known._changes.items() if "own" in name] == [known_module._MOST_CHANGES]
    monkeypatch.setattr(known_module, "_MOST_NAMES", 50)
    for number in range(100):
        holds(f"<body><div id=e{number}><p>1<p>{number}</div>", known)
    assert max(len(known._changes), len(known._met)) <= 50
