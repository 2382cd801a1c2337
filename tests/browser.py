"""The judge of pages: Chromium, as `make judges` unpacked it, opens them and tells what is wrong.

`python -m tests.browser FOLDER PAGE… [--screenshots FOLDER]` judges pages of a folder, over `file://`.
On other machines than Linux on x86-64, name a folder that holds a `chromium` with `CHROMIUM=`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import PATIENCE, ROOT
from tests.judging import BUILT, node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SCRIPT = ROOT / "tests/judges/browser.mjs"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the browser says of one page; empty lists where nothing is wrong.

    `console`: every line in the console, and dialogs. `left`: requests beyond the folder, pages that went elsewhere.
    `failed`: requests without a good answer. `axe`: serious and critical violations, in light and dark.
    `keyboard`: what Tab does not reach, or reaches unseen. `overflow`: what sticks out at 320 pixels.
    `shown`, `plain`: the text of `main` with and without scripts.
    """

    url: str
    console: list[str]
    left: list[str]
    failed: list[str]
    axe: list[str]
    keyboard: list[str]
    overflow: list[str]
    shown: str
    plain: str

    def defects(self) -> dict[str, list[str]]:
        """The lists that are not empty, by name."""
        kinds = ("console", "left", "failed", "axe", "keyboard", "overflow")
        return {kind: found for kind in kinds if (found := getattr(self, kind))}


def from_disk(folder: Path, pages: Iterable[str], screenshots: Path | None = None) -> dict[str, Judgement]:
    """Judge pages of a folder over `file://`; by page."""
    return _judged({page: (folder / page).as_uri() for page in pages}, f"{folder.as_uri()}/", screenshots)


def from_server(url: str, pages: Iterable[str]) -> dict[str, Judgement]:
    """Judge pages below an address that ends in a slash."""
    return _judged({page: url + page for page in pages}, url, None)


def _judged(pages: Mapping[str, str], within: str, screenshots: Path | None) -> dict[str, Judgement]:
    asked: dict[str, Any] = {
        "npm": str(BUILT / "npm"),
        "chromium": os.environ.get("CHROMIUM", str(BUILT / "browser")),
        "pages": list(pages.values()),
        "within": within,
        "screenshots": screenshots and str(screenshots),
    }
    if not Path(asked["chromium"], "chromium").exists():
        pytest.fail(f"{asked['chromium']}/chromium is not there; run `make judges`")
    done = subprocess.run(
        [node() / "node", _SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"the browser ended with {done.returncode}: {done.stderr[-2000:]}")
    found = [Judgement(**json.loads(line)) for line in done.stdout.split("\n") if line]
    return dict(zip(pages, found, strict=True))


def _main() -> int:
    parser = argparse.ArgumentParser(prog="tests.browser", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="relative to FOLDER")
    parser.add_argument("--screenshots", type=Path, help="an existing folder, outside the repository")
    given = parser.parse_args()
    judgements = from_disk(given.folder.resolve(), given.pages, given.screenshots)
    for page, judgement in judgements.items():
        for kind, found in judgement.defects().items():
            print(*(f"{page}: {kind}: {line}" for line in found), sep="\n")
    return int(any(judgement.defects() for judgement in judgements.values()))


if __name__ == "__main__":
    sys.exit(_main())
