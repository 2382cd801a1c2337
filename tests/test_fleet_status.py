"""What a fleet tells of itself: register, status of a root, metrics, notifications, and the month's report."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.archive.read.moments import stamp
from pipelines.fleet.attempts import Began, Ended, Journal, attempt_id
from pipelines.fleet.notify import Recipients, tell
from pipelines.fleet.register import Registered, read_register, write_register

BROKEN = "sites/b.toml: key 'cms' is missing"
FIRST = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
ENDS = {
    "c": (0, "complete", "the list was read to its end"),
    "g": (3, "gaps", "not captured: speeches 1"),
    "r": (4, "refused", "the list has 3 of 300 rows"),
    "e": (1, "error", "KeyError: 'x'"),
    "i": (11, "interrupted", "its budget is spent"),
    "l": (6, "refused", "another run holds the site"),
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
    counts = {"listed": 100 + commit, "created": 100 if commit == 1 else 1, "changed": 0, "gone": 0, "failed": 0}
    ended = Ended(
        at=stamp(at + timedelta(minutes=5)),
        run=f"{at:%Y%m%d}t200000z-ab12",
        mode="incremental",
        exit_status=status,
        verdict=verdict,
        message=message,
        seconds=300.0,
        counts=counts if letter in "cg" else None,
        new_gaps=int(letter == "g"),
        commit=commit if letter in "cgri" else None,
        head="0" * 64 if letter in "cgri" else None,
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


@dataclass
class Receiver:
    """What a webhook was sent, and what it answers."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"ok"
    refused: int = 0


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

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


def test_a_register_is_read_as_it_was_written(tmp_path: Path) -> None:
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
    with pytest.raises(ValueError, match=r"sites.json: no register \(site '../x': allowed are a-z, 0-9 and -\)"):
        read_register(tmp_path)


def test_a_month_of_verdicts_is_told_once_a_change(tmp_path: Path, receiver: Receiver) -> None:
    write_register(tmp_path, stamp(FIRST), [Registered(site=site, schedule="daily") for site in MONTH])
    log = tmp_path / "log"
    command = f"""cat >> {log}; echo "|$NOTIFY_SUMMARY|$NOTIFY_COUNT" >> {log}"""
    textfile = tmp_path / "speeches.prom"
    recipients = Recipients(webhook=receiver.url, command=command, textfile=textfile)
    for night, morning in enumerate(nights(tmp_path)):
        # On two nights on which there is something to tell, nobody takes it; they are told the night after.
        receiver.status = {3: 500, 5: 302}.get(night, 200)
        failures = tell(tmp_path, recipients, morning)
        assert failures == FAILURES.get(night, [])
        assert tell(tmp_path, recipients, morning) == failures
    assert receiver.refused == 4
    assert told(receiver.bodies) == CHANGES
    lines = log.read_text("utf-8").strip().split("\n")
    assert told([json.loads(line.partition("|")[0]) for line in lines]) == CHANGES
    assert lines[0].endswith("|speech-archive: never: error|1")
    assert samples(textfile)["speech_archive_sites", "stale"] == 1
    assert samples(textfile)["speech_archive_site_failing_nights", "never"] == 30
    assert not [file for file in tmp_path.iterdir() if file.name not in {"fleet", "log", textfile.name}]
