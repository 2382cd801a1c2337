"""`rekey`: pairs speeches that a new CMS lists under other ids with those known before, and records it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.site_life import REKEY, IdPair, Rekey, misfit_of_pairs, succeeded_by
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.acts import Act, acting
from pipelines.archive.write.admission import NEW_CMS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.read.state import SpeechState, States
    from pipelines.archive.write.acts import When

BY_PERSON, BY_RETURN = "person", "listed again"
_Key = tuple[object, ...] | None


def _title(state: SpeechState) -> str:
    return "".join(state.title.split())


def _both(one: object, other: object) -> _Key:
    return (one, other) if one and other else None


LADDER: dict[str, Callable[[SpeechState], _Key]] = {
    "content": lambda state: (state.content_sha256,),
    "text and title": lambda state: _both(state.text, _title(state)),
    "text and date": lambda state: _both(state.text, state.published_on),
    "title and date": lambda state: _both(_title(state), state.published_on),
}
"""What two ids of one speech have in common, the surest first: a new CMS moves files, which alters the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Several old or several new ids have the same in common; a person must say which belong together."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What `match` found. `unmatched` are old ids without a pair, not seen since the first new id came."""

    pairs: tuple[IdPair, ...]
    ambiguous: tuple[Ambiguous, ...]
    unmatched: tuple[str, ...]


class Runs:
    """In which commit each speech was first seen, and in which a list last showed it, by id.

    Moments do not tell it: one run sees its pages and articles at different ones, and a page that is no longer
    listed may be seen all the same.
    """

    def __init__(self, archive: Archive) -> None:
        self.first: dict[str, int] = {}
        self.listed: dict[str, int] = {}
        on_list: set[str] = set()
        for commit in archive.commits():
            on_list -= succeeded_by((commit,)).keys()  # no listing stands for these
            observed = {
                line["id"]: line["presence"] == "present" for line in archive.lines_of(commit, "observations")
            }
            for one in observed:
                self.first.setdefault(one, commit.n)
            if commit.listing:
                self.listed |= dict.fromkeys(on_list - observed.keys(), commit.n)
            self.listed |= {one: commit.n for one, is_listed in observed.items() if is_listed}
            on_list = (on_list - observed.keys()) | {one for one, is_listed in observed.items() if is_listed}

    def precedes(self, old: SpeechState, new: SpeechState) -> bool:
        """Whether no list showed the one any more when the other was first seen; its page may answer still."""
        since = self.first.get(new.id, 0)
        return self.listed.get(old.id, 0) < since and self.first.get(old.id, 0) < since


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How to pair. `named` are pairs (native ids) that a person gives, `left` native ids that get no pair."""

    is_identical: bool = False
    named: tuple[tuple[str, str], ...] = ()
    left: frozenset[str] = frozenset()


def match(states: States, runs: Runs, wanted: Wanted) -> Matching:
    """Pair each id that is not listed any more with a later one that has the same content, text or title.

    Only what is the only one on both sides is a pair. Redacted speeches have nothing left to compare.
    """
    pairs = [_named(states, *pair) for pair in wanted.named]
    if why := misfit_of_pairs(pairs):
        raise NotUnderstood(why)
    taken = {one.partition(":")[2] for pair in pairs for one in (pair.old, pair.new)} | wanted.left
    pairs += _returned(states, runs, taken)
    taken |= {one.partition(":")[2] for pair in pairs for one in (pair.old, pair.new)}
    left = [one for one in states.values() if one.succeeded_by is None and not one.is_redacted]
    left = [one for one in left if one.native_id not in taken]
    successors = {one.succeeded_by for one in states.values()}
    ambiguous: list[Ambiguous] = []
    for by in list(LADDER)[: 1 if wanted.is_identical else None]:
        found, unclear = _paired(left, runs, successors, by)
        done = {one for pair in found for one in (pair.old, pair.new)}
        done |= {one for group in unclear for one in (*group.old, *group.new)}
        left = [one for one in left if one.id not in done]
        pairs += found
        ambiguous += unclear
    ordered = sorted(pairs, key=lambda pair: natural_key(pair.old.partition(":")[2]))
    return Matching(pairs=tuple(ordered), ambiguous=tuple(ambiguous), unmatched=_unmatched(states, left, pairs))


def _named(states: States, old: str, new: str) -> IdPair:
    for one in (old, new):
        if one not in states:
            raise NotUnderstood(f"--pair {old}={new}: {one} was never captured")
    return IdPair(old=states[old].id, new=states[new].id, by=BY_PERSON)


def _returned(states: States, runs: Runs, taken: Collection[str]) -> list[IdPair]:
    """Ids that the site took up again, with those that had succeeded them."""
    pairs, used = [], set(taken)
    for state in states.values():
        new = states.get((state.succeeded_by or "").partition(":")[2])
        if new is None or new.succeeded_by is not None or {state.native_id, new.native_id} & used:
            continue
        if runs.listed.get(new.id, 0) < runs.listed.get(state.id, 0):
            pairs.append(IdPair(old=new.id, new=state.id, by=BY_RETURN))
            used |= {state.native_id, new.native_id}
    return pairs


def _paired(
    left: Iterable[SpeechState], runs: Runs, successors: Collection[str | None], by: str
) -> tuple[list[IdPair], list[Ambiguous]]:
    groups: defaultdict[_Key, list[SpeechState]] = defaultdict(list)
    for state in left:
        if (key := LADDER[by](state)) is not None:
            groups[key].append(state)
    pairs, ambiguous = [], []
    for group in groups.values():
        fresh = [one for one in group if one.id not in successors]
        new = [one for one in fresh if any(runs.precedes(other, one) for other in group)]
        old = [one for one in group if any(runs.precedes(one, other) for other in new)]
        if len(old) == len(new) == 1:
            pairs.append(IdPair(old=old[0].id, new=new[0].id, by=by))
        elif old:
            ambiguous.append(Ambiguous(old=_ids(old), new=_ids(new), by=by))
    return pairs, ambiguous


def _unmatched(states: States, left: Iterable[SpeechState], pairs: Iterable[IdPair]) -> tuple[str, ...]:
    """Without pairs nothing tells when the ids changed, and every deletion would be told."""
    since = min((states[pair.new.partition(":")[2]].first_seen for pair in pairs), default="")
    return _ids(one for one in left if one.last_seen < since and one.first_seen < since and not one.is_gone)


def _ids(states: Iterable[SpeechState]) -> tuple[str, ...]:
    return tuple(one.id for one in sorted(states, key=lambda one: natural_key(one.native_id)))


def new_namespace(archive: Archive) -> str | None:
    """The `id_namespace` of the last run accepted with `new-cms`, if it is not the archive's already."""
    known = archive.totals().id_namespace or archive.facts.id_namespace
    for commit in reversed(archive.commits()):
        if NEW_CMS in str((commit.decision or {}).get("accept")).split(","):
            told = (commit.decision or {}).get("id_namespace")
            return told if isinstance(told, str) and told != known else None
    return None


def rekey(path: Path, when: When, *, reason: str, wanted: Wanted) -> Commit:
    """Record which id each speech has now; afterwards the old ones are succeeded, and their ends are no deletions.

    Raises:
        NotUnderstood: there is no pair and no new namespace, or a named pair cannot be.
    """
    with acting(path, REKEY, when) as held:
        found = match(held.archive.known().states, Runs(held.archive), wanted)
        namespace = new_namespace(held.archive)
        if not found.pairs and namespace is None:
            raise NotUnderstood(f"{path}: no id that is not seen any more has a pair; nothing was written")
        act = Rekey(pairs=found.pairs, namespace=namespace, reason=reason)
        return held.commit(Act(kind=REKEY, details=act.details()))


def checked_pairs(given: Sequence[str], archive: Archive) -> tuple[tuple[str, str], ...]:
    """The native ids of `OLD=NEW` arguments; `NotUnderstood` for anything else."""
    pairs = []
    for one in given:
        old, is_pair, new = one.partition("=")
        if not is_pair:
            raise NotUnderstood(f"--pair {one}: give OLD=NEW, as 4864=n-17")
        pairs.append((_native(archive, old), _native(archive, new)))
    return tuple(pairs)


def checked_ids(given: Collection[str], archive: Archive) -> frozenset[str]:
    """The native ids of `--leave` arguments."""
    return frozenset(_native(archive, one) for one in given)


def _native(archive: Archive, one: str) -> str:
    return archive.full_id(one).partition(":")[2]
