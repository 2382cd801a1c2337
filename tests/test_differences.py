"""Differences between texts: they restore both sides, find what moved, and call each change by its name."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.compare.differences import Paragraph, compare_paragraphs, side
from pipelines.compare.tokens import names_in, tokens
from pipelines.text.numbers import find_numbers

WORDS = st.text(
    alphabet="政协委员提案工作会议第一二三四五十0123４５.，,。！!；（）(） 　ab何庆海李明主席同志", max_size=14
)
TEXTS = st.lists(WORDS, min_size=1, max_size=9)


def compare(old: list[str], new: list[str]) -> tuple[Paragraph, ...]:
    return compare_paragraphs(old, new, names_in([*old, *new]))


@settings(max_examples=300, derandomize=True)
@given(TEXTS, TEXTS)
def test_a_difference_restores_both_sides(old: list[str], new: list[str]) -> None:
    told = compare(old, new)
    assert side(told, "old") == old
    assert side(told, "new") == new
    assert all(bool(p.kinds) is any(piece.operation != "same" for piece in p.pieces) or "moved" in p.kinds
               for p in told if p.pieces != ())  # fmt: skip


@settings(max_examples=100, derandomize=True)
@given(TEXTS)
def test_the_same_text_has_no_difference(text: list[str]) -> None:
    assert all(not paragraph.kinds for paragraph in compare(text, text))


@settings(max_examples=150, derandomize=True)
@given(st.lists(WORDS, min_size=2, max_size=9, unique=True), st.data())
def test_a_moved_paragraph_is_found(text: list[str], data: st.DataObject) -> None:
    places = st.integers(0, len(text) - 1)
    start, end = data.draw(places), data.draw(places)
    assume(start != end)
    other = [*text[:start], *text[start + 1 :]]
    other.insert(end, text[start])
    told = compare(text, other)
    assert [p.kinds for p in told if p.kinds] == [("moved",)]


def test_a_paragraph_that_moved_and_was_edited_is_both() -> None:
    old = ["各位委员，同志们：", "一年来共办理提案128件，办复率达到100%。", "会议期间听取了意见。", "谢谢大家！"]
    new = [old[0], old[2], old[3], "一年来共办理提案182件，办复率达到100%。"]
    assert [(p.kinds, p.old, p.new) for p in compare(old, new) if p.kinds] == [(("moved", "number"), 2, 4)]


MARKS = {"，": ",", "。": ".", "！": "!", "；": ";", "（": "(", "）": ")", "：": ":"}


@settings(max_examples=150, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("政协委员会议"), st.sampled_from(list(MARKS))), min_size=1, max_size=20))
def test_width_of_punctuation_is_punctuation_only(signs: list[tuple[str, str]]) -> None:
    old = "".join(sign + mark for sign, mark in signs)
    new = "".join(sign + MARKS[mark] for sign, mark in signs)
    (paragraph,) = compare([old], [new])
    assert paragraph.kinds == ("punctuation",)


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("各位委员，大家好！", "各位委员大家好", {"punctuation"}),
        ("共１２人参加", "共12人参加", {"punctuation"}),
        ("共1，200人", "共1200人", {"punctuation"}),
        ("ＡＢＣ公司", "ABC公司", {"punctuation"}),
        ("何庆海　主席", "何庆海主席", {"punctuation"}),
        ("增长3.5%", "增长35%", {"number"}),
        ("增长5%", "增长-5%", {"number"}),
        ("增长5%", "增长5‰", {"number"}),
        ("投资3万元", "投资3亿元", {"number"}),
        ("第九届三次会议", "第十届一次会议", {"number"}),
        ("二〇二二年一月", "二〇二三年一月", {"number"}),
        ("2023年和2024年", "2024年和2025年", {"number"}),
        ("（一）", "（二）", {"number"}),
        ("参加会议的有一千人", "参加会议的有1000人", {"wording"}),
        ("我们一定做到", "我们必定做到", {"wording"}),
        ("十分重视", "非常重视", {"wording"}),
        ("统一思想", "唯一思想", {"wording"}),
        ("会议结束", "会议结束，共有5人发言", {"wording"}),
        ("增长5%", "增长5", {"number"}),
        ("市政协主席何庆海出席会议", "市政协主席李明出席会议", {"name"}),
        ("何庆海同志强调", "何庆梅同志强调", {"name"}),
        ("何庆海　李明", "何庆海　李亮", {"name"}),
        ("主席何庆海讲话，共5人", "主席李明讲话，共6人", {"name", "number"}),
        ("主席李明出席会议", "主席李明参加会议", {"wording"}),
        ("按时完成任务！", "按期完成任务。", {"wording"}),
    ],
)  # fmt: skip
def test_a_change_is_called_by_its_name(old: str, new: str, kinds: set[str]) -> None:
    (paragraph,) = compare([old], [new])
    assert set(paragraph.kinds) == kinds


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("二〇二三年十二月二十七日", ["2023", "12", "27"]),
        ("三万五千户、一亿二千万元", ["35000", "120000000"]),
        ("百分之五，一百零五件，两项，三点五倍", ["5", "105", "2", "3.5"]),
        ("1,234,567元和１２．５万吨", ["1234567", "125000"]),
        ("2019-2023年，12-15日", ["2019", "2023", "12", "15"]),
        ("一万亿、廿三、贰拾", ["1000000000000", "23", "20"]),
        ("千万不要统一，十分一般，万一，一定", []),
        ("9" * 40, ["9" * 18, "9" * 18, "9999"]),
    ],
)
def test_numbers_are_read_in_both_scripts(text: str, values: list[str]) -> None:
    assert [f"{number.value.normalize():f}" for number in find_numbers(text)] == values


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=40))
def test_cutting_a_text_loses_nothing(text: str) -> None:
    assert "".join(token.text for token in tokens(text, names_in([text]))) == text


def test_a_hostile_text_is_told_whole_rather_than_compared_for_hours() -> None:
    old, new = ["一" * 60_000, *["啊"] * 3000], ["二" * 50_000, *["呀啊"] * 3000]
    told = compare(old, new)
    assert (side(told, "old"), side(told, "new")) == (old, new)
