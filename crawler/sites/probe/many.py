"""Probes a list of addresses: profile and fixture of each site that is certain, a reason for each that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.sites.probe.address_list import Address, ListError, read_addresses, same_addresses, site_names
from crawler.sites.probe.naming import is_same_committee
from crawler.sites.probe.results import CERTAIN, EXISTS, POSTPONED, SAME_ADDRESS, Result, Results
from crawler.sites.probe.side_by_side import Manner, SideBySide
from crawler.sites.profile import SiteProfile
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
    known: Sequence[SiteProfile],
    is_again: bool,
    may_replace: bool,
) -> Probed:
    """Probe the addresses that have no result yet; with `is_again` also those that were not certain.

    Not probed are the sites of `known` profiles, nor those whose profile's name is taken in the folder; with
    `may_replace` these are probed, too, and a file in the folder is replaced.
    """
    if is_again:
        results.finished = {asked: one for asked, one in results.finished.items() if one.result == CERTAIN}
    names = site_names(addresses, results.sites)
    unasked = dict(_same(addresses, names))
    if not may_replace:
        settled = results.finished.keys() | results.died
        left = [one for one in addresses if one.line not in unasked and one.asked not in settled]
        unasked |= _existing(left, names, results.folder, known)
    left = [one for one in addresses if one.line not in unasked and one.asked not in results.finished]
    is_whole = SideBySide(results, manner, tell).run((one, names[one.line]) for one in left)
    every = {one.line: unasked.get(one.line) or results.finished.get(one.asked) for one in addresses}
    told = tuple((one, result) for one in addresses if (result := every[one.line]))
    return Probed(told, results.write_table(told), is_whole)


def _same(addresses: Sequence[Address], names: Mapping[int, str]) -> Iterator[tuple[int, Result]]:
    """Lines that give one address, by number: whose site it is cannot be told."""
    same = same_addresses(addresses)
    for one in addresses:
        if one.line in same:
            lines = ", ".join(str(number) for number in same[one.line])
            reason = f"lines {lines} give the same address; give each the section_url of its own"
            yield one.line, _not_asked(one, names[one.line], SAME_ADDRESS, reason)


def _existing(
    addresses: Sequence[Address], names: Mapping[int, str], folder: Path, known: Sequence[SiteProfile]
) -> Iterator[tuple[int, Result]]:
    """Lines whose site has a profile, or whose profile's name is taken, by number."""
    for one in addresses:
        site = names[one.line]
        profile = next((profile for profile in known if _is_of(one, profile)), None)
        standing = next((name for name in (f"{site}.toml", site) if (folder / name).exists()), None)
        if profile is not None:
            reason = f"the profile {profile.site} is of this site; --overwrite probes it nevertheless"
            yield one.line, _not_asked(one, site, EXISTS, reason)
        elif standing:
            reason = f"{standing} exists; --overwrite replaces it, the column name gives another"
            yield one.line, _not_asked(one, site, EXISTS, reason)


def _is_of(address: Address, profile: SiteProfile) -> bool:
    """True for a profile of the host, unless the list says that the address is another committee's."""
    hosts = {Address(0, f"http://{host}/").host for host in profile.hosts} | {Address(0, profile.start_url).host}
    return address.host in hosts and (
        not address.committee or is_same_committee(address.committee, profile.committee)
    )


def _not_asked(address: Address, site: str, word: str, reason: str) -> Result:
    return Result(asked=address.asked, site=site, result=word, reason=reason, found={})
