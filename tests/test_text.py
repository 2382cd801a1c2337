"""Body text: nothing lost, nothing added, nothing folded."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rendering import body_text, visible_text

CASES = {
    "Word runs of one character": ("<p>——<span>2023</span><span>年</span><b>12</b>月</p>", "——2023年12月"),
    "quotes in a font of their own": ("<p><font>“</font>十四五<font>”</font></p>", "“十四五”"),
    "office tags": ("<p>甲<o:p></o:p><?xml:namespace prefix = o />乙<o:p>&nbsp;</o:p></p>", "甲乙"),
    "indents of NBSP and U+3000": ("<p>&nbsp;&nbsp;　　各位委员：</p><p>　</p>", "各位委员："),
    "inner U+3000 and NBSP stay": ("<p>韦　东&nbsp;ＱＳ</p>", "韦　东\u00a0ＱＳ"),
    "paragraphs by br": ("甲<br><br>　　乙<br/>丙", "甲\n乙\n丙"),
    "paragraphs by div with spacers": ("<strong><div>甲</div></strong><div><br></div><div>乙</div>", "甲\n乙"),
    "a source line break between CJK": ("<p>团结\r\n    和民主，\n凝聚“\n共识”</p>", "团结和民主，凝聚“共识”"),
    "a source line break beside ASCII": ("<p>共 3\n件 CPPCC\n2023</p>", "共 3 件 CPPCC 2023"),
    "a line break across tags": ("<p><b>甲</b>\n<i>乙</i> <u>丙</u></p>", "甲乙 丙"),
    "comments and wbr": ("<p>政<!-- 商 -->协<wbr>会<script>1</script>议<style>p{}</style></p>", "政协会议"),
    "hidden": ('<p>甲<i style="display:none">乙</i><i style="VISIBILITY: hidden">丙</i><i hidden>丁</i></p>', "甲"),
    "visible inside hidden": ('<p style="visibility:hidden">甲<i style="visibility:visible">乙</i></p>', "乙"),
    "no size, sized again": ('<p style="font-size:0">甲<span style="font-size:14px">乙</span></p>', "乙"),
    "off the screen": ('<p>甲<span style="position:absolute;left:-9999px">乙</span></p>', "甲"),
    "a hidden word, a block that fades in": (
        '<p>甲<i style="opacity:0">乙</i></p><p style="opacity:0">丙</p><i style="opacity:0;display:block">丁</i>',
        "甲\n丙\n丁",
    ),
    "preformatted": ("<pre>\n　　甲\r\n\n<b>乙\n丙</b>丁  1</pre>", "甲\n乙\n丙丁 1"),
    "breaks kept by style": (
        '<div style="white-space: pre-line">甲\n乙<p style="white-space:normal">丙\n丁</p></div>',
        "甲\n乙\n丙丁",
    ),
    "a table": (
        "<table><tr><th>甲</th><th><p>乙</p></th></tr><tr><td></td><td>1<br>2</td></tr></table>",
        "甲\t乙\n\t1\n2",
    ),
    "a layout table": ("<table><tr><td><p>甲</p><p>乙</p></td></tr></table>", "甲\n乙"),
    "a table in a table": (
        "<table><tr><td>甲<table><tr><td>1</td><td>2</td></tr></table></td></tr></table>",
        "甲\n1\t2",
    ),
    "pictures have no text": ('<p>甲<img alt="点击浏览下一页">乙</p>', "甲乙"),
    "entities": ("<p>&ldquo;甲&rdquo;&mdash;&hellip;&#150;&lt;35&gt;&amp;nbsp;</p>", "“甲”—…–<35>&nbsp;"),
    "characters beyond the plane": ("<p>𠮷<span>䶮</span>喆</p>", "𠮷䶮喆"),
    "a NUL is no end": ("<p>甲\x00乙</p>", "甲乙"),
    "blocks and inlines by style": (
        '<span style="display:block">甲</span>乙<p style="display:inline">丙</p>',
        "甲\n乙丙",
    ),
    "a zero width space is no paragraph": ("<p>\u200b</p><p>甲\u200b乙</p>", "甲\u200b乙"),
    "line separators are characters": ("<p>甲\u2028乙\u0085丙</p>", "甲\u2028乙\u0085丙"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_browser_shows(case: str) -> None:
    fragment, text = CASES[case]
    assert visible_text(fragment) == text


def test_parts_are_joined_by_a_line_feed() -> None:
    assert body_text(["<div><p>甲</p></div>", "<div> </div>", "<div>乙</div>"]) == "甲\n乙"


# A tree of inline tags around any text without ASCII blanks: what goes in comes out, joined by nothing.
SOLID = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="\ufffd\ufeff\ufffe\uffff"
)
CHINESE = st.sampled_from("年月日“”‘’，。；：（）《》、—…·会议𠮷䶮喆１２Ａ3a")
TEXT = st.text(alphabet=SOLID | CHINESE, min_size=1, max_size=6)
INLINE = st.sampled_from(["span", "b", "i", "u", "font", "a", "strong", "em", "o:p", "st1:chsdate", "sub"])
NOTHING = st.sampled_from(
    [
        "<wbr>",
        "<!-- 甲 -->",
        "<o:p></o:p>",
        "<?xml:namespace prefix = o />",
        '<a name="_GoBack"></a>',
        "<script>甲</script>",
        "<noscript>乙</noscript>",
        '<i style="display:none">乙</i>',
        '<i style="visibility: hidden">乙</i>',
        '<span style="position:absolute;left:-9999px">乙</span>',
        '<font style="font-size:0px">乙</font>',
        "<b hidden>乙</b>",
    ]
)


def wrapped(children: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    joined = st.lists(children, min_size=1, max_size=4).map(
        lambda pairs: ("".join(a for a, _ in pairs), "".join(b for _, b in pairs))
    )
    return st.tuples(INLINE, joined).map(lambda made: (f"<{made[0]}>{made[1][0]}</{made[0]}>", made[1][1]))


INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060"
LEAF = TEXT.map(lambda text: (html.escape(text), text)) | NOTHING.map(lambda tag: (tag, ""))


@given(st.lists(st.recursive(LEAF, wrapped, max_leaves=12), min_size=1, max_size=6))
def test_inline_text_comes_out_as_it_went_in(pieces: list[tuple[str, str]]) -> None:
    fragment, text = "".join(piece for piece, _ in pieces), "".join(told for _, told in pieces)
    assert visible_text(f"<p>{fragment}</p>") == (text if text.strip(INVISIBLE) else "")


@given(st.lists(st.text(alphabet=SOLID | CHINESE, min_size=1, max_size=8).filter(lambda line: line.strip(INVISIBLE))))
def test_preformatted_lines_come_out_as_they_went_in(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert visible_text(f"<pre>{html.escape(text)}</pre>") == text


@given(st.text(max_size=200))
def test_any_text_at_all_can_be_read(fragment: str) -> None:
    visible_text(fragment)
