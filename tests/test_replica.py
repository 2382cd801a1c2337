"""The replica itself, over the wire: what it claims in its truth is what a reader of its pages sees."""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from http.client import HTTPConnection, IncompleteRead
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from crawler.replica.process import Replica
from tests.conftest import run
from tests.replicas.process import Replica as AnyReplica
from tests.test_docs import PAGES, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAVOURS = ("6.5", "7.0", "X2")
BLOCKS = {"p", "div", "br", "tr", "table", "tbody", "center", "h1", "li"}
VOID = {"br", "img", "wbr", "meta", "link", "input"}
SPEECHES = 40
LINE, CELL = "\x01", "\x02"  # what the layout breaks, told apart from what the source breaks
CJK = "[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff\uff0c\u3002\u3001\uff1b\uff1a\uff01\uff1f]"


class VisibleText(HTMLParser):
    """A plain reader of #MyContent that shares no code with the crawler or the replica."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.depth = 0  # open <div>s since #MyContent began
        self.skipped: list[str] = []
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        style = (given.get("style") or "").lower().replace(" ", "")
        unseen = tag in {"script", "style"} or "display:none" in style or "visibility:hidden" in style
        if self.depth and tag not in VOID and (self.skipped or unseen or given.get("id") == "pageNext"):
            self.skipped.append(tag)
        if tag == "div" and (self.depth or given.get("id") == "MyContent"):
            self.depth += 1
        if self.skipped or not self.depth:
            return
        if tag in {"td", "th"}:
            self.cells += 1
            self.text += CELL if self.cells > 1 else ""
        elif tag in BLOCKS and not self.cells:
            self.text += LINE
        if tag == "tr":
            self.cells = 0

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1
        if self.skipped:
            self.skipped.pop()
            return
        if tag == "tr":
            self.cells = 0
        if self.depth and tag in BLOCKS and not self.cells:
            self.text += LINE

    def handle_data(self, data: str) -> None:
        if not self.depth or self.skipped:
            return
        self.text += data


def seen_body(page: str) -> str:
    reader = VisibleText()
    reader.feed(page)
    flowing = re.sub(f"(?<={CJK})[ \t]*\r?\n[ \t]*(?={CJK})", "", reader.text)
    text = re.sub(f" ?([{LINE}{CELL}]) ?", r"\1", re.sub("[ \t\r\n]+", " ", flowing))
    lines = (line.strip(" \u3000\u00a0") for line in text.split(LINE))
    return "\n".join(line for line in lines if line).replace(CELL, "\t")


class Reader:
    """A browser of few words."""

    def __init__(self, replica: Replica, flavour: str) -> None:
        self.connection = HTTPConnection(urlsplit(replica.url).netloc, timeout=5)
        self.encoding = "utf-8" if flavour == "X2" else "gb18030"

    def get(self, path: str) -> tuple[int, str]:
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        return response.status, response.read().decode(self.encoding, "replace")

    def text(self, path: str) -> str:
        return self.get(path)[1]


@pytest.fixture(params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def replica(flavour: str) -> Iterator[Replica]:
    with Replica(flavour=flavour, speeches=SPEECHES, seed=7) as running:
        yield running


@pytest.fixture
def reader(replica: Replica, flavour: str) -> Iterator[Reader]:
    made = Reader(replica, flavour)
    yield made
    made.connection.close()


def address(native_id: str) -> str:
    model, _, number = native_id.rpartition("-")
    return f"/Item/Show.asp?m={model or 1}&d={number}"


def test_the_truth_is_what_a_reader_sees(replica: Replica, reader: Reader) -> None:
    speeches = replica.truth()["speeches"]
    assert len(speeches) == SPEECHES
    for speech in speeches:
        pages = [reader.text(f"{address(speech['native_id'])}&p={part}") for part in range(1, speech["parts"] + 1)]
        assert "\n".join(seen_body(page) for page in pages) == speech["body"], speech["native_id"]
        for path in speech["files"] + speech["pictures"]:
            assert path in "".join(pages)


def test_the_same_seed_makes_the_same_site(replica: Replica, reader: Reader, flavour: str) -> None:
    with Replica(flavour=flavour, speeches=SPEECHES, seed=7) as other:
        assert other.truth() == replica.truth()
        assert other.step() == replica.step()
        assert other.truth() == replica.truth()
    with Replica(flavour=flavour, speeches=SPEECHES, seed=8) as other:
        assert other.truth() != replica.truth()
    assert reader.get("/robots.txt")[0] == 404


def test_only_action_count_counts(replica: Replica, reader: Reader) -> None:
    speech = replica.truth()["speeches"][-1]
    views, native_id = speech["views"], speech["native_id"]
    query = f"GetFlag=0&m=1&ID={native_id}"
    answers = {
        f"Action=Count&{query}": f"'{views + 1}'",
        query: f"'{views + 1}'",
        f"Action=count&{query}": f"'{views + 1}'",
        f"getflag=x&M=1&id={native_id}": f"'{views + 1}'",
        "GetFlag=0&m=1&ID=999999": "'0'",
        "GetFlag=2&m=1&ID=999999": "''",
        "GetFlag=0&m=1": "'0'",
    }
    for asked, answer in answers.items():
        assert f"document.write({answer});" in reader.text(f"/item/GetHits.asp?{asked}")
    assert "write" not in reader.text(f"/item/GetHits.asp?GetFlag=4&m=1&ID={native_id}")
    assert replica.log()["increments"] == {"total": 1, "by_id": {native_id: 1}}
    assert replica.truth()["speeches"][-1]["views"] == views + 1


def test_lists_hold_every_speech_and_a_page_beyond_the_end_is_the_first(replica: Replica, reader: Reader) -> None:
    first = reader.text("/Item/list.asp?id=5")
    assert reader.text("/item/LIST.asp?PAGE=999&ID=5") == first
    listed: set[str] = set()
    for page in range(1, 12):
        found = re.findall(r"Show\.asp\?m=(\d+)&d=(\d+)", reader.text(f"/Item/list.asp?id=5&page={page}"))
        listed |= {number if model == "1" else f"{model}-{number}" for model, number in found}
    truth = replica.truth()
    assert {speech["native_id"] for speech in truth["speeches"]} <= listed
    assert {row["native_id"] for row in truth["withheld"]} - {None} <= listed
    assert any(native_id.startswith("101-") for native_id in listed)
    replica.section(empty=True)
    assert "此栏目下没有文章" in reader.text("/Item/list.asp?id=5")
    assert not any(speech["listed"] for speech in replica.truth()["speeches"])


def test_steps_do_what_they_say(replica: Replica, reader: Reader) -> None:
    before = {speech["native_id"]: speech for speech in replica.truth()["speeches"]}
    first, second = replica.step(), replica.step()
    after = {speech["native_id"]: speech for speech in replica.truth()["speeches"]}
    assert set(first["created"]) <= set(after) - set(before)
    assert second["restored"] == first["gone"]
    unchanged, reworded = second["restored"]
    assert after[unchanged]["body"] == before[unchanged]["body"]
    assert after[reworded]["body"] != before[reworded]["body"]
    assert reworded in second["changed"]
    assert not set(second["gone"]) & set(after)
    status, page = reader.get(address(second["gone"][0]))
    assert status == 302 or "已删除" in page


def test_withheld_rows_have_no_body(replica: Replica, reader: Reader) -> None:
    for row in replica.truth()["withheld"]:
        if row["native_id"]:
            assert "MyContent" not in reader.text(address(row["native_id"]))


def test_faults_pass_and_control_is_never_faulted(replica: Replica, reader: Reader) -> None:
    right = reader.text("/Item/list.asp?id=5")
    replica.faults(rate=1.0, kinds=["challenge"], max_per_url=2)
    assert [reader.get("/Item/list.asp?id=5")[0] for _ in range(3)] == [512, 512, 200]
    replica.faults(rate=1.0, kinds=["truncated"], max_per_url=1)
    with pytest.raises(IncompleteRead):
        reader.get("/Item/list.asp?id=5")
    assert reader.text("/Item/list.asp?id=5") == right
    replica.faults(rate=1.0, kinds=["reset"], max_per_url=1)
    with pytest.raises(ConnectionError):
        reader.get("/Item/list.asp?id=5")
    replica.faults(rate=1.0, kinds=["truncated-clean"], permanent=True, only="id=5$")
    cut = reader.text("/Item/list.asp?id=5")
    assert 0 < len(cut) < len(right)
    assert right.startswith(cut[:-1])  # the last character may be halved
    replica.faults()
    assert reader.text("/Item/list.asp?id=5") == right


@pytest.mark.parametrize("module", ["crawler.replica", "tests.replicas"])
def test_its_help_names_the_command(module: str) -> None:
    ended = run(module, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(f"usage: python -m {module} ")


def test_commands_of_the_page_start_one() -> None:
    (shown,) = blocks(PAGES["docs/development.md"].partition("## Replicas\n")[2].partition("\n## ")[0], "text")
    for line in shown.splitlines():
        _, _, module, *given = shlex.split(line)
        assert module == AnyReplica.module
        options: dict[str, Any] = {
            name.removeprefix("--"): value for name, value in zip(given[::2], given[1::2], strict=True)
        }
        with AnyReplica(**options | {"port": 0}) as replica:
            assert len(replica.truth()["speeches"]) == int(options["speeches"])
