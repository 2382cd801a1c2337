"""What becomes of a site: a new CMS with other ids, a new host, a renamed section, the end."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.kinds.pairing import Runs, Wanted, match, rekey
from pipelines.archive.write.kinds.retirement import retire
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.writer import ArchiveRun
from tests import broken
from tests.conftest import Site, run, run_code
from tests.faults import KILLED, strike
from tests.small import Answer, serve
from tests.test_archive import FACTS, SOFTWARE, crawl, day, listed, look, missed, speech
from tests.test_tails import at, files
from tests.test_window_health import health_of

NEW_FACTS = replace(FACTS, cms="trs", id_namespace="trs-1")


def made(root: Path) -> Path:
    """An archive of six speeches, of which a run under a new CMS saw five under other ids, and one new one."""
    old = [speech(str(n), day(1), body=f"第{n}篇", title=f"第{n}次讲话") for n in (1, 2, 3, 4)]
    twins = [speech(str(n), day(1), body="照会", title="照会") for n in (5, 6)]
    crawl(root, 1, *old, *twins)
    new = [
        speech("n-1", day(2), body="第1篇", title="第1次讲话"),
        speech("n-2", day(2), body="第2篇", title="第2次讲话", attachments=()),
        speech("n-3", day(2), body="第3篇（修订）", title="第3次 讲话"),
        speech("n-5", day(2), body="照会", title="照会"),
        speech("n-9", day(2), body="第9篇", title="第9次讲话"),
    ]
    accepting = Cautions(accept=frozenset({"new-cms"}))
    with ArchiveRun.open(root, NEW_FACTS, "run-2", day(2), 14, accepting) as held:
        for one in new:
            held.keep(one)
        held.seal({"verdict": "complete", "exit_status": 0, "counts": {}}, day(2), SOFTWARE)
    return root


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("life") / "a")


def told(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    assert main([*map(str, command)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def ids(lines: object) -> list[str]:
    return [line["native_id"] for line in lines]  # type: ignore[attr-defined]


def test_a_rekey_shows_each_speech_once_under_its_new_id(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "a b"))
    before = files(root)
    with pytest.raises(
        errors.WrongHost, match=r"ids would mix. If the site has a new CMS, -a accept=new-cms.* rekey '/.*/a b'"
    ):
        ArchiveRun.open(root, NEW_FACTS, "run-3", day(3), 14)
    shown = told(capsys, "rekey", root, "--match", "content")
    assert "gszx:1 → gszx:n-1  (content)" in shown
    assert "gszx:2 → gszx:n-2  (text and title)" in shown
    assert "gszx:3 → gszx:n-3  (title and date)" in shown
    assert "ambiguous: gszx:5, gszx:6 → gszx:n-5  (content)" in shown
    assert "unmatched: gszx:4" in shown
    assert shown.endswith("id_namespace: trs-1\n3 pairs, 1 ambiguous, 1 unmatched; nothing was written\n")
    identical = json.loads(told(capsys, "rekey", root, "--match", "identical", "--json", "--leave", "5"))
    assert [(pair["old"], pair["by"]) for pair in identical["pairs"]] == [
        ("gszx:1", "content"),
        ("gszx:6", "content"),
    ]
    for wrong in (["--pair", "7=n-5"], ["--pair", "5"], ["--pair", "5=5"], ["--reason", "x"], ["--write"]):
        assert main(["rekey", str(root), *wrong]) == 2, wrong
        capsys.readouterr()
    assert files(root) == before
    made = rekey(root, at(3), reason="新版网站", wanted=Wanted(named=(("5", "n-5"),)))
    assert ids(Archive(root).latest()) == ["4", "6", "n-1", "n-2", "n-3", "n-5", "n-9"]
    states = {row["id"]: (row["state"], row["succeeded_by"]) for row in Archive(root).index()}
    assert (states["gszx:1"], states["gszx:n-1"]) == (("succeeded", "gszx:n-1"), ("present", None))
    assert "7 present, 0 gone, 4 under other ids" in told(capsys, "status", root)
    for one in ("1", "n-1"):
        line = "id is     gszx:n-1 now, was gszx:1 (commit 3, by content: 新版网站)"
        assert line in told(capsys, "log", root, one)
    assert main(["show", str(root), "1"]) == 0
    assert "the site has this speech as gszx:n-1 now" in capsys.readouterr().err
    report = verify(root)
    assert (report.problems, report.notes) == ([], ["commit 3: 4 speeches have another id since (新版网站)"])
    assert_feeds(root, made.n)
    ordered = Path(shutil.copytree(root, tmp_path / "ordered"))
    assert main(["redact", str(ordered), "1", "--reason", "x"]) == 0
    assert "gszx:n-1: is or was another id of this speech, and was not redacted" in capsys.readouterr().err
    assert (verify(ordered).problems, ids(Archive(ordered).latest())) == ([], ids(Archive(root).latest()))
    assert_goes_on(root)


def assert_feeds(root: Path, n: int) -> None:
    """The feed has it by every kind of cursor, and as of a day each speech is there once."""
    archive = Archive(root)
    events = list(archive.changes())[-4:]
    assert [(event["id"], event["succeeded_by"], event["commit"], event["seq"]) for event in events[:2]] == [
        ("gszx:1", "gszx:n-1", n, None),
        ("gszx:2", "gszx:n-2", n, None),
    ]
    for since in (f"commit:{n - 1}", archive.last_seq, day(3)):
        assert [event["event"] for event in archive.changes(since)] == ["succeeded"] * 4, since
    for since in (f"commit:{n}", "2026-01-04"):
        assert list(archive.changes(since)) == []
    assert ids(archive.as_of(day(1))) == ["1", "2", "3", "4", "5", "6"]
    assert ids(archive.as_of(day(2))) == ["4", "6", "n-1", "n-2", "n-3", "n-5", "n-9"]
    assert len(ids(archive.as_of(day(2), day(2)))) == 11


def assert_goes_on(root: Path) -> None:
    """Later runs come under the new namespace, do not ask for old ids, and a later rekey can take the pairs back."""
    with pytest.raises(errors.WrongHost, match=r"keeps gszx \(trs-1\), this run is of gszx \(kesion-1\)"):
        crawl(root, 4, listed("n-1", day(4)))
    with ArchiveRun.open(root, NEW_FACTS, "run-3", day(4), 14) as held:
        for one in ("4", "6", "n-2", "n-3", "n-5", "n-9"):
            held.see(replace(listed(one, day(4)), look=look(day(4), looked=("list",))), None)
        held.miss(missed("n-1", day(4)))
        held.seal({"listing_complete": True}, day(4), SOFTWARE)
    assert Archive(root).last.listing
    found = match(Archive(root).known().states, Runs(Archive(root)), Wanted())
    assert found.pairs == ()  # 1 has not come back because n-1 is off the list
    with ArchiveRun.open(root, NEW_FACTS, "run-4", day(4), 14) as held:
        assert [one for one, state in held.known.items() if not state.is_present] == ["1", "2", "3", "5"]
        held.see(listed("1", day(4)), None)
        for both in ("2", "n-2"):  # listed under both ids, on two pages
            held.see(listed(both, day(4) if both == "n-2" else day(4).replace(":00Z", ":02Z")), None)
        held.keep(speech("n-4", day(4), body="照会", title="照会"))  # while 6, its like, is listed still
        for still in ("6", "n-5"):
            held.see(listed(still, day(4)), None)
        held.miss(missed("4", day(4)))
        held.seal({}, day(4), SOFTWARE)
    rekey(root, at(5), reason="zurück", wanted=Wanted(named=(("4", "6"),)))
    assert verify(root).problems == []
    derived = {
        name: data for name, data in files(root).items() if name.startswith(("latest", "index", "places", "state."))
    }
    rebuild(root)
    assert {name: files(root)[name] for name in derived if name != "state.jsonl"} == {
        name: data for name, data in derived.items() if name not in {"state.jsonl", "state.json"}
    } | {"state.json": files(root)["state.json"]}
    assert ids(Archive(root).latest()) == ["1", "6", "n-2", "n-3", "n-4", "n-5", "n-9"]
    with pytest.raises(errors.NotUnderstood, match="nothing was written"):
        rekey(root, at(6), reason="x", wanted=Wanted(left=frozenset({"4", "1", "n-1"})))


def test_a_rekey_of_unknown_or_doubled_ids_is_damage(archive: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "a"))
    rekey(root, at(3), reason="x", wanted=Wanted())
    for at_fault, said in (("gszx:77", "of which no version is known"), ("gszx:n-1", "stands in it twice")):
        bent = Path(shutil.copytree(root, tmp_path / said[:4]))

        def bend(value: dict[str, object], wrong: str = at_fault) -> None:
            value["rekey"]["pairs"][0]["old"] = wrong  # type: ignore[index]

        broken.reseal(bent, 3, bend)
        assert said in " ".join(verify(bent).problems)


def test_a_retired_site_is_not_asked(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "a b"))
    with pytest.raises(errors.NotUnderstood, match="is not retired"):
        retire(root, at(3), reason="x", undo=True)
    assert "retired" in told(capsys, "retire", root, "--reason", "并入上级网站")
    assert "retired   by commit 3: 并入上级网站" in told(capsys, "status", root)
    assert json.loads(told(capsys, "status", root, "--json"))["retired"]["commit"] == 3
    shutil.copytree(root, tmp_path / "b")
    with pytest.raises(errors.Retired, match=r"commit 3 \(并入上级网站\).*retire '/.*/a b' --undo"):
        ArchiveRun.open(root, FACTS, "run-9", "2036-01-01T00:00:00Z", 14)
    assert verify(root).notes == ["commit 3: the site is retired (并入上级网站)"]
    assert main(["retire", str(root), "--reason", "x"]) == 2
    assert "no longer retired" in told(capsys, "retire", root, "--undo", "--reason", "又开了")
    assert "retired" not in told(capsys, "status", root)
    ArchiveRun.open(
        root, NEW_FACTS, "run-9", "2036-01-01T00:00:00Z", 14, Cautions(accept=frozenset({"new-cms"}))
    ).abandon()


def test_a_moved_site_is_told_how_to_go_on(archive: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "a"))
    moved = replace(FACTS, hosts=("new.example",))
    with pytest.raises(errors.WrongHost, match=r'If the site has moved, .*hosts = \["new.example", "') as refused:
        ArchiveRun.open(root, moved, "run-3", day(3), 14)
    assert FACTS.hosts[0] in str(refused.value)
    ArchiveRun.open(root, replace(FACTS, hosts=("new.example", *FACTS.hosts)), "run-3", day(3), 14).abandon()


def die_while_acting(source: Path, folder: Path, kind: str, stride: int) -> int:
    """Let an act die at every `stride`-th of its steps; how many it took to live."""
    for step in itertools.count(0, stride):
        root = Path(shutil.copytree(source, folder / str(step)))

        def act(_: int) -> None:
            if kind == "rekey":
                rekey(root, at(5), reason="x", wanted=Wanted())  # noqa: B023
            else:
                retire(root, at(5), reason="x")  # noqa: B023

        died = strike(act, 0, step, "kill") == KILLED
        assert verify(root).problems == [], step
        if Archive(root).last.kind != kind:
            act(0)
        with ArchiveRun.open(
            root, NEW_FACTS, "run-6", day(6), 14, Cautions(accept=frozenset({"new-cms"}), visits=False)
        ) as held:
            held.see(listed("n-1", day(6)), None)
            held.seal({}, day(6), SOFTWARE)
        kinds = [commit.kind for commit in Archive(root).commits()]
        assert (verify(root).problems, kinds.count(kind), kinds[-1]) == ([], 1, "crawl"), step
        assert len(ids(Archive(root).latest())) == (8 if kind == "rekey" else 11), step
        assert [f.name for f in (root / "staging").iterdir()] == ["run.lock"], step
        if not died:
            return step
    raise AssertionError


@pytest.mark.parametrize("stride", [14, pytest.param(1, marks=pytest.mark.soak)])
def test_an_act_that_dies_anywhere_can_be_made_again(archive: Path, tmp_path: Path, stride: int) -> None:
    for kind in ("rekey", "retirement"):
        died = f"die_while_acting(*map(Path, sys.argv[1:]), {kind!r}, {stride})"
        ended = run_code(f"from tests.test_site_life import *; print({died})", archive, tmp_path / kind)
        assert ended.err == ""
        assert int(ended.out) > 10


PARAGRAPH = "<p>各位委员，第{0}次会议经过认真讨论，通过了今年的协商计划，请大家抓好落实，把每一件提案办好办实。</p>"


@dataclass
class Committee:
    """A small site whose speeches lie in folders and whose section has a name; both may change."""

    section: str = "领导讲话"
    folders: dict[int, str] = field(default_factory=lambda: dict.fromkeys(range(1, 6), "c"))

    def answer(self, path: str, _: Message) -> Answer:
        """The front page, the list, or an article where it lies now."""
        if path == "/":
            return Answer(f'<html><title>云溪市政协网</title><body><a href="/ldjh/">{self.section}</a></body></html>')
        if path == "/ldjh/":
            rows = "".join(
                f'<li><a href="/{folder}/t{n}.html">在市政协第{n}次主席会议上的讲话</a> 2024-01-0{n}</li>'
                for n, folder in self.folders.items()
            )
            return Answer(f"<html><title>{self.section}-云溪市政协网</title><body><ul>{rows}</ul></body></html>")
        number = int(path[-6]) if path.endswith(".html") else 0
        if self.folders.get(number) != path.split("/")[1]:
            return Answer("", 404)
        title = f"在市政协第{number}次主席会议上的讲话"
        info = f"<h1>{title}</h1><p>发布时间：2024-01-0{number}</p><div>{PARAGRAPH.format(number) * 5}</div>"
        trail = f'<div>当前位置：<a href="/">首页</a> &gt; <a href="/ldjh/">{self.section}</a> &gt; 正文</div>'
        return Answer(f"<html><title>{title}</title><body>{trail}{info}</body></html>")


def profile_of(folder: Path, **keys: object) -> str:
    """A profile file of the site, with other keys than the usual ones."""
    usual: dict[str, object] = {"name": "云溪市政协网", "committee": "政协云溪市委员会", "cms": "generic"}
    usual |= {"id_namespace": "web-1", "section": "领导讲话", "hosts": ["127.0.0.1"]}
    usual |= {"start_url": "http://127.0.0.1/"} | keys
    file = folder / "own.toml"
    file.write_text(
        "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in usual.items()), "utf-8"
    )
    return f"profile={file}"


def test_a_site_with_a_new_cms_is_archived_once(site: Site, tmp_path: Path) -> None:
    committee = Committee()
    with serve(committee.answer) as url:

        def crawl_with(*more: str, **keys: object) -> tuple[int, str]:
            ended = site.crawl(url, "-a", profile_of(tmp_path, **keys), *more)
            return ended.status, ended.out + ended.err

        assert crawl_with()[0] == 0
        old = set(site.latest())
        committee.folders[3] = "d"
        assert crawl_with()[0] == 3
        (gap,) = (gap for gap in site.report()["not_captured"] if not gap["is_the_sites_word"])
        assert "title and day of gszx:" in gap["detail"]
        assert "-a accept=new-cms" in gap["detail"]
        assert set(site.latest()) == old
        committee.folders = dict.fromkeys(committee.folders, "d")
        status, said = crawl_with()
        assert (status, "looks like a new CMS" in said, set(site.latest()) == old) == (4, True, True), said
        assert health_of(site.root) == ("moved", 200, 200)
        status, said = crawl_with(id_namespace="web-2")
        assert (status, "accept=new-cms" in said) == (2, True), said
        status, said = crawl_with("-a", "accept=new-cms", id_namespace="web-2")
        assert (status, "pair the new ids" in said, len(site.latest())) == (0, True, 10), said
        assert main(["rekey", str(site.folder), "--write", "--reason", "新版网站"]) == 0
        assert crawl_with(id_namespace="web-2")[0] == 0
        assert (site.report()["counts"]["not_listed"], set(site.latest()) & old, len(site.latest())) == (0, set(), 5)
        assert site.verify().status == 0
        committee.folders[2] = "c"
        assert crawl_with(id_namespace="web-2")[0] == 3
        assert "rekey --pair" in str(site.report()["not_captured"])
        committee.folders = dict.fromkeys(committee.folders, "c")
        status, said = crawl_with(id_namespace="web-2")
        assert (status, "looks like a new CMS" in said) == (4, True), said
        assert crawl_with("-a", "accept=new-cms", id_namespace="web-2")[0] == 0
        assert main(["rekey", str(site.folder), "--write", "--reason", "wie zuvor"]) == 0
        assert (set(site.latest()), site.verify().status) == (old, 0)


def test_a_site_that_moves_and_renames_its_section_goes_on(site: Site, tmp_path: Path) -> None:
    committee = Committee()
    with serve(committee.answer) as url:
        assert site.crawl(url, "-a", profile_of(tmp_path)).status == 0
        moved = url.replace("127.0.0.1", "localhost")
        refused = site.crawl(moved, "-a", profile_of(tmp_path, hosts=["localhost"]))
        assert (refused.status, 'hosts = ["localhost", "127.0.0.1"]' in refused.err) == (2, True), refused
        hosts = ["localhost", "127.0.0.1"]
        assert site.crawl(moved, "-a", profile_of(tmp_path, hosts=hosts), "-a", "mode=full").status == 0
        assert {event for n in (1, 2) for event in site.events(n)} <= {"created", "reprocessed"}
        committee.section = "主席讲话"
        committee.folders[6] = "c"
        unfound = site.crawl(moved, "-a", profile_of(tmp_path, hosts=hosts))
        assert (unfound.status, 'section = ["NEW NAME", "领导讲话"]' in unfound.out) == (4, True), unfound
        assert health_of(site.root) == ("moved", 200, 200)
        named = site.crawl(moved, "-a", profile_of(tmp_path, hosts=hosts, section=["主席讲话", "领导讲话"]))
        assert (named.status, len(site.latest())) == (0, 6), named
        assert main(["retire", str(site.folder), "--reason", "并入上级网站"]) == 0
        retired = site.crawl(moved, "-a", profile_of(tmp_path, hosts=hosts))
        assert (retired.status, "并入上级网站" in retired.err) == (2, True), retired
        settings = ("-a", "site=gszx", "-a", profile_of(tmp_path, hosts=hosts), "-s", f"ARCHIVE_ROOT={site.root}")
        assert run("scrapy", "crawl", "speeches", "-a", "replay=latest", *settings).status == 0
