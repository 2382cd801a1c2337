"""`scrapy probe --from`: many sites side by side; what ends one, or the whole, costs nothing of the others."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.sites.probe.address_list import ListError, read_addresses, same_addresses, site_names
from crawler.sites.probe.naming import is_same_committee
from crawler.sites.probe.results import EXISTS, SAME_ADDRESS, Results, ResultsInUse
from tests import forked
from tests.conftest import PATIENCE, ROOT, Ended, run, run_anew
from tests.small import Answer, serve
from tests.test_probe import QUICK, login, unknown_make

BOMB = gzip.compress(b"<p>" * (8 << 20))


def listed(text: str) -> list[Any]:
    return read_addresses(text, "list.tsv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list.tsv: is empty"),
        ("name\tcommittee\n", "list.tsv:1: no column is named section_url or home_url or url"),
        ("url\nhttp://a.example/\tx\n", "list.tsv:2: more cells than the 1 columns"),
        ("# of mine\nurl\n\ngszx.example\n", "list.tsv:4: url = 'gszx.example': must be an address"),
        ("url\tname\n\ta\n", "list.tsv:2: no address"),
        ("url\tname\nhttp://a.example/\tMine\n", "list.tsv:2: name = 'Mine': must be"),
        ("url\tname\nhttp://a.example/\tfleet\n", "list.tsv:2: name = 'fleet': must be"),
        ("url\tname\nhttp://a.example/\ta\nhttp://b.example/\ta\n", "list.tsv:3: name = 'a': line 2 has it"),
        ("url\n" + "x\n" * 30, "and 10 more lines"),
    ],
)
def test_a_wrong_list_is_refused_by_its_line(text: str, said: str) -> None:
    with pytest.raises(ListError) as caught:
        listed(text)
    assert said in str(caught.value)


def test_a_list_is_read_as_it_is_saved() -> None:
    """The most exact address is asked; hosts are told apart; names never meet, nor those of an earlier probe."""
    text = "\ufeffHome_URL\tsection_url\tlevel\r\nhttp://www.a.example/\t\tcounty\r\n\thttp://a.example/l/\r\n"
    one, two = listed(text)
    assert (one.url, two.url, one.host, two.host) == (
        "http://www.a.example/",
        "http://a.example/l/",
        *["a.example"] * 2,
    )
    assert site_names([one, two], {}) == {2: "a-example", 3: "a-example-2"}
    assert site_names([one, two], {two.asked: "a-example"}) == {2: "a-example-2", 3: "a-example"}
    assert same_addresses([one, two]) == {}
    assert same_addresses(listed("url\nhttp://www.a.example\nhttps://a.example/\n")) == {2: [2, 3], 3: [2, 3]}
    assert [a.host for a in listed("url\nhttp://127.0.0.1:81/\nhttp://127.0.0.1:82/\n")] == [
        "127.0.0.1:81",
        "127.0.0.1:82",
    ]
    assert is_same_committee("政协广水市委员会", "政协随州市广水市委员会")
    assert not is_same_committee("政协广水市委员会", "政协随州市委员会")


def test_a_journal_is_read_up_to_its_torn_line_and_held_by_one(tmp_path: Path) -> None:
    with Results(tmp_path) as results:
        results.begin(("http://a.example/", "", "", ""), "a")
        with pytest.raises(ResultsInUse):
            Results(tmp_path)
    with (tmp_path / "probed.jsonl").open("a") as journal:
        journal.write('not JSON\n[]\n{"event": "ended", "asked": [], "site": "b"}\n{"event": "ended", "as')
    with Results(tmp_path) as results:
        assert (results.finished, results.died) == ({}, {("http://a.example/", "", "", "")})
    assert (tmp_path / "probed.jsonl").read_bytes().endswith(b"}\n")


def bomb(_: str, __: Message) -> Answer:
    return Answer(BOMB, 200, {"Content-Encoding": "gzip"})


def half_lost(path: str, headers: Message) -> Answer:
    return Answer("", 404) if path == "/ldjh/index_1.html" else unknown_make(path, headers)


class Held:
    """A site that answers only after it was let go."""

    def __init__(self) -> None:
        self.asked, self.free = Event(), Event()

    def __call__(self, path: str, headers: Message) -> Answer:
        self.asked.set()
        self.free.wait(PATIENCE)
        return unknown_make(path, headers)


class Probing:
    """`scrapy probe --from` of a list, into a folder."""

    def __init__(self, folder: Path, lines: list[str]) -> None:
        self.out, self.file, self.said = folder / "out", folder / "list.tsv", folder / "said"
        self.file.write_text("\n".join(["url\tname\tcommittee", *lines, ""]), "utf-8")
        self.words = ("scrapy", "probe", "--from", str(self.file), "--out", str(self.out), "--speeches", "2", *QUICK)

    def run(self, *more: str, start: Callable[..., Ended] = run) -> Ended:
        return start(*self.words, *more)

    @contextmanager
    def start(self) -> Iterator[BaseProcess]:
        """A probe that is to be killed; what it says is in `self.said`."""
        with self.said.open("wb") as said:
            process = forked.start(self.words, {2: said.fileno()}, ROOT)
        try:
            yield process
        finally:
            process.kill()
            process.join(PATIENCE)

    def noted(self, event: str) -> set[str]:
        """Sites that have begun or ended."""
        text = (self.out / "probed.jsonl").read_text("utf-8") if (self.out / "probed.jsonl").exists() else ""
        lines = [json.loads(line) for line in text.split("\n")[:-1]]
        return {line["site"] for line in lines if line["event"] == event}


def until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def probes_of(url: str) -> Iterator[int]:
    """Processes that probe a host, as `tests.forked` names them."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "comm").read_text("utf-8").strip() == urlsplit(url).netloc:
                yield int(folder.name)


def test_one_ends_alone_and_a_killed_probe_goes_on(tmp_path: Path) -> None:
    held, slow, asked = Held(), Held(), [[], []]  # type: tuple[Held, Held, list[list[str]]]
    with (
        socket.socket() as closed,
        serve(held) as first,
        serve(login, asked[0]) as second,
        serve(bomb) as third,
        serve(half_lost, asked[1]) as fourth,
        serve(slow) as added,
    ):
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        lines = [f"{first}\theld\t政协云溪市委员会", f"{second}\tlogin", f"{dead}\tdead", f"{third}\tbomb"]
        lines += [f"{fourth}\thalf\t政协某县委员会", f"{first}none\tbeside"]
        probing, others = Probing(tmp_path, lines), {"login", "dead", "bomb", "half"}

        with probing.start() as process:
            until(lambda: probing.noted("ended") == others and held.asked.is_set())
            assert list(probes_of(first))
            process.terminate()
            process.join(PATIENCE)
        said = probing.said.read_text("utf-8")
        assert (process.exitcode, "run the same command again" in said) == (11, True), said
        assert not list(probes_of(first))
        assert probing.noted("began") == {*others, "held"}  # a host has one probe at a time
        assert (probing.out / "probed.tsv").read_text("utf-8").count("\n") == 1 + len(others)
        assert not list(probing.out.glob("*.toml"))

        before = [len(one) for one in asked]
        held.asked.clear()
        probing = Probing(tmp_path, [*lines, f"{added}\tadded"])
        with probing.start():
            until(lambda: held.asked.is_set() and slow.asked.is_set())
            os.kill(next(probes_of(added)), signal.SIGKILL)
            until(lambda: "added" in probing.noted("ended"))
            assert list(probes_of(first))
        # The site holds its answer for longer: a probe that does not end with its parent waits for that.
        until(lambda: not list(probes_of(first)), PATIENCE / 3)

        held.free.set()
        slow.free.set()
        assert probing.run().status == 3
        ended = probing.run("--json")
        assert [len(one) for one in asked] == before
    found = {one["site"]: one for one in json.loads(ended.out)["sites"]}
    assert (ended.status, ended.err) == (3, "")
    assert {site: one["result"] for site, one in found.items()} == {
        "held": "certain",
        "login": "unfit",
        "dead": "unanswered",
        "bomb": "unanswered",
        "half": "doubtful",
        "beside": "unfit",
        "added": "crashed",
    }
    said = "; ".join(one["reason"] for one in found.values())
    for words in ("signal 9", "asks for a login", "second page", "another committee: 政协云溪市委员会"):
        assert words in said
    kept = {path.name for path in probing.out.iterdir()}
    assert kept == {"held", "held.toml", "probed.jsonl", "probed.tsv"}
    assert 'committee = "政协云溪市委员会"' in (probing.out / "held.toml").read_text("utf-8")
    assert run("scrapy", "fixture", str(probing.out / "held")).status == 0


def later(_: str, __: Message) -> Answer:
    return Answer("", 429, {"Retry-After": "3600"})


def test_a_site_that_hangs_or_asks_to_wait_and_lines_that_are_not_asked(tmp_path: Path) -> None:
    held, asked, waiting = Held(), [], []  # type: tuple[Held, list[str], list[str]]
    with serve(held) as url, serve(login, asked) as other, serve(later, waiting) as third:
        lines = [f"{url}\thangs", f"{other}a\tsame-1", f"{other}a\tsame-2", f"{other}b\tmine"]
        lines.append("http://www.gszx.zggswz.com/\tbuilt-in\t政协湖北省广水市委员会")
        probing = Probing(tmp_path, lines)
        probing.out.mkdir()
        (probing.out / "mine.toml").write_text("mine", "utf-8")
        ended = probing.run("--minutes", "0.03", "--json", "-s", "ARCHIVE_CONTACT=you@example.org", start=run_anew)
        held.free.set()
        found = {one["site"]: one for one in json.loads(ended.out)["sites"]}
        assert (ended.status, found["hangs"]["result"], asked) == (3, "too-slow", [])
        assert [found[site]["result"] for site in ("same-1", "same-2", "mine")] == [
            SAME_ADDRESS,
            SAME_ADDRESS,
            EXISTS,
        ]
        assert (found["built-in"]["result"], "profile gszx" in found["built-in"]["reason"]) == (EXISTS, True)
        assert (probing.out / "mine.toml").read_text("utf-8") == "mine"

        probing = Probing(tmp_path, [f"{url}\thangs", f"{third}\tlater"])
        for _ in range(2):  # asked again, but not before the moment that the site named
            ended = probing.run("--json")
            found = {one["site"]: one for one in json.loads(ended.out)["sites"]}
            assert (ended.status, found["hangs"]["result"], found["later"]["result"]) == (11, "too-slow", "postponed")
            assert waiting == ["/robots.txt", "/"]


def test_wrong_use_of_a_list_asks_nobody(tmp_path: Path) -> None:
    probing = Probing(tmp_path, ["http://127.0.0.1:9/\tclosed"])
    for words in (("--jobs", "0"), ("--minutes", "0"), ("--name", "x"), ("http://127.0.0.1:9/",)):
        assert probing.run(*words).status == 2, words
    assert run("scrapy", "probe", "--from", str(tmp_path / "missing.tsv")).status == 2
    ended = Probing(tmp_path, ["http://www.gszx.example/"]).run("-s", "ARCHIVE_CONTACT=")
    assert (ended.status, "without a contact" in ended.err) == (2, True), ended
    assert not probing.out.exists()
    (tmp_path / "out").write_text("a file, no folder", "utf-8")
    ended = Probing(tmp_path, ["http://127.0.0.1:9/\tclosed"]).run()
    assert (ended.status, ended.err.count("\n"), "Traceback" in ended.err) == (1, 1, False), ended
