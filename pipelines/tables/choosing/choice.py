"""Which rows of archives are asked for, and of which tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.archive.errors import NotUnderstood
from pipelines.reasons import ProblemChoice
from pipelines.tables.choosing.where import RowCondition
from pipelines.tables.columns import columns
from pipelines.tables.table import SPEECHES_AS_OF, TABLES, Table
from pipelines.tables.view_periods import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rows that are asked for; without any value all of the last commit of each archive."""

    as_of: str | None = None
    """The speeches on the site at this moment."""
    known_at: str | None = None
    """As the archive knew it then; null: now."""
    since: str | Mapping[str, Mapping[str, Any]] | None = None
    """What came after a place in history (`extent_of`), or after a cursor by site; a site without one is whole."""
    where: tuple[RowCondition, ...] = ()
    every: Every = "month"
    """The period of table `views`."""
    problems: ProblemChoice = field(default_factory=lambda: ProblemChoice.of(None))

    def table(self, name: str) -> Table:
        """The table of that name, with the record of which its lines are."""
        return SPEECHES_AS_OF if name == "speeches" and self.as_of is not None else TABLES[name]


_OF_A_MOMENT = ("speeches", "problems", "sites")


def chosen_tables(given: Sequence[str] | None, choice: Choice, fields: Sequence[str] | None) -> tuple[str, ...]:
    """The tables to write: those given, else all that can be, of the rows and fields that are asked for.

    A table without any of the fields, or without a column of a condition, cannot be: its rows would be empty, or more
    than those asked for. Raises `NotUnderstood` when a given one cannot, when none can, or for a name that there is
    not; the message says what there is.
    """
    _check(given or (), TABLES, "--tables", "table")
    of_moment = _OF_A_MOMENT if choice.as_of is not None else tuple(TABLES)
    wanted = tuple(dict.fromkeys(given)) if given else of_moment
    if refused := [name for name in wanted if name not in of_moment]:
        raise NotUnderstood(f"--tables {','.join(refused)}: with --as-of there are {', '.join(of_moment)}")
    names = {name: [column.name for column in columns(choice.table(name))] for name in wanted}
    every_name = dict.fromkeys(column for known in names.values() for column in known)
    _check(fields or (), every_name, "--fields", "column")
    _check([condition.key for condition in choice.where], every_name, "--where", "column")
    for name in wanted:
        for condition in choice.where:
            _test(condition, choice.table(name))
    lacking = {name: _lacks(known, choice.where, fields) for name, known in names.items()}
    found = tuple(name for name, lacks in lacking.items() if lacks is None)
    if (given and len(found) < len(wanted)) or not found:
        told = "; ".join(f"table {name} has no {lacks}" for name, lacks in lacking.items() if lacks)
        raise NotUnderstood(f"{told}: name other tables by --tables")
    return found


def _test(condition: RowCondition, table: Table) -> None:
    """`NotUnderstood` when the condition is on a column of the table and cannot be meant of its type."""
    for column in columns(table):
        if column.name == condition.key:
            condition.test(column)


def _lacks(names: Sequence[str], where: Iterable[RowCondition], fields: Sequence[str] | None) -> str | None:
    for condition in where:
        if condition.key not in names:
            return f"column {condition.key}"
    return None if fields is None or not set(fields).isdisjoint(names) else f"columns {', '.join(fields)}"


def _check(given: Iterable[str], known: Iterable[str], option: str, what: str) -> None:
    if unknown := [name for name in given if name not in known]:
        raise NotUnderstood(f"{option} {','.join(unknown)}: no such {what}; there are {', '.join(known)}")
