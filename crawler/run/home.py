"""The folder of this software, a checkout of the project or an installed package; where a deployment's file is."""

from __future__ import annotations

from pathlib import Path

_ABOVE = Path(__file__).resolve().parents[2]
CHECKOUT = _ABOVE if (_ABOVE / "scrapy.cfg").is_file() else None
"""The project's folder; None for an installed package."""

FLEET_FILE = "fleet.toml"
VARIABLE = "SPEECH_ARCHIVE_FLEET"
"""The environment variable that names a deployment's file where it is not in the working folder."""
