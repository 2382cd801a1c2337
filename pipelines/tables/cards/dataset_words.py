"""What is said of an export as a whole: its name, description, rights and citation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.tables.cards.packaged import Packaged
    from pipelines.tables.choosing.choice import Choice

_WHY = {"Damaged": "damaged", "NewerFormat": "of a newer format", "NotAnArchive": "no archive"}
_MOST_NAMED = 50
RIGHTS_UNKNOWN = "not known: the archive says nothing of the rights in the texts; ask its contact"


def name_of(held: Packaged) -> str:
    """`政协广水市委员会: leader speeches`, or of how many sites."""
    all_of = f" of {len(held.sites) + len(held.left_out)}" if held.left_out else ""
    many = f"{len(held.sites)}{all_of} CPPCC websites"
    whose = held.sites[0].committee if len(held.sites) == 1 and not held.left_out else many
    return f"{whose}: leader speeches (领导讲话)"


def description(held: Packaged) -> str:
    """One paragraph: what it is, of when, and what its tables hold."""
    rows = (f"{one.rows:,} {'row' if one.rows == 1 else 'rows'}" for one in held.tables)
    named = zip(held.tables, rows, strict=True)
    tables = "; ".join(f"{one.table.name}: {one.table.about} ({count})" for one, count in named)
    part = "".join(f"{said} " for said in (left_out_of(held.left_out), held.part) if said)
    return (
        "Political speeches as CPPCC websites publish them in their section 领导讲话, from versioned archives that "
        f"keep the bytes they were read from. State of {held.day}. {part}Tables: {tables}."
    )


def left_out_of(left_out: Mapping[str, str]) -> str | None:
    """Which archives are not in it, as a sentence; null when all are."""
    if not left_out:
        return None
    named = [f"{name} ({_WHY.get(why, why)})" for name, why in left_out.items()]
    more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    return f"Left out, since they cannot be read: {', '.join(named[:_MOST_NAMED])}{more}."


def rights(held: Packaged) -> dict[str, list[str]]:
    """The rights in the texts as the archives tell them, each with the sites that say so."""
    told: dict[str, list[str]] = {}
    for site in held.sites:
        told.setdefault(site.rights or RIGHTS_UNKNOWN, []).append(site.site)
    return told


def citation(held: Packaged) -> str:
    """How to cite it: name, day, and what proves which state it is."""
    if len(held.sites) == 1:
        proof = f"commit {held.sites[0].commit}, head {held.sites[0].head}"
    else:
        proof = f"{sum(site.commit for site in held.sites)} commits, heads in manifest.json"
    return f"{name_of(held)}. State of {held.day}; {proof}."


def part_of(choice: Choice) -> str | None:
    """Which rows were asked for, as a sentence; null when all were."""
    asked = []
    if choice.as_of is not None:
        asked.append(f"the speeches on the sites at {choice.as_of}")
    if choice.known_at is not None:
        asked.append(f"as the archives knew them at {choice.known_at}")
    if choice.since is not None:
        asked.append(
            f"what came after {choice.since if isinstance(choice.since, str) else 'a place in each archive'}"
        )
    asked += [f"rows with {condition}" for condition in choice.where]
    return f"This is a part: {'; '.join(asked)}." if asked else None
