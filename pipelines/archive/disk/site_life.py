"""Commits of kinds `rekey` and `retirement`: what became of a site's ids, and of the site."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import NATIVE_ID
from pipelines.archive.errors import Damaged
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.commits import Commit

REKEY, RETIREMENT = "rekey", "retirement"


@frozen(kw_only=True)
class IdPair:
    """The site has the speech `old` as `new` now (both `site:native_id`); `by` says what they have in common."""

    old: str
    new: str
    by: str


@frozen(kw_only=True)
class Rekey:
    """`namespace` is the `id_namespace` of the new ids, null when it is the old one; `reason` is a person's."""

    pairs: tuple[IdPair, ...]
    namespace: str | None
    reason: str

    @classmethod
    def of(cls, commit: Commit) -> Rekey | None:
        """What a commit says of ids; null when it is of another kind; `Damaged` when it cannot be meant."""
        if commit.kind != REKEY:
            return None
        told: dict[str, Any] = commit.details or {}
        try:
            pairs = tuple(IdPair(**{key: _text(one[key]) for key in ("old", "new", "by")}) for one in told["pairs"])
            namespace = None if told["namespace"] is None else _text(told["namespace"])
            found = cls(pairs=pairs, namespace=namespace, reason=_text(told["reason"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"commit {commit.n}: rekey cannot be meant ({error}); restore it from a copy") from error
        if why := misfit_of_pairs(pairs):
            raise Damaged(f"commit {commit.n}: rekey: {why}; restore it from a copy")
        return found

    def details(self) -> dict[str, Any]:
        """The value of `rekey` in the commit file."""
        pairs = [asdict(pair) for pair in self.pairs]
        return {"reason": self.reason, "namespace": self.namespace, "pairs": pairs}


def misfit_of_pairs(pairs: Iterable[IdPair]) -> str | None:
    """What is wrong with the pairs of one commit: an id that is none, or one that stands in two of them."""
    seen: set[str] = set()
    for pair in pairs:
        for one in (pair.old, pair.new):
            if not NATIVE_ID.fullmatch(one.partition(":")[2]):
                return f"{one!r} is not the id of a speech"
            if one in seen:
                return f"{one} stands in it twice"
            seen.add(one)
    return None


def succeeded_by(commits: Iterable[Commit]) -> dict[str, str]:
    """The id that each succeeded id has now, after all of `commits`."""
    found: dict[str, str] = {}
    for commit in commits:
        rekey = Rekey.of(commit)
        for pair in rekey.pairs if rekey else ():
            found[pair.old] = pair.new
            found.pop(pair.new, None)
    return found


def other_ids(commits: Iterable[Commit], one: str) -> set[str]:
    """The ids that a speech has had, or has, beside `one`."""
    found, rekeys = {one}, [rekey for commit in commits if (rekey := Rekey.of(commit))]
    before = 0
    while before < len(found):
        before = len(found)
        pairs = (pair for rekey in rekeys for pair in rekey.pairs if {pair.old, pair.new} & found)
        found |= {one for pair in pairs for one in (pair.old, pair.new)}
    return found - {one}


@frozen(kw_only=True)
class Retirement:
    """Whether the site is crawled no longer, and a person's `reason`."""

    is_retired: bool
    reason: str

    @classmethod
    def of(cls, commit: Commit) -> Retirement | None:
        """What a commit says of it; null when it is of another kind; `Damaged` when it cannot be meant."""
        if commit.kind != RETIREMENT:
            return None
        told: dict[str, Any] = commit.details or {}
        is_retired, reason = told.get("retired"), told.get("reason")
        if type(is_retired) is bool and isinstance(reason, str):
            return cls(is_retired=is_retired, reason=reason)
        raise Damaged(f"commit {commit.n}: retirement is {str(told)[:200]}; restore it from a copy")

    def details(self) -> dict[str, Any]:
        """The value of `retirement` in the commit file."""
        return {"retired": self.is_retired, "reason": self.reason}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{str(value)[:200]!r} is no text")
