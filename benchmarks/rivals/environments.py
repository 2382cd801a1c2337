"""The rivals' environments: each rival is installed from its locked requirements, once, into build/rivals."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = Path(__file__).resolve().parent / "locks"


def python_of(rival: str) -> str:
    """The interpreter of an environment with what `locks/RIVAL.txt` names; made anew when that file has changed."""
    lock = LOCKS / f"{rival}.txt"
    folder = PROJECT / "build" / "rivals" / rival
    python, ready = folder / "bin" / "python", folder / ".ready"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if ready.exists() and ready.read_text("utf-8") == digest:
        return str(python)
    print(f"installing the rival {rival} (once) …", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    ready.write_text(digest, encoding="utf-8")
    return str(python)
