"""What a suite found, as JSON and as tables: medians with their spread, ratios, bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks.measuring import Measured, Spent


@dataclass(frozen=True, slots=True)
class Bar:
    """What is to hold: `value` at least or at most `bound`."""

    name: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """True when the bar is met."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass
class Table:
    """One table of a suite: `unit` is what a run works on (`pages`), `units` how many; null: not counted."""

    title: str
    rows: list[Measured]
    unit: str = ""
    units: int | None = None


@dataclass
class Found:
    """All that a suite says."""

    suite: str
    size: int
    about: str
    tables: list[Table]
    bars: list[Bar] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def from_json(given: dict[str, Any]) -> Found:
    """The inverse of `as_json`."""
    tables = [
        Table(one["title"], [_measured(row) for row in one["rows"]], one["unit"], one["units"])
        for one in given["tables"]
    ]
    bars = [Bar(**one) for one in given["bars"]]
    return Found(given["suite"], given["size"], given["about"], tables, bars)


def _measured(given: dict[str, Any]) -> Measured:
    return Measured(given["name"], given["work"], [Spent(**one) for one in given["runs"]], given["facts"])


def cpu(row: Measured) -> float:
    """Median of CPU seconds."""
    return median(one.cpu for one in row.runs)


def wall(row: Measured) -> float:
    """Median of wall seconds."""
    return median(one.wall for one in row.runs)


def ratios(rows: Sequence[Measured], wanted: Iterable[tuple[str, str, float]], what: str = "speed") -> list[Bar]:
    """Bars on how much faster one row is than another by CPU, as far as both were run: (mine, other, least ratio)."""
    spent = {row.name: cpu(row) for row in rows}
    return [
        Bar(f"{what} of {mine} / {other}", spent[other] / spent[mine], least)
        for mine, other, least in wanted
        if {mine, other} <= spent.keys()
    ]


def markdown(found: Found) -> str:
    """The suite as Markdown: what was done, a table with medians and (least–most), the bars."""
    return "\n".join(_markdown(found))


def _markdown(found: Found) -> Iterator[str]:
    yield found.about
    for table in found.tables:
        yield ""
        if table.title:
            yield f"**{table.title}**\n"
        yield from _table(table)
        yield ""
        yield from (f"- *{row.name}*: {row.work}" for row in table.rows if row.work)
    if found.bars:
        yield "\n| bar | found | wanted | |\n|---|---|---|---|"
        for bar in found.bars:
            wanted = f"{'≥' if bar.at_least else '≤'} {bar.bound:g}"
            yield f"| {bar.name} | {bar.value:.3g} | {wanted} | {'holds' if bar.holds else '**not met**'} |"


def _table(table: Table) -> Iterator[str]:
    facts = list(dict.fromkeys(name for row in table.rows for name in row.facts))
    per = [f"{table.unit}/s of CPU", "ms of CPU each"] if table.units else []
    head = ["", "CPU s", "wall s", "peak MB", *per, *facts]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in table.rows:
        cells = [row.name, _spread([one.cpu for one in row.runs]), _spread([one.wall for one in row.runs])]
        cells.append(f"{median(one.megabytes for one in row.runs):.0f}")
        if table.units:
            cells += [f"{table.units / cpu(row):.0f}", f"{1000 * cpu(row) / table.units:.2f}"]
        cells += [_shown(row.facts.get(name, "–")) for name in facts]
        yield f"| {' | '.join(cells)} |"


def _spread(values: list[float]) -> str:
    digits = 2 if median(values) < 20 else 1
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
