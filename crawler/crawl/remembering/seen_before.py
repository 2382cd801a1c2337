"""What a crawl remembers of rows, titles and texts, to compare later ones with: a few bytes a speech."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.pages import ListedRow
from pipelines.text.compact import BytesTable, Records, TextTable, fingerprint

_NUMBER = 4
_SEVERAL = bytes(8)


class Bearers:
    """Which speeches bear a title, as far as is asked: whether another one does."""

    def __init__(self) -> None:
        self._titles = BytesTable(len(_SEVERAL))

    def note(self, title: str, native_id: str) -> None:
        """Note that a speech bears a title."""
        title_key, own = fingerprint(title), fingerprint(native_id)
        if self._titles.setdefault(title_key, own) != own:
            self._titles.put(title_key, _SEVERAL)

    def has_other(self, title: str, native_id: str) -> bool:
        """Whether another speech than this one bears a title."""
        return self._titles.get(fingerprint(title)) not in {None, fingerprint(native_id)}


class IdsOf:
    """The speeches that have a text in common, such as a title."""

    def __init__(self) -> None:
        self._first = BytesTable(_NUMBER)
        self._more: dict[bytes, set[str]] = {}
        self._ids = Records()

    def note(self, text: str, native_id: str) -> None:
        """Note that a speech has a text."""
        key, own = fingerprint(text), len(self._ids).to_bytes(_NUMBER, "big")
        number = self._first.setdefault(key, own)
        if number == own:
            self._ids.append(native_id)
        elif (first := self._id(number)) != native_id:
            self._more.setdefault(key, {first}).add(native_id)

    def of(self, text: str) -> set[str]:
        """The speeches that have a text."""
        key = fingerprint(text)
        if more := self._more.get(key):
            return set(more)
        number = self._first.get(key)
        return set() if number is None else {self._id(number)}

    def _id(self, number: bytes) -> str:
        found: str = self._ids[int.from_bytes(number, "big")]
        return found


class TextsSeen:
    """The speeches of each text, by its digest, with their titles; none for an empty text."""

    def __init__(self) -> None:
        self._first = BytesTable(_NUMBER)
        self._more: dict[bytes, dict[str, str]] = {}
        self._records = Records()

    def note(self, digest: bytes, native_id: str, title: str) -> None:
        """Note that a speech has a text."""
        if not digest:
            return
        if (number := self._first.get(digest)) is None:
            self._first.put(digest, self._records.append((native_id, title)).to_bytes(_NUMBER, "big"))
        elif digest in self._more or self._record(number) != (native_id, title):
            self._more.setdefault(digest, dict([self._record(number)]))[native_id] = title

    def of(self, digest: bytes) -> dict[str, str]:
        """Titles of the speeches with a text, by id, in the order in which they were noted."""
        if more := self._more.get(digest):
            return more
        number = self._first.get(digest)
        return {} if number is None else dict([self._record(number)])

    def _record(self, number: bytes) -> tuple[str, str]:
        record: tuple[str, str] = self._records[int.from_bytes(number, "big")]
        return record


class Unreported:
    """Address and row's title of each new speech that is kept and was not reported."""

    def __init__(self) -> None:
        self._numbers = TextTable(_NUMBER)
        self._taken: set[str] = set()
        self._records = Records()

    def note(self, native_id: str, url: str, title: str | None) -> None:
        """Note a speech that is kept."""
        self._numbers.put(native_id, self._records.append((url, title)).to_bytes(_NUMBER, "big"))

    def take(self, native_id: str) -> tuple[str, str | None] | None:
        """What was noted of a speech, once."""
        number = self._numbers.get(native_id)
        if number is None or native_id in self._taken:
            return None
        self._taken.add(native_id)
        url, title = self._records[int.from_bytes(number, "big")]
        return url, title


class RowsSeen:
    """The first row of each article."""

    def __init__(self) -> None:
        self._numbers = TextTable(_NUMBER)
        self._records = Records()

    def first(self, row: ListedRow) -> ListedRow:
        """The first row of its article, which is this one if there was none before."""
        own = len(self._records).to_bytes(_NUMBER, "big")
        number = self._numbers.setdefault(row.native_id or row.url, own)
        if number == own:
            self._records.append((row.url, row.native_id, row.title, row.date, row.is_doubtful))
            return row
        return ListedRow(*self._records[int.from_bytes(number, "big")])

    def titles(self) -> Iterator[str | None]:
        """Of each article."""
        return (title for _, _, title, _, _ in self._records)
