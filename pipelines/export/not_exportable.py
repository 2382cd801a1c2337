"""The error when a package cannot be made; the message names the thing and the remedy."""

from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit


class NotExportable(ArchiveError):  # noqa: N818 - reads as a sentence, as its kin do
    """The commit cannot be exported in this format, or not to this path."""

    exit_status = Exit.WRONG_USE
