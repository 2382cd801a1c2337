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
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.conftest import PATIENCE, ROOT
from tests.judging import BUILT, node

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCRIPT = ROOT / "tests/judges/browser.mjs"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the browser says of one page; empty lists where nothing is wrong.

    `console`: every line in the console, and dialogs. `left`: requests beyond the folder, pages that went elsewhere.
    `failed`: requests without a good answer. `axe`: serious and critical violations, in light and dark.
    `keyboard`: what Tab does not reach, or reaches unseen. `overflow`: what sticks out at 320 pixels.
    `shown`, `plain`: the text of `main` with and without scripts. A page only loaded tells the first three.
    """

    url: str
    console: list[str]
    left: list[str]
    failed: list[str]
    axe: list[str] = field(default_factory=list)
    keyboard: list[str] = field(default_factory=list)
    overflow: list[str] = field(default_factory=list)
    shown: str = ""
    plain: str = ""

    def defects(self) -> dict[str, list[str]]:
        """The lists that are not empty, by name."""
        kinds = ("console", "left", "failed", "axe", "keyboard", "overflow")
        return {kind: found for kind in kinds if (found := getattr(self, kind))}


def judge(
    within: str, pages: Iterable[str], loaded: Iterable[str] = (), *, screenshots: Path | None = None
) -> dict[str, Judgement]:
    """Open pages below an address that ends in a slash.

    Args:
        within: `http://…/`, or a folder as `file://…/`; a request beyond it is a defect.
        pages: relative to it; a `#` and what is asked of the page may follow.
        loaded: pages of which only that is asked which loading shows, which takes a tenth of the time.
        screenshots: a folder, for pictures of `pages` on a desk and on a phone, in light and dark.

    Returns:
        The judgements by page, in the order given.
    """
    given = [list(pages), list(loaded)]
    asked: dict[str, Any] = {
        "npm": str(BUILT / "npm"),
        "chromium": os.environ.get("CHROMIUM", str(BUILT / "browser")),
        "within": within,
        "pages": [within + quote(page, safe="/#=") for page in given[0]],
        "loaded": [within + quote(page, safe="/#=") for page in given[1]],
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
    return dict(zip(chain(*given), found, strict=True))


def folder_url(folder: Path) -> str:
    """A folder as an address below which its pages are."""
    return f"{folder.resolve().as_uri()}/"


def _main() -> int:
    parser = argparse.ArgumentParser(prog="tests.browser", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="relative to FOLDER")
    parser.add_argument("--screenshots", type=Path, help="an existing folder, outside the repository")
    given = parser.parse_args()
    judgements = judge(folder_url(given.folder), given.pages, screenshots=given.screenshots)
    for page, judgement in judgements.items():
        for kind, found in judgement.defects().items():
            print(*(f"{page}: {kind}: {line}" for line in found), sep="\n")
    return int(any(judgement.defects() for judgement in judgements.values()))


if __name__ == "__main__":
    sys.exit(_main())
