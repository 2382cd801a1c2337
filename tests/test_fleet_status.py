"""What a fleet tells of itself: register, status of a root, metrics, notifications, and the month's report."""

from __future__ import annotations

import html
import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families
from scrapy.settings import Settings

from crawler import settings
from crawler.run.attempt import recipients
from crawler.run.fleet.deployment import load_deployment
from crawler.run.fleet.precedence import add_deployment
from pipelines.__main__ import main
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.fleet import notify
from pipelines.fleet.attempts import Began, Ended, Journal, attempt_id
from pipelines.fleet.condition import Held
from pipelines.fleet.fleet_runs import FleetRun, SiteEnded
from pipelines.fleet.notify import tell
from pipelines.fleet.recipients import Recipients
from pipelines.fleet.register import Registered, read_register, write_register
from pipelines.fleet.survey import lost_commits, survey
from pipelines.verbs.fleet import roots
from tests.conftest import ROOT, Site
from tests.small import PROFILE, Answer, article_page, list_page, serve

BROKEN = "sites/b.toml: key 'cms' is missing"
FIRST = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
ENDS = {
    "c": (0, "complete", "the list was read to its end"),
    "g": (3, "gaps", "not captured: speeches 1"),
    "r": (4, "refused", "the list has 3 of 300 rows"),
    "p": (0, "partial", "stopped at limit=5"),
    "u": (3, "gaps", "its list could not be read"),
    "e": (1, "error", "KeyError: 'x'"),
    "i": (11, "interrupted", "its budget is spent"),
    "b": (11, "blocked", "0 MiB free"),
    "l": (6, "locked", "another run holds the site"),
}
"""Exit status, verdict and message by a letter; further `d`: it died, `-`: nobody ran it."""
MONTH = {
    "healthy": "c" * 30,
    "refused": "ccccc" + "rrrrr" + "c" * 20,
    "gappy": "ccc" + "g" * 27,
    "killed": "c" * 11 + "dic" + "c" * 16,
    "worse": "cc" + "reerr" + "c" * 23,
    "forgotten": "c" * 10 + "-" * 20,
    "budget": "c" + "iic" * 9 + "il",
    "never": "e" * 30,
}
CHANGES = [
    ("never", None, "error"),
    ("odd", None, "broken-profile"),
    ("worse", "complete", "refused"),
    ("gappy", "complete", "gaps"),
    ("worse", "refused", "error"),
    ("refused", "complete", "refused"),
    ("worse", "error", "refused"),
    ("worse", "refused", "complete"),
    ("refused", "refused", "complete"),
    ("killed", "complete", "died"),
    ("forgotten", "complete", "stale"),
    ("killed", "died", "complete"),
]
"""What the month has to tell, by night; within a night by name."""
FAILURES = {
    3: ["webhook: 127.0.0.1 answers 500 Internal Server Error; 2 changed verdicts will be told by the next run"],
    5: ["webhook: 127.0.0.1 answers 302 Found; 2 changed verdicts will be told by the next run"],
}


def attempt(root: Path, site: str, at: datetime, letter: str, commit: int) -> None:
    """One night of a site, entered through its journal."""
    began = Began(attempt=attempt_id(at, 7), at=stamp(at), pid=7, host="here", fleet="f")
    under_way = Journal(root, site).begin(began)
    if letter == "d":
        under_way.close()
        return
    status, verdict, message = ENDS[letter]
    counts = {"listed": 100 + commit, "created": 100 if commit == 1 else 1, "failed": 0, "list_pages": 2}
    if letter == "u":
        counts = {"list_pages": 0, "listed": 0, "failed": 1}
    ended = Ended(
        at=stamp(at + timedelta(minutes=5)),
        run=f"{at:%Y%m%d}t200000z-ab12",
        mode="incremental",
        exit_status=status,
        verdict=verdict,
        message=message,
        seconds=300.0,
        counts=counts if letter in "cgu" else None,
        new_gaps=int(letter in "gu"),
        commit=commit if letter in "cgupri" else None,
        head="0" * 64 if letter in "cgupri" else None,
    )
    under_way.end(ended)


def nights(root: Path, first: int = 0, last: int = 30) -> Iterator[datetime]:
    """Play the nights of the month, and after each give the next morning."""
    for night in range(first, last):
        at = FIRST + timedelta(days=night)
        for site, letters in MONTH.items():
            if letters[night] != "-":
                attempt(root, site, at, letters[night], night + 1)
        yield at + timedelta(hours=10)


@pytest.fixture(scope="module", autouse=True)
def journals_alone() -> Iterator[None]:
    """The journals here tell of commits of archives that are not made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.fleet.survey.lost_commits", lambda *_: None)
        yield


@dataclass
class Receiver:
    """What a webhook was sent, and what it answers."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"ok"
    refused: int = 0


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A webhook on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if given.status == 200:
                given.bodies.append(body)
            else:
                given.refused += 1
            self.send_response(given.status)
            self.send_header("Content-Length", str(len(given.answer)))
            self.send_header("Location", "/")
            self.end_headers()
            self.wfile.write(given.answer)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    given = Receiver(f"http://127.0.0.1:{server.server_port}/hook?key=secret")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("no_proxy", "127.0.0.1")
            yield given
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(bodies: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    night = [sorted(body["changes"], key=lambda one: one["site"]) for body in bodies]
    return [(one["site"], one["before"], one["verdict"]) for changes in night for one in changes]


def samples(file: Path) -> dict[tuple[str, str], float]:
    """What Prometheus reads: values by the name of the metric and its first label."""
    families = text_string_to_metric_families(file.read_text("utf-8"))
    return {
        (one.name, next(iter(one.labels.values()), "")): one.value for family in families for one in family.samples
    }


def test_a_register_is_read_as_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_register(tmp_path) is None
    sites = [
        Registered(site="b", error=BROKEN),
        Registered(site="a", name="甲", committee="政协甲委员会", tags=("hubei",), schedule="daily", period_days=1.0),
    ]
    write_register(tmp_path, "2026-11-30T03:00:00Z", sites)
    read = read_register(tmp_path)
    assert read is not None
    assert (read.at, list(read.sites)) == ("2026-11-30T03:00:00Z", [sites[1], sites[0]])
    assert [file.name for file in (tmp_path / "fleet").iterdir()] == ["sites.json"]
    (tmp_path / "fleet" / "sites.json").write_text('{"at": "", "sites": [{"site": "../x"}]}', "utf-8")
    # The name of a profile that no site can have hides no other site.
    textfile = tmp_path / "m.prom"
    assert tell(tmp_path, Recipients(textfile=textfile), FIRST) == []
    assert samples(textfile)["speech_archive_site_broken", "../x"] == 1
    assert main(["report", str(tmp_path), "--month", "2026-11"]) == 0
    assert main(["status", str(tmp_path)]) == 3
    shown = capsys.readouterr().out
    assert "../x | broken | site '../x': allowed are a-z, 0-9 and -" in shown
    assert "../x  broken: broken-profile" in shown


@dataclass(frozen=True)
class Month:
    """A month that was played, each night told to a webhook and a command; and what each night went wrong."""

    root: Path
    bodies: list[dict[str, Any]]
    lines: list[str]
    textfile: Path
    failures: dict[int, list[str]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = tmp_path_factory.mktemp("month")
    root, log, textfile = folder / "archives", folder / "log", folder / "metrics" / "speeches.prom"
    sites = [Registered(site=site, schedule="daily", next_due="2026-12-01T20:00:00Z") for site in MONTH]
    sites += [
        Registered(site="off", enabled=False, disabled_because="its host is for sale"),
        Registered(site="odd", error=BROKEN),
        Registered(site="later", schedule="weekly", next_due="2026-12-03T20:00:00Z"),
    ]
    write_register(root, stamp(FIRST), sites)
    command = f"""cat >> {log}; echo "|$NOTIFY_SUMMARY|$NOTIFY_COUNT" >> {log}"""
    failures = {}
    with receiving() as receiver:
        told_to = Recipients(webhook=receiver.url, command=command, textfile=textfile)
        for night, morning in enumerate(nights(root)):
            # On two nights on which there is something to tell, nobody takes it; they are told the night after.
            receiver.status = {3: 500, 5: 302}.get(night, 200)
            failures[night] = tell(root, told_to, morning)
            if night % 3 == 2:
                assert tell(root, told_to, morning) == failures[night]
        assert receiver.refused == 3
    return Month(root, receiver.bodies, log.read_text("utf-8").strip().split("\n"), textfile, failures)


def test_a_change_is_told_once_and_again_when_nobody_took_it(month: Month) -> None:
    assert told(month.bodies) == CHANGES
    assert told([json.loads(line.partition("|")[0]) for line in month.lines]) == CHANGES
    assert month.lines[1].endswith("|speech-archive: worse: complete → refused|1")
    assert {night: failed for night, failed in month.failures.items() if failed} == FAILURES


def test_metrics_are_read_by_prometheus(month: Month) -> None:
    found = samples(month.textfile)
    assert found["speech_archive_sites", "stale"] == 1
    assert found["speech_archive_site_failing_nights", "never"] == 30
    assert found["speech_archive_site_last_success_timestamp_seconds", "healthy"] == 1796069100
    assert ("speech_archive_site_last_success_timestamp_seconds", "never") not in found
    assert [file.name for file in month.textfile.parent.iterdir()] == [month.textfile.name]


TABLE = """\
site       condition               last success       days  nights  listed     new  dated  gaps  next due
never      broken: error           -                  -     30      -          -    -      0     2026-12-01T20:00Z  KeyError: 'x'
odd        broken: broken-profile  -                  -     0       -          -    -      0     -                  sites/b.toml: key 'cms' is missing
forgotten  stale                   2026-11-10T20:05Z  20.4  0       110 (+9)   9    -      0     2026-12-01T20:00Z  last success 2026-11-10T20:05:00Z; stale after 3 days: see that it is crawled
budget     interrupted             2026-11-28T20:05Z  2.4   0       128 (+27)  9    -      0     2026-12-01T20:00Z  its budget is spent
gappy      gaps                    2026-11-30T20:05Z  0.4   0       130 (+29)  29   -      1     2026-12-01T20:00Z  not captured: speeches 1
later      waiting                 -                  -     0       -          -    -      0     2026-12-03T20:00Z  no whole run has ended yet
healthy    complete                2026-11-30T20:05Z  0.4   0       130 (+29)  29   -      0     2026-12-01T20:00Z
killed     complete                2026-11-30T20:05Z  0.4   0       130 (+29)  27   -      0     2026-12-01T20:00Z
refused    complete                2026-11-30T20:05Z  0.4   0       130 (+29)  24   -      0     2026-12-01T20:00Z
worse      complete                2026-11-30T20:05Z  0.4   0       130 (+29)  24   -      0     2026-12-01T20:00Z
off        disabled                -                  -     0       -          -    -      0     -                  its host is for sale
11 sites: 2 broken, 1 stale, 1 interrupted, 1 gaps, 1 waiting, 4 complete, 1 disabled
"""  # noqa: E501 - as it is printed


def status(month: Month, *more: str) -> int:
    return main(["status", str(month.root), *more])


@pytest.fixture
def on_the_last_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "clock", lambda: FIRST + timedelta(days=29, hours=10))


@pytest.mark.usefixtures("on_the_last_morning")
def test_a_root_is_shown_worst_first(month: Month, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert status(month, "--badge", str(tmp_path / "fleet.svg")) == 3
    assert capsys.readouterr().out == TABLE
    badge = ElementTree.fromstring((tmp_path / "fleet.svg").read_text("utf-8"))  # noqa: S314 - our own
    assert badge.attrib["aria-label"] == "speeches: 11 sites, 2 broken, 1 stale"
    assert status(month, "--broken") == 3
    assert capsys.readouterr().out.count("\n") == 5
    (tmp_path / "nothing" / "fleet").mkdir(parents=True)
    assert (main(["status", str(tmp_path / "nothing"), "--broken"]), capsys.readouterr().out) == (0, "")
    assert status(month, "--stale", "2d", "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["exit_status"], told["conditions"]["stale"]) == ("status/1", 3, 2)
    assert [one["site"] for one in told["sites"]][:4] == ["never", "odd", "forgotten", "budget"]
    assert status(month, "--stale", "3 days") == 2
    assert "--stale 3 days: must be an age such as 3d, 36h or 2w" in capsys.readouterr().err


def test_a_site_that_never_made_an_archive_shows_its_attempts(
    month: Month, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", str(month.root / "never")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "site      never\ncommit    none yet\nattempt   2026-11-26T20:00:00Z  error, exit status 1: Key"
    )
    assert shown.count("\n") == 7
    assert main(["status", str(month.root / "nobody")]) == 2


@pytest.mark.parametrize(
    ("letters", "said", "failing"),
    [
        ("ri", "broken: refused", 1),
        ("rrlli", "broken: refused", 2),
        ("ci", "interrupted: interrupted", 0),
        ("cl", "complete: complete", 0),
        ("l", "waiting: never-run", 0),
        ("cbi", "broken: blocked", 1),
        ("ced", "broken: died", 2),
        ("ecg", "gaps: gaps", 0),
        ("cp", "complete: complete", 0),
        ("rp", "broken: refused", 1),
        ("p", "waiting: never-run", 0),
        ("cguu", "broken: unreachable", 2),
    ],
)
def test_what_the_last_attempts_say(letters: str, said: str, failing: int, tmp_path: Path) -> None:
    for night, letter in enumerate(letters):
        attempt(tmp_path, "a", FIRST + timedelta(days=night), letter, night + 1)
    (site,) = survey(tmp_path, FIRST + timedelta(days=len(letters)))
    assert (f"{site.condition}: {site.verdict}", site.nights_failing) == (said, failing)
    (before,) = survey(tmp_path, FIRST - timedelta(days=2))  # nobody knows how old it is
    assert before.condition.is_bad


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (None, "no archive here, although commit 2 was made at 2026-11-02"),
        (Held(commit=1, head="1" * 64), "ends at commit 1, although commit 2 was made at 2026-11-02"),
        (Held(commit=2, head="1" * 64), "commit 2 is another one than the run of 2026-11-02"),
        (Held(commit=2, head="0" * 64), None),
        (Held(commit=3, head="1" * 64), None),
        (Held(commit=1, head="1" * 64, is_reconciled=True), None),
    ],
)
def test_an_archive_that_lost_commits_is_not_well(held: Held | None, words: str | None, tmp_path: Path) -> None:
    for night in (0, 1):
        attempt(tmp_path, "a", FIRST + timedelta(days=night), "c", night + 1)
    said = lost_commits(tmp_path, "a", Journal(tmp_path, "a").attempts(), held)
    assert words in said if words and said else said == words


def test_what_is_told_of_a_site_that_is_down_disabled_or_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    to = Recipients(command=f"cat > {log}")

    def change() -> tuple[str, str, str, str | None]:
        assert tell(tmp_path, to, FIRST + timedelta(days=2)) == []
        (one,) = json.loads(log.read_text("utf-8"))["changes"]
        return one["before"], one["verdict"], one["message"], one["report"]

    attempt(tmp_path, "a", FIRST, "c", 1)
    assert tell(tmp_path, to, FIRST) == []
    attempt(tmp_path, "a", FIRST + timedelta(days=1), "u", 2)
    report = "a/runs/20261102t200000z-ab12.json"
    assert change() == ("complete", "unreachable", "its list could not be read", report)
    assert main(["report", str(tmp_path), "--month", "2026-11"]) == 0
    shown = capsys.readouterr().out
    assert "| a |  | 2 | 1 | 0 | 0 | 1 | 0 | 100 | 0 | 0 | 0 | 1 | broken: unreachable |" in shown
    assert "| a | unreachable | 1 | 2026-11-02 | 2026-11-02 | its list could not be read |" in shown
    at = stamp(FIRST + timedelta(days=2))
    under_way = Journal(tmp_path, "a").begin(Began(attempt="x", at=at, pid=7, host="here"))
    main(["status", str(tmp_path)])
    under_way.close()
    assert "a     running, last broken: unreachable " in capsys.readouterr().out
    attempt(tmp_path, "a", FIRST + timedelta(days=2), "u", 3)
    write_register(tmp_path, at, [Registered(site="a", enabled=False, disabled_because="its host is for sale")])
    assert change() == ("unreachable", "disabled", "its host is for sale", None)


def test_new_speeches_are_compared_with_the_months_before(tmp_path: Path) -> None:
    """What the first run found does not count. A success long ago is found, too."""
    for night in range(90):
        attempt(tmp_path, "a", FIRST + timedelta(days=night), "c" if night < 61 or night % 2 else "r", night + 1)
    (site,) = survey(tmp_path, FIRST + timedelta(days=90))
    assert (site.new, site.expected, site.listed, site.listed_before) == (16, 30.0, 190, 160)
    for night in range(90, 170):
        attempt(tmp_path, "a", FIRST + timedelta(days=night), "r", night + 1)
    (site,) = survey(tmp_path, FIRST + timedelta(days=170))
    assert (site.last_success, site.nights_failing) == ("2027-01-29T20:05:00Z", 80)


def test_the_deployment_says_who_is_told(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    tables = (
        '[notify]\nwebhook = "http://127.0.0.1/"\nshape = "slack"\ncommand = "true"\n[metrics]\ntextfile = "m.prom"'
    )
    file.write_text(f'contact = "a@example.org"\n{tables}', "utf-8")
    chosen = Settings()
    chosen.setmodule(settings, priority="project")
    add_deployment(chosen, load_deployment(file))
    wanted = Recipients(webhook="http://127.0.0.1/", shape="slack", command="true", textfile=tmp_path / "m.prom")
    assert recipients(chosen) == wanted


def test_a_journal_of_other_hands_hides_no_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attempt(tmp_path, "odd", FIRST, "c", 1)
    attempt(tmp_path, "well", FIRST, "c", 1)
    file = Journal(tmp_path, "odd").file
    file.write_bytes(file.read_bytes().replace(b'"counts": {', b'"counts": [0], "more": {') + b"[1]\n{}\n{")
    assert main(["status", str(tmp_path), "--stale", "9999w"]) == 3
    shown = capsys.readouterr().out
    assert "odd   broken: died" in shown
    assert "well  complete " in shown


@pytest.mark.parametrize(
    ("shape", "accepts", "refuses", "key"),
    [
        ("dingtalk", b'{"errcode": 0, "errmsg": "ok"}', b'{"errcode": 310000, "errmsg": "keywords"}', "text"),
        ("wecom", b'{"errcode": 0, "errmsg": "ok"}', b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "text"),
        ("feishu", b'{"code": 0, "msg": "success"}', b'{"code": 9499, "msg": "Bad Request"}', "content"),
        ("slack", b"ok", b"no_service", None),
    ],
)  # fmt: skip
def test_a_chat_robot_is_sent_what_it_takes(
    shape: str, accepts: bytes, refuses: bytes, key: str | None, tmp_path: Path
) -> None:
    site = Registered(site="odd", error="<at user_id=all> & | " + "长" * 20_000)
    write_register(tmp_path, stamp(FIRST), [site, *(Registered(site=f"s{n}", error=BROKEN) for n in range(100))])
    with receiving() as receiver:
        robot = Recipients(webhook=receiver.url, shape=shape)
        receiver.answer = refuses
        (failure,) = tell(tmp_path, robot, FIRST)
        assert failure.startswith(
            f"webhook: 127.0.0.1 did not take it: {refuses.decode()}; 101 changed verdicts will"
        )
        receiver.answer = accepts
        assert tell(tmp_path, robot, FIRST) == []
        assert tell(tmp_path, robot, FIRST) == []
    assert len(receiver.bodies) == 2
    body = receiver.bodies[-1]
    inner = body[key] if key else body
    text = inner["content"] if key == "text" else inner["text"]
    assert text.startswith("speech-archive: 101 sites changed, 101 of them need a person\nodd: broken-profile: ")
    assert ("<at" in text) == (shape in {"dingtalk", "wecom"})
    assert len(text.encode()) <= 2_048 or shape != "wecom"


def test_who_cannot_be_told_is_told_of_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_register(tmp_path, stamp(FIRST), [Registered(site="odd", error=BROKEN)])
    monkeypatch.setattr(notify, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = Recipients(webhook=f"http://127.0.0.1:{silent.getsockname()[1]}/", command="sleep 60 & sleep 60")
        left = "1 changed verdicts will be told by the next run"
        assert tell(tmp_path, deaf, FIRST) == [
            f"webhook: no whole answer of 127.0.0.1 within 0.3 seconds; {left}",
            f"command: it did not end within 0.3 seconds; {left}",
        ]
    (tmp_path / "fleet" / "notified.json").write_text("{", "utf-8")
    failed = tell(tmp_path, Recipients(command="echo no >&2; exit 3"), FIRST, {"odd"})
    assert failed[0].startswith(f"{tmp_path}/fleet/notified.json: cannot be read")
    assert failed[1:] == [f"command: exit status 3: no; {left}"]
    log = tmp_path / "log"
    assert tell(tmp_path, Recipients(command=f"cat > {log}"), FIRST, {"other"}) == []
    assert [one["site"] for one in json.loads(log.read_text("utf-8"))["changes"]] == ["odd"]
    with pytest.raises(ValueError, match="'fax': the shape of a webhook is one of: json, dingtalk"):
        Recipients(webhook="http://127.0.0.1/", shape="fax")


@pytest.mark.usefixtures("on_the_last_morning")
def test_a_month_is_reported(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(month.root), "--month", "2026-11"]) == 0
    shown = capsys.readouterr().out
    assert (
        "11 sites, 219 runs; speeches: 851 new, 0 edited, 0 gone, 0 restored. Sites that need a person now: 3."
        in shown
    )
    for line in (
        "| gappy |  | 30 | 3 | 27 | 0 | 0 | 0 | 129 | 0 | 0 | 0 | 1 | gaps |",
        "| killed |  | 30 | 28 | 0 | 0 | 1 | 1 | 127 | 0 | 0 | 0 | 0 | complete |",
        "| refused |  | 30 | 25 | 0 | 5 | 0 | 0 | 124 | 0 | 0 | 0 | 0 | complete |",
        "| refused | refused | 5 | 2026-11-06 | 2026-11-10 | the list has 3 of 300 rows |",
        "| worse | error | 2 | 2026-11-04 | 2026-11-05 | KeyError: 'x' |",
        "| odd | broken | sites/b.toml: key 'cms' is missing |",
    ):
        assert line in shown.split("\n"), (line, shown)
    assert main(["report", str(month.root), "--month", "2026-13"]) == 2
    assert main(["report", str(month.root / "nobody"), "--month", "2026-11"]) == 2


def the_run_is_told(site: Site, url: str, mailed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The last run in which one article failed: as a mail, as a page, and as the page that the run wrote."""
    assert main(["report", str(site.folder)]) == 0
    text = capsys.readouterr().out
    first, to_do, *rest = text.split("\n")
    told = "not captured: speeches 1; the run report names each, with the reason"
    assert first == f"gszx 广水市政协网: gaps (exit 3): {told}"
    assert to_do.startswith("To do: Open the addresses below.")
    assert [line.strip() for line in rest if "d=1" in line] == [url]
    assert "  listed             2        2" in rest
    pages = [site.folder / "runs" / f"{commit.run}.html" for commit in Archive(site.folder).commits()]
    assert main(["report", str(site.folder), "--run", pages[0].stem]) == 0
    assert "\nCreated: 2\n- 在第一次会议上的讲话 (gszx:1)\n" in capsys.readouterr().out
    assert sorted(pages) == sorted((site.folder / "runs").glob("*.html"))
    assert main(["report", str(site.folder), "--run", pages[1].stem, "--out", str(pages[1].with_name("r.txt"))]) == 0
    assert pages[1].with_name("r.txt").read_text("utf-8").removesuffix("\n") in mailed
    pages[1].with_name("r.txt").unlink()
    assert main(["report", str(site.folder), "--html", "--language", "zh"]) == 0
    page = capsys.readouterr().out
    assert "default-src 'none'" in html.unescape(page)
    assert f'<a href="{html.escape(url)}"' in page
    assert "处理建议" in page
    assert "What to do" in pages[-1].read_text("utf-8")
    assert main(["verify", str(site.folder)]) == 0
    assert ".html" not in "".join(capsys.readouterr())
    assert main(["report", str(site.folder), "--run", "none"]) == 2
    assert main(["report", str(site.root)]) == 2
    report = pages[-1].with_suffix(".json")
    whole = report.read_bytes()
    report.write_bytes(whole.replace(b'"started_at"', b'"begun_at"'))
    assert main(["report", str(site.folder)]) == 5
    assert f"runs/{report.name}" in capsys.readouterr().err
    report.write_bytes(whole)
    assert main(["redact", str(site.folder), "2", "--reason", "an order"]) == 0
    assert not list((site.folder / "runs").glob("*.html"))
    capsys.readouterr()


def test_a_single_crawl_tells_and_measures(  # noqa: PLR0915 - one site's life, told by all means
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile, log, textfile = tmp_path / "p.toml", tmp_path / "log", tmp_path / "speeches.prom"
    tell = f'cat >> {log}; echo "$NOTIFY_TEXT" > {tmp_path / "text"}'
    told_by = ("-s", f"NOTIFY_CMD={tell}", "-s", "RUN_PAGE=en", "-s", f"METRICS_TEXTFILE={textfile}")
    rows = [(1, "在第一次会议上的讲话", "2020-01-01"), (2, "在第二次会议上的讲话", "2020-01-02")]
    titles = {f"/Item/Show.asp?m=1&d={number}": title for number, title, _ in rows}

    def answer(path: str, _: Message) -> Answer:
        if "GetHits" in path:
            return Answer("document.write('12');")
        number = int(path[-1]) if path in titles else 0
        return Answer(article_page(number, title=titles[path]) if number > is_broken else list_page(rows), 200)

    is_broken = 0
    with serve(answer) as url:
        profile.write_text(PROFILE.replace("http://127.0.0.1/", url), "utf-8")
        crawl = (url, "-a", f"profile={profile}", *told_by)
        assert site.crawl(*crawl).status == 0
        assert not log.exists()
        is_broken = 1
        ended = [site.crawl(*crawl, "-a", "mode=full") for _ in range(2)]
    assert [one.status for one in ended] == [3, 3], ended
    (change,) = json.loads(log.read_text("utf-8"))["changes"]
    assert (change["site"], change["before"], change["verdict"]) == ("gszx", "complete", "gaps")
    found = samples(textfile)
    assert found["speech_archive_site_speeches", "gszx"] == 2
    assert found["speech_archive_site_coverage_ratio", "gszx"] == 1
    assert found["speech_archive_site_gaps", "gszx"] == 1
    today, damaged = datetime.now(UTC), tmp_path / "damaged"
    until, url = f"{today + timedelta(days=9):%Y-%m-%d}", f"{url}Item/Show.asp?m=1&d=1"
    the_run_is_told(site, url, (tmp_path / "text").read_text("utf-8"), capsys)
    assert main(["accept-gap", str(site.folder), url, "--until", until, "--reason", "its server | errs"]) == 0
    assert main(["report", str(site.root), "--month", f"{today:%Y-%m}"]) == 0
    shown = capsys.readouterr().out
    assert "| gszx | 广水市政协网 | 3 | 1 | 2 | 0 | 0 | 0 | 2 | 0 | 0 | 0 | 1 | gaps |" in shown
    profile.write_text("name = 3", "utf-8")
    assert (site.crawl(url, "-a", f"profile={profile}").status, main(["status", str(site.root), "--broken"])) == (
        2,
        3,
    )
    assert "broken: broken-profile" in capsys.readouterr().out
    shutil.copytree(site.root, damaged)
    last = max((damaged / "gszx" / "commits").glob("*.json"))
    last.write_bytes(last.read_bytes()[:100])
    assert main(["status", str(damaged), "--json"]) == 3
    (told,) = json.loads(capsys.readouterr().out)["sites"]
    assert (told["verdict"], told["exit_status"], str(last) in told["message"]) == ("damaged", 5, True)
    last.unlink()
    assert main(["status", str(damaged)]) == 3
    assert "was cut off" in capsys.readouterr().out
    about = damaged / "gszx/archive.json"
    about.write_text(about.read_text("utf-8").replace('"format_version": ', '"format_version": 9'), "utf-8")
    assert main(["status", str(damaged)]) == 3
    assert re.search("broken: newer-format .*Upgrade the software", capsys.readouterr().out)
    decision = rf"Z \| gszx \| gap \| {re.escape(url)} until {until}: its server \\\| errs \|$"
    assert re.search(decision, shown, re.MULTILINE), shown
    assert main(["retire", str(site.folder), "--reason", "its county is no more"]) == 0
    assert main(["status", str(site.root)]) == 0
    assert re.search(r"^gszx  retired .* its county is no more$", capsys.readouterr().out, re.MULTILINE)


def test_every_key_of_the_files_of_a_fleet_is_documented() -> None:
    text = (ROOT / "docs" / "fleet-files.md").read_text("utf-8")
    _, journal, register, run, *_ = text.split("\n## ")
    for part, kinds in ((journal, (Began, Ended)), (register, (Registered,)), (run, (FleetRun, SiteEnded))):
        named = set(re.findall(r"`(\w+)`", part))
        assert {one.name for kind in kinds for one in fields(kind)} <= named
