"""A list of addresses to probe: tab-separated lines below a header. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.http.netloc import Server
from crawler.sites.keys import is_web_address
from crawler.sites.probe.naming import is_profile_name, profile_name

ADDRESSES = ("section_url", "home_url", "url")
"""Columns that hold an address; the first that is filled is asked."""
_OPTIONAL = ("name", "committee", "region", "section_name")
_MOST_TOLD = 20
"""Wrong lines named in one message."""


class ListError(ValueError):
    """A list that cannot be used; the message names the file and each wrong line."""


@dataclass(frozen=True, slots=True)
class Address:
    """One line of the list; what it does not give is empty. `name` is that of the profile."""

    line: int
    url: str
    name: str = ""
    committee: str = ""
    region: str = ""
    section: str = ""

    @property
    def asked(self) -> tuple[str, ...]:
        """What the probe depends on: with the same, it is the same probe."""
        return self.url, self.section, self.committee, self.name

    @property
    def host(self) -> str:
        """The host that is requested, without `www.`; a port of this machine is a host of its own."""
        server = Server.of(self.url)
        if server is None:
            return self.url
        return f"{server.bare}:{server.port}" if server.is_loopback else server.bare


def read_addresses(text: str, file: str) -> list[Address]:
    """The lines of a list. Empty lines, and those that begin with `#`, are left out; further columns are ignored.

    Raises:
        ListError: no column of addresses, or wrong lines: too many cells, no address, a wrong or repeated name.
    """
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)]
    filled = [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    if not filled:
        raise ListError(f"{file}: is empty; its first line names the columns, one of them {' or '.join(ADDRESSES)}")
    at, header = filled[0]
    columns = [name.strip().lower() for name in header.split("\t")]
    if not set(columns) & set(ADDRESSES):
        raise ListError(f"{file}:{at}: no column is named {' or '.join(ADDRESSES)}; columns are separated by tabs")
    if twice := [name for name in (*ADDRESSES, *_OPTIONAL) if columns.count(name) > 1]:
        raise ListError(f"{file}:{at}: two columns are named {twice[0]}")
    found = [(number, _cells(columns, line)) for number, line in filled[1:]]
    if wrong := list(_wrong(found, len(columns))):
        more = [f"… and {len(wrong) - _MOST_TOLD} more lines"] if len(wrong) > _MOST_TOLD else []
        raise ListError("\n".join([*(f"{file}:{words}" for words in wrong[:_MOST_TOLD]), *more]))
    return [_address(number, cells) for number, cells in found]


def _cells(columns: Sequence[str], line: str) -> dict[str, str]:
    cells = [cell.strip() for cell in line.split("\t")]
    named = dict(zip(columns, cells, strict=False))
    return named | {"": "\t".join(cells[len(columns) :])}


def _wrong(found: Iterable[tuple[int, Mapping[str, str]]], count: int) -> Iterator[str]:
    """What is wrong with the lines, each with its number."""
    first: dict[str, int] = {}
    for number, cells in found:
        if cells[""]:
            yield f"{number}: more cells than the {count} columns of the header"
            continue
        given = [(key, cells[key]) for key in ADDRESSES if cells.get(key)]
        if not given:
            yield f"{number}: no address; fill {' or '.join(ADDRESSES)}"
        for key, url in given:
            if not is_web_address(url) or Server.of(url) is None or not url.isprintable() or " " in url:
                yield f"{number}: {key} = {url!r}: must be an address beginning with http:// or https://"
        name = cells.get("name", "")
        if name and not is_profile_name(name):
            yield f"{number}: name = {name!r}: must be 1 to 40 of a-z, 0-9 and -, and no name of a folder of ours"
        elif name in first:
            yield f"{number}: name = {name!r}: line {first[name]} has it, too"
        elif name:
            first[name] = number


def _address(number: int, cells: Mapping[str, str]) -> Address:
    url = next(cells[key] for key in ADDRESSES if cells.get(key))
    name, committee, region, section = (cells.get(key, "") for key in _OPTIONAL)
    return Address(number, url, name, committee, region, section)


def same_addresses(addresses: Iterable[Address]) -> dict[int, list[int]]:
    """For each line whose address (and section) another line gives, too, all their numbers."""
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for one in addresses:
        parts = urlsplit(one.url)
        lines[one.host, parts.path or "/", parts.query, one.section].append(one.line)
    return {number: same for same in lines.values() if len(same) > 1 for number in same}


def site_names(addresses: Iterable[Address], kept: Mapping[tuple[str, ...], str]) -> dict[int, str]:
    """A profile's name for each line: its own, the one `kept` from an earlier probe, else one made from the host."""
    every = list(addresses)
    names = {one.line: one.name or kept.get(one.asked, "") for one in every}
    taken = {*filter(None, names.values()), *kept.values()}
    for one in every:
        if not names[one.line]:
            names[one.line] = _free(profile_name(one.url), taken)
            taken.add(names[one.line])
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken or none that a profile may have."""
    number, free = 1, name
    while free in taken or not is_profile_name(free):
        number += 1
        free = f"{name[: 39 - len(str(number))]}-{number}"
    return free
