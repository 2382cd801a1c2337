"""Crawls in the caller's process: any number, one after the other or concurrently, from any thread.

Scrapy needs Twisted's reactor, of which a process has one and which cannot be started twice. Here it runs in a thread
of its own, from the first crawl to the end of the program, so that a crawl is a plain call in a script as in a
notebook, whose own event loop is not touched.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.resolver import CachingThreadedResolver
from scrapy.settings import Settings, default_settings
from scrapy.utils.reactor import install_reactor, is_reactor_installed

from crawler import settings as project_settings
from crawler.replay.occasion import REPROCESS
from crawler.replay.reread import reread
from crawler.run.attempt import attempting
from crawler.run.ending.outcome import Outcome, finish, seal
from crawler.run.fleet.precedence import arguments_here
from crawler.run.job import CrawlJob
from crawler.run.prepare import check_names, prepare
from crawler.spiders.speeches import SpeechesSpider
from pipelines.exits import Exit

_log = logging.getLogger(__name__)
_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
_T = TypeVar("_T")


def crawl_site(site: str, *, settings: Mapping[str, Any] | None = None, **arguments: object) -> Outcome:
    """Crawl a site into its archive, as `scrapy crawl speeches -a site=SITE` does, and wait for the end.

    Ctrl-C ends the crawl as it ends that command: the run is sealed as interrupted, then `KeyboardInterrupt` is
    raised. In a coroutine use `await asyncio.to_thread(crawl_site, …)`.

    Args:
        site: name of the site, as `scrapy sites` lists it.
        settings: as the command's `-s`, such as `{"ARCHIVE_ROOT": "archives", "DOWNLOAD_DELAY": 2}`.
        arguments: as the command's `-a`, such as `limit=5`, `mode="full"`, `replay="latest"`.

    Returns:
        The verdict and its exit status, the run report, the commit, the archive's folder, the summary text.

    Raises:
        ProfileError, WrongUse, DeploymentError: wrong arguments, settings or fleet.toml (the command's 2).
        ArchiveError: the archive refuses; its `exit_status` is the command's.
        RuntimeError: the program runs a Twisted reactor itself: give the spider `speeches` to its own
            `AsyncCrawlerProcess`, and the crawler to `seal`.
    """
    chosen = settings or {}
    check_names(chosen)
    own = Settings()
    own.setmodule(project_settings, priority="project")
    own.setdict(dict(chosen), priority="cmdline")
    given = {name: str(value) for name, value in arguments.items()}
    checked, reactor = arguments_here({"site": site, **given}, own), _reactor()
    with attempting(checked, own) as attempt:
        job = prepare(checked, own)
        try:
            outcome = _reread(reactor, job) if job.occasion.kind == REPROCESS else _crawl(reactor, job, own)
        finally:
            job.archive.close()
        attempt.end(outcome)
    return outcome


def _crawl(reactor: _Reactor, job: CrawlJob, settings: Settings) -> Outcome:
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(SpeechesSpider)

    async def crawl() -> BaseException | None:
        task = runner.crawl(crawler, job=job)
        await asyncio.wait({task})
        return task.exception()

    is_interrupted, error = reactor.run(crawl(), crawler)
    if error is not None:
        _log.error("the crawl of %s failed", job.profile.site, exc_info=error)
        job.report.refuse(Exit.INTERNAL_ERROR, f"the crawl failed: {error!r}")
    with _interrupts_wait(is_interrupted):
        return seal(crawler, job)


def _reread(reactor: _Reactor, job: CrawlJob) -> Outcome:
    reactor.run(reread(job))
    with _interrupts_wait():
        return finish(job, "finished", {}, {})


class _Reactor:
    """Twisted's reactor, running in a thread of its own until the program's main thread ends."""

    def __init__(self) -> None:
        """Start it, and wait until it runs.

        Raises:
            RuntimeError: the process has another already.
        """
        if is_reactor_installed():
            raise RuntimeError(
                "this program already has a Twisted reactor: give the spider `speeches` to your AsyncCrawlerProcess "
                "and its crawler to crawler.seal, or call crawl_site before any reactor is installed"
            )
        running = Event()
        Thread(target=self._run, args=(running,), name="crawls", daemon=True).start()
        running.wait()

    def _run(self, running: Event) -> None:
        install_reactor(_REACTOR)
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

        twisted: Any = reactor
        # As Scrapy's own processes do: the address that is requested is the one that the gate checked.
        CachingThreadedResolver(
            twisted, default_settings.DNSCACHE_SIZE, default_settings.DNS_TIMEOUT
        ).install_on_reactor()
        self.loop = asyncio.get_event_loop()
        twisted.callWhenRunning(running.set)
        Thread(target=self._stop_at_the_end, args=(twisted,), name="end of crawls", daemon=True).start()
        twisted.run(installSignalHandlers=False)

    @staticmethod
    def _stop_at_the_end(twisted: Any) -> None:
        """Stop the reactor at the end: Twisted's resolver threads would keep the program from ending."""
        threading.main_thread().join()
        twisted.callFromThread(twisted.stop)

    def run(self, work: Coroutine[Any, Any, _T], crawler: Crawler | None = None) -> tuple[bool, _T]:
        """Whether Ctrl-C stopped `crawler`, and the result of `work`."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return False, future.result()
        except KeyboardInterrupt:
            if crawler is None:
                future.cancel()
                raise
            asyncio.run_coroutine_threadsafe(crawler.stop_async(), self.loop)
            return True, future.result()


_STARTING = Lock()
_RUNNING: list[_Reactor] = []


def _reactor() -> _Reactor:
    """The process's one reactor, started at its first crawl."""
    with _STARTING:
        if not _RUNNING:
            _RUNNING.append(_Reactor())
        return _RUNNING[0]


@contextmanager
def _interrupts_wait(is_interrupted: bool = False) -> Iterator[None]:
    """Delay a Ctrl-C that comes before or during a seal until after it. Only the main thread gets signals."""
    came = [signal.SIGINT] if is_interrupted else []
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGINT, lambda number, _: came.append(signal.Signals(number)))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
    else:
        yield
    if came:
        raise KeyboardInterrupt
