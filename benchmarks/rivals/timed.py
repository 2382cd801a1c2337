"""The frame in which a reader reads pages: only its own calls are timed, not its start.

    python -m MODULE READER PAGES FOLDER

PAGES holds a line of JSON a page (url, text). FOLDER gets out.jsonl, a line of JSON a page (url, title, published,
body), and told.json: the wall and CPU seconds of all calls and the peak memory. Needs the standard library only.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Reader = Callable[[str, str], tuple[str | None, str | None, str | None]]
"""From an address and a decoded page to title, day and text of the body."""
WARM = 20
"""So many pages are read before, for what is loaded or compiled once."""


def tell(folder: Path, spent: dict[str, float]) -> None:
    """Write told.json: the seconds, and the peak memory of this process."""
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").split("\n") if status.exists() else []
    peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    if not peak:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (2**10 if sys.platform == "darwin" else 1)
    (folder / "told.json").write_text(json.dumps(spent | {"megabytes": peak / 1024}), "utf-8")


def main(readers: Mapping[str, Callable[[], Reader]]) -> None:
    """Time the reader that the command line names."""
    name, pages, folder = sys.argv[1:]
    read = readers[name]()
    asked = [json.loads(line) for line in Path(pages).read_text("utf-8").split("\n") if line]
    for page in asked[:WARM]:
        read(page["url"], page["text"])
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    found = [(page["url"], *read(page["url"], page["text"])) for page in asked]
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    tell(Path(folder), spent)
    with Path(folder, "out.jsonl").open("w", encoding="utf-8") as out:
        for url, title, published, body in found:
            line = {"url": url, "title": title, "published": published, "body": body}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
