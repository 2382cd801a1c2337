"""What the damage radar says of clean texts and of a damaged one, and what it costs: `python -m benchmarks radar`.

Reads the gold bodies and the damaged text beside the project (../shared); says so where they are absent.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks.measuring import PROJECT
from crawler.replica.speeches import make_speech
from pipelines.damage import Damage, damage_of, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable

SHARED = PROJECT.parent / "shared"
GOLD = SHARED / "yardstick" / "gold.jsonl"
SEED = SHARED / "seed" / "guangshui-report-2023.txt"
SPEECHES = 2_000
Text = tuple[str, str | None]


def main() -> int:
    """Print findings on each set; 0 also when a set is absent."""
    speeches = (make_speech(7, 1, n, datetime(2020, 1, 1)) for n in range(SPEECHES))  # noqa: DTZ001 - as the CMS stores it
    report("made-up speeches", [(speech.body, speech.title) for speech in speeches])
    if GOLD.is_file():
        rows = [json.loads(line) for line in GOLD.read_text("utf-8").split("\n") if line]
        report("gold bodies", [(row["body"], row["title"]) for row in rows if row["body"]])
    else:
        print(f"gold bodies: {GOLD} is absent")
    if SEED.is_file():
        text = SEED.read_text("utf-8")
        print("the damaged text")
        show(text, damage_of(text))
    else:
        print(f"the damaged text: {SEED} is absent")
    return 0


def report(name: str, texts: list[Text]) -> None:
    """Texts with each code, one excerpt a finding while they are few, and nanoseconds a character."""
    started = time.process_time()
    found = [(text, damage_of(text, title=title)) for text, title in texts]
    nanoseconds = (time.process_time() - started) * 1e9 / sum(len(text) for text, _ in texts)
    counts = Counter(damage.code for _, damages in found for damage in damages)
    print(f"{name}: {len(texts)}, {nanoseconds:.0f} ns a character; texts with each code: {dict(counts)}")
    for text, damages in found:
        show(text, (damage for damage in damages if damage.code != "title-repeated"))


def show(text: str, damages: Iterable[Damage]) -> None:
    """One line a code: places and the words around the first."""
    for damage in damages:
        print(f"  {damage.code:22} {len(damage.spans):4}  {excerpt(text, damage.spans[0])!r}")
