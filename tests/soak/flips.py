"""10,000 single flipped bytes over the committed files, each to be found by `verify`; 2,000 by the shell check too.

The shell check takes some 50 ms in processes of its own, so it gets a sample; what it proves for one byte of a file
it proves for all: it compares hashes of whole files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pipelines.archive.verify import verify
from tests.test_archive import story
from tests.test_format import shell
from tests.test_verify import is_whole, unseen

FLIPS, SHELL_FLIPS = 10_000, 2_000


def main() -> int:
    """Print what went unseen; 1 when anything did."""
    with tempfile.TemporaryDirectory() as folder:
        root = story(Path(folder) / "a")
        by_verify = unseen(root, FLIPS, 3, is_whole)
        by_shell = unseen(root, SHELL_FLIPS, 4, lambda root: shell(root).returncode == 0)
        whole = not verify(root).problems
    print(f"verify found {FLIPS - len(by_verify)} of {FLIPS} flips")
    print(f"the shell check found {SHELL_FLIPS - len(by_shell)} of {SHELL_FLIPS}")
    print("whole again at the end" if whole else "NOT WHOLE at the end")
    for missed in (*by_verify, *by_shell):
        print(missed, file=sys.stderr)
    return int(bool(by_verify or by_shell) or not whole)


if __name__ == "__main__":
    sys.exit(main())
