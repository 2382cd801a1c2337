"""The archive of one site: append-only lines, hash-chained commits, readable without this software.

`from pipelines.archive import Archive` reads one with nothing but the standard library, `Archives` many in turn.
"""

from pipelines.archive.read.archives import Archives
from pipelines.archive.read.reader import Archive

__all__ = ["Archive", "Archives"]
