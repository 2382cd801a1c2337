"""The page of a proof: one self-contained HTML document, no scripts, nothing loaded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pipelines.proof.commands import BASICS, CERTIFICATE, LINE_FILE, check, check_in_archive, line_of, named
from pipelines.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.proof.commands import NamedCapture
    from pipelines.proof.evidence import Stamp, TextProof

_STYLE = """\
body { max-width: 50em; margin: 2em auto; padding: 0 1em; font: 16px/1.7 serif; color: #222; background: #fff }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em } dt, th { font: 12px/1.6 sans-serif; color: #666 }
dd { margin: 0 0 .5em; overflow-wrap: anywhere } .text p { margin: 0; white-space: pre-wrap }
pre { font: 12px/1.5 monospace; background: #f6f6f6; padding: .8em; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere } table { border-collapse: collapse } td, th { text-align: left; vertical-align: top;
  padding: .2em .8em .2em 0; overflow-wrap: anywhere } .removed { border-left: 4px solid #c00; padding-left: .8em }
"""
_WHEN = {
    "before": "the last look before this text",
    "first": "the first look that found it",
    "last": "the last look that found it",
    "after": "the first look that did not find it any more",
}
_ONLY_LISTED = (
    "A look at the list only, in which nothing had changed, has no line of its own: its commit has the moment as "
    "observed_at of listing. That the list had this speech follows from all the looks before it, in the whole "
    "archive; no command here checks that."
)


def page(proof: TextProof) -> str:
    """The whole page; everything from the site is escaped."""
    line = proof.text.line
    title = f"{line['id']}, version {line['version']}, reading {line['reading']}"
    parts = [
        f"<h1>{_text(line['title'])}</h1>\n", _removal(proof), _facts(_about(proof)),
        _section("The text", f'<div class="text">{_paragraphs(line)}</div>\n'),
        _section("When it was seen", _sightings(proof)),
        _section("What the site sent", _captures(proof)),
        _section("Its place in the archive", _facts(_place(proof)) + _details("The line", proof.text.raw.decode())),
        _section("By when the archive said so", _stamps(proof)),
        _section("Checking it", _checking(proof)),
    ]  # fmt: skip
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_text(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n{''.join(parts)}</body>\n</html>\n"
    )


def _removal(proof: TextProof) -> str:
    if not proof.redactions:
        return ""
    told = "".join(
        f"<p>Commit {commit.n} of {_text(commit.recorded_at)}: {_text(commit.redaction.reason)}"
        f"{f', order {_text(commit.redaction.order)}' if commit.redaction.order else ''}.</p>"
        for commit in proof.redactions
        if commit.redaction
    )
    return (
        f'<div class="removed"><p>The text was removed from the archive by order.</p>{told}<p>What can still be '
        "proved: that the archive had a text of this address, when it was seen, and the hash of what it said "
        "(content_sha256 in the line): whoever has the words can show that they are those. The words themselves, and "
        "what the site sent, are not given here.</p></div>\n"
    )


def _about(proof: TextProof) -> Iterator[tuple[str, object]]:
    line, facts = proof.text.line, proof.archive.facts_now()
    yield "speech", f"{line['id']}, version {line['version']}, reading {line['reading']}"
    yield "address", line["url"]
    yield "site", f"{facts.name} ({facts.committee})"
    yield "section", line["section"]
    yield "published, as the site says", line["published_at"] or line["published_on"]
    yield "author", line["author"]
    yield "source", line["source"]
    yield "these bytes were captured at", line["observed_at"]
    yield "this was committed at", line["recorded_at"]
    doubts = "; ".join(f"{one['field']}: {one['code']} {one['detail']}".strip() for one in line["problems"])
    yield "doubts of the reading", doubts or None


def _paragraphs(line: Line) -> str:
    return "".join(f"<p>{_text(paragraph) or '<br>'}</p>\n" for paragraph in line["body"].split("\n"))


def _sightings(proof: TextProof) -> str:
    rows = [
        (_WHEN[one.when], one.observed_at, one.found, f"commit {one.commit.n}")
        for one in proof.sightings
    ]  # fmt: skip
    said = "<p>No look at the speech is recorded with this text.</p>\n" if not rows else ""
    if rows and proof.sightings[0].when != "before":
        said += "<p>Before that the archive did not know the speech.</p>\n"
    lines = [f"{line_of(one.stored)}  # {_WHEN[one.when]}\n" for one in proof.sightings if one.stored]
    shown = f"<p>These looks, from the files given here:</p>\n{_pre(''.join(lines), 'looks')}" if lines else ""
    if len(lines) < len(rows):
        shown += f"<p>{_ONLY_LISTED}</p>\n"
    return said + _table(("", "at (UTC)", "what it found", "recorded in"), rows) + shown


def _captures(proof: TextProof) -> str:
    told = "".join(_facts(_capture(one)) for one in named(proof.given))
    if proof.others:
        rows = [_other(capture) for capture in proof.others]
        head = ("what", "address", "at (UTC)", "record in", "SHA-256 of what was sent")
        why = "of list pages, or an order removed words from them"
        told += f"<p>Captures whose records are not given here ({why}):</p>\n{_table(head, rows)}"
    return told or "<p>No raw bytes were kept.</p>\n"


def _other(capture: Line) -> tuple[object, ...]:
    place = f"{capture['file']}, byte {capture['offset']}" if capture["file"] else "not kept"
    return capture["role"], capture["url"], capture["captured_at"], place, capture["payload_sha256"]


def _capture(one: NamedCapture) -> Iterator[tuple[str, object]]:
    capture, first = one.given.capture, one.given.holder.record.date
    yield f"{capture['role']}, part {capture['part']}", capture["url"]
    if first[:19] == capture["captured_at"][:19]:
        yield "answered at", capture["captured_at"]
    else:
        yield "seen again at", f"{capture['captured_at']}, identical to the record of {first}"
    for name, each in one.records():
        yield f"{each.record.type} record", f"{name}: {each.record.record_id}"
        yield "its place", f"{each.file}, byte {each.offset}, {len(each.data)} bytes"
        yield "WARC-Block-Digest", each.record.get("WARC-Block-Digest")
    if one.given.entity is None:
        yield "what the site sent", "is in a coding that is not decoded here"
    else:
        yield "what the site sent, decoded", f"{one.entity_file}, {len(one.given.entity)} bytes"
        yield "its SHA-256", capture["payload_sha256"]


def _place(proof: TextProof) -> Iterator[tuple[str, object]]:
    text, commit = proof.text, proof.commit
    yield "line", f"{text.number} of {text.named.path} (seq {text.line['seq']}), here {LINE_FILE}"
    yield "content_sha256", text.line["content_sha256"]
    yield "commit", f"{commit.n} ({commit.kind} {commit.run}) of {commit.recorded_at}"
    yield "SHA-256 of the commit", commit.sha256
    yield f"SHA-256 of the file, as commit {text.by.n} names it", text.named.sha256
    first, last = proof.commits[0], proof.commits[-1]
    yield "commits given here", f"{first.n}–{last.n}, each with the hash of the one before it"
    yield f"SHA-256 of commit {last.n}", last.sha256


def _stamps(proof: TextProof) -> str:
    if not proof.stamps:
        return (
            "<p>No time-stamp covers this commit yet (<code>anchor</code> gets one). Whoever noted the head "
            f"{proof.commits[-1].sha256}, or a later one of this archive, can tell since when.</p>\n"
        )
    return "".join(_facts(_stamp(one)) + _details("Its path", _document(one)) for one in proof.stamps)


def _stamp(stamp: Stamp) -> Iterator[tuple[str, object]]:
    anchor = stamp.anchor
    yield "time-stamp of an authority (RFC 3161)", f"{stamp.at:%Y-%m-%dT%H:%M:%SZ}" if stamp.at else "not read here"
    yield "proves", f"commit {anchor.noted.commit} and all before it existed by then"
    yield "head", anchor.noted.head
    yield "Merkle root that was stamped", anchor.root
    yield "files", f"{anchor.file}, {anchor.reply_file}"


def _document(stamp: Stamp) -> str:
    return stamp.anchor.document().decode()


def _checking(proof: TextProof) -> str:
    told = "<p>In the folder of this page, with POSIX sh, the GNU core utilities, zcat and openssl"
    if proof.stamps:
        told += (
            f", and the authority's root certificate as {CERTIFICATE}. Compare that with the one the authority "
            "publishes: all trust in the moment comes from it. Where its certificates have expired, add "
            "<code>-attime</code> and the moment in seconds since 1970 to <code>openssl ts -verify</code>"
        )
    told += f":</p>\n{_pre(check(proof), 'check')}"
    if proof.given:
        told += (
            "<p>The records are those of the archive, where commits name each WARC file by its SHA-256. With the "
            "archive in <code>$archive</code> (if it has containers, after <code>tar xf</code> of them):</p>\n"
            + _pre(BASICS + check_in_archive(proof), "archive")
        )
    return told


def _section(heading: str, content: str) -> str:
    return f"<h2>{heading}</h2>\n{content}"


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    rows = (f"<dt>{_text(name)}</dt><dd>{_text(str(value))}</dd>\n" for name, value in facts if value is not None)
    return f"<dl>\n{''.join(rows)}</dl>\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [f"<tr>{''.join(f'<td>{_text(str(cell))}</td>' for cell in row)}</tr>\n" for row in rows]
    return f"<table>\n<tr>{''.join(f'<th>{_text(cell)}</th>' for cell in head)}</tr>\n{''.join(lines)}</table>\n"


def _details(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>{_pre(text)}</details>\n"


def _pre(text: str, name: str = "plain") -> str:
    return f'<pre class="{name}">{_text(text)}</pre>\n'


def _text(text: str | None) -> str:
    return escape(harmless(text or ""))
