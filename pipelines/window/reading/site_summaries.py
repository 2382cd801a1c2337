"""`SiteSummaries`: one site as pages about many speeches see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.window.reading.lives import SiteOf
    from pipelines.window.reading.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSummaries:
    """The speeches of a site in natural order of their ids, up to a commit of its archive, which lies in `folder`.

    `damage` says why the archive cannot be read now: the summaries are those of the last build that could.
    """

    site: SiteOf
    folder: Path
    commit: int
    head: str
    summaries: Sequence[Summary]
    damage: str | None = None
