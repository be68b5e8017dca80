"""What the sentences of a policy may mean, exactly; and what they do not mean."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_policy.const import COMPLAINT_ORDER, EXTERNAL_ORDER, SEVERITIES, SUBJECTS, UNITS, URGENCIES
from crm_policy.tools import policy_words, rule_hints

ROLES = ["客服专员", "客服主管", "客服经理", "客服总监", "总经理", "财务部", "部门负责人", "经办人"]


def first(text, kind="deadline", **more):
    """Return the only suggestion of a kind."""
    [hint] = [hint for hint in rule_hints.find(text, ROLES, **more) if hint.kind == kind]
    return hint


def time_of(text):
    hint = first(text)
    return hint.values.get("duration"), hint.values.get("unit")


@pytest.mark.parametrize(
    ("text", "duration", "unit"),
    [
        ("受理后24小时内响应", 24, "calendar_hours"),
        ("受理后２４小时内响应", 24, "calendar_hours"),
        ("受理后二十四小时以内响应", 24, "calendar_hours"),
        ("受理后1.5小时内响应", 1.5, "calendar_hours"),
        ("受理后半小时内响应", 0.5, "calendar_hours"),
        ("15分钟内响应", 15, "working_minutes"),
        ("2小时（工作时间）内响应", 2, "working_hours"),
        ("4个工作小时内响应", 4, "working_hours"),
        ("3个工作日内答复", 3, "working_days"),
        ("三至五个工作日内答复", 5, "working_days"),
        ("两天内答复", 2, "calendar_days"),
        ("10个自然日之内答复", 10, "calendar_days"),
        ("两周内答复", 14, "calendar_days"),
        ("半个月内答复", 15, "calendar_days"),
        ("一个月内回访", 1, "calendar_months"),
        ("一个季度内回访", 3, "calendar_months"),
        ("半年内复核", 6, "calendar_months"),
        ("1年内回访", 12, "calendar_months"),
        ("每月5日前报送", 5, "day_of_month"),
        ("次月十号之前报送", 10, "day_of_month"),
        ("每月三十二日前报送", None, "day_of_month"),
        ("交货期第2天回访", 1, "calendar_days"),
        ("第三个工作日前答复", 3, "working_days"),
        ("下一个工作日答复", 1, "working_days"),
        ("登记后次日回访", 1, "calendar_days"),
        ("受理当日登记", 1, "working_days"),
        ("每季度回访", 3, "calendar_months"),
        ("每两周回访", 14, "calendar_days"),
        ("每三个月回访", 3, "calendar_months"),
        ("最迟不得超过48小时响应", 48, "calendar_hours"),
        ("半天内答复", None, "working_hours"),
        ("数日内答复", None, "calendar_days"),
        ("会议3天前通知客户", None, "calendar_days"),
        ("受理24小时后关闭", None, "calendar_hours"),
        ("99999天内答复", None, "calendar_days"),
        ("零天内答复", None, "calendar_days"),
    ],
)
def test_times(text, duration, unit):
    assert time_of(text) == (duration, unit)


@pytest.mark.parametrize(
    "text",
    [
        "客服热线7×24小时开通", "记录保存期限为3年", "本制度自2026年1月1日起施行", "5月内完成",
        "每日登记", "超过24小时未响应的，通知主管", "逾期3天的，通报批评", "一个半小时内登记",
        "投诉三起以上", "处以200元罚款", "受理→登记→答复", "当日气温较高", "提前3天通知",
    ],
)  # fmt: skip
def test_what_means_no_rule(text):
    assert rule_hints.find(text, ROLES) == []


def test_from_what_until_what():
    rows = {
        "投诉受理后24小时内响应客户": ("accepted", "responded"),
        "自登记之日起3个工作日内书面答复": ("registered", "replied"),
        "收到客户投诉后1小时内登记": ("intake", "registered"),
        "受理当日登记": ("accepted", "registered"),
        "首次响应时限为受理后15分钟": ("accepted", "responded"),
        "结案后15天回访": ("settled", "callback"),
        "客服应在24小时内给出处理方案": (None, "solution"),
        "登记后两天内查明原因": ("registered", None),
    }
    for text, (start, done) in rows.items():
        values = first(text).values
        assert values.get("start") == (start and f"policy_{start}_at"), text
        assert values.get("done") == (done and f"policy_{done}_at"), text


def test_what_the_words_before_give_is_told():
    hints = rule_hints.find("受理后1小时内登记，24小时内响应；3天内结案。5天内回访。", ROLES)
    assert [hint.values.get("start") for hint in hints] == ["policy_accepted_at"] * 3 + [None]
    assert ["start_carried" in hint.notes for hint in hints] == [False, True, True, False]
    under = first("15分钟内响应", lead="投诉受理后按下列时限办理：")
    assert under.values["start"] == "policy_accepted_at"
    assert "start_carried" in under.notes
    named = first("不超过4小时。", name="响应时限")
    assert (named.values["done"], named.notes) == (
        "policy_responded_at", ["around_the_clock", "done_named"],
    )  # fmt: skip


def test_nothing_is_assumed_silently():
    rows = {
        "3天内答复": "calendar",
        "24小时内答复": "around_the_clock",
        "15分钟内答复": "minutes",
        "3至5个工作日内答复": "range",
        "登记当日答复": "same_day",
        "第2天回访": "ordinal",
        "每月5日前报送": "inclusive",
        "每月5日报送": "on_the_day",
        "半个月内答复": "half_month",
        "数日内答复": "vague",
        "受理后24小时答复": "no_within",
        "响应 | 15分钟": "table",
        "一般投诉1天内答复": "ordinary",
    }
    for text, note in rows.items():
        assert note in first(text).notes, text
    assert first("3个工作日内答复").notes == []


def test_which_cases():
    urgent, normal = rule_hints.find("紧急投诉15分钟内响应，重大投诉1小时内响应。", ROLES)
    complaint = ["policy_kind", "in", ["complaint", "conflict"]]
    assert urgent.values["domain"] == [complaint, ["policy_urgency", "in", ["urgent"]]]
    assert normal.values["domain"] == [complaint, ["policy_severity", "in", ["crisis", "major"]]]
    assert "domain" not in first("受理后24小时内响应").values


def test_who():
    assert first("客服专员应在24小时内响应").values["role"] == "客服专员"
    assert first("24小时内由经办人响应").values["role"] == "经办人"
    assert "role" not in first("24小时内响应并抄送客服总监").values


@pytest.mark.parametrize(
    ("text", "amount", "role"),
    [
        ("500元以内由客服专员自行决定", 500, "客服专员"),
        ("1万元以下的，由客服经理审批", 10_000, "客服经理"),
        ("不超过５，０００元的补偿，由客服经理批准", 5_000, "客服经理"),
        ("五千元以上、一万元以下由客服经理审批", 10_000, "客服经理"),
        ("1-5万元由客服总监审批", 50_000, "客服总监"),
        ("5000元至3万元由客服总监审批", 30_000, "客服总监"),
        ("低于1000元由客服主管审批", 999.99, "客服主管"),
        ("客服总监审批人民币20万元以内的退款", 200_000, "客服总监"),
        ("超过5万元由总经理审批", None, "总经理"),
        ("客服经理 | 5000元以下", 5_000, "客服经理"),
    ],
)
def test_limits(text, amount, role):
    values = first(text, "limit").values
    assert (values.get("max_amount"), values["role"]) == (amount, role)
    assert values.get("unlimited", False) is (amount is None)


def test_bands_in_one_sentence():
    hints = rule_hints.find(
        "10,000元以内由客服经理审批，5万元以内由客服总监审批，超过5万元的，由总经理审批。", ROLES
    )
    assert [(hint.values["role"], hint.values.get("max_amount")) for hint in hints] == [
        ("客服经理", 10_000), ("客服总监", 50_000), ("总经理", None),
    ]  # fmt: skip


def test_what_a_limit_is_about():
    assert first("500元以内的赔偿由客服专员决定", "limit").values["subject"] == "compensation"
    assert first("500元以内的补救由客服专员决定", "limit").values["any_subject"]
    purchase = first("采购500元以内由部门负责人审批", "limit").values
    assert not {"subject", "any_subject"} & purchase.keys()


def test_routes():
    rows = {
        "审批流程：部门负责人→财务部→总经理。": ["部门负责人", "财务部", "总经理"],
        "部门负责人->财务部=>总经理": ["部门负责人", "财务部", "总经理"],
        "退款须经客服经理审核，财务部会签后报总经理批准。": ["客服经理", "财务部", "总经理"],
        "和解方案报总经理批准": ["总经理"],
        "实行三级审批": [],
    }
    for text, steps in rows.items():
        found = first(text, "route").values["steps"]
        assert [role for role, _amount in found] == steps, text
    assert first("实行三级审批：部门负责人→总经理", "route").notes == ["levels", "levels_differ"]
    above = first("10万元以上的补偿，经部门负责人审核后报总经理批准", "route")
    assert above.values["steps"] == [("部门负责人", 100_000), ("总经理", 100_000)]


def test_the_words_are_those_of_the_text():
    text = "　投诉受理后２４小时内响应；三个工作日内答复。"
    for hint in rule_hints.find(text, ROLES):
        assert hint.words in hint.sentence
        assert hint.sentence in text
    assert [hint.words for hint in rule_hints.find(text, ROLES)] == ["２４小时内", "三个工作日内"]


def test_the_tables_of_words_name_what_there_is():
    facts = {"policy_intake_at", *COMPLAINT_ORDER, *EXTERNAL_ORDER}
    assert policy_words.FACTS.keys() <= facts
    assert set(policy_words.SUBJECTS.values()) <= dict(SUBJECTS).keys()
    allowed = {"policy_urgency": dict(URGENCIES), "policy_severity": dict(SEVERITIES)}
    for field, codes in policy_words.KINDS.values():
        assert field == "policy_kind" or set(codes) <= allowed[field].keys()
    assert {unit for unit, _size in rule_hints._UNITS.values()} <= dict(UNITS).keys()


@pytest.mark.parametrize("name", ["_TIMES", "_AMOUNT", "_LEVELS"])
def test_a_page_of_figures_is_not_tried_from_each_to_each(name):
    """No figures without an end: with them a page of nothing else takes minutes."""
    assert not re.search(r"\[0-9,?\][*+]", getattr(rule_hints, name).pattern)


def test_a_number_that_nobody_writes_is_no_duration():
    hints = rule_hints.find(
        "受理后" + "1" * 500 + "小时内响应；超过" + "9" * 500 + "元由总经理审批"
    )
    assert all("duration" not in hint.values for hint in hints)


SIGNS = st.text(
    alphabet="第一二十百千半两数几0129.,，。；：、 |→->（）()%元万亿以内下上超过不得最迟"
    "小时分钟天日周月季度年个工作每次"
    "前后起当收到受理登记答复响应处理方案结案投诉紧急重大由经客服经理总审批准决定退款赔偿三级\n　",
    max_size=120,
)


@settings(max_examples=600, deadline=None)
@given(st.one_of(SIGNS, st.text(max_size=120)), SIGNS, SIGNS)
def test_no_text_is_too_wild(text, lead, name):
    """Whatever is written: sound values or none, and words that stand in the text."""
    for hint in rule_hints.find(text, ROLES, lead, name):
        values = hint.values
        assert hint.words and hint.words in text
        assert 0 < values.get("duration", 1) <= rule_hints.LONGEST
        assert values.get("unit", "given") in dict(UNITS)
        assert values.get("max_amount", 0) < 10**21
        assert values.get("start") is None or values.get("start") != values.get("done")
