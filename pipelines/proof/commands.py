"""The stock commands that check a proof: POSIX sh, awk, sed, cmp, gzip, sha256sum and openssl, nothing of ours."""

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
  printf '%b' "$(echo "$1" | awk -v h=0123456789abcdef '{for (i = 1; i < length($0); i += 2)
    printf "\\\\0%03o", 16 * index(h, substr($0, i, 1)) + index(h, substr($0, i + 1, 1)) - 17}')"
}
for anchor in anchors/*.json; do
  line=$(sed -n 's/^ "line": "\\(.*\\)",$/\\1/p' "$anchor")
  set -- $line
  head=$(sum < "commits/$(printf %08d "$3").json")
  test "$head" = "$4" || fail "commit $3 is not the one that $anchor is of"
  hash=$({ printf '\\000'; echo "$line"; } | sum)
  for step in $(sed -n 's/^  "\\([a-z]*\\) \\([0-9a-f]*\\)",\\{0,1\\}$/\\1:\\2/p' "$anchor"); do
    case $step in
      left:*) hash=$({ printf '\\001'; bytes "${step#left:}"; bytes "$hash"; } | sum) ;;
      right:*) hash=$({ printf '\\001'; bytes "$hash"; bytes "${step#right:}"; } | sum) ;;
    esac
  done
  openssl ts -verify -digest "$hash" -in "${anchor%.json}.tsr" -CAfile ca.pem || fail "$anchor: no time-stamp"
  when=$(openssl ts -reply -in "${anchor%.json}.tsr" -text | sed -n 's/^Time stamp: //p')
  echo "commit $3 was there at $when, and all before it"
done
"""
"""Every head that was anchored leads to a root, and the authority signed that root."""

_CHAIN = """\
# the commits follow one another, each named by the next
prev=
for file in commits/*.json; do
  told=$(sed -n 's/^ "prev": "\\(.*\\)",$/\\1/p' "$file")
  test -z "$prev" || test "$told" = "$prev" || fail "$file does not follow the commit before it"
  prev=$(sum < "$file")
done
echo "head $prev"
"""
_UNCHUNKED = """\
unchunked() {
  while read -r size && size=$((0x${size%%[!0-9a-fA-F]*})) && test "$size" -gt 0; do
    head -c "$size"
    read -r size
  done
}
"""


def check(proof: TextProof) -> str:
    """Commands for the folder of a proof; each step ends the shell with 1 where it fails."""
    steps = [BASICS, _CHAIN, *_files(proof), *_records(proof.given)]
    if proof.stamps:
        steps.append(f"# the commits existed by the time of the time-stamp\n{ANCHORS_CHECK}")
    return "".join([*steps, "echo proved\n"])


def check_in_archive(proof: TextProof) -> str:
    """Commands that compare the records with those of the whole archive in `$archive`."""
    stored = [(name, one) for capture in named(proof.given) for name, one in capture.records()]
    return "".join(
        f'tail -c +{one.offset + 1} "$archive/{one.file}" | head -c {len(one.data)} | cmp - {name} || exit 1\n'
        for name, one in stored
    )


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


def _files(proof: TextProof) -> Iterator[str]:
    for path, (file, by) in proof.files().items():
        yield f"# commit {by.n} names {path} by its hash\n"
        yield f'grep -q \'"sha256": "{file.sha256}"\' commits/{by.n:08d}.json || fail "not named"\n'
        yield f"echo '{file.sha256}  {path}' | sha256sum -c --strict - || fail 'not what its commit says'\n"
    yield f"# the line of this text is line {proof.text.number} of its file\n"
    yield f"{line_of(proof.text)} | cmp - {LINE_FILE} || fail 'another line'\n"


def line_of(stored: StoredLine) -> str:
    """A command that prints a line from its file."""
    return f"gzip -dc {stored.named.path} | LC_ALL=C sed -n {stored.number}p"


def _records(given: Iterable[GivenCapture]) -> Iterator[str]:
    captures = named(given)
    steps = [capture.given.unwrapping() for capture in captures]
    if any(found and "unchunked" in found for found in steps):
        yield _UNCHUNKED
    for capture, pipe in zip(captures, steps, strict=True):
        sha256 = capture.given.capture["payload_sha256"]
        yield f"# {capture.entity_file} is what the line names as read, and what the record holds\n"
        if capture.given.entity is not None:
            yield f"echo '{sha256}  {capture.entity_file}' | sha256sum -c --strict - || fail 'not what was read'\n"
            yield f'grep -q \'"payload_sha256":"{sha256}"\' {LINE_FILE} || fail "not what the line names"\n'
        if pipe is not None:
            unpacked = " | ".join([f"gzip -dc {capture.holder_file}", *pipe])
            yield f"{unpacked} | cmp - {capture.entity_file} || fail 'the record holds something else'\n"
