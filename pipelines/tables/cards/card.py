"""`README.md` of an export: a dataset card, of Parquet with metadata that the library `datasets` reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pipelines.tables.cards.card_calls import calls, to_know
from pipelines.tables.cards.dataset_words import citation, description, name_of, rights

if TYPE_CHECKING:
    from pipelines.tables.cards.packaged import DataTable, Packaged

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_MOST_SITES = 50
"""Sites that the card lists; a page with thousands is not read by anybody, and the table `sites` has them all."""
_BREAKS_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?=-|$)")
_MARKED_UP = re.compile(r"([\\`*_{}\[\]<>#|&])")


def card(held: Packaged) -> str:
    """The page: YAML for `datasets` with a configuration for each table that has rows, then words for people."""
    return f"---\n{_metadata(held)}---\n\n{_words(held)}"


def _metadata(held: Packaged) -> str:
    rows = max((table.rows for table in held.tables), default=0)
    languages = sorted({found[1] for site in held.sites if (found := _LANGUAGE.match(site.language))})
    lines = [
        f"pretty_name: {_quoted(name_of(held))}",
        f"language: {_quoted(languages)}",
        "license: other",
        "license_name: rights-as-told-by-the-archives",
        "size_categories:",
        f"- {next((size for most, size in _SIZES if rows < most), '100M<n<1B')}",
    ]
    loaded = [table for table in held.tables if table.has_rows] if held.form == "parquet" else []
    lines += ["configs:"] if loaded else []
    for number, table in enumerate(loaded):
        lines += [
            f"- config_name: {table.table.name}",
            *(["  default: true"] if number == 0 else []),
            "  data_files:",
            "  - split: train",
            f"    path: {_quoted(table.pattern)}",
        ]
    return "".join(f"{line}\n" for line in lines)


def _words(held: Packaged) -> str:
    tables = "".join(_row(f"`{one.table.name}`", f"{one.rows:,}", one.table.about) for one in held.tables)
    columns = "".join(_columns(one) for one in held.tables)
    return f"""\
# {_plain(name_of(held))}

{_plain(description(held))}

{calls(held)}
`manifest.json` names every file with its SHA-256, and the commit of each archive that the rows are of;
`codes.json` says what each word of a closed list means, in English and Chinese.

| table | rows | what |
| --- | --- | --- |
{tables}
## What to know before counting

{to_know(held)}
## Sites

{_sites(held)}
## Rights

{_rights(held)}
## Citation

{_plain(citation(held))}

```bibtex
{_bibtex(held)}```

## Columns

{columns}Made by speech-archive {held.software}.
"""


def _sites(held: Packaged) -> str:
    listed = held.sites[:_MOST_SITES]
    rows = "".join(
        _row(
            _plain(site.site),
            _plain(site.committee),
            _plain(", ".join(site.hosts)),
            str(site.commit),
            f"`{site.head}`",
            _plain(", ".join(filter(None, (site.custody, site.contact)))),
        )
        for site in listed
    )
    more = len(held.sites) - len(listed)
    rest = f"\nand {more:,} more: all are in `manifest.json`.\n" if more else ""
    head = _row("site", "committee", "hosts", "commit", "head", "kept by, contact")
    return f"{head}{_row(*['---'] * 6)}{rows}{rest}"


def _rights(held: Packaged) -> str:
    told = rights(held)
    if len(told) == 1:
        return f"{_plain(next(iter(told)))}\n"
    return "".join(f"- {_plain(text)} ({_first(sites)})\n" for text, sites in told.items())


def _first(sites: list[str]) -> str:
    more = f" and {len(sites) - _MOST_SITES:,} more" if len(sites) > _MOST_SITES else ""
    return f"{_plain(', '.join(sites[:_MOST_SITES]))}{more}"


def _columns(held: DataTable) -> str:
    rows = "".join(_row(f"`{one.name}`", one.kind, _plain(one.about)) for one in held.columns)
    return f"### `{held.table.name}`\n\n| column | type | meaning |\n| --- | --- | --- |\n{rows}\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _bibtex(held: Packaged) -> str:
    year, month, _ = held.day.split("-")
    note = citation(held).removeprefix(f"{name_of(held)}. ")
    fields = {"title": name_of(held), "year": year, "month": str(int(month)), "note": note}
    inner = "".join(f"  {key} = {{{_in_braces(value)}}},\n" for key, value in fields.items())
    return f"@misc{{speech-archive-{held.day},\n{inner}}}\n"


def _in_braces(text: str) -> str:
    """Text in a field of BibTeX: braces and backslashes would end or alter it, and LaTeX reads the others."""
    return re.sub(r"([#$%&_])", r"\\\1", re.sub(r"[{}\\~^]", " ", _one_line(text)))


def _quoted(value: str | list[str]) -> str:
    """A string or a list of YAML: JSON, with what YAML does not take as it is escaped."""
    made = json.dumps(value, ensure_ascii=False)
    return _BREAKS_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", made)


def _plain(value: Any) -> str:
    """Text of an archive, which may come from anybody, as a line of Markdown that is nothing but this text."""
    return _MARKED_UP.sub(r"\\\1", _one_line(str(value)))


def _one_line(text: str) -> str:
    return " ".join(text.split())
