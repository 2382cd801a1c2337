"""The replica of any family in its own process, as `crawler.replica.process` runs those of KesionCMS."""

from typing import ClassVar

from crawler.replica import process


class Replica(process.Replica):
    """A replica of any flavour, of KesionCMS or of another family."""

    module: ClassVar[str] = "tests.replicas"
