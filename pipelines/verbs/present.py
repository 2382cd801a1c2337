"""The moment and the software that a commit made by a command names."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime

from pipelines import __version__
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.acts import When


def now() -> When:
    """The present moment, by the machine's clock."""
    software = {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform}
    return When(recorded_at=stamp(datetime.now(UTC)), software=software)
