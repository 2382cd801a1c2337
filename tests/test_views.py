"""View counts: answers of counters and numbers printed in pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reasons import PROBLEM_CODES
from pipelines.text.dates import Unread
from pipelines.text.views import view_count

FULL_WIDTH = str.maketrans("0123456789,", "０１２３４５６７８９，")
counts = st.integers(1, 10**12)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ("document.write('124');", 124),
        ("\ufeff\r\n \r\n\ufeff  document.write('124'); \r\n", 124),
        ('document.write("124")', 124),
        ("document.writeln('7');\r\n", 7),
        ("document.write('0');", 0),
        ("$('#hits').html('12');", 12),
        ("$('#todaydowns').html('1');$('#weekdowns').html('3');$('#hits').html('12');", 12),
        ("jQuery('#hits').text(12)", 12),
        ("124", 124),
        ("00124", 124),
        (" 124\r\n", 124),
        ("1.2万", 12000),
        ("3.05万次", 30500),
        ("1.2345万", 12345),
        ("1.5亿", 150_000_000),
        ("2万", 20000),
        ("1,024", 1024),
        ("１，０２４", 1024),
        ("１２３", 123),
        ("浏览：124次", 124),
        ("浏览数:124", 124),
        ("点击数(124)", 124),
        ("阅读量 1.2 万", 12000),
        ("本文已被浏览 124 次", 124),
        ("已有124人浏览", 124),
        ("12.0", 12),
    ],
)
def test_counts(raw: str, count: int) -> None:
    assert view_count(raw, source="counter") == count


@pytest.mark.parametrize(
    ("raw", "source", "code"),
    [
        (None, None, "missing"),
        ("", "counter", "missing"),
        ("\ufeff\r\n ", "counter", "missing"),
        ("document.write('');", "counter", "missing"),
        ("浏览数:", "page", "missing"),
        ("浏览：次", "page", "missing"),
        ("0", "page", "placeholder"),
        ("点击数(0)", "page", "placeholder"),
        ("0", None, "placeholder"),
        ("-5", "counter", "impossible"),
        ("document.write('-5');", "counter", "impossible"),
        ("9" * 5000, "counter", "impossible"),
        ("9007199254740992", "counter", "impossible"),
        ("12.5", "page", "unreadable"),
        ("1.23456万", "page", "unreadable"),
        ("10万+", "page", "unreadable"),
        ("1,24", "page", "unreadable"),
        ("万", "page", "unreadable"),
        ("abc", "page", "unreadable"),
        ("12 34", "page", "unreadable"),
        ("document.write('<a href=x>12</a>');", "counter", "unreadable"),
        ("document.write('12');document.write('13');", "counter", "unreadable"),
        ("document.write('12');alert('x');", "counter", "unreadable"),
        ("<html><body>ADODB error '800a0e78' 500</body></html>", "counter", "unreadable"),
        ("数据库连接出错，请检查Conn.asp文件中的数据库参数设置。", "counter", "unreadable"),
    ],
)
def test_no_count(raw: str | None, source: str | None, code: str) -> None:
    unread = view_count(raw, source=source)
    assert isinstance(unread, Unread)
    assert unread.code == code


@given(
    counts,
    st.sampled_from(
        ["{}", "浏览：{}次", "document.write('{}');", "\ufeff\r\n$('#hits').html('{}');\r\n", "点击数({})"]
    ),
)
def test_printed_counts_read_back(count: int, shape: str) -> None:
    for printed in (str(count), f"{count:,}", str(count).translate(FULL_WIDTH), f"{count:,}".translate(FULL_WIDTH)):
        assert view_count(shape.format(printed), source="page") == count


@given(st.integers(1, 10**11))
def test_ten_thousands_are_exact(count: int) -> None:
    whole, rest = divmod(count, 10**4)
    assert view_count(f"{whole}.{rest:04}万", source="page") == count


@given(
    st.text() | st.text(alphabet="0123456789.,万亿-+'\"();document.write$# ", max_size=30),
    st.sampled_from(["page", "counter", None]),
)
def test_any_text_is_read_or_told(raw: str, source: str | None) -> None:
    count = view_count(raw, source=source)
    if isinstance(count, Unread):
        assert count.code in PROBLEM_CODES
    else:
        assert 0 <= count < 2**53
        assert count > 0 or source == "counter"
