"""What changed between two texts, word by word."""

from crm_policy.tools import text_diff


def test_pieces_join_to_the_texts():
    old, new = "投诉受理后24小时内响应客户。", "投诉受理后4.5小时内由主管响应客户。"
    pieces = text_diff.compare(old, new)
    assert "".join(piece for kind, piece in pieces if kind != "new") == old
    assert "".join(piece for kind, piece in pieces if kind != "gone") == new
    assert ("gone", "24") in pieces and ("new", "4.5") in pieces and ("new", "由主管") in pieces


def test_english_changes_by_the_word():
    pieces = text_diff.compare("within two days", "within ten days")
    assert pieces == [
        ("same", "within "),
        ("gone", "two"),
        ("new", "ten"),
        ("same", " days"),
    ]


def test_nothing_and_everything():
    assert text_diff.compare(None, None) == []
    assert text_diff.compare("", "新") == [("new", "新")]
    assert text_diff.compare("旧", False) == [("gone", "旧")]
    assert text_diff.compare("same", "same") == [("same", "same")]


def test_many_pages_change_by_the_sentence():
    pages = [f"第{place}条 客户投诉应在{place}小时内答复。\n" for place in range(2000)]
    old = "".join(pages)
    new = old.replace("在77小时内", "在78小时内")
    assert text_diff.compare(old, new) == [
        ("same", "".join(pages[:77])),
        ("gone", "第77条 客户投诉应在77小时内答复。"),
        ("new", "第77条 客户投诉应在78小时内答复。"),
        ("same", "\n" + "".join(pages[78:])),
    ]
