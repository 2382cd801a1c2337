"""`describe`: a commit that says what an archive is, whose rights and whose care it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.description import DESCRIPTION
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.acts import Act, acting

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.description import Description
    from pipelines.archive.write.acts import When


def describe(path: Path, when: When, description: Description, *, reason: str) -> Commit:
    """Record facts of an archive; those not given stay as they are.

    Raises:
        NotUnderstood: it says all of that already.
    """
    with acting(path, DESCRIPTION, when) as held:
        before = held.archive.description()
        if all(before.get(name) == value for name, value in description.facts().items()):
            raise NotUnderstood(f"{path}: says all of that already; `describe {path}` prints what it says")
        return held.commit(Act(kind=DESCRIPTION, details=description.details(reason)))
