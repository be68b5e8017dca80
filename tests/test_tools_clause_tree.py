"""Headings of written policies become clauses with numbers of their own; nothing is lost."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_policy.tools import clause_tree
from crm_policy.tools.chinese_numbers import parse_amount, parse_chinese, parse_number, to_chinese


@dataclass
class Line:
    text: str
    level: int | None = None
    table: bool = False


def numbers(*lines):
    """Return [(number, name, number of the parent)] of a text."""
    tree = build(*lines)
    return [
        (
            clause.number,
            clause.name,
            "" if clause.parent is None else tree.clauses[clause.parent].number,
        )
        for clause in tree.clauses
    ]


def build(*lines):
    return clause_tree.build(
        [line if isinstance(line, Line) else Line(line) for line in lines], "前言"
    )


def test_chapters_articles_and_items():
    assert numbers(
        "第一章　总则", "第一条 目的",
        "第一节 时限", "第十二条　时限", "（一）响应", "1、甲", "（2）乙",
        "①丙", "a) 丁", "第二章 附则", "第二十一条 解释",
    ) == [
        ("第1章", "总则", ""),
        ("1", "目的", "第1章"),
        ("第1章第1节", "时限", "第1章"),
        ("12", "时限", "第1章第1节"),
        ("12.1", "响应", "12"),
        ("12.1.1", "甲", "12.1"),
        ("12.1.1.2", "乙", "12.1.1"),
        ("12.1.1.2.1", "丙", "12.1.1.2"),
        ("12.1.1.2.a", "丁", "12.1.1.2"),
        ("第2章", "附则", ""),
        ("21", "解释", "第2章"),
    ]  # fmt: skip


def test_decimals_keep_their_own_numbers():
    assert numbers(
        "1 总则", "1.1 目的", "4 投诉", "4.2　处理", "4.2.3 回访", "4.2.10. 归档", "５．１ 其他"
    ) == [
        ("1", "总则", ""),
        ("1.1", "目的", "1"),
        ("4", "投诉", ""),
        ("4.2", "处理", "4"),
        ("4.2.3", "回访", "4.2"),
        ("4.2.10", "归档", "4.2"),
        ("5.1", "其他", ""),
    ]


def test_outline_with_chinese_numbers():
    assert [number for number, _name, _parent in numbers(
        "一、目的", "（一）甲", "(二) 乙", "1. 丙", "十二、附则"
    )] == ["1", "1.1", "1.2", "1.2.1", "12"]  # fmt: skip


def test_articles_that_begin_again_in_each_chapter_get_the_chapter_in_front():
    assert [number for number, _name, _parent in numbers(
        "第一章 甲", "第一条 A条", "第二条 B条", "第二章 乙", "第一条 C条", "（一）丁"
    )] == ["第1章", "1.1", "1.2", "第2章", "2.1", "2.1.1"]  # fmt: skip


def test_a_number_that_the_text_gives_twice_is_told():
    tree = build("第一条 甲", "第三条 乙", "第三条 丙")
    assert [clause.number for clause in tree.clauses] == ["1", "3", "3-2"]
    assert tree.remarks == [("duplicate", "3-2", "第三条")]


def test_annexes_count_for_themselves():
    assert [number for number, _name, _parent in numbers(
        "第一条 甲", "附件1：登记表", "1. 乙", "2. 丙", "附录A", "第一条 丁"
    )] == ["1", "附件1", "附件1.1", "附件1.2", "附录A", "附录A.1"]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "第十二条规定的情形除外。",
        "第三条、第四条所列事项",
        "1.5万元以下由经理审批",
        "2026.1.1起施行",
        "24小时内答复客户",
        "3 天内回访",
        "3.5%的比例",
        "一般投诉",
        "十个工作日内",
        "1.2.3.4.5.6.7 x",
        "（含税）金额",
        "9:00至18:00",
        "2-3人",
        "第 章",
    ],
)
def test_what_only_looks_like_a_heading(line):
    tree = build("第一条 甲", line)
    assert len(tree.clauses) == 1
    assert tree.clauses[0].lines[-1] == line


def test_title_code_edition_and_preface():
    tree = build(
        "某公司",
        "投诉管理办法",
        "文件编号：KF-01  版本：V3.1",
        "为规范投诉，制定本办法。",
        "第一条 目的",
    )
    assert (tree.title, tree.code, tree.edition) == ("投诉管理办法", "KF-01", "3.1")
    assert tree.clauses[0].number == "0"
    assert tree.clauses[0].text == "某公司\n文件编号：KF-01  版本：V3.1\n为规范投诉，制定本办法。"
    assert tree.remarks == [("preface", "0", 3)]


def test_word_headings_without_numbers():
    tree = build(
        Line("处理时限", 1), "受理后24小时内响应。", Line("紧急", 2), "（一）甲", Line("附则", 1)
    )
    assert [clause.number for clause in tree.clauses] == ["§1", "§1§1", "1", "§2"]
    assert ("unnumbered", "§1", "处理时限") in tree.remarks


def test_names_and_texts():
    rows = {
        "第一条 适用范围 本制度适用于全公司。": ("适用范围", "本制度适用于全公司。"),
        "第一条 【时限】24小时内响应": ("时限", "24小时内响应"),
        "第一条 响应时限：24小时": ("响应时限", "24小时"),
        "第一条 为规范管理，制定本制度。": ("为规范管理", "为规范管理，制定本制度。"),
        "第一条 职责": ("职责", ""),
        "第一条 三小时内响应": ("三小时内响应", "三小时内响应"),
        "第一条": ("第一条", ""),
    }
    for line, expected in rows.items():
        [clause] = build(line).clauses
        assert (clause.name, clause.text) == expected, line


def test_without_headings_each_paragraph_is_a_clause():
    tree = build("收到投诉后24小时内答复。", "不得推诿。")
    assert [clause.number for clause in tree.clauses] == ["1", "2"]
    assert tree.remarks == [("no_headings", "", 2)]


def test_rows_of_a_table_are_text_and_told():
    tree = build("第一条 权限", Line("1. | 甲", table=True), Line("2. | 乙", table=True))
    assert tree.clauses[0].text == "1. | 甲\n2. | 乙"
    assert tree.remarks == [("table", "1", 2)]


def test_too_many_clauses():
    with pytest.raises(clause_tree.TreeError, match="long"):
        build(*[f"第{to_chinese(number)}条 甲" for number in range(1, 2_010)])


def test_chinese_numbers():
    for number in range(1, 10_000):
        assert parse_chinese(to_chinese(number)) == number
    rows = {
        "二〇二六": 2026,
        "两": 2,
        "十": 10,
        "二十一": 21,
        "一百零三": 103,
        "拾贰": 12,
        "十十": None,
        "二三四五六": None,
        "": None,
        "十一二": None,
        "百": None,
        "万": None,
    }
    for text, number in rows.items():
        assert parse_chinese(text) == number, text
    assert parse_number("３，０００") == 3000
    assert parse_number("1.5") == 1.5
    assert parse_number("半") == 0.5
    assert parse_number("⑫") == 12
    assert parse_number("²") is None
    assert parse_amount("1.5", "万") == 15_000
    assert parse_amount("二十", "万") == 200_000
    assert parse_amount("5", "斤") is None


WORDS = st.text(
    alphabet="第一二十百章节条编附件录、（）()1290.,，。；：→元万以内下超过不小时天日个工作每月前后受理登记答复"
    "由经理审批①aA|至- 　半\u3000²〇",
    max_size=60,
)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(WORDS, st.sampled_from([None, 0, 1, 3]), st.booleans()), max_size=15))
def test_no_text_is_too_wild(rows):
    """Numbers are unique, parents come first, and every word of the text is still there."""
    lines = [Line(*row) for row in rows if row[0].strip()]
    tree = clause_tree.build(lines)
    found = [clause.number for clause in tree.clauses]
    assert len(set(found)) == len(found)
    assert all(clause.name and clause.number for clause in tree.clauses)
    assert all(clause.parent is None or clause.parent < place
               for place, clause in enumerate(tree.clauses))  # fmt: skip
    kept = "".join([tree.title, *(f"{c.label}{c.name}{c.text}" for c in tree.clauses)])
    for line in lines:
        for sign in line.text:
            if sign.isalnum():
                assert sign in kept
