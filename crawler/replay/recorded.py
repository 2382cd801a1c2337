"""A finished run for a replay: its arguments, its times, and the WARC files of its captures."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Self

from crawler.run.arguments import Arguments, WrongUse, one_section
from pipelines.archive.disk.answers import Answer
from pipelines.archive.disk.commits import Commit
from pipelines.archive.disk.layout import Layout, is_named_path, warc_beginning
from pipelines.archive.errors import Damaged
from pipelines.archive.read.reader import Archive
from pipelines.stored.packed import Stored
from pipelines.untrusted import json_object

REPORT = "run.json"
REPEATED = "repeated.json"


class RunClock:
    """A clock that shows the moments of another run and moves only by `advance`."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        return self._moment

    def advance(self, moment: datetime) -> None:
        """Move to `moment`, never backwards."""
        self._moment = max(self._moment, moment)


def stored_report(path: Path) -> Stored:
    """Where the run report of a path lies, which may be in a container of its archive."""
    name = f"runs/{path.name}"
    if path.exists() or path.parent.name != "runs" or not is_named_path(name):
        return path
    return Layout(path.parent.parent).stored(name)


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """A run, from an archive or from a site's fixture.

    Args:
        home: the archive's folder, or the fixture's.
        report: the run report (`run/1`).
        recorded_at: when the run was committed; its clock ends there.
        commit: SHA-256 of the commit that holds it; null for a fixture.
        accept: what a person accepted in it.
        files: its WARC files in the order of capture, as `home` names them.
        repeated: the answers that it did not store again, in the order they came.
        unnamed: the answers that its commit names beside its lines.
    """

    home: Path
    report: dict[str, Any]
    recorded_at: str
    commit: str | None
    accept: frozenset[str]
    files: tuple[str, ...]
    repeated: tuple[Answer, ...] = ()
    unnamed: tuple[Answer, ...] = ()

    @classmethod
    def find(cls, named: str, default: Path) -> Self:
        """The run with an id, in the archive `default`, or with the path of its report.

        Raises:
            WrongUse: there is none, or it cannot be replayed: no captures, or text removed by order.
            ArchiveError: its archive cannot be read.
        """
        path = Path(named) if named.endswith(".json") else default / "runs" / f"{named}.json"
        home = path.parent.parent if path.parent.name == "runs" else path.parent
        try:
            report = json_object(stored_report(path))
            run = report["run"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            hint = "give `latest`, or the path that a crawl printed after `report`"
            raise WrongUse(f"-a replay={named}: {path} is not a run report ({why}); {hint}") from None
        found = cls._of_fixture(path.parent, report) if path.name == REPORT else cls._of_archive(home, report)
        if not found.files and not found.repeated:
            raise WrongUse(f"-a replay={named}: run {run} kept no captures and cannot be replayed")
        return found

    @classmethod
    def _of_fixture(cls, folder: Path, report: dict[str, Any]) -> Self:
        own = f"warc/*/{report['site']}-{report['run']}-*.warc.gz"
        files = tuple(sorted(file.relative_to(folder).as_posix() for file in folder.glob(own)))
        again = _answers_in(folder / REPEATED)
        return cls(
            home=folder,
            report=report,
            recorded_at=report["ended_at"],
            commit=None,
            accept=frozenset(),
            files=files,
            repeated=again,
        )

    @classmethod
    def _of_archive(cls, folder: Path, report: dict[str, Any]) -> Self:
        archive = Archive(folder)
        commits = archive.commits()
        commit = next((c for c in commits if c.run == report["run"]), None)
        if commit is None:
            raise WrongUse(f"{folder}: no commit is of run {report['run']}; give the report of a run in this archive")
        # A replayed run also holds files of the runs to which its revisits refer.
        own = warc_beginning(report["site"], commit.run, report["started_at"])
        files = tuple(named.path for named in commit.files if named.path.startswith(own))
        repeated = _repeated(archive, commit, files)
        _check_redactions(archive, commit, {*files, *((answer.file, answer.offset) for answer in repeated)})
        return cls(
            home=folder,
            report=report,
            recorded_at=commit.recorded_at,
            commit=commit.sha256,
            accept=frozenset(str((commit.decision or {}).get("accept", "")).split(",")),
            files=files,
            repeated=repeated,
            unnamed=commit.repeated,
        )

    @property
    def run(self) -> str:
        """Id of the run."""
        run: str = self.report["run"]
        return run

    @cached_property
    def clock(self) -> RunClock:
        """Its clock, set to its beginning."""
        return RunClock(datetime.fromisoformat(self.report["started_at"]))

    def end(self) -> None:
        """Advance its clock to the moment of its commit."""
        self.clock.advance(datetime.fromisoformat(self.recorded_at))

    def settings(self) -> dict[str, Any]:
        """The settings of its crawl, without delays."""
        polite = self.report.get("politeness") or {}
        names = {"ROBOTSTXT_OBEY": "obeys_robots_txt", "RETRY_TIMES": "retry_times", "USER_AGENT": "user_agent"}
        return {
            "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.replay.answers.ReplayHandler"),
            "DOWNLOAD_DELAY": 0,
            "RETRY_AFTER_MAX": 0,
            "OUTAGE_WAIT": 0,
            "HANG_MAX": 999_999_999,
            "CRAWL_DELAY_OBEY": False,
            **{name: polite[key] for name, key in names.items() if polite.get(key) is not None},
        }

    def asked(self, arguments: Arguments) -> Arguments:
        """The run's own arguments, with the profile of `arguments`.

        Raises:
            WrongUse: `arguments` are of another site, or their profile lacks the one section that the run read.
        """
        if arguments.profile.site != self.report["site"]:
            raise WrongUse(f"run {self.run} is of site={self.report['site']}, not {arguments.profile.site}")
        return Arguments(
            profile=arguments.profile,
            start_url=self.report["start_url"],
            section=one_section(arguments.profile, self.report.get("only_section")),
            limit=self.report["limit"],
            mode=self.report["mode"],
            accept=self.accept,
            replay=arguments.replay,
        )


def _repeated(archive: Archive, commit: Commit, files: Container[str]) -> tuple[Answer, ...]:
    """The answers of a run that lie in files of other runs. Every capture of an observation is of its own run."""
    answers = {(answer.captured_at, answer.file, answer.offset): answer for answer in commit.repeated}
    where = archive.layout.commit(commit.n)
    of_lines = (line["captures"] for line in archive.lines_of(commit, "observations"))
    for one in chain(*of_lines, commit.listing.captures if commit.listing else ()):
        if one["file"] is not None and one["file"] not in files:
            answers[one["captured_at"], one["file"], one["offset"]] = _answer(one, where)
    found = (answer for answer in answers.values() if answer.file not in files)
    return tuple(sorted(found, key=lambda answer: answer.captured_at))


def _answers_in(file: Path) -> tuple[Answer, ...]:
    """The answers that a fixture's run did not store again; none where there is no such file."""
    try:
        return tuple(_answer(value, file) for value in json_object(file)["repeated"])
    except FileNotFoundError:
        return ()


def _answer(value: dict[str, Any], where: Path) -> Answer:
    try:
        return Answer.from_json(value)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{where}: an answer that it, or a line of it, names is invalid ({error})") from error


def _check_redactions(archive: Archive, commit: Commit, needed: Container[str | tuple[str, int]]) -> None:
    """Refuse a run that saw a speech whose text a redaction removed, be it later: its captures hold that text.

    Or they hold it no more: `needed` are its files, and file and offset of what it needs of others.
    """
    has_redactions = any(other.redaction for other in archive.commits())
    seen = {line["id"] for line in archive.all_lines_of(commit)} if has_redactions else set()
    for other in archive.commits():
        redaction, why = other.redaction, None
        is_masked = any(one.file in needed or (one.file, one.offset) in needed for one in other.masked)
        # A listing stands for a look at every speech of the list.
        if redaction is not None and (is_masked or redaction.id in seen or commit.listing is not None):
            still = "no longer" if is_masked else "still"
            why = f"removed text of {redaction.id} by order ({redaction.why}), which its captures {still} hold"
        elif is_masked:
            why = "masked the title of a speech that an order suppresses, which its captures no longer hold"
        if why:
            raise WrongUse(f"run {commit.run}: commit {other.n} {why}; it cannot be replayed")
