"""The stock commands that check a proof: POSIX sh, coreutils, zcat and openssl, nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.proof.evidence import StoredLine, TextProof
    from pipelines.proof.given_captures import GivenCapture, StoredRecord

LINE_FILE, CERTIFICATE = "line.jsonl", "ca.pem"

BASICS = """\
fail() { echo "$1" >&2; exit 1; }
sum() { sha256sum | cut -c 1-64; }
"""
ANCHORS_CHECK = """\
bytes() {
  hex=$1
  while test "${#hex}" -gt 1; do
    printf '%b' "\\0$(printf %03o "0x${hex%"${hex#??}"}")"
    hex=${hex#??}
  done
}
for anchor in anchors/*.json; do
  while IFS= read -r text; do
    case $text in
      ' "line": "'*)
        line=${text#*: '"'} line=${line%'",'}
        hash=$({ printf '\\000'; printf '%s\\n' "$line"; } | sum) ;;
      '  "left '*)
        text=${text#*left }
        hash=$({ printf '\\001'; bytes "${text%%'"'*}"; bytes "$hash"; } | sum) ;;
      '  "right '*)
        text=${text#*right }
        hash=$({ printf '\\001'; bytes "$hash"; bytes "${text%%'"'*}"; } | sum) ;;
    esac
  done < "$anchor"
  set -- $line
  head=$(sum < "commits/$(printf %08d "$3").json")
  test "$head" = "$4" || fail "commit $3 is not the one that $anchor is of"
  openssl ts -verify -digest "$hash" -in "${anchor%.json}.tsr" -CAfile ca.pem || fail "$anchor: no time-stamp"
  openssl ts -reply -in "${anchor%.json}.tsr" -text | while IFS= read -r text; do
    case $text in 'Time stamp: '*) echo "commit $3 was there at ${text#*: }, and all before it" ;; esac
  done
done
"""
"""Every head that was anchored leads to a root, and the authority signed that root."""

_CHAIN = """\
# the commits follow one another, each named by the next
prev=
for file in commits/*.json; do
  case $(cat "$file") in
    *"
 \\"prev\\": \\"$prev\\","*) ;;
    *) test -z "$prev" || fail "$file does not follow the commit before it" ;;
  esac
  prev=$(sum < "$file")
done
echo "head $prev"
"""
UNCHUNKED = """\
unchunked() {
  while read -r size && size=$((0x${size%%[!0-9a-fA-F]*})) && test "$size" -gt 0; do
    head -c "$size"
    read -r size
  done
}
"""
"""Takes the framing off a body in chunks."""


def check(proof: TextProof) -> str:
    """Commands for the folder of a proof; each step ends the shell with 1 where it fails."""
    steps = [BASICS, _CHAIN, *_files(proof), *_records(proof.given)]
    if proof.stamps:
        steps.append(f"# the commits existed by the time of the time-stamp\n{ANCHORS_CHECK}")
    return "".join([*steps, "echo proved\n"])


def check_in_archive(proof: TextProof) -> str:
    """Commands that compare the records with those of the whole archive in `$archive`."""
    stored = [(name, one) for capture in named(proof.given) for name, one in capture.records()]
    return "".join(_same(record_at(one, "$archive/"), name, "another record") for name, one in stored)


@dataclass(frozen=True, slots=True)
class NamedCapture:
    """A capture with the names of its files in the folder of a proof, without their ends."""

    name: str
    given: GivenCapture

    @property
    def entity_file(self) -> str:
        """What the site sent, decoded."""
        return f"{self.name}.entity"

    @property
    def holder_file(self) -> str:
        """The record that has the payload."""
        return self.records()[-1][0]

    def records(self) -> list[tuple[str, StoredRecord]]:
        """The record, and for a revisit the one that it refers to."""
        found = [(f"{self.name}.warc.gz", self.given.stored)]
        return found + ([(f"{self.name}-original.warc.gz", self.given.original)] if self.given.original else [])


def named(given: Iterable[GivenCapture]) -> list[NamedCapture]:
    """The captures of a proof with their names."""
    return [NamedCapture(f"records/{number}", one) for number, one in enumerate(given, 1)]


def is_sum(sha256: str, file: str, otherwise: str) -> str:
    """A command that fails when a file has another SHA-256."""
    return f"echo '{sha256}  {file}' | sha256sum -c --strict - || fail '{otherwise}'\n"


def has(text: str, words: str, otherwise: str) -> str:
    """A command that fails when a text (a word of the shell) does not hold the words."""
    return f"case {text} in *'{words}'*) ;; *) fail '{otherwise}' ;; esac\n"


def line_of(stored: StoredLine) -> str:
    """A command that prints a line from its file."""
    return f"zcat {stored.named.path} | tail -n +{stored.number} | head -n 1"


def record_at(stored: StoredRecord, folder: str = "") -> str:
    """A command that prints the bytes of a record from its WARC file."""
    return bytes_at(f"{folder}{stored.file}", stored.offset, len(stored.data))


def bytes_at(file: str, offset: int, length: int) -> str:
    """A command that prints bytes of a file; `file` may have variables of the shell."""
    return f'tail -c +{offset + 1} "{file}" | head -c {length}'


def _same(command: str, file: str, otherwise: str) -> str:
    return f'test "$({command} | sum)" = "$(sum < {file})" || fail \'{otherwise}\'\n'


def _files(proof: TextProof) -> Iterator[str]:
    for path, (file, by) in proof.files().items():
        yield f"# commit {by.n} names {path} by its hash\n"
        yield has(f"$(cat commits/{by.n:08d}.json)", f'"sha256": "{file.sha256}"', "not named")
        yield is_sum(file.sha256, path, "not what its commit says")
    yield f"# the line of this text is line {proof.text.number} of its file\n"
    yield _same(line_of(proof.text), LINE_FILE, "another line")


def _records(given: Iterable[GivenCapture]) -> Iterator[str]:
    captures = named(given)
    steps = [capture.given.unwrapping for capture in captures]
    if any(found and "unchunked" in found for found in steps):
        yield UNCHUNKED
    for capture, pipe in zip(captures, steps, strict=True):
        sha256 = capture.given.capture["payload_sha256"]
        yield f"# {capture.entity_file} is what the line names as read, and what the record holds\n"
        if capture.given.entity is not None:
            yield is_sum(sha256, capture.entity_file, "not what was read")
            yield has(f"$(cat {LINE_FILE})", f'"payload_sha256":"{sha256}"', "not what the line names")
        if pipe is not None:
            unpacked = " | ".join([f"zcat {capture.holder_file}", *pipe])
            yield _same(unpacked, capture.entity_file, "the record holds something else")
