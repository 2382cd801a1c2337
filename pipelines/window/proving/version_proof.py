"""Proof pages: for each line about a speech what was seen when, the bytes, the commit, and how to check it all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.redactions import is_redacted
from pipelines.proof.given_captures import GIVEN
from pipelines.window import addresses
from pipelines.window.overview.chain_pages import page_of_commit
from pipelines.window.pages import Page
from pipelines.window.proving.answers_read import answer_of, identical_to, is_large
from pipelines.window.proving.archive_check import Claims, commands, saving
from pipelines.window.proving.first_stamp import first_stamp
from pipelines.window.proving.looks_around import LookAround, looks_around
from pipelines.window.proving.named_files import named_files
from pipelines.window.proving.page_rendering import rendered_lines
from pipelines.window.proving.print_code import qr_code, short_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.proof.given_captures import HeldAnswer
    from pipelines.window.proving.named_files import NamedFiles
    from pipelines.window.reading.lives import Life, LineOfLife

LONGEST_LINE = 8_000
"""Characters of a line that are shown: those of a usual speech; the whole one is in its file."""
LONGEST_TEXT = 12_000
"""Characters of a text that are shown: twice a long speech; its own page has the whole one."""
_MOST_CAPTURES = 40


@dataclass(frozen=True, slots=True)
class ProvedCapture:
    """A capture of a line.

    `number` is its place in the line, from 1.
    `state` is checked, by a command, or why it is not: not_kept, of_list, large, coded, lost_words.
    `way` leads from the archive's folder to the file that has it; `answer` is null for what was not read.
    `identical_to` as of `identical_to`; `save` is the command that writes it to a file, null where there is none.
    """

    number: int
    capture: Line
    state: str
    way: str | None
    answer: HeldAnswer | None
    identical_to: str | None = None
    save: str | None = None


@dataclass(frozen=True, slots=True)
class LookShown:
    """A look around the line, with the SHA-256 of its own line."""

    look: LookAround
    sha256: str


def proof_pages(life: Life, archive: Archive, renderings: Collection[str] = ()) -> Iterator[Page]:
    """One page for each line that says what happened to a speech; made from the lines about it, and time-stamps.

    Raises:
        Damaged: something that a page would prove is not what the archive says.
    """
    named = named_files(archive)
    for one in life.versions:
        facts = _facts(life, archive, named, one, renderings)
        yield Page(addresses.proof(life.id, one.line["seq"]), "proof.html", facts)


def _facts(
    life: Life, archive: Archive, named: NamedFiles, one: LineOfLife, renderings: Collection[str]
) -> dict[str, Any]:
    line, name, sha256 = one.line, _name(one.line), _sha256(one)
    looks = tuple(LookShown(look, _sha256(look.stored)) for look in looks_around(life, one))
    captures = tuple(_captures(archive.layout, line))
    stamp = first_stamp(archive.layout, named, one.commit.n)
    files = _files(archive.layout, named, one, looks, captures)
    claims = Claims(
        name=name,
        line=one,
        sums=((one, sha256), *((shown.look.stored, shown.sha256) for shown in looks)),
        files=files,
        commits={n: named.commits[n - 1] for n in sorted({one.commit.n, *(by for _, by in files.values())})},
        answers=tuple((c.answer, c.capture["payload_sha256"]) for c in captures if c.state == "checked" and c.answer),
        stamp=stamp,
    )
    shown = captures[:_MOST_CAPTURES]
    first = tuple(one for one in shown if one.capture["role"] == "article") or shown
    return {
        "id": life.id,
        "site": life.site,
        "name": name,
        "line": line,
        "is_redacted": is_redacted(line),
        "redactions": [commit for commit in life.acts if commit.redaction and line["seq"] in commit.redaction.seqs],
        "stored": one,
        "sha256": sha256,
        "raw": one.raw.decode(errors="replace").rstrip("\n"),
        "longest": LONGEST_LINE,
        "paragraphs": () if is_redacted(line) else (line["body"] or "")[:LONGEST_TEXT].split("\n"),
        "longest_text": LONGEST_TEXT,
        "way_of_line": archive.layout.way(one.named.path),
        "commit": one.commit,
        "by": one.by,
        "chain": addresses.chain(life.site.site, page_of_commit(one.commit.n)),
        "looks": looks,
        "captures": first,
        "further": tuple(one for one in shown if one not in first),
        "left_out": len(captures) - _MOST_CAPTURES,
        "stamp": stamp,
        "stamped_at": f"{stamp.at:%Y-%m-%dT%H:%M:%SZ}" if stamp and stamp.at else None,
        "commands": commands(claims),
        "short": short_id(name, sha256),
        "code": qr_code(name, sha256),
        **_pages_shown(life, one, renderings),
    }


def _pages_shown(life: Life, one: LineOfLife, renderings: Collection[str]) -> dict[str, Any]:
    """The rendering of what was answered then, and, of a deletion, that of the version before it."""
    rendered = {seq: page for seq, page in rendered_lines(life).items() if page.address in renderings}
    now = rendered.get(one.line["seq"])
    texts = [text for text in life.texts if text.line["seq"] < one.line["seq"] and text.line["seq"] in rendered]
    return {
        "rendering": now.address if now else None,
        "rendered_at": now.line.line["observed_at"] if now and now.line is not one else None,
        "before": texts[-1] if one.line["event"] == "gone" and texts else None,
        "page_before": rendered[texts[-1].line["seq"]].address if texts else None,
    }


def _name(line: Line) -> str:
    """`gszx:4864@2.1`; of a line without a reading, as gone ones, its number in the archive says which."""
    state = f"{line['version']}.{line['reading']}" if line["event"] in {"created", "changed", "reprocessed"} else None
    return f"{line['id']}@{state}" if state else f"{line['id']}#{line['seq']}"


def _sha256(stored: LineOfLife) -> str:
    return hashlib.sha256(stored.raw).hexdigest()


def _captures(layout: Layout, line: Line) -> Iterator[ProvedCapture]:
    for number, capture in enumerate(line["captures"], 1):
        if capture["file"] is None:
            yield ProvedCapture(number, capture, "not_kept", None, None)
            continue
        way, same, answer, save = layout.way(capture["file"]), identical_to(layout, line, capture), None, None
        if is_redacted(line):
            state = "lost_words"
        elif capture["role"] not in GIVEN:
            state = "of_list"
        elif is_large(capture):
            state, save = "large", saving(capture, None)
        else:
            answer = answer_of(layout, capture)
            state = _state(answer)
            save = saving(capture, answer) if state == "checked" else None
        yield ProvedCapture(number, capture, state, way, answer, same, save)


def _state(answer: HeldAnswer) -> str:
    if answer.has_lost_words:
        return "lost_words"
    return "coded" if answer.entity is None or answer.unwrapping is None else "checked"


def _files(
    layout: Layout,
    named: NamedFiles,
    one: LineOfLife,
    looks: tuple[LookShown, ...],
    captures: tuple[ProvedCapture, ...],
) -> dict[str, tuple[str, int]]:
    """The files that are needed, each with its SHA-256 and the commit that names it."""
    paths = [one.named.path, *(shown.look.stored.named.path for shown in looks)]
    for captured in captures:
        paths += [captured.capture["file"]] if captured.way else []
        paths += [captured.answer.holder.file] if captured.answer else []
    for path in paths:
        layout.path(path)  # raises for a path that leads elsewhere
    return {path: named.of(path) for path in paths}
