"""The moment and the software that a commit made by a command names."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipelines import __version__
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.acts import When


def now() -> When:
    """The present moment, by the machine's clock; the head is noted where the variable HEADS_FILE says."""
    software = {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform}
    named = os.environ.get("HEADS_FILE", "")
    heads = HeadsFile(Path(named).expanduser().absolute()) if named else None
    return When(recorded_at=stamp(datetime.now(UTC)), software=software, heads=heads)
