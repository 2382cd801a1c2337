"""Recognises names of people: surnames, posts, and words and places that only look like names.

`people` reads a whole phrase (the subject of a title, a signature line) and gives names only when all of it is
recognised as posts and names, else None.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from pipelines.record import SEVERAL

BLANKS = " \t\u3000\xa0\u2002\u2003\u2009\u200b\ufeff"

_LISTS: dict[str, str] = tomllib.loads(files("pipelines.text").joinpath("names.toml").read_text("utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


def _characters(name: str) -> frozenset[str]:
    return frozenset("".join(_LISTS[name].split()))


SURNAMES = _characters("surnames")
COMPOUND = _words("compound_surnames")
_WORDY = _characters("wordy_surnames")
_NEVER_BARE = _characters("never_bare")
_TOWNSHIP_ENDS = _characters("township_ends")
_WORDS = _words("words")
_TAILS = _words("tails")
_PLACES = _words("places")
_SOUNDS = _characters("sounds")

POST = (
    r"(?:(?:常务副|第一副|代理|副|代|原)?(?:党组书记|党组成员|党委书记|总书记|书记(?!处)|主席(?!团)|秘书长|主任委员|主任(?!委员)"
    r"|委员长|委员(?!会)|常委(?!会)|主委|市长|县长|区长|省长|州长|旗长|盟长|镇长|乡长|部长|局长|厅长|司长|处长|科长|会长|院长|校长"
    r"|组长|所长|社长|台长|站长|馆长|董事长|总经理|经理|理事长|总理|教授|研究员|代表(?!团|队|大会)|检察长|政委|司令员|召集人|委员会主席))"
)
_MARK = re.compile(r"(?:同志|先生|女士)$")
_AFTER = re.compile(rf"(?:{POST})+$")
_LAST_POST = re.compile(rf"^(?P<before>.*{POST})(?P<name>[^（(]+)$")
_ORGAN = re.compile(
    r"^.*(?:政协|委员会|[省市县区]委|人大|政府|统战部|工商联|民[盟革建进]|农工党|致公党|九三学社|台盟|机关|办公室|[局院校会])"
)
_READS_ANOTHER = re.compile(
    r"学习|传达|贯彻|落实|关于|解读|听取|转发|印发|围绕|根据|按照|领会|重温|纪念|悼念|缅怀|欢迎|欢送|宣读|观看|收看|收听|聆听"
    r"|感悟|研读|深入|认真|坚决|坚持|推动|紧跟|牢记|致敬|怀念|追忆|访|记|对照|深学|遵循|践行|采访|走近|图解|摘编"
)
_HAN = r"[\u4e00-\u9fff\u3400-\u4dbf]"
_DOTTED = re.compile(rf"{_HAN}{{1,8}}(?:[·•‧・]{_HAN}{{1,8}}){{1,3}}")
_FEW_HANZI = re.compile(f"{_HAN}{{2,5}}")
_PADDED = re.compile(f"{_HAN}[{BLANKS}]+{_HAN}")
_LIST, _BLANK_RUN = re.compile("[、，,；;]"), re.compile(f"[{BLANKS}]+")
_NO_BLANKS = dict.fromkeys(map(ord, BLANKS))
_NEVER_GIVEN = frozenset("的了是们这那与及或在议委局部厅省县区")
_NEVER_LAST = frozenset("会党之于上下内外等者型级类处科室组队厂校所站镇乡村街策案率院市联社办团盟旗")
_APPOSITION = re.compile(rf"[（(][^（()）]*{POST}[^（()）]*[)）]")


def squeeze(text: str) -> str:
    """The text without whitespace (`韦　东` → `韦东`)."""
    return text.translate(_NO_BLANKS)


def is_name(text: str, *, marked: bool) -> bool:
    """Whether the whole text is a person's name; `marked` when a post or 同志 beside it says it is a person's."""
    if _DOTTED.fullmatch(text):
        return marked or (len(text) > 4 and sum(c in _SOUNDS or c in "·•‧・" for c in text) / len(text) > 0.8)
    if not _FEW_HANZI.fullmatch(text) or text[:3] in _WORDS or text[-2:] in _TAILS:
        return False
    # Behind a post 林长青 is a person although 林长 is a post itself; 马克思 and the like are words of three.
    if text[:2] in _WORDS and not (marked and len(text) == 3):
        return False
    family = text[:2] if len(text) in {3, 4} and text[:2] in COMPOUND else text[:1]
    given = text[len(family) :]
    if not ((family in SURNAMES or family in COMPOUND) and len(given) <= 2):
        return marked and all(character in _SOUNDS for character in text)
    if set(given) & _NEVER_GIVEN or (
        given[-1] in _NEVER_LAST and not (marked and len(given) == 2 and given[-1] == "之")
    ):
        return False
    return marked or not (text in _PLACES or family in _NEVER_BARE or (len(text) == 2 and _wordy(text)))


def _wordy(text: str) -> bool:
    return text[0] in _WORDY or text[0] == text[1] or text[1] in _TOWNSHIP_ENDS


def people(words: str, *, marked: bool = False) -> str | None:
    """Names in a phrase that is nothing but posts, bodies and names; several joined by 、; None when in doubt."""
    phrase = _APPOSITION.sub("", words).strip(BLANKS + "：:，,—-―–")
    if not phrase or len(phrase) > 60 or _READS_ANOTHER.match(squeeze(phrase)):
        return None
    pieces = [piece.strip(BLANKS) for piece in _LIST.split(phrase)]
    found = [_piece(piece, marked) for piece in pieces]
    if any(found):  # a name marks its neighbours: `田东、姚怀远` are two people, although 田东 is a county too
        found = [
            _piece(piece, marked=True) if names is None else names for piece, names in zip(pieces, found, strict=True)
        ]
    if None in found:
        return None
    return SEVERAL.join(dict.fromkeys(name for names in found for name in names or ())) or None


def _piece(piece: str, marked: bool) -> list[str] | None:
    """Names in one member of an enumeration: [] when it is a post without a name, None when not understood."""
    whole = squeeze(piece)
    plain = _MARK.sub("", whole)
    before_post = _AFTER.sub("", plain)
    marked = marked or plain != whole
    if before_post != plain:
        return _before_post(before_post, piece)
    # A blank put inside two characters is how names are set level with those of three; places and words are not.
    padded = _PADDED.fullmatch(piece) is not None
    if is_name(plain, marked=marked or padded):
        return [plain]
    if (after := _LAST_POST.match(plain)) and is_name(after["name"], marked=True):
        return [after["name"]]
    if marked and (organ := _ORGAN.match(plain)) and is_name(plain[organ.end() :], marked=True):
        return [plain[organ.end() :]]
    return _spaced(piece, marked)


def _before_post(text: str, piece: str) -> list[str] | None:
    """`何庆海主席`, `政协何庆海主席`, `何庆海 市政协主席`; [] for a body without a name (`市政协主席`)."""
    if is_name(text, marked=True) and text not in _PLACES:
        return [text]
    organ = _ORGAN.match(text)
    if organ and is_name(text[organ.end() :], marked=True):
        return [text[organ.end() :]]
    first = _BLANK_RUN.split(piece)[0]
    if first != piece and is_name(first, marked=False):
        return [first]
    after = _LAST_POST.match(text)
    return [after["name"]] if after and is_name(after["name"], marked=True) else []


def _spaced(piece: str, marked: bool) -> list[str] | None:
    """Names separated by whitespace: `何庆海 李明`, `广水市政协 何庆海`."""
    tokens = _BLANK_RUN.split(piece)
    if len(tokens) < 2:
        return None
    tokens[-1] = _MARK.sub("", tokens[-1])
    if all(is_name(token, marked=marked) for token in tokens):
        return tokens
    organ = _ORGAN.match(tokens[0])
    name = "".join(tokens[1:])
    if organ and organ.end() == len(tokens[0]) and is_name(name, marked=marked):
        return [name]
    return None
