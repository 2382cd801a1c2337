"""`python -m tests.silence.driver`: crawls as `scrapy crawl` does, many in one process, to save their starting.

Reads one JSON object a line ({"arguments", "settings"}), writes one ({"exit", "message"}) when that crawl has ended.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from crawler import crawl_site
from pipelines.archive.errors import ArchiveError


def crawl(order: dict[str, Any]) -> dict[str, Any]:
    """One crawl, from its arguments to its sealed commit."""
    try:
        outcome = crawl_site(**order["arguments"], settings=order["settings"])
    except ArchiveError as error:
        return {"exit": error.exit_status, "message": str(error)}
    return {"exit": int(outcome.exit_status), "message": outcome.verdict.message}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for line in iter(sys.stdin.readline, ""):
        print(json.dumps(crawl(json.loads(line))), flush=True)
