"""Scrapy's downloader with the same stations by a shorter path: a request that need not wait starts no task.

Scrapy 2.19 starts two tasks and three deferreds a request, and each of their steps is a turn of the event loop.
Everything that a component can see stays: middlewares in their order, slots with their delays and queues, signals,
statistics, log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from pydispatch import dispatcher  # type: ignore[import-untyped]
from scrapy import Spider, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.signalmanager import SignalManager
from scrapy.utils.defer import _process_pending_io, deferred_from_coro, ensure_awaitable
from scrapy.utils.log import logformatter_adapter
from scrapy.utils.python import global_object_name
from twisted.internet.defer import Deferred

_T = TypeVar("_T")
_log = logging.getLogger("scrapy.core.engine")


def is_heard(signals: SignalManager, signal: object) -> bool:
    """Whether anybody may listen to a signal: to send one takes five times as long as to find that out."""
    of_all = dispatcher.connections.get(id(dispatcher.Any), ())
    of_crawl = dispatcher.connections.get(id(signals.sender), of_all)
    return any(heard in of for of in (of_crawl, of_all) for heard in (signal, dispatcher.Any))


class ShortDownloader(Downloader):
    """A request takes a free place of its slot at once, and waits for one as Scrapy's does."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._chain = _Chain(self.middleware)

    def fetch(self, request: Request) -> Deferred[Response | Request]:  # type: ignore[override]
        # From now, not from when the task begins, and until the engine has the answer, not until the task ends: by
        # this the engine knows whether it may start another one, and whether the crawl has nothing more to do.
        self.active.add(request)
        answer: Deferred[Response | Request] = deferred_from_coro(self._chain.answer(self._enqueue_request, request))
        return answer.addBoth(self._given, request)

    def _given(self, result: _T, request: Request) -> _T:
        self.active.remove(request)
        return result

    async def answer(self, request: Request) -> Response | Request:
        """The answer, or the request to be made in its place, after all middlewares, without a task."""
        self.active.add(request)
        try:
            return await self._chain.answer(self._enqueue_request, request)
        finally:
            self.active.remove(request)

    async def _enqueue_request(self, request: Request) -> Response:
        key, slot = self._get_slot(request)
        if not _is_free(slot):
            return await super()._enqueue_request(request)
        request.meta[self.DOWNLOAD_SLOT] = key
        slot.active.add(request)
        try:
            self._tell(signals.request_reached_downloader, request)
            slot.lastseen = monotonic()
            return await self._download(slot, request)
        finally:
            slot.active.remove(request)

    async def _download(self, slot: Slot, request: Request) -> Response:
        # As Scrapy's, which sends each signal, though nobody listens to these.
        slot.transferring.add(request)
        try:
            response = await self.handlers.download_request_async(request)
            self._tell(signals.response_downloaded, request, response=response)
        except Exception:  # any: it is raised again once what has come is read, as Scrapy does
            await _process_pending_io()
            raise
        else:
            return response
        finally:
            slot.transferring.remove(request)
            self._process_queue(slot)
            self._tell(signals.request_left_downloader, request)

    def _tell(self, signal: object, request: Request, **more: Any) -> None:
        if is_heard(self.signals, signal):
            self.signals.send_catch_log(signal=signal, request=request, spider=self.crawler.spider, **more)

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        # From now, not from when its task begins: Scrapy 2.19 begins more than a slot allows when there is no delay.
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


class Between:
    """Requests of callbacks that wait for the answer, as the engine's `download_async` makes them."""

    def __init__(self, engine: ExecutionEngine) -> None:
        self.engine = engine
        _make_no_records_that_are_thrown_away()

    async def download_async(self, request: Request) -> Response:
        """The answer of the last of a request and its retries."""
        engine, downloader = self.engine, self.engine.downloader
        slot, spider = engine._slot, engine.spider
        if slot is None or spider is None or not isinstance(downloader, ShortDownloader):
            return await engine.download_async(request)
        result: Request | Response = request
        while isinstance(result, Request):
            request = result
            slot.add_request(request)
            try:
                result = await downloader.answer(request)
                if isinstance(result, Response):
                    self._tell(result, request, spider)
            finally:
                slot.nextcall.schedule()
                slot.remove_request(request)
        return result

    def _tell(self, response: Response, request: Request, spider: Spider) -> None:
        if response.request is None:
            response.request = request
        engine = self.engine
        if _log.isEnabledFor(logging.DEBUG):
            crawled = engine.logformatter.crawled(response.request, response, spider)
            if crawled is not None:
                _log.log(*logformatter_adapter(crawled), extra={"spider": spider})
        engine.signals.send_catch_log(
            signal=signals.response_received, response=response, request=response.request, spider=spider
        )


def _make_no_records_that_are_thrown_away() -> None:
    """Scrapy makes a log record of each request and each item, 20 µs each, before a handler looks at its level."""
    scrapy = logging.getLogger("scrapy")
    if scrapy.level <= logging.DEBUG or scrapy.level == _LEVEL.get("ours"):
        _LEVEL["ours"] = max(logging.DEBUG, min((handler.level for handler in logging.root.handlers), default=0))
        scrapy.setLevel(_LEVEL["ours"])


_LEVEL: dict[str, int] = {}
"""The level that Scrapy's loggers were last given here; a level that others gave them stays."""


def _is_free(slot: Slot) -> bool:
    if slot.latercall or slot.queue or slot.free_transfer_slots() <= 0:
        return False
    return not slot.delay or slot.lastseen + slot.download_delay() <= monotonic()


async def _answer_of(method: Callable[..., Any], returned: Any) -> Response | Request | None:
    """What a method of a middleware returned, awaited where it must be."""
    if not isinstance(returned, (Response, Request)) and returned is not None:
        returned = await ensure_awaitable(returned, _warn=global_object_name(method))
        if returned is not None and not isinstance(returned, (Response, Request)):
            raise TypeError(f"{method} must return a response or a request, got {type(returned).__name__}")
    return returned


class _Chain:
    """The methods of downloader middlewares, called as Scrapy's manager does."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._requests = [self._called(method) for method in manager.methods["process_request"]]
        self._responses = [self._called(method) for method in manager.methods["process_response"]]

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        if method in self._manager._mw_methods_requiring_spider:
            return partial(self._manager._handle_mw_method, method)
        return method

    async def answer(
        self, download: Callable[[Request], Awaitable[Response]], request: Request
    ) -> Response | Request:
        try:
            result = await self._before(request) or await download(request)
        except Exception as error:  # noqa: BLE001 - a middleware may handle any, and the rest is raised again
            await _process_pending_io()
            result = await self._manager._process_exception(error, request)
        for method in self._responses:
            if isinstance(result, Request):
                break
            answer = await _answer_of(method, method(request=request, response=result))
            if answer is None:
                raise TypeError(f"{method} returned None, which is no answer")
            result = answer
        return result

    async def _before(self, request: Request) -> Response | Request | None:
        for method in self._requests:
            returned = method(request=request)
            if returned is not None and (answer := await _answer_of(method, returned)) is not None:
                return answer
        return None
