"""Speeches made from a seed. What a speech says is fixed here, before any HTML exists: that is the ground truth."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.replica.prose import chinese_date, chinese_number, dice, fill, person, plain_date, pools, sentences

if TYPE_CHECKING:
    import random


@dataclass(frozen=True)
class Table:
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Attachment:
    name: str
    href: str


@dataclass(frozen=True)
class Picture:
    src: str


Block = str | Table | Attachment | Picture
Part = tuple[Block, ...]


@dataclass(frozen=True)
class Speech:
    model: int
    number: int
    title: str
    published: datetime  # local time without zone, as the CMS stores it
    author: str
    source: str
    editor: str
    parts: tuple[Part, ...]
    delivered_on: date | None = None
    speaker: str | None = None
    context: dict[str, str | None] = field(default_factory=dict)
    revision: int = 0

    @property
    def native_id(self) -> str:
        return str(self.number) if self.model == 1 else f"{self.model}-{self.number}"

    @property
    def body(self) -> str:
        return "\n".join(line for part in self.parts for block in part for line in block_lines(block))

    @property
    def linked(self) -> dict[str, list[str]]:
        """What the body links to besides words, by kind."""
        blocks = [block for part in self.parts for block in part]
        return {
            "files": [block.href for block in blocks if isinstance(block, Attachment)],
            "pictures": [block.src for block in blocks if isinstance(block, Picture)],
        }


def block_lines(block: Block) -> list[str]:
    """The lines a reader sees of one block."""
    match block:
        case str():
            return [block]
        case Table(rows):
            return ["\t".join(row) for row in rows]
        case Attachment(name):
            return [f"附件：{name}"]
        case Picture():
            return []


@dataclass(frozen=True)
class _Heading:
    """Who spoke where and when, and which of it the page will say."""

    title: str
    lines: tuple[str, ...]
    speaker: str | None
    delivered_on: date | None
    context: dict[str, str | None]


def make_speech(seed: int, model: int, number: int, published: datetime) -> Speech:
    chance = dice(seed, "speech", model, number)
    heading = _heading(chance, published.date() - timedelta(days=chance.choice((0, 0, 1, 1, 2, 3, 5, 9, 20))))
    blocks = [*heading.lines, *_body(chance, published)]
    if chance.random() < 0.05 and heading.speaker:
        blocks.append("口" + heading.speaker)  # the printed ■ before a signature, as an export leaves it
    if chance.random() < 0.15:
        blocks.append(f"（责任编辑：{person(chance)}）")
    return Speech(
        model=model,
        number=number,
        title=heading.title,
        published=published,
        author=chance.choice(("佚名", "佚名", "办公室", person(chance))),
        source=chance.choice(("本站原创", "本站原创", "市政协办公室", "广水市政协研究室")),
        editor=chance.choice(("admin", "gszx", "bgs01")),
        parts=_cut_into_parts(blocks, chance.choice((2, 2, 3, 4)) if chance.random() < 0.08 else 1),
        delivered_on=heading.delivered_on,
        speaker=heading.speaker,
        context=heading.context,
    )


def make_news(seed: int, number: int, published: datetime) -> Speech:
    """An article of another column: never a speech, told nowhere in the truth."""
    chance = dice(seed, "news", number)
    matter = chance.choice(("防汛备汛", "春耕生产", "校园安全", "养老服务"))
    title = fill(f"市政协组织委员到{{town}}视察{matter}工作", chance)
    blocks = tuple(sentences("review", 2, chance) for _ in range(chance.randint(2, 5)))
    return Speech(1, number, title, published, "佚名", "本站原创", "admin", (blocks,))


def edited(speech: Speech, seed: int) -> Speech:
    """The same speech with one more paragraph and one paragraph reworded: what a site does quietly."""
    chance = dice(seed, "edit", speech.native_id, speech.revision)
    last = list(speech.parts[-1])
    late = len(last) * 2 // 3  # the head lines state speaker and day: those stay
    plain = [
        place for place, block in enumerate(last) if place >= late and isinstance(block, str) and len(block) > 40
    ]
    if plain:
        last[chance.choice(plain)] = sentences("work", 2, chance)
    last.append(sentences("tasks", 2, chance))
    return replace(speech, parts=(*speech.parts[:-1], tuple(last)), revision=speech.revision + 1)


def damaged(speech: Speech) -> Speech:
    """The same speech with a last paragraph that went through a wrong encoding, as happens to editors."""
    return replace(speech, parts=(*speech.parts[:-1], (*speech.parts[-1], "以上意见，请予锟斤拷议。")))


def retitled(speech: Speech) -> Speech:
    return replace(speech, title=speech.title + "（全文）", revision=speech.revision + 1)


def _heading(chance: random.Random, day: date) -> _Heading:
    meeting = fill(chance.choice(pools()["meeting"]), chance)
    kind = chance.choice(("讲话", "讲话", "讲话", "致辞", "主持词"))
    name, second = person(chance), person(chance)
    form = chance.choice(("report", "chair", "chair", "colon", "joint", "plain", "plain", "plain"))
    post = f"市政协{chance.choice(('主席', '副主席', '党组书记、主席'))}"
    title = {
        "report": f"{name}同志在{meeting}上作{chance.choice(('常委会工作报告', '提案工作情况的报告'))}",
        "chair": f"{post}{name}在{meeting}上的{kind}",
        "colon": f"{name}：在{meeting}上的致辞",
        "joint": f"{name}、{second}在{meeting}上的{kind}",
        "plain": f"在{meeting}上的{kind}",
    }[form]
    speaker: str | None = f"{name}、{second}" if form == "joint" else name
    lines = [title] if chance.random() < 0.3 else []
    speaker_line, signed_as = _speaker_line(chance, name) if form == "plain" else ("", None)
    if form == "plain" and not speaker_line:
        speaker = None
    date_line = ""
    if stated := chance.random() < 0.6:
        date_line, names_speaker = _date_line(chance, day, meeting, name if form != "joint" else "")
        speaker = name if names_speaker else speaker
    pair = [date_line, speaker_line]
    lines += [line for line in (pair if chance.random() < 0.5 else reversed(pair)) if line]
    context = _context_of(meeting)
    context["speaker_post"] = post if form == "chair" else signed_as
    context["genre"] = {"report": "工作报告", "colon": "致辞"}.get(form, kind)
    return _Heading(title, tuple(lines), speaker, day if stated else None, context)


def _context_of(meeting: str) -> dict[str, str | None]:
    """What the name of a meeting of `prose.txt` says."""
    numbers = re.fullmatch(r"(?:政协广水市第|市政协)(.+?)届(?:委员会第)?(.+?)次(?:常委会)?会议", meeting)
    return {
        "meeting": meeting,
        "committee": "政协广水市委员会",
        "term": f"第{numbers[1]}届" if numbers else None,
        "session": f"第{numbers[2]}次会议" if numbers else None,
    }


def _speaker_line(chance: random.Random, name: str) -> tuple[str, str | None]:
    """A head line with the speaker, and the post it names."""
    post = chance.choice(("政协广水市委员会主席", "政协广水市委员会副主席", "市政协党组书记、主席"))
    padded = name if len(name) != 2 else name[0] + chance.choice(("\u3000", "\u00a0\u00a0", " ")) + name[1]
    lines = ((f"{post}\u3000{padded}", post), (f"{post} {name}", post), (name, None), (padded, None), ("", None))
    return chance.choice(lines)


def _date_line(chance: random.Random, day: date, meeting: str, name: str) -> tuple[str, bool]:
    """A head line stating the day; the flag says whether it names the speaker too."""
    if name and chance.random() < 0.15:
        return f"({plain_date(day)} {name})", True
    forms = (
        f"——{plain_date(day)}在{meeting}上",
        f"——{plain_date(day)}在{meeting}上",
        f"（{plain_date(day)}）",
        f"（{chinese_date(day)}）",
        plain_date(day),
        f"（{day.year}年{day.month:02}月{day.day:02}日）",
    )
    return chance.choice(forms), False


def _body(chance: random.Random, published: datetime) -> list[Block]:
    blocks: list[Block] = [chance.choice(pools()["salutation"]), sentences("opening", chance.randint(1, 3), chance)]
    middle = chance.choice((1, 3, 5, 8, 12, 20, 30))
    headings = iter(chance.sample(pools()["heading"], 10))
    for place in range(middle):
        if middle > 3 and place % 4 == 0 and (heading := next(headings, "")):
            blocks.append(f"{chinese_number(place // 4 + 1)}、{heading}")
        pool = chance.choice(("review", "review", "work", "work", "tasks", "problem"))
        text = sentences(pool, chance.randint(1, 4), chance)
        blocks.append(text + sentences("special", 1, chance) if chance.random() < 0.2 else text)
    blocks.append(sentences("tasks", 2, chance))
    _add_extras(blocks, chance, published)
    blocks.append(sentences("closing", chance.randint(1, 2), chance))
    return blocks


def _add_extras(blocks: list[Block], chance: random.Random, published: datetime) -> None:
    stamp = f"{published:%Y%m%d%H%M%S}"
    folder = f"/UploadFiles/{published:%Y-%m}"
    if chance.random() < 0.15:
        blocks.insert(chance.randint(2, len(blocks)), _table(chance))
    if chance.random() < 0.3:
        for picture in range(chance.randint(1, 3)):
            blocks.insert(chance.randint(0, len(blocks)), Picture(f"{folder}/{stamp}{picture:02}.jpg"))
    if chance.random() < 0.06:
        blocks.append(Attachment("会议材料.doc", f"{folder}/{stamp}.doc"))
    if chance.random() < 0.06:
        blocks.append(Attachment("委员名单.xls", f"/Item/FileDown.asp?ID={chance.randint(100, 999)}"))


def _table(chance: random.Random) -> Table:
    head = ("序号", "联络处", "提案（件）", "办复率", "负责人")
    towns = chance.sample(pools()["town"], chance.randint(3, 6))
    rows = [
        (str(place), town, f"{chance.randint(3, 2500):,}", f"{chance.uniform(80, 100):.1f}%", person(chance))
        for place, town in enumerate(towns, 1)
    ]
    return Table((head, *rows))


def _cut_into_parts(blocks: list[Block], count: int) -> tuple[Part, ...]:
    size = -(-len(blocks) // count)
    return tuple(tuple(blocks[start : start + size]) for start in range(0, len(blocks), size))
