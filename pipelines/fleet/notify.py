"""Tells of changed verdicts: once a change, by a webhook and a command; and writes the metrics."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pipelines.archive.disk.layout import NAME
from pipelines.archive.disk.lock import Turn
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import FLEET
from pipelines.fleet.changed import changes, document, text, told_word
from pipelines.fleet.metrics import metrics
from pipelines.fleet.register import replace_file, replace_in_fleet
from pipelines.fleet.run_told import read_told, run_text
from pipelines.fleet.survey import site_names_in, survey
from pipelines.fleet.webhook import cut, refusal, request_body
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.fleet.changed import Change
    from pipelines.fleet.condition import SiteStatus
    from pipelines.fleet.recipients import Recipients

SCHEMA = "notified/1"
_FILE = "notified.json"
_PATIENCE = 15.0
"""Seconds for a whole delivery: a crawl waits for it."""
_MOST_ANSWER = 1 << 16
_MOST_TEXT = 16_000
"""Bytes of a text in the environment of a command, of which Linux allows 128 KiB a variable."""
_MOST_RUNS = 3
"""Runs whose reports a text gives: a night in which many sites fail has one cause."""
_FEW_SITES = 200
"""So many are looked at for the metrics after each single crawl; of more, which takes seconds, once an hour."""
_HOUR = 3600.0


def tell(
    root: Path,
    recipients: Recipients,
    now: datetime,
    sites: Collection[str] | None = None,
    stale_days: float | None = None,
    *,
    others: bool = True,
) -> list[str]:
    """Tell of each site whose verdict is another than was last told, and write the metrics.

    What could not be delivered is tried again by the next call. It never raises for what goes wrong outside this
    program, and ends within a minute.

    Args:
        root: the archive root.
        recipients: who is told.
        now: the moment (aware).
        sites: the sites that were just crawled; null for all.
        stale_days: as for `survey`.
        others: sites whose change could not be delivered are told, too.

    Returns:
        What went wrong, in words.
    """
    if not recipients:
        return []
    try:
        with _alone(root) as is_alone:
            if not is_alone:
                return [
                    "another run is telling of its sites; what changed will be told after the next crawl of the site"
                ]
            notified, trouble = _read_notified(root)
            wanted = None if sites is None else sorted({*sites, *(notified.waiting() if others else ())})
            return [*trouble, *_tell(root, recipients, now, wanted, notified, stale_days)]
    except (OSError, ValueError) as error:
        return [f"nobody could be told of changed verdicts: {error}"]


def told_of(root: Path, sites: Collection[str]) -> dict[tuple[str, str], str]:
    """The word last told of some sites, by site and channel."""
    told = _read_notified(root)[0].told
    return {(site, channel): words[site] for channel, words in told.items() for site in sites if site in words}


def remember_told(root: Path, sites: Collection[str], words: Mapping[tuple[str, str], str], now: datetime) -> None:
    """Take over what other machines have told of some sites, by site and channel; `OSError` when that fails."""
    with _alone(root):
        notified, _ = _read_notified(root)
        for channel in {*notified.told, *(channel for _, channel in words)}:
            others = {site: word for site, word in notified.told.get(channel, {}).items() if site not in sites}
            notified.told[channel] = others | {site: word for (site, by), word in words.items() if by == channel}
        replace_in_fleet(root, _FILE, notified.document(stamp(now)))


def _tell(
    root: Path,
    recipients: Recipients,
    now: datetime,
    sites: Collection[str] | None,
    notified: _Notified,
    stale_days: float | None,
) -> list[str]:
    found = survey(root, now, sites, stale_days)
    failures = list(_deliver_all(root, recipients, now, found, notified))
    if recipients.webhook or recipients.command:
        replace_in_fleet(root, _FILE, notified.document(stamp(now)))
    if recipients.textfile:
        failures += _measure(root, recipients.textfile, now, found if sites is None else None, notified, stale_days)
    return failures


def _deliver_all(
    root: Path, recipients: Recipients, now: datetime, found: list[SiteStatus], notified: _Notified
) -> Iterator[str]:
    """Deliver what each channel was not told yet, and note what was; the failures in words."""
    deliveries: dict[str, Callable[[Sequence[Change]], None]] = {}
    if recipients.webhook:
        deliveries["webhook"] = partial(_post, recipients, str(root), stamp(now))
    if recipients.command:
        deliveries["command"] = partial(_run, recipients.command, str(root), stamp(now))
    for channel, deliver in deliveries.items():
        changed = changes(found, notified.told.get(channel, {}))
        try:
            if changed:
                deliver(changed)
        except _Undelivered as error:
            notified.failed(channel, [change.site for change in changed])
            yield f"{channel}: {error}; {len(changed)} changed verdicts will be told by the next run"
        else:
            notified.delivered(channel, found)


def _measure(
    root: Path,
    textfile: Path,
    now: datetime,
    found: list[SiteStatus] | None,
    notified: _Notified,
    stale_days: float | None,
) -> list[str]:
    """Write the metrics of all sites: `found`, else as read now, unless that takes long and was done lately."""
    try:
        if found is None:
            if _is_young(textfile) and len(site_names_in(root)) > _FEW_SITES:
                return []
            found = survey(root, now, None, stale_days)
        textfile.parent.mkdir(parents=True, exist_ok=True)
        replace_file(textfile, metrics(found, now, sum(map(bool, notified.undelivered.values()))).encode())
    except OSError as error:
        return [f"{textfile}: the metrics could not be written: {error.strerror}"]
    return []


def _is_young(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime < _HOUR
    except OSError:
        return False


@dataclass(slots=True)
class _Notified:
    """The words last told, and the sites of which a change is undelivered; both by channel."""

    told: dict[str, dict[str, str]] = field(default_factory=dict)
    undelivered: dict[str, list[str]] = field(default_factory=dict)

    def waiting(self) -> set[str]:
        return {site for sites in self.undelivered.values() for site in sites}

    def failed(self, channel: str, sites: list[str]) -> None:
        self.undelivered[channel] = sorted({*self.undelivered.get(channel, ()), *sites})

    def delivered(self, channel: str, found: list[SiteStatus]) -> None:
        words = {site.site: word for site in found if (word := told_word(site)) is not None}
        self.told[channel] = dict(sorted({**self.told.get(channel, {}), **words}.items()))
        left = set(self.undelivered.get(channel, ())) - {site.site for site in found}
        self.undelivered[channel] = sorted(left)

    def document(self, at: str) -> dict[str, Any]:
        return {"schema": SCHEMA, "at": at, "told": self.told, "undelivered": self.undelivered}


def _read_notified(root: Path) -> tuple[_Notified, list[str]]:
    """What was told, and what is wrong with the file: then all that is not well is told again."""
    file = root / FLEET / _FILE
    try:
        read = json_object(file)
        told = {str(channel): _words(words) for channel, words in read["told"].items()}
        waiting = {str(channel): list(filter(_is_name, sites)) for channel, sites in read["undelivered"].items()}
        return _Notified(told, waiting), []
    except FileNotFoundError:
        return _Notified(), []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _Notified(), [f"{file}: cannot be read ({error}); what is not well is told again"]


def _words(value: dict[str, Any]) -> dict[str, str]:
    return {str(site): str(word) for site, word in value.items()}


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


@contextmanager
def _alone(root: Path) -> Iterator[bool]:
    """Whether no other process tells meanwhile: two would tell the same change twice."""
    with Turn(root / FLEET / "notified.lock") as turn:
        for pause in turn.pauses(_PATIENCE):
            time.sleep(pause)
        yield turn.has_come


class _Undelivered(Exception):  # noqa: N818 - it says what happened to a message
    """Why a message was not delivered."""


def _text(changed: Sequence[Change], root: str) -> str:
    """The changes, and of the first few the run: what to do, what was missed, the last good run beside it."""
    runs = (_run_told(Path(root), change.report) for change in changed if change.report)
    return "\n\n".join([text(changed, root), *islice(filter(None, runs), _MOST_RUNS)])


def _run_told(root: Path, report: str) -> str | None:
    """The run of a report; null where its archive cannot be read, which is told by other means."""
    site, _, run = report.removesuffix(".json").partition("/runs/")
    try:
        return run_text(read_told(Archive(root / site), run)).removesuffix("\n")
    except (ArchiveError, OSError):
        return None


def _post(recipients: Recipients, root: str, at: str, changed: Sequence[Change]) -> None:
    body = request_body(recipients.shape, document(changed, root, at), _text(changed, root))
    # A webhook's address is a secret: what is told names its host only.
    host = urlsplit(recipients.webhook).hostname
    answer = Future[bytes]()
    Thread(target=_ask, args=(recipients.webhook, body, answer), daemon=True).start()
    try:
        said = answer.result(_PATIENCE)
    except HTTPError as error:
        raise _Undelivered(f"{host} answers {error.code} {error.reason}") from error
    except TimeoutError as error:
        raise _Undelivered(f"no whole answer of {host} within {_PATIENCE:g} seconds") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _Undelivered(f"{host} gives no answer ({error})") from error
    if why := refusal(recipients.shape, said):
        raise _Undelivered(f"{host} did not take it: {why}")


class _NoRedirect(HTTPRedirectHandler):
    """A redirected POST would become a GET without its body, and count as delivered."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ask(url: str, body: bytes, answer: Future[bytes]) -> None:
    """In a thread of its own: a socket's time limit begins anew with each byte."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "speech-archive"}
    try:
        request = Request(url, body, headers)  # noqa: S310 - http only, as `Recipients` checked
        with build_opener(_NoRedirect).open(request, timeout=_PATIENCE) as response:
            answer.set_result(response.read(_MOST_ANSWER))
    except HTTPError as error:
        error.close()
        answer.set_exception(error)
    except (OSError, HTTPException, ValueError) as error:
        answer.set_exception(error)


def _run(command: str, root: str, at: str, changed: Sequence[Change]) -> None:
    """By a shell: the command is the archivist's own, and what comes from sites reaches it as data only."""
    told = document(changed, root, at)
    environment = {
        **os.environ,
        "NOTIFY_SUMMARY": told["summary"],
        "NOTIFY_COUNT": str(len(changed)),
        "NOTIFY_TEXT": cut(_text(changed, root), _MOST_TEXT),
    }
    with TemporaryFile() as complaint:
        try:
            process = subprocess.Popen(  # noqa: S603 - see above
                ["/bin/sh", "-c", command],
                stdin=subprocess.PIPE,
                stdout=complaint,
                stderr=complaint,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise _Undelivered(f"it could not be started: {error.strerror}") from error
        status = _ended(process, json.dumps(told, ensure_ascii=False).encode())
        if status:
            complaint.seek(0)
            said = " ".join(complaint.read(2_000).decode(errors="replace").split())
            raise _Undelivered(f"exit status {status}: {said[:300]}")


def _ended(process: subprocess.Popen[bytes], given: bytes) -> int:
    try:
        process.communicate(given, _PATIENCE)
    except subprocess.TimeoutExpired as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise _Undelivered(f"it did not end within {_PATIENCE:g} seconds") from error
    return process.returncode
