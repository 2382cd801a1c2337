"""Paragraphs → the HTML an editor pasted from Word twelve years ago. What a reader sees is exactly the paragraphs."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crawler.replica.speeches import Attachment, Part, Picture, Table

if TYPE_CHECKING:
    import random

Layout = Literal["word", "paragraphs", "breaks", "divs", "strong"]
LAYOUTS: tuple[Layout, ...] = ("word", "word", "paragraphs", "paragraphs", "breaks", "divs", "strong")

TOKEN = re.compile(r"\d[\d,.]*|[A-Za-z]+|[^\d A-Za-z]| +")
# A source line break may stand between two of these and disappears; quotes and dashes are of ambiguous width.
CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff，。、；：！？]")
INDENTS = ("", "&nbsp;&nbsp;&nbsp; ", "\u3000\u3000", "&nbsp;&nbsp;&nbsp;&nbsp;", "\u3000\u3000", "&nbsp; &nbsp; ")
ENTITIES = {
    "“": "&ldquo;",
    "”": "&rdquo;",
    "—": "&mdash;",
    "…": "&hellip;",
    "·": "&middot;",
    "‘": "&lsquo;",
    "’": "&rsquo;",
}
UNSEEN = (
    "<wbr>",
    "<!-- 此处换行 -->",
    '<span style="display:none">隐藏的校对记号</span>',
    '<SPAN style="COLOR: red; DISPLAY: none">甲</SPAN>',
    "<span style='visibility:hidden'>占位</span>",
    '<a name="_GoBack"></a>',
    "<span></span>",
)
UNSEEN_BLOCKS = (
    "<p>&nbsp;</p>",
    "<p>\u3000\u3000</p>",
    "<div><br></div>",
    '<div style="display: none">审稿意见：同意发布。</div>',
    '<style>.MsoNormal{mso-style-parent:"";margin:0cm;}</style>',
    '<script type="text/javascript">var pasted = "不是正文";</script>',
    "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->",
)
NAMESPACE = '<?xml:namespace prefix = o ns = "urn:schemas-microsoft-com:office:office" />'
WORD_STYLE = "FONT-SIZE: 16pt; FONT-FAMILY: 仿宋_GB2312; mso-bidi-font-size: 12.0pt; mso-hansi-font-family: 宋体"


@dataclass(frozen=True)
class BodyLinks:
    """Where a body's links point: the CMS rewrites them when it prints the page."""

    home: str
    picture: str | None  # None: to the picture itself


def render(part: Part, chance: random.Random, links: BodyLinks) -> str:
    layout = chance.choice(LAYOUTS)
    writer = _Writer(layout, chance, links)
    opening = NAMESPACE if layout == "word" and chance.random() < 0.7 else ""
    pieces = [writer.unseen_block(0.08) + writer.block(block) for block in part]
    return opening + "".join(pieces) + writer.unseen_block(0.2)


class _Writer:
    def __init__(self, layout: Layout, chance: random.Random, links: BodyLinks) -> None:
        self.layout = layout
        self.chance = chance
        self.links = links
        self.restless = chance.choice((0.0, 0.01, 0.03))
        self.line_breaks = chance.choice((0.0, 0.0, 0.02))
        self.innerlinks_left = chance.choice((0, 1, 3))

    def block(self, block: str | Table | Attachment | Picture) -> str:
        match block:
            case str():
                return self.paragraph(self.inline(block))
            case Table():
                return self.table(block)
            case Attachment(name, href):
                link = f'<a href="{href}" target="_blank">{html.escape(name)}</a>'
                return self.paragraph(f"附件：{link}")
            case Picture(src):
                return self.picture(src)

    def unseen_block(self, likelihood: float) -> str:
        return self.chance.choice(UNSEEN_BLOCKS) + "\r\n" if self.chance.random() < likelihood else ""

    def paragraph(self, content: str) -> str:
        inner = self.chance.choice(INDENTS) + content + self.chance.choice(("", "", "", "&nbsp;", " ", "\u3000"))
        match self.layout:
            case "word":
                return self._word_paragraph(inner)
            case "paragraphs":
                return self.chance.choice(
                    (f"<p>{inner}</p>\r\n", f'<P style="TEXT-INDENT: 2em">{inner}</P>', f"<p>{inner}\r\n")
                )
            case "breaks":
                return inner + self.chance.choice(("<br><br>\r\n", "<br />\r\n", "<BR>", "<br/>&nbsp;<br/>"))
            case "divs":
                return f"<div>{inner}</div>" + self.chance.choice(("", "<div><br></div>", "\r\n"))
            case "strong":
                opening, closing = self.chance.choice(
                    (("<strong>", "</strong>"), ("<b><font size=3>", "</font></b>"), ("", ""))
                )
                return f"{opening}<div>{inner}</div>{closing}\r\n"

    def _word_paragraph(self, inner: str) -> str:
        spacer = '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>' if self.chance.random() < 0.15 else ""
        indent = self.chance.choice(("", ' style="TEXT-INDENT: 32pt; mso-char-indent-count: 2.0"', " align=left"))
        return (
            f'<p class="MsoNormal"{indent}><span\r\nstyle="{WORD_STYLE}">{inner}'
            f"<span lang=EN-US><o:p></o:p></span></span></p>\r\n{spacer}"
        )

    def picture(self, src: str) -> str:
        target = self.links.picture or src
        image = (
            f'<a href="{target}"><img src="{src}" alt="点击浏览下一页" onmousewheel="return bbimg(this)" '
            f'onload="javascript:resizepic(this)" border="0"></a>'
        )
        return f'<p align="center">{image}</p>' if self.chance.random() < 0.7 else f"<div>{image}</div>"

    def table(self, table: Table) -> str:
        wordy = self.layout == "word"
        rows = []
        for place, row in enumerate(table.rows):
            tag = "th" if place == 0 and not wordy else "td"
            rows.append("<tr>" + "\r\n".join(f"<{tag}>{self._cell(cell, wordy)}</{tag}>" for cell in row) + "</tr>")
        kind = (
            ' class="MsoTableGrid" style="BORDER-COLLAPSE: collapse; mso-yfti-tbllook: 1184"'
            if wordy
            else ' border="1"'
        )
        return f"<table{kind}><tbody>" + "\r\n".join(rows) + "</tbody></table>\r\n"

    def _cell(self, text: str, wordy: bool) -> str:
        content = self.inline(text)
        return f'<p class="MsoNormal" align=center>{content}<o:p></o:p></p>' if wordy else content

    def inline(self, text: str) -> str:
        tokens = TOKEN.findall(text)
        pieces: list[str] = []
        open_run = ""
        for place, piece in enumerate(tokens):
            if place:
                pieces.append(self._gap(tokens[place - 1], piece))
            if open_run and self.chance.random() < 0.1:
                pieces.append(open_run)
                open_run = ""
            elif not open_run and self.chance.random() < 0.01:
                opening, open_run = self.chance.choice(
                    (("<b>", "</b>"), ("<FONT face=宋体>", "</FONT>"), ("<u>", "</u>"))
                )
                pieces.append(opening)
            pieces.append(self._token(piece, tokens[place - 1] if place else ""))
        return self._with_innerlink("".join(pieces) + open_run)

    def _gap(self, left: str, right: str) -> str:
        """What may stand between two tokens without being seen."""
        if CJK.fullmatch(left) and CJK.fullmatch(right) and self.chance.random() < self.line_breaks:
            return self.chance.choice(("\r\n", "\n", "\r\n    ", " \n"))
        return self.chance.choice(UNSEEN) if self.chance.random() < self.restless else ""

    def _token(self, piece: str, before: str) -> str:
        written = self._escaped(piece, before)
        if self.layout != "word":
            return written
        if piece[0].isdigit() or (piece[0].isascii() and piece.isalpha()):
            return f"<span lang=EN-US>{written}</span>" if self.chance.random() < 0.8 else written
        if piece in "“”‘’":
            return f"<span style=\"FONT-FAMILY: 'Times New Roman'\">{written}</span>"
        follows_number = before[:1].isdigit() and CJK.fullmatch(piece)
        return f"<span\r\nstyle='mso-ascii-font-family: 宋体'>{written}</span>" if follows_number else written

    def _escaped(self, piece: str, before: str) -> str:
        if piece in ENTITIES and self.chance.random() < 0.5:
            return ENTITIES[piece]
        if piece == "\u00a0":
            return "&nbsp;"
        if piece.isspace() and piece.isascii():
            # A line break is a blank only where it does not stand between two CJK characters.
            breakable = before.isascii() and before.isalnum()
            return self.chance.choice((" ", " ", "  ", "\t", "\r\n" if breakable else " "))
        if ord(piece[0]) > 0xFFFF and self.chance.random() < 0.3:
            return f"&#{ord(piece)};"
        return html.escape(piece, quote=False)

    def _with_innerlink(self, written: str) -> str:
        if self.innerlinks_left and "提案" in written:
            self.innerlinks_left -= 1
            link = f'<a href="{self.links.home}" target="_blank" class="innerlink">提案</a>'
            return written.replace("提案", link, 1)
        return written
