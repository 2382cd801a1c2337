"""The folder of this software: a checkout of the project, or an installed package."""

from __future__ import annotations

from pathlib import Path

_ABOVE = Path(__file__).resolve().parents[2]
CHECKOUT = _ABOVE if (_ABOVE / "scrapy.cfg").is_file() else None
"""The project's folder; None for an installed package."""
