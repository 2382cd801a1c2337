"""The process that reads ahead, as crawls see it: those of one event loop share one."""

from __future__ import annotations

import asyncio
import logging
import pickle
import socket
import subprocess
import sys
import time
from collections import deque
from itertools import count
from typing import Self

from crawler.crawl.ahead.messages import LENGTH, Asked, AskedArticle, AskedList, Found, Site
from crawler.sites.profile import SiteProfile

_log = logging.getLogger(__name__)
_MOST = 24
"""Pages that wait for it; when there are more, this process reads them itself, so that both are busy."""
_FEW = 50
"""Pages whose reading here costs as much as a start of the process."""
_LONGEST = 1_000_000
"""Characters of a page that is sent; real ones have a tenth of it, and those that wait are in memory."""
_SECONDS = 60.0
"""Without an answer for so long it hangs: reading a page is given up after three times ten seconds of CPU time."""
_BEGAN = time.time()
_START = """
import socket, sys
sys.path[:] = sys.argv[3:]
from crawler.crawl.ahead.child import work
work(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))
"""


class ReaderProcess(asyncio.Protocol):
    """A process that reads; before its start and after its end nothing is known of any page."""

    _shared: Self | None = None

    def __init__(self) -> None:
        """Nothing is started yet."""
        self.failure = ""
        """Why it knows nothing any more, although it was not told to end; else empty."""
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready, self._is_over = False, False
        self._numbers, self._users, self._unread = count(), 0, 0
        self._line: asyncio.WriteTransport | None = None
        self._unsent: list[bytes] = []
        self._received = bytearray()
        self._waiting: deque[asyncio.Future[Found | None]] = deque()
        self._limit: asyncio.TimerHandle | None = None

    @property
    def is_started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @classmethod
    def shared(cls) -> Self:
        """The one that other crawls use, or a new one; until `leave`."""
        if cls._shared is None or cls._shared._is_over:
            cls._shared = cls()
        cls._shared._users += 1
        return cls._shared

    def start(self) -> None:
        """Start it, unless it was; it is ready later. It starts by itself when many pages were asked about."""
        if self._process is not None or self._is_over:
            return
        self._loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        try:
            self._process = _started(theirs)
        except OSError as error:
            ours.close()
            self._end(f"cannot be started ({error})")
            return
        finally:
            theirs.close()
        self._opening = self._loop.create_task(self._loop.create_unix_connection(lambda: self, sock=ours))

    def site(self, profile: SiteProfile) -> int:
        """The number by which pages of a site are asked about."""
        number = next(self._numbers)
        self._send(Site(number, profile))
        return number

    async def read(self, asked: Asked) -> Found | None:
        """What it reads of a page; None when it is not asked, or does not answer."""
        if self._process is None:
            self._unread += 1
            if self._unread >= _FEW:
                self.start()
        if not self._takes(asked):
            return None
        answer: asyncio.Future[Found | None] = self._loop.create_future()
        self._waiting.append(answer)
        self._send(asked)
        if self._limit is None:
            self._limit = self._loop.call_later(_SECONDS, self._hangs)
        return await answer

    def _takes(self, asked: Asked) -> bool:
        """Whether it is asked about a page: about any list, since reading the first one here takes long."""
        if self._process is None or self._is_over:
            return False
        if isinstance(asked, AskedList):
            return len(asked.text) <= _LONGEST
        text = asked.text if isinstance(asked, AskedArticle) else "".join(asked.asked[1])
        return len(self._waiting) < _MOST and len(text) <= _LONGEST

    def leave(self) -> None:
        """End the process, unless another crawl uses it."""
        self._users -= 1
        if not self._users:
            self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - of a socket
        self._line = transport
        transport.writelines(self._unsent)
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """Take answers, in the order of the pages."""
        self._received += data
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            answer = bytes(self._received[LENGTH.size : end])
            del self._received[:end]
            self._take(answer)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It has ended."""
        self._end("ended")

    def _send(self, given: Site | Asked) -> None:
        data = pickle.dumps(given, pickle.HIGHEST_PROTOCOL)
        if self._line is None:
            self._unsent.append(data)
        else:
            self._line.write(data)

    def _take(self, answer: bytes) -> None:
        if not answer:
            self._is_ready = True
            return
        if self._limit is not None:
            self._limit.cancel()
        found = pickle.loads(answer)  # noqa: S301 - from a process of ours
        waiting = self._waiting.popleft()  # not before: asyncio ends the line if that failed, and who waits is told
        self._limit = self._loop.call_later(_SECONDS, self._hangs) if self._waiting else None
        if not waiting.done():  # who asked may have been cancelled
            waiting.set_result(found)

    def _hangs(self) -> None:
        self._end(f"has given no answer for {_SECONDS:g} seconds")

    def _end(self, why: str = "") -> None:
        """End the process; `why` is told."""
        if self._is_over:
            return
        self._is_over, self._is_ready, self.failure = True, False, why
        if why:
            _log.warning("the process that reads ahead %s: all further pages are read by this one", why)
        if self._process is None:
            return
        if self._limit is not None:
            self._limit.cancel()
        self._opening.cancel()
        if self._line is not None:
            self._line.abort()
        self._process.kill()
        self._process.wait()
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)


def _started(line: socket.socket) -> subprocess.Popen[bytes]:
    """A process at the other end of `line`.

    Not by multiprocessing, which runs a script without a main guard again, and imports Scrapy with its command. Of a
    group of its own, since Ctrl-C reaches the terminal's; it ends when the line is closed.
    """
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", _START, str(line.fileno()), str(_BEGAN), *sys.path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[line.fileno()],
        process_group=0,
    )
