"""The catalogue of committees' addresses: facts of public sources, unverified. No address in it was requested.

An address counts as supported only once `scrapy probe` has written its profile. The lines printed can be given to
`scrapy probe --from`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from importlib.resources import files

LEVELS = ("national", "provincial", "sub-provincial", "prefecture", "county")
"""Levels of a committee; sub-provincial cities include all other capitals of provinces."""
UNVERIFIED = "unverified"
_FILE = "catalogue.tsv"


class CatalogueError(ValueError):
    """A province or level that the catalogue does not have; the message names those it has."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One committee's address. What is not known is empty.

    `region` has the parts of its place, the province first: `湖北省/随州市/广水市`; `code` is its six-digit division
    code (GB/T 2260), empty for the national committee. `source` says where the address was found.
    """

    committee: str
    region: str
    code: str
    level: str
    site_name: str
    home_url: str
    section_name: str
    section_url: str
    source: str

    @property
    def province(self) -> str:
        """The first part of the region."""
        return self.region.partition("/")[0]

    def is_of(self, province: str) -> bool:
        """True for the name of its province, with or without 省 and the like, or for a division code of it."""
        if province.isascii() and province.isdigit():
            return self.code[:2] == province[:2] and province[2:] in {"", "0000"}
        return len(province) >= 2 and self.province.startswith(province)

    def document(self) -> dict[str, str]:
        """The entry as JSON, with its `status`, which is `unverified`."""
        return {**asdict(self), "status": UNVERIFIED}


COLUMNS = tuple(field.name for field in fields(Listed))


def catalogue() -> list[Listed]:
    """All entries, by division code."""
    lines = (files(__package__) / _FILE).read_text("utf-8").split("\n")
    return [Listed(*line.split("\t")) for line in lines[1:] if line]


def selected(entries: Iterable[Listed], province: str | None, level: str | None) -> list[Listed]:
    """The entries of a province (name or code) and of a level; None selects all.

    Raises:
        CatalogueError: no such level, or nothing of that province.
    """
    every = list(entries)
    if level is not None and level not in LEVELS:
        raise CatalogueError(f"--level {level}: must be one of: {', '.join(LEVELS)}")
    found = [one for one in every if province is None or one.is_of(province)]
    if not found:
        known = ", ".join(dict.fromkeys(one.province for one in every))
        raise CatalogueError(f"--province {province}: not in the catalogue; known are: {known}, or their codes")
    return [one for one in found if level in {None, one.level}]


def as_table(entries: Iterable[Listed]) -> str:
    """The entries as tab-separated lines below a header, each with its `status`."""
    lines = [(*COLUMNS, "status"), *(tuple(one.document().values()) for one in entries)]
    return "\n".join("\t".join(line) for line in lines)
