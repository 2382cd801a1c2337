"""Asks an authority of time (RFC 3161, section 3.4) for a time-stamp, over HTTP or by a command."""

from __future__ import annotations

import shlex
import subprocess
from concurrent.futures import Future
from http.client import HTTPException
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.prove.anchors.timestamps import LONGEST_REPLY

_PATIENCE = 60
"""Seconds for a whole reply: authorities answer within one; a command may have to wait for a person's card."""


def reply_by_http(url: str, query: bytes) -> bytes:
    """The authority's reply to a request; `ArchiveError` when none comes."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise NotUnderstood(f"--tsa {url}: give the address of an authority of time, http://… or https://…")
    answer = Future[bytes]()
    Thread(target=_ask, args=(url, query, answer), daemon=True).start()
    try:
        reply = answer.result(_PATIENCE)
    except HTTPError as error:
        raise ArchiveError(f"{url}: answers {error.code} {error.reason}; no time-stamp was made") from error
    except TimeoutError as error:
        said = f"no whole reply within {_PATIENCE} seconds"
        raise ArchiveError(f"{url}: {said}; no time-stamp was made, try again later") from error
    except (OSError, HTTPException, ValueError) as error:
        raise ArchiveError(f"{url}: gives no answer ({error}); no time-stamp was made, try again later") from error
    return _bounded(reply, url)


def _ask(url: str, query: bytes, answer: Future[bytes]) -> None:
    """In a thread of its own: a socket's time limit begins anew with each byte, of the head as well."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with urlopen(Request(url, query, headers), timeout=_PATIENCE) as response:  # noqa: S310 - http only, as checked
            answer.set_result(response.read(LONGEST_REPLY + 1))
    except HTTPError as error:
        error.close()
        answer.set_exception(error)
    except (OSError, HTTPException, ValueError) as error:
        answer.set_exception(error)


def reply_by_command(command: str, query: bytes) -> bytes:
    """What a command writes that is given the request on its standard input; `ArchiveError` when it fails."""
    words = shlex.split(command)
    if not words:
        raise NotUnderstood("--tsa-command: give a command")
    try:
        done = subprocess.run(words, input=query, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArchiveError(f"{words[0]}: {error}; no time-stamp was made") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:600]
        raise ArchiveError(f"{words[0]}: exit status {done.returncode}; no time-stamp was made: {said}")
    return _bounded(done.stdout, words[0])


def _bounded(reply: bytes, who: str) -> bytes:
    if len(reply) > LONGEST_REPLY:
        raise ArchiveError(f"{who}: answers more than {LONGEST_REPLY} bytes; that is no time-stamp")
    return reply
