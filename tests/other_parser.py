"""Scrapy's command with a parser of a later version, which writes a dash where the page has two.

`python -m tests.other_parser crawl speeches …`; with `NO_SOCKETS=1` any socket but the event loop's own ends it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from scrapy.cmdline import execute

from pipelines import normalise, rendering

DASHES, DASH = "——", "—"
VERSION = "norm/99"
_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostby", "socket.send")


def forbid_sockets() -> None:
    """End the process where it would reach for the network."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(_NETWORK):
            print(f"{event} {arguments}", file=sys.stderr, flush=True)
            os._exit(70)

    sys.addaudithook(watch)


def read_otherwise() -> None:
    """From here on the parser is another."""

    ours = rendering.body_text

    def body_text(parts: Sequence[str]) -> str:
        return ours(parts).replace(DASHES, DASH)

    vars(normalise).update(NORMALISERS=VERSION)
    vars(rendering).update(body_text=body_text)


if __name__ == "__main__":
    if os.environ.get("NO_SOCKETS"):
        forbid_sockets()
    if not os.environ.get("SAME_PARSER"):
        read_otherwise()
    execute(["scrapy", *sys.argv[1:]])
