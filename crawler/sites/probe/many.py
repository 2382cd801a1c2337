"""Probes a list of addresses: profile and fixture of each site that is certain, a reason for each that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.sites.probe.address_list import Address, ListError, read_addresses, same_addresses, site_names
from crawler.sites.probe.results import CERTAIN, EXISTS, POSTPONED, SAME_ADDRESS, Result, Results
from crawler.sites.probe.side_by_side import Manner, SideBySide
from pipelines.exits import Exit


@dataclass(frozen=True, slots=True)
class Probed:
    """The results in the order of the list; without those of sites that were not reached when `is_whole` is false."""

    results: tuple[tuple[Address, Result], ...]
    table: Path
    is_whole: bool

    @property
    def exit_status(self) -> Exit:
        """0 when every site is certain, 3 when one is not, 11 when one was not reached or asked to wait."""
        words = {one.result for _, one in self.results}
        if not self.is_whole or POSTPONED in words:
            return Exit.INTERRUPTED
        return Exit.COMPLETE if words == {CERTAIN} else Exit.GAPS


def load_addresses(file: Path) -> list[Address]:
    """The lines of a list.

    Raises:
        ListError: it cannot be read, or lines of it are wrong.
    """
    try:
        addresses = read_addresses(file.read_bytes().decode("utf-8"), str(file))
    except OSError as error:
        raise ListError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ListError(f"{file}: is not UTF-8 at byte {error.start}; save the list as UTF-8") from None
    if not addresses:
        raise ListError(f"{file}: has no addresses below its header")
    return addresses


def probe_list(
    addresses: Sequence[Address],
    results: Results,
    manner: Manner,
    tell: Callable[[Address, Result], None],
    *,
    is_again: bool,
    may_replace: bool,
) -> Probed:
    """Probe the addresses that have no result yet; with `is_again` also those that were not certain.

    `may_replace`: a profile that stands in the folder and is not of a probe of this address is replaced.
    """
    if is_again:
        results.finished = {asked: one for asked, one in results.finished.items() if one.result == CERTAIN}
    names = site_names(addresses, results.sites)
    unasked = dict(_unasked(addresses, names, results, may_replace=may_replace))
    left = [one for one in addresses if one.line not in unasked and one.asked not in results.finished]
    is_whole = SideBySide(results, manner, tell).run((one, names[one.line]) for one in left)
    every = {one.line: unasked.get(one.line) or results.finished.get(one.asked) for one in addresses}
    told = tuple((one, result) for one in addresses if (result := every[one.line]))
    return Probed(told, results.write_table(told), is_whole)


def _unasked(
    addresses: Sequence[Address], names: Mapping[int, str], results: Results, *, may_replace: bool
) -> Iterator[tuple[int, Result]]:
    """Lines that are not asked, by number: one address of several lines, and profiles of others."""
    same = same_addresses(addresses)
    for one in addresses:
        site = names[one.line]
        is_settled = one.asked in results.finished or one.asked in results.died or may_replace
        standing = next((name for name in (f"{site}.toml", site) if (results.folder / name).exists()), None)
        if one.line in same:
            lines = ", ".join(str(number) for number in same[one.line])
            reason = f"lines {lines} give the same address; give each the section_url of its own"
            yield one.line, Result(asked=one.asked, site=site, result=SAME_ADDRESS, reason=reason, found={})
        elif standing and not is_settled:
            reason = (
                f"{standing} exists and is not of this probe; --overwrite replaces it, the column name gives another"
            )
            yield one.line, Result(asked=one.asked, site=site, result=EXISTS, reason=reason, found={})
