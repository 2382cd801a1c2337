"""What stands in the replica's database: articles, their counters, and how they change from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from crawler.replica.prose import dice
from crawler.replica.speeches import Speech, damaged, edited, make_news, make_speech, retitled

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

State = Literal[
    "live", "removed", "deleted-notice", "not-approved", "login-wall", "no-permission", "paid", "foreign-host"
]

SECTION, NEWS, NOTICES, ARCHIVE, MEMBERS = 5, 3, 4, 2, 8
MODELS = (1, 101)
FIRST_NUMBER = 1000
FIRST_MOMENT = datetime(2012, 3, 5, 9, 5, 7)  # noqa: DTZ001 - the CMS stores local time without a zone
LAST_MOMENT = datetime(2023, 12, 28, 19, 0, 29)  # noqa: DTZ001
FOREIGN_REDIRECT = "http://www.hbzx.example/53/2014-09-16/13066.html"
FOREIGN_ROW = "http://www.zgggw.example/contents/68/7320.html"
WITHHELD: tuple[tuple[State, str | None], ...] = (
    ("deleted-notice", None),
    ("not-approved", None),
    ("login-wall", None),
    ("no-permission", None),
    ("paid", None),
    ("foreign-host", FOREIGN_REDIRECT),
    ("foreign-host", FOREIGN_ROW),
)


@dataclass
class Item:
    """One row of the article table."""

    speech: Speech
    class_id: int
    state: State = "live"
    target: str | None = None
    pinned: bool = False
    hits: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # total, day, week, month

    @property
    def key(self) -> tuple[int, int]:
        return self.speech.model, self.speech.number

    @property
    def listed(self) -> bool:
        return self.state != "removed"


class Site:
    def __init__(self, speeches: int, seed: int, *, twins: bool = True) -> None:
        self.seed = seed
        self.steps = 0
        self.growths = 0
        self.section_empty = False
        self.is_careless = False
        self.increments: dict[str, int] = {}
        self.purchases = 0
        # What an archive of this site calls an article; files of random names have no number in them.
        self.native_id: Callable[[Item], str] = lambda item: item.speech.native_id
        self.is_file: Callable[[Item], bool] = lambda _: False
        self.items: dict[tuple[int, int], Item] = {}
        self._removed: list[Item] = []
        self._fill(speeches, twins=twins)

    def _fill(self, speeches: int, *, twins: bool) -> None:
        chance = dice(self.seed, "site")
        roles: list[tuple[State, str | None] | Literal["speech", "news"]] = ["speech"] * speeches
        roles += ["news"] * 18
        roles += WITHHELD
        chance.shuffle(roles)
        number = FIRST_NUMBER
        for place, role in enumerate(roles):
            number += chance.randint(1, 6)
            moment = _moment(chance, place / len(roles))
            if role == "news":
                self._add(Item(make_news(self.seed, number, moment), NEWS), chance)
            elif role == "speech":
                self._add(Item(make_speech(self.seed, 1, number, moment), SECTION), chance)
            else:
                state, target = role
                self._add(Item(make_speech(self.seed, 1, number, moment), SECTION, state, target), chance)
        if twins:
            self._add_twins(chance)
        if live := self.live():
            live[len(live) // 10].pinned = True

    def _add_twins(self, chance: random.Random) -> None:
        """Two speeches move to the second model and share their number with a speech of the first."""
        live = self.live()
        for place in (len(live) // 3, len(live) // 2):
            if 1 < place < len(live) - 2:
                moved, sibling = self.items.pop(live[place].key), live[place + 1].speech
                moment = moved.speech.published
                self._add(Item(make_speech(self.seed, 101, sibling.number, moment), SECTION), chance)

    def _add(self, item: Item, chance: random.Random) -> None:
        day = chance.choice((0, 0, 1, 4, 12))
        item.hits = [
            chance.choice((0, 7, 123)) + chance.randint(20, 4000) * chance.choice((0, 1, 1, 1)) + day,
            day,
            day,
            day,
        ]
        self.items[item.key] = item

    def live(self) -> list[Item]:
        """The section's speeches that can be read, oldest first."""
        found = [item for item in self.items.values() if item.class_id == SECTION and item.state == "live"]
        return sorted(found, key=lambda item: item.speech.number)

    def rows(self, class_ids: Iterable[int]) -> list[Item]:
        """ORDER BY IsTop DESC, ID DESC; the pinned row stands at its own place a second time."""
        wanted = set(class_ids) - ({SECTION} if self.section_empty else set())
        found = [item for item in self.items.values() if item.class_id in wanted and item.listed]
        found.sort(key=lambda item: (item.speech.number, item.speech.model), reverse=True)
        return [item for item in found if item.pinned] + found

    def neighbours(self, item: Item) -> tuple[Item | None, Item | None]:
        """The next smaller and next larger number in the same class."""
        same = [other for other in self.items.values() if other.class_id == item.class_id and other.state == "live"]
        number = item.speech.number
        smaller = [other for other in same if other.speech.number < number]
        larger = [other for other in same if other.speech.number > number]
        return (
            max(smaller, key=lambda other: other.speech.number, default=None),
            min(larger, key=lambda other: other.speech.number, default=None),
        )

    def count_hit(self, item: Item) -> None:
        item.hits = [hits + 1 for hits in item.hits]
        name = self.native_id(item)
        self.increments[name] = self.increments.get(name, 0) + 1

    def grow(self) -> None:
        self.growths += 1
        chance = dice(self.seed, "grow", self.growths)
        for item in self.items.values():
            more = chance.choice((0, 1, 2, 5, 17))
            item.hits = [hits + more for hits in item.hits]

    def step(self) -> dict[str, list[str]]:
        """One night of a site's life: created, changed, gone, and from the second night restored."""
        self.steps += 1
        chance = dice(self.seed, "step", self.steps)
        ordinary = [item for item in self.live() if not item.pinned and item.speech.model == 1]
        chosen = chance.sample(ordinary, min(5, len(ordinary)))
        changed = chosen[:3]
        for item in changed[:2]:
            item.speech = edited(item.speech, self.seed)
        if self.is_careless:
            changed[0].speech = damaged(changed[0].speech)
        for item in changed[2:]:
            item.speech = retitled(item.speech)
        restored = self._removed[:2]
        for item in restored:
            item.state = "live"
        for item in restored[1:]:
            item.speech = edited(item.speech, self.seed)
        self._removed = self._removed[2:] + chosen[3:]
        for item in chosen[3:]:
            item.state = "removed"
        self.grow()
        return {
            "created": [self.native_id(item) for item in self._create(chance)],
            "changed": [self.native_id(item) for item in [*changed, *restored[1:]]],
            "gone": [self.native_id(item) for item in chosen[3:]],
            "restored": [self.native_id(item) for item in restored],
        }

    def _create(self, chance: random.Random) -> list[Item]:
        created = []
        for place in range(3):
            number = max(number for _, number in self.items) + chance.randint(1, 4)
            moment = LAST_MOMENT + timedelta(
                days=3 * self.steps, hours=-20 + 5 * place, seconds=chance.randint(1, 9000)
            )
            item = Item(make_speech(self.seed, 1, number, moment), SECTION)
            self._add(item, chance)
            created.append(item)
        return created

    def truth(self, raw_author: bool, raw_source: bool) -> dict[str, Any]:
        speeches = [
            {"native_id": self.native_id(item), **_told(item, raw_author, raw_source, not self.section_empty)}
            for item in self.live()
        ]
        withheld = [item for item in self.items.values() if item.state not in ("live", "removed")]
        return {"section": "领导讲话", "speeches": speeches, "withheld": [self._withheld(item) for item in withheld]}

    def _withheld(self, item: Item) -> dict[str, str | None]:
        direct = item.target == FOREIGN_ROW
        reason = "no-permission" if item.state == "paid" else item.state
        return {
            "native_id": None if direct else self.native_id(item),
            "url": item.target or f"/Item/Show.asp?m={item.speech.model}&d={item.speech.number}",
            "title": item.speech.title,
            "reason": "not-found" if self.is_file(item) and reason in ("deleted-notice", "not-approved") else reason,
        }


def _moment(chance: random.Random, progress: float) -> datetime:
    moment = FIRST_MOMENT + (LAST_MOMENT - FIRST_MOMENT) * progress
    if chance.random() < 0.08:
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.replace(hour=chance.randint(7, 19), microsecond=0)


def _speakers(speech: Speech) -> list[dict[str, str | None]] | None:
    post = speech.context.get("speaker_post")
    return [{"name": name, "post": post} for name in speech.speaker.split("、")] if speech.speaker else None


def _told(item: Item, with_author: bool, with_source: bool, listed: bool) -> dict[str, Any]:
    speech = item.speech
    moment = speech.published
    return {
        "title": speech.title,
        "published_on": f"{moment:%Y-%m-%d}",
        "published_at": f"{moment:%Y-%m-%dT%H:%M:%S}+08:00" if moment.time() != moment.min.time() else None,
        "views": item.hits[0],
        "body": speech.body,
        "author": speech.author if with_author else None,
        "source": speech.source if with_source else None,
        "delivered_on": speech.delivered_on.isoformat() if speech.delivered_on else None,
        "speaker": speech.speaker,
        "speakers": _speakers(speech),
        **speech.context,
        "parts": len(speech.parts),
        "listed": listed,
        **speech.linked,
    }
