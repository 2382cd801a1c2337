"""What is said of an export as a whole: its name, description, rights and citation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.tables.cards.packaged import Packaged

RIGHTS_UNKNOWN = "not known: the archives say nothing of the rights in the texts; ask their contacts"
_MANY = "several texts, site by site: see the column `rights` of the table `sites`"


def name_of(held: Packaged) -> str:
    """`政协广水市委员会: leader speeches`, or of how many sites."""
    whose = str(held.sites[0]["committee"]) if len(held.sites) == 1 else f"{len(held.sites)} CPPCC websites"
    return f"{whose}: leader speeches (领导讲话)"


def description(held: Packaged) -> str:
    """One paragraph: what it is, of when, and what its tables hold."""
    tables = "; ".join(f"{one.table.name}: {one.table.about} ({one.rows:,} rows)" for one in held.tables)
    return (
        "Political speeches as CPPCC websites publish them in their section 领导讲话, from versioned archives that "
        f"keep the bytes they were read from. State of {held.day}. Tables: {tables}."
    )


def rights(held: Packaged) -> str:
    """The rights in the texts as the archives tell them; `RIGHTS_UNKNOWN` where they tell nothing."""
    told = {site["rights"] for site in held.sites}
    if told <= {None}:
        return RIGHTS_UNKNOWN
    return str(told.pop()) if len(told) == 1 else _MANY


def citation(held: Packaged) -> str:
    """How to cite it: name, day, and what proves which state it is."""
    proof = (
        f"commit {held.sites[0]['commit']}, head {held.sites[0]['head']}"
        if len(held.sites) == 1
        else (f"{sum(int(site['commit']) for site in held.sites)} commits, heads in the table `sites`")
    )
    return f"{name_of(held)}. State of {held.day}; {proof}."
