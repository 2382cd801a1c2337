"""Detects text decoded with a wrong encoding.

UTF-8 read as GBK: full-width characters begin with the bytes EF BC, E3 80 or E2 80, which GBK shows as 锛, 銆 and
鈥; and the whole turns back into UTF-8 when it is encoded again. U+FFFD read as GBK is 锟斤拷. UTF-8 and GBK read as
Latin-1 or windows-1252 are runs of accented letters that no language writes. GBK read as UTF-8 is U+FFFD (`damaged`).
"""

from __future__ import annotations

import re

from pipelines.damage.spans import Span, paragraphs, spans

_MEMORY = re.compile("锟斤拷?|烫烫烫|屯屯屯")
_LEAD = "锛銆鈥"
_LEADS = re.compile(f"[{_LEAD}]")
_FEWEST_LEADS = 2
_UTF8 = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}|\xe2[\x80-\x9f][\x80-\xbf])")
_ASCII = bytes(range(128))
_FEWEST_HEADS = 2
_FEWEST_SEQUENCES = 4
# What the first two bytes of a hanzi in UTF-8 (E3 to E9, 80 to BF) are in GBK: rare characters, nearly all of them.
_HEAD = b"".join(bytes((a, b)) for a in range(0xE3, 0xEA) for b in range(0x80, 0xC0)).decode("gb18030")
_HEADS = re.compile(f"[{_HEAD}]")
_SHARE = 0.8
_REST = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_UTF8_SHOWN = re.compile(rf"(?:[ãäåæçèéï]{_REST}{{2}}){{2,}}|Ã[\u0080-\u00bf]|â€{_REST}|Â[\u00a0-\u00bf]")
_GBK_SHOWN = re.compile("[\u00a1-\u00ff]{4,}")
_LATIN = "À-ÖØ-öø-ÿ"
_LETTER = re.compile(f"[{_LATIN}]")
ODD = f"锟烫屯{_LEAD}{_HEAD}{_LATIN}"
"""Characters, for a character class: a text without them is no mojibake."""


def mojibake(text: str) -> list[Span]:
    """Places that become other text when their bytes are decoded with another encoding."""
    found = spans(_MEMORY, text)
    leads = spans(_LEADS, text)
    if len(leads) >= _FEWEST_LEADS:
        found += leads
    if len(_HEADS.findall(text)) >= _FEWEST_HEADS:
        found += [span for span in paragraphs(text) if _turns_into_utf8(text[slice(*span)])]
    # Both kinds have a letter: the first begins with one, of the second a quarter must be.
    if _LETTER.search(text):
        found += spans(_UTF8_SHOWN, text)
        found += [match.span() for match in _GBK_SHOWN.finditer(text) if _turns_into_chinese(match[0])]
    return sorted(set(found))


def _turns_into_utf8(paragraph: str) -> bool:
    if len(_HEADS.findall(paragraph)) < _FEWEST_HEADS:
        return False
    data = paragraph.encode("gb18030", "ignore")
    sequences = len(_UTF8.findall(data))
    return sequences >= _FEWEST_SEQUENCES and 3 * sequences >= _SHARE * len(data.translate(None, _ASCII))


def _turns_into_chinese(run: str) -> bool:
    """Whether a run of Latin-1 is Chinese in GBK; a row of dots, crosses or guillemets has hardly a letter."""
    try:
        run.encode("latin-1").decode("gb2312")
    except UnicodeDecodeError:
        return False
    return 4 * len(_LETTER.findall(run)) >= len(run)
