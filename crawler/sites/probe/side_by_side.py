"""Probes many sites at once, each in a process of its own: one that hangs, crashes or is hostile ends alone.

Reading a page blocks an event loop, and only a process's main thread can be interrupted while it does
(`crawler.crawl.reading_time`); a probe is rare, so a process for each site is worth its second of CPU time.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.sites.probe.address_list import Address
from crawler.sites.probe.results import CERTAIN, CRASHED, DOUBTFUL, OF_STATUS, TOO_SLOW, Result, Results
from crawler.sites.probe.sample import ROOT
from pipelines.archive.disk.files import sync_folder
from pipelines.exits import Exit

_GRACE = 3.0
"""Seconds to end by oneself, which removes temporary files; a request under way is not waited for."""
_MOST_OUTPUT = 1 << 20
"""Bytes of a probe's output that are read: findings are some kilobytes."""
_SAYS = "scrapy probe: "
_KEPT = ("cms", "section", "list", "columns", "committee", "doubts")
_Group = list[tuple[Address, str]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How the sites are probed: so many at once, so long each at most, with these options of `scrapy probe URL`."""

    jobs: int
    minutes: float
    options: tuple[str, ...]


class SideBySide:
    """The probes of a list.

    Args:
        results: where they are noted, and their profiles written.
        manner: how.
        tell: called with each result.
    """

    def __init__(self, results: Results, manner: Manner, tell: Callable[[Address, Result], None]) -> None:
        self.results, self.manner, self.tell = results, manner, tell

    def run(self, sites: Iterable[tuple[Address, str]]) -> bool:
        """Probe every site; False when SIGINT or SIGTERM ended that. Sites under way then have no result."""
        by_host: dict[str, _Group] = defaultdict(list)
        for address, site in sites:
            by_host[address.host].append((address, site))
        return asyncio.run(self._until_told(deque(by_host.values())))

    async def _until_told(self, hosts: deque[_Group]) -> bool:
        loop, work = asyncio.get_running_loop(), asyncio.ensure_future(self._all(hosts))

        def stop() -> None:
            work.cancel()
            # A second signal must not interrupt the end, which takes seconds.
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, lambda: None)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            await work
        except asyncio.CancelledError:
            return False
        return True

    async def _all(self, hosts: deque[_Group]) -> None:
        """So many at once, each taking host after host: the sites of one host are probed one after the other."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.manner.jobs):
                    group.create_task(self._some(hosts))
        except* OSError as errors:
            raise _first(errors) from None

    async def _some(self, hosts: deque[_Group]) -> None:
        while hosts:
            for address, site in hosts.popleft():
                await self._one(address, site)

    async def _one(self, address: Address, site: str) -> None:
        self.results.begin(address.asked, site)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self.results.scratch, ignore_cleanup_errors=True) as folder:
            status = await self._probed(address, site, Path(folder))
            word, reason, found = _judged(status, Path(folder), site, self.manner.minutes)
            if word == CERTAIN:
                _publish(Path(folder), self.results.folder, site)
        result = Result(
            asked=address.asked,
            site=site,
            result=word,
            reason=reason,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 1),
            found={key: found[key] for key in _KEPT if key in found},
        )
        self.results.end(result)
        self.tell(address, result)

    async def _probed(self, address: Address, site: str, folder: Path) -> int | None:
        """The exit status of `scrapy probe URL` into `folder`; None when it took too long."""
        command = [sys.executable, "-m", "crawler", "probe", address.url, "--json", "--with-parent"]
        command += ["--name", site, "--out", str(folder), *self.manner.options]
        for option, value in (("--section", address.section), ("--committee", address.committee)):
            command += [f"{option}={value}"] if value else []
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=out, stderr=err, cwd=ROOT, start_new_session=True
            )
        try:
            async with asyncio.timeout(self.manner.minutes * 60):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """See the end of a probe and of the processes it started."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def end_with_parent() -> None:
    """End this process, and those it started, as soon as its parent is gone: when standard input ends."""

    def watch() -> None:
        os.read(0, 1)
        os.killpg(0, signal.SIGTERM)
        time.sleep(_GRACE)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


def _judged(status: int | None, folder: Path, site: str, minutes: float) -> tuple[str, str, dict[str, Any]]:
    """The result of a probe that ended in `folder`: a word, the reason, what it found."""
    if status is None:
        return TOO_SLOW, f"not finished after {minutes:g} minutes", {}
    said = _tail(folder / "err")
    messages = [line.removeprefix(_SAYS) for line in said.split("\n") if line.startswith(_SAYS)]
    try:
        found = json.loads(_tail(folder / "out"))
    except ValueError:
        found = {}
    is_written = (folder / site).is_dir() and (folder / f"{site}.toml").is_file()
    if status == Exit.COMPLETE and found and not found["doubts"] and is_written:
        return CERTAIN, "", found
    if status == Exit.GAPS and found:
        return DOUBTFUL, "; ".join(found["doubts"]), found
    if status in OF_STATUS and messages and status != Exit.COMPLETE:
        return OF_STATUS[Exit(status)], messages[-1], {}
    ended = f"signal {-status}" if status < 0 else f"exit status {status}"
    last = next((line for line in reversed(said.split("\n")) if line.strip()), "no message")
    return CRASHED, f"the probe ended with {ended}: {last[:300]}", {}


def _tail(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _MOST_OUTPUT))
        return stream.read().decode("utf-8", "replace").strip()


def _publish(folder: Path, out: Path, site: str) -> None:
    """Move fixture and profile into the results, the profile last: it tells that both are there."""
    shutil.rmtree(out / site, ignore_errors=True)
    (folder / site).replace(out / site)
    (folder / f"{site}.toml").replace(out / f"{site}.toml")
    sync_folder(out)


def _first(errors: ExceptionGroup[OSError]) -> BaseException:
    inner: Sequence[BaseException] = errors.exceptions
    return _first(inner[0]) if isinstance(inner[0], ExceptionGroup) else inner[0]
