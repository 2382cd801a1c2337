"""10,000 single flipped bytes over the committed files, each to be found by `verify` and by the shell check."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pipelines.archive.prove.verify import verify
from tests.test_archive import story
from tests.test_format import shell
from tests.test_verify import is_whole, unseen

FLIPS = 10_000


def main() -> int:
    """Print what went unseen; 1 when anything did."""
    with tempfile.TemporaryDirectory() as folder:
        root = story(Path(folder) / "a")
        by_verify = unseen(root, FLIPS, 3, is_whole)
        by_shell = unseen(root, FLIPS, 4, lambda root: shell(root).returncode == 0)
        whole = not verify(root).problems
    print(f"verify found {FLIPS - len(by_verify)} of {FLIPS} flips")
    print(f"the shell check found {FLIPS - len(by_shell)} of {FLIPS}")
    print("whole again at the end" if whole else "NOT WHOLE at the end")
    for missed in (*by_verify, *by_shell):
        print(missed, file=sys.stderr)
    return int(bool(by_verify or by_shell) or not whole)


if __name__ == "__main__":
    sys.exit(main())
