"""The commands of a proof page: a shell in the folder of an archive follows one line from its bytes to the chain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.anchors.anchor_files import name_of
from pipelines.proof.commands import ANCHORS_CHECK, BASICS, UNCHUNKED, bytes_at, record_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.archive.disk.streams import Line
    from pipelines.proof.evidence import Stamp, StoredLine
    from pipelines.proof.given_captures import HeldAnswer

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,5}")
_FUNCTIONS = """\
line() { zcat "$1" | tail -n "+$2" | head -n 1; }
is_line() { test "$(line "$1" "$2" | sum)" = "$3" || fail "line $2 of $1 is another"; }
is_file() { echo "$1  $2" | sha256sum -c --strict - || fail "$2 has changed"; }
names() { case $(cat "$1") in *"$2"*) ;; *) fail "$1 does not name it" ;; esac; }
"""
_CHAIN = """\
# Each later commit names the one before it, up to the head.
n={first} prev={sha256}
while file=commits/$(printf %08d "$((n + 1))").json; test -e "$file"; do
  case $(cat "$file") in
    *"
 \\"prev\\": \\"$prev\\","*) ;;
    *) fail "$file does not follow commit $n" ;;
  esac
  n=$((n + 1)) prev=$(sum < "$file")
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the commands check, all of one archive.

    `line` is the one that is proved, `sums` those around it and itself, each with its SHA-256; `files` gives by path
    the SHA-256 and the commit that names it, `commits` the hashes of commits by number; `answers` are records with
    the SHA-256 of what the site sent.
    """

    name: str
    line: StoredLine
    sums: tuple[tuple[StoredLine, str], ...]
    files: Mapping[str, tuple[str, int]]
    commits: Mapping[int, str]
    answers: tuple[tuple[HeldAnswer, str], ...]
    stamp: Stamp | None


def commands(claims: Claims) -> str:
    """The commands, for one subshell: where a step fails it ends with 1 and says why.

    Raises:
        Damaged: a hash is none. The archive may come from elsewhere, and its words must not become commands.
    """
    hashes = [*(sha256 for sha256, _ in claims.files.values()), *claims.commits.values()]
    for one in (*hashes, *(sha256 for _, sha256 in (*claims.sums, *claims.answers))):
        if not isinstance(one, str) or not _SHA256.fullmatch(one):
            raise Damaged(f"{claims.name}: {str(one)[:100]!r} is no SHA-256; run verify")
    steps = [*_lines(claims), *_files(claims), *_answers(claims), *_chain(claims), *_stamp(claims)]
    done = f'echo "proved: "{quote(claims.name)}", commit $n has the head $prev"\n'
    return "".join(["(\n", BASICS, _FUNCTIONS, *steps, done, ")\n"])


def saving(capture: Line, held: HeldAnswer | None) -> str:
    """The command that writes what the site sent to a file, named by us but for a short suffix.

    Of an answer that was not read, null, it writes the record as it lies in its WARC file.
    """
    name = f"{capture['role']}-{capture['part']}"
    if held is None:
        record = bytes_at(capture["file"], capture["offset"], capture["length"])
        return f"{record} > {quote(f'{name}.warc.gz')}"
    suffix = ".html" if capture["role"] == "article" else _suffix(capture["url"])
    steps = held.unwrapping or []
    defined = UNCHUNKED if "unchunked" in steps else ""
    return f"{defined}{' | '.join([record_at(held.holder), 'zcat', *steps])} > {quote(name + suffix)}"


def _suffix(url: str) -> str:
    """The suffix of the file that an address names, where it is a usual one."""
    path = re.split("[?#]", url, maxsplit=1)[0].partition("://")[2].partition("/")[2]
    ending = "".join(path.rpartition(".")[1:])
    return ending.lower() if _SUFFIX.fullmatch(ending) else ""


def _lines(claims: Claims) -> Iterator[str]:
    yield "# The line, and the looks around it, each by the SHA-256 of its bytes.\n"
    for stored, sha256 in claims.sums:
        yield f"is_line {stored.named.path} {stored.number} {sha256}\n"


def _files(claims: Claims) -> Iterator[str]:
    yield "# The files they are in, each named by its SHA-256 in a commit.\n"
    for path, (sha256, n) in claims.files.items():
        yield f"is_file {sha256} {path}\n"
        yield f'names {Layout.commit_name(n)} \'"sha256": "{sha256}"\'\n'
    yield "# The commits, each by its SHA-256.\n"
    for n, sha256 in claims.commits.items():
        yield f"is_file {sha256} {Layout.commit_name(n)}\n"


def _answers(claims: Claims) -> Iterator[str]:
    pipes: dict[str, str] = {}
    for held, sha256 in claims.answers:
        steps = held.unwrapping or []
        pipes[" | ".join([record_at(held.holder), "zcat", *steps, "sum"])] = sha256
    if any("unchunked" in pipe for pipe in pipes):
        yield UNCHUNKED
    if pipes:
        yield "# What the site sent: taken from its record in the WARC file, and named by the line.\n"
    for pipe, sha256 in pipes.items():
        yield f"test \"$({pipe})\" = {sha256} || fail 'the record holds something else'\n"
        words, line = f'"payload_sha256":"{sha256}"', f"{claims.line.named.path} {claims.line.number}"
        yield f"case $(line {line}) in *'{words}'*) ;; *) fail 'the line names something else' ;; esac\n"


def _chain(claims: Claims) -> Iterator[str]:
    first = min(claims.commits)
    yield _CHAIN.format(first=first, sha256=claims.commits[first])


def _stamp(claims: Claims) -> Iterator[str]:
    if claims.stamp is None:
        return
    anchor, at = claims.stamp.anchor, claims.stamp.at
    made = f"../anchors/{name_of(anchor.noted.at)}/ca.pem"
    when = f" -attime {int(at.timestamp())}" if at else ""
    yield "# By when: the authority's root certificate is that of $ca, or the one that was kept.\n"
    yield f"ca=${{ca:-{made}}}\n"
    yield ANCHORS_CHECK.replace("anchors/*.json", anchor.file).replace(" ca.pem", f' "$ca"{when}')
    yield f'test "$hash" = {quote(anchor.root)} || fail "the stamp is of another root: $hash"\n'
