"""How right the generic reader is, side by side with four libraries, on the yardstick's pages with gold.

    python -m benchmarks yardstick [--masked] [--yardstick DIR]

The yardstick (pages, gold, scorer) lies beside the project in ../shared/yardstick and is other people's: where it is
absent this says so and ends with 2. Every reader gets the same decoded text; `--masked` takes meta tags and JSON-LD
out of it first. Speed is pages per processor second on one core: for ours decoding, parsing, reading and text, the
best of three runs after one that fills the caches (styles and class names, 3 %), for the libraries their own call.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.measuring import PROJECT, command_line
from benchmarks.rivals.environments import python_of
from benchmarks.rivals.yardstick_peers import PEERS
from crawler.pages.article import Article, read
from crawler.pages.page import Page, PageError
from pipelines.rendering import body_text, visible_text
from pipelines.text.dates import weigh

YARDSTICK = PROJECT.parent / "shared" / "yardstick"
ABSENT = 2
RUNS = 3
COLUMNS = {
    "F1": "F1", "bad": "wrong", "loss": "lost", "punct_loss": "punct lost", "frag_kept": "singles kept",
    "title_exact": "title", "date_day": "day", "date_min": "minute",
}  # fmt: skip
TIMEZONE, SEEN_AT = ZoneInfo("Asia/Shanghai"), datetime(2026, 1, 1, tzinfo=UTC)
_META = re.compile(r"<meta\b[^>]*>|<script[^>]*ld\+json.*?</script>", re.IGNORECASE | re.DOTALL)
Prediction = dict[str, Any]


def scorer(yardstick: Path) -> ModuleType:
    """The yardstick's own scorer."""
    spec = spec_from_file_location("score", yardstick / "score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(yardstick / "score.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(yardstick: Path, gold: list[dict[str, Any]], *, masked: bool) -> dict[str, bytes]:
    """The pages as UTF-8, decoded by the charset the gold names, perhaps without what they claim of themselves."""
    pages = {}
    for row in gold:
        text = (yardstick / "pages" / row["file"]).read_bytes().decode(row["charset"], "replace")
        pages[row["file"]] = (_META.sub("", text) if masked else text).encode()
    return pages


def ours(pages: dict[str, bytes]) -> tuple[dict[str, Prediction], float]:
    """Our readings, and the processor seconds they took."""
    predictions: dict[str, Prediction] = {}
    spent = 0.0
    for file, page in pages.items():
        began = time.process_time()
        try:
            article = read(Page("http://example.cn/", page.decode()))
            body = body_text([article.body_html])
        except PageError:
            continue
        finally:
            spent += time.process_time() - began
        predictions[file] = {
            "title": article.title.text if article.title else None,
            "date": moment(article),
            "body": body,
            "confidence": article.confidence,
        }
    return predictions, spent


def moment(article: Article) -> str | None:
    """The published moment as the normaliser reads it."""
    said = weigh(article.dates, tz=TIMEZONE, seen_at=SEEN_AT).moment
    return (said.at or said.on) if said else None


def theirs(name: str, python: str, pages: dict[str, bytes]) -> tuple[dict[str, Prediction], float]:
    """A library's answers from a process of its own, and the processor seconds they took."""
    asked = "".join(json.dumps({"file": f, "text": t.decode()}) + "\n" for f, t in pages.items())
    command = [python, "-m", "benchmarks.rivals.yardstick_peers", name]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=900, cwd=PROJECT)
    *answers, last = [json.loads(line) for line in done.stdout.split("\n") if line]
    for answer in answers:
        if html := answer.pop("html", None):
            answer["body"] = visible_text(html)
    return {answer["file"]: answer for answer in answers}, last["seconds"]


def row(name: str, score: dict[str, float], speed: float) -> str:
    """One line of the table; a column a library does not answer is a dash."""
    cells = ["–" if key.startswith("date") and not score[key] else f"{score[key]:.3f}" for key in COLUMNS]
    return " | ".join([f"{name:18}", *cells, f"{speed:.0f}"])


def calibration(predictions: dict[str, Prediction], per_page: dict[str, tuple[float, float]]) -> list[str]:
    """How often the block was wrong (F1 below 0.5) at each confidence."""
    lines = []
    for low, high in ((0.0, 0.5), (0.5, 0.9), (0.9, 1.01)):
        scores = [per_page[f][0] for f, p in predictions.items() if f in per_page and low <= p["confidence"] < high]
        if scores:
            wrong, mean = sum(score < 0.5 for score in scores), sum(scores) / len(scores)
            lines.append(
                f"confidence {low:.1f} to {min(high, 1.0):.1f}: {len(scores)} pages, {wrong} wrong, F1 {mean:.3f}"
            )
    return lines


def main() -> int:
    """Print the table; 0, or 2 when there is no yardstick."""
    parser = command_line("yardstick", __doc__)
    parser.add_argument("--masked", action="store_true", help="without meta tags and JSON-LD")
    parser.add_argument("--yardstick", type=Path, default=YARDSTICK)
    given = parser.parse_args()
    if not (given.yardstick / "gold.jsonl").exists():
        print(f"no yardstick in {given.yardstick}: nothing measured", file=sys.stderr)
        return ABSENT
    gold = [json.loads(line) for line in (given.yardstick / "gold.jsonl").read_text("utf-8").split("\n") if line]
    judge, pages = scorer(given.yardstick), texts(given.yardstick, gold, masked=given.masked)
    print(" | ".join([f"{'':18}", *COLUMNS.values(), "pages/s"]))
    ours(pages)  # once to warm up: imports, compiled patterns
    predictions, spent = min((ours(pages) for _ in range(RUNS)), key=lambda answer: answer[1])
    score, per_page = judge.score(gold, predictions)
    print(row("generic", score, len(pages) / spent), flush=True)
    python = python_of("yardstick")
    for name in PEERS:
        answers, spent = theirs(name, python, pages)
        print(row(name, judge.score(gold, answers)[0], len(pages) / spent), flush=True)
    print(*calibration(predictions, per_page), sep="\n")
    return 0
