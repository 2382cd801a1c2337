"""Printed dates: the raw forms of KesionCMS, its 17 list forms, Chinese numerals, and what must stay unread."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reasons import PROBLEM_CODES
from pipelines.text.dates import Moment, Unread, find_dates, published, spoken_day
from tests.conftest import ROOT

CHINA = ZoneInfo("Asia/Shanghai")
SEEN = datetime(2026, 1, 10, 2, 0, tzinfo=UTC)
NUMERALS = "〇一二三四五六七八九"
FULL_WIDTH = str.maketrans("0123456789:", "０１２３４５６７８９：")


def read(text: str | None) -> Moment | Unread:
    return published(text, tz=CHINA, seen_at=SEEN)


def chinese(number: int) -> str:
    """A number below 100 as it is spoken."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else NUMERALS[tens]) + ("十" if tens else "") + (NUMERALS[ones] if ones else "")


def chinese_day(day: date) -> str:
    return "".join(NUMERALS[int(d)] for d in str(day.year)) + f"年{chinese(day.month)}月{chinese(day.day)}日"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-12-28 19:00:29", "2023-12-28T19:00:29+08:00"),
        ("2012-3-5 9:05:07", "2012-03-05T09:05:07+08:00"),
        ("2012/3/5 9:05:07", "2012-03-05T09:05:07+08:00"),
        ("2013/12/13 3:45:00", "2013-12-13T03:45:00+08:00"),
        ("2012-3-5 下午 3:05:07", "2012-03-05T15:05:07+08:00"),
        ("2012-3-5 上午 12:05:07", "2012-03-05T00:05:07+08:00"),
        ("2012-3-5 下午 12:05:07", "2012-03-05T12:05:07+08:00"),
        ("3/5/2012 9:05:07 AM", "2012-03-05T09:05:07+08:00"),
        ("3/5/2012 12:05:07 AM", "2012-03-05T00:05:07+08:00"),
        ("3/5/2012 9:05:07 PM", "2012-03-05T21:05:07+08:00"),
        ("2023-12-28T19:00:29+08:00", "2023-12-28T19:00:29+08:00"),
        ("2023-12-28T19:00:29Z", "2023-12-29T03:00:29+08:00"),
        ("2023-12-28 19:00:29.0", "2023-12-28T19:00:29+08:00"),
        ("2023-12-28 0:00:00", "2023-12-28T00:00:00+08:00"),
        ("２０２３－１２－２８　１９：００：２９", "2023-12-28T19:00:29+08:00"),
        ("日期：2023-12-28 19:00:29", "2023-12-28T19:00:29+08:00"),
        ("\ufeff 2012/3/5 星期一 9:05:07\xa0", "2012-03-05T09:05:07+08:00"),
    ],
)
def test_to_the_second(text: str, at: str) -> None:
    assert read(text) == Moment(at[:10], at, "second")


@pytest.mark.parametrize(
    "text", ["2023年12月28日 19:00", "2023年12月28日19时00分", "2022-12-28  07:05 ", "2023年12月28日 星期四 19:00"]
)
def test_to_the_minute(text: str) -> None:
    moment = read(text)
    assert isinstance(moment, Moment)
    assert moment.precision == "minute"
    assert moment.at is not None
    assert moment.at.endswith(":00+08:00")


LIST_FORMS = {
    "2023-12-28": "day", "2023.12.28": "day", "2023/12/28": "day", "12/28/2023": "day", "2023年12月": "month",
    "2023年12月28日": "day", "12.28.2023": "day", "12-28-2023": "day", "12/28": None, "12.28": None, "12月28日": None,
    "28日19时": None, "28日19点": None, "19时5分": None, "19:05": None, "12-28": None, "12/28 19:05": None,
}  # fmt: skip


@pytest.mark.parametrize("around", ["{}", "({})", "[{}]", "（{}）", "【{}】", "［{}］", " {}\r\n"])
@pytest.mark.parametrize(("text", "precision"), LIST_FORMS.items())
def test_the_seventeen_list_forms(text: str, precision: str | None, around: str) -> None:
    moment = read(around.format(text))
    if precision == "day":
        assert moment == Moment("2023-12-28", None, "day")
    elif precision == "month":
        assert moment == Moment(None, None, "month")
    else:
        assert isinstance(moment, Unread)
        assert moment.code == "no-year"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("二〇二三年十二月二十七日", "2023-12-27"),
        ("二○二三年十二月廿七日", "2023-12-27"),
        ("二零二三年十二月二十七日", "2023-12-27"),
        ("二Ｏ二三年十二月卅一日", "2023-12-31"),
        ("二〇一九年元月三十日", "2019-01-30"),
        ("二〇二〇年十月十日", "2020-10-10"),
        ("二〇二〇年二月二九日", "2020-02-29"),
        ("２０２３年１２月２７日", "2023-12-27"),
        ("2023 年 12 月 27 日", "2023-12-27"),
        ("2023年12月27号", "2023-12-27"),
        ("2023年12月28日19时", "2023-12-28"),
    ],
)
def test_chinese_days(text: str, day: str) -> None:
    assert read(text) == Moment(day, None, "day")
    assert spoken_day(text) == day


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("missing", ["", " \xa0\r\n", "日期："]),
        (
            "relative",
            [
                "两周前",
                "3个月前",
                "几天前",
                "半天前",
                "0天前",
                "十十天前",
                "11小时前",
                "昨晚 9:05",
                "去年",
                "今天 19:00",
                "昨天 25:61",
            ],
        ),
        ("no-year", ["3月5日", "十二月二十七日", "12-28 19:05"]),
        (
            "impossible",
            [
                "2023年2月30日",
                "2023-12-28 25:61",
                "February 30, 2023",
                "98年2月30日",
                "2023-02-30",
                "2023-13-01",
                "2023-1-1 25:00",
                "2023-1-1 24:00:00",
                "2023-1-1 9:60",
                "28/12/2023",
            ],
        ),
        (
            "impossible",
            ["二〇二三年十三月一日", "2023年13月", "0001-01-01", "1900-01-01", "1970-01-01 08:00:00", "0000年00月"],
        ),
        ("future", ["2026-01-13", "2026-1-12 10:00:01", "2099年1月", "2026-01-12T02:00:01Z"]),
        (
            "unreadable",
            ["20231228", "20231227日", "年月日", "December 2023 28", "28 Dez 2023"],
        ),
        ("two-digit-year", ["12-3-5 9:05", "12-3-5", "12/28/23", "33年12月28日"]),
        (
            "other-calendar",
            ["民国112年12月28日", "112年12月28日", "中華民國112年", "农历十一月十六", "癸卯年十一月十六"],
        ),
        (
            "range",
            [
                "1月7日至9日",
                "2023年1月7日—9日",
                "2024年1月7日-9日",
                "2023年12月27、28日",
                "12月30日至1月2日",
                "2023-1-7至2023-1-9",
                "（２０２３年１月７日－９日）",
            ],
        ),
        (
            "unreadable",
            ["2023-12-2819:00", "2023-12/28", "佚名", "2023", "12023-12-28", "2023-12-28 19:00-20:00", "x" * 999],
        ),
    ],
)
def test_unread(code: str, texts: list[str]) -> None:
    for text in texts:
        unread = read(text)
        assert isinstance(unread, Unread), text
        assert (text, unread.code) == (text, code)


def test_a_day_ahead_is_not_yet_the_future() -> None:
    assert isinstance(read("2026-1-11 10:00:00"), Moment)
    assert isinstance(read("2026-1-11 10:00:01"), Unread)
    assert isinstance(read("2026-1-11"), Moment)
    assert isinstance(read(None), Unread)


@pytest.mark.parametrize(
    ("text", "on", "at"),
    [
        ("刚刚", "2026-01-10", None),
        ("5 分钟前", "2026-01-10", None),
        ("半小时前", "2026-01-10", None),
        ("3小时前", "2026-01-10", None),
        ("15个小时前", "2026-01-09", None),
        ("今天", "2026-01-10", None),
        ("今天 9:05", "2026-01-10", "2026-01-10T09:05:00+08:00"),
        ("昨天", "2026-01-09", None),
        ("昨天　23:59", "2026-01-09", "2026-01-09T23:59:00+08:00"),
        ("昨天下午3:05:07", "2026-01-09", "2026-01-09T15:05:07+08:00"),
        ("前天 19时", "2026-01-08", None),
        ("发布于 两天前", "2026-01-08", None),
        ("[１０天前]", "2025-12-31", None),
    ],
)
def test_counted_back_from_the_capture(text: str, on: str, at: str | None) -> None:
    moment = read(text)
    assert isinstance(moment, Moment)
    assert (moment.on, moment.at) == (on, at)


@pytest.mark.parametrize("clock", ["00:20", "23:40"])
def test_hours_ago_give_no_day_near_midnight(clock: str) -> None:
    hour, minute = map(int, clock.split(":"))
    seen_at = datetime(2026, 1, 10, hour, minute, tzinfo=CHINA)
    for text in ("刚刚", "5分钟前", "24小时前"):
        read_near = published(text, tz=CHINA, seen_at=seen_at)
        assert isinstance(read_near, Unread) == (hour == 0 or text.startswith("24"))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("23年12月28日", "2023-12-28"),
        ("98年5月1日", "1998-05-01"),
        ("98-5-1", "1998-05-01"),
        ("99/12/31", "1999-12-31"),
    ],
)
def test_two_digit_years_that_are_sure(text: str, day: str) -> None:
    assert read(text) == Moment(day, None, "day")
    assert spoken_day(text) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)), st.integers(1, 400))  # noqa: DTZ001
def test_hours_and_days_ago_give_the_day_or_nothing(seen: datetime, count: int) -> None:
    seen_at = seen.replace(tzinfo=CHINA)
    days_ago = published(f"{count}天前", tz=CHINA, seen_at=seen_at)
    assert days_ago == Moment((seen.date() - timedelta(days=count)).isoformat(), None, "day")
    for text, then in (
        (f"{count}小时前", seen - timedelta(hours=count)),
        (f"{count}分钟前", seen - timedelta(minutes=count)),
    ):
        ago = published(text, tz=CHINA, seen_at=seen_at)
        assert ago == Moment(then.date().isoformat(), None, "day") or isinstance(ago, Unread)
        assert isinstance(ago, Moment) or ago.code == "relative"


def test_the_table_of_the_document_is_what_is_read() -> None:
    table = (ROOT / "docs" / "context.md").read_text("utf-8").partition("## Dates")[2].partition("## Context")[0]
    rows = re.findall(r"^\| (`.*`.*?) \| (.*?) \|$", table, re.MULTILINE)
    assert len(rows) >= 10
    for printed, meaning in rows:
        for text in re.findall(r"`([^`]+)`", printed):
            said = read(text)
            if meaning.startswith("`"):
                assert isinstance(said, Unread), text
                assert meaning.startswith(f"`{said.code}`"), text
            else:
                assert isinstance(said, Moment), text
                assert not meaning.startswith("the ") or meaning.startswith(f"the {said.precision}"), text


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("2009年08月31日\xa0\xa0 大洋网\xa0\xa0 张星星", ["2009年08月31日"]),
        ("日期:2023-12-28 19:00:29   浏览数:", ["2023-12-28 19:00:29"]),
        ("时间：2012/3/5 9:05:07 点击：12次", ["2012/3/5 9:05:07"]),
        ("2023-12-28 12 人看过", ["2023-12-28"]),
        ("2023年12月28日19:00:29来源", ["2023年12月28日19:00:29"]),
        ("自2023-1-2至2023-1-5", ["2023-1-2", "2023-1-5"]),
        ("——二〇二三年十二月二十七日在会上", ["二〇二三年十二月二十七日"]),
        ("12023-12-28 2023-12-281 1.2.2023.4 192.168.2023.1.2", []),
        ("2023-12-28 19:00:295", ["2023-12-28"]),
        ("20231227日 12-28 2023年12月 十二月二十七日", []),
        ("（２０２３年１２月２７日）", ["２０２３年１２月２７日"]),
    ],
)
def test_dates_in_a_line(line: str, found: list[str]) -> None:
    spans = find_dates(line)
    assert [words for _, _, words in spans] == found
    assert all(line[start:end] == words for start, end, words in spans)


days = st.dates(date(1971, 1, 1), date(2025, 12, 31))
moments = st.datetimes(datetime(1992, 1, 1), datetime(2025, 12, 31))  # noqa: DTZ001


@given(days)
def test_every_full_form_reads_back_to_the_same_day(day: date) -> None:
    y, m, d = day.year, day.month, day.day
    forms = [
        day.isoformat(), f"{y}-{m}-{d}", f"{y}.{m:02}.{d:02}", f"{y}/{m}/{d}", f"{m:02}/{d:02}/{y}",
        f"{m:02}.{d:02}.{y}", f"{m:02}-{d:02}-{y}", f"{y}年{m:02}月{d:02}日", f"{y}年{m}月{d}日",
        chinese_day(day), chinese_day(day).replace("〇", "○"), chinese_day(day).replace("〇", "零"),
        f"{y}年{m}月{d}日".translate(FULL_WIDTH), f"{y}\xa0年\u3000{m} 月{d}日", f"{y}——{m:02}——{d:02}",
    ]  # fmt: skip
    english = [f"{day:%B} {d}, {y}", f"{d} {day:%b} {y}", f"{day:%A}, {day:%d %B %Y}", f"{day:%d-%b-%Y}"]
    for form in [*forms, *english]:
        assert read(form) == read(f"（{form}）") == Moment(day.isoformat(), None, "day")
    for form in forms:
        assert spoken_day(form) == day.isoformat()
        assert [words for _, _, words in find_dates(f"日期：{form}　来源")] == [form]


@given(moments)
def test_clock_times_read_back(moment: datetime) -> None:
    at = moment.replace(microsecond=0, tzinfo=CHINA)
    half = "下午" if at.hour > 11 else "上午"
    day, tail = f"{at.year}-{at.month}-{at.day}", f"{at:%M:%S}"
    for text in (
        f"{at:%Y-%m-%d %H:%M:%S}",
        f"{day} {at.hour}:{tail}",
        at.isoformat(),
        f"{day} {half} {at.hour % 12 or 12}:{tail}",
        f"{at.year}年{at.month}月{at.day}日{half}{at.hour % 12 or 12}时{at.minute}分{at.second}秒",
        f"{day} {at.hour % 12 or 12}:{tail} {'PM' if at.hour > 11 else 'AM'}",
        f"{chinese_day(at.date())}{at.hour}时{chinese(at.minute) or '零'}分{chinese(at.second) or '零'}秒",
    ):
        assert read(text) == Moment(at.date().isoformat(), at.isoformat(), "second")
        assert find_dates(f"日期:{text}  浏览数:") == [(3, 3 + len(text), text)]


@given(moments)
def test_english_moments_read_back(moment: datetime) -> None:
    at = moment.replace(microsecond=0, tzinfo=CHINA)
    for text in (
        f"{at:%B} {at.day}, {at.year} {at:%I:%M:%S %p}",
        f"{at:%a, %d %b %Y %H:%M:%S} +0800",
        f"{at:%a %b %d %H:%M:%S} CST {at.year}",
    ):
        assert read(text) == Moment(at.date().isoformat(), at.isoformat(), "second")
    utc = read(f"{at.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT")
    assert isinstance(utc, Moment)
    assert utc.at is not None
    assert datetime.fromisoformat(utc.at) == at


@given(days, st.integers(1, 400), st.sampled_from(["至", "到", "—", "－", "-", "~"]))
def test_a_range_never_gives_a_day(day: date, length: int, mark: str) -> None:
    last = day + timedelta(days=length)
    ends = [f"{last.day}日", f"{last.month}月{last.day}日", f"{last.year}年{last.month}月{last.day}日"]
    for end in ends:
        for start in (f"{day.month}月{day.day}日", f"{day.year}年{day.month}月{day.day}日"):
            unread = read(f"（{start}{mark}{end}）")
            assert isinstance(unread, Unread)
            assert unread.code == "range"


@given(
    days, st.sampled_from(["{m:02}/{d:02}", "{m}-{d}", "{m}.{d}", "{m}月{d}日", "{d}日19时", "{m:02}/{d:02} 19:05"])
)
def test_year_less_forms_never_give_a_day(day: date, form: str) -> None:
    text = form.format(m=day.month, d=day.day)
    unread = read(text)
    assert isinstance(unread, Unread)
    assert unread.code == "no-year"
    assert spoken_day(text) is None
    assert find_dates(text) == []


@given(
    st.text()
    | st.text(alphabet="0123456789-/.年月日时分: 上下午TZ+AMP十廿二〇()（）前昨天小半至民国Dec,", max_size=30)
)
def test_any_text_is_read_or_told(text: str) -> None:
    moment = read(text)
    if isinstance(moment, Unread):
        assert moment.code in PROBLEM_CODES
    elif moment.at is not None:
        assert moment.on == moment.at[:10]
        assert datetime.fromisoformat(moment.at) <= SEEN + timedelta(days=1)
    for start, end, words in find_dates(text):
        assert text[start:end] == words
        assert not text[end : end + 1].isascii() or not text[end : end + 1].isdigit()
    day = spoken_day(text)
    assert day is None or date.fromisoformat(day).isoformat() == day
