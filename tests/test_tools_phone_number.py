"""Numbers as people write them, one row for each way."""

import pytest

from crm_policy.tools import phone_number

NUMBERS = [
    # mobiles
    ("13812345678", "13812345678"),
    ("138 1234 5678", "13812345678"),
    ("138-1234-5678", "13812345678"),
    ("+86 138 1234 5678", "13812345678"),
    ("+8613812345678", "13812345678"),
    ("008613812345678", "13812345678"),
    ("8613812345678", "13812345678"),
    (" 8613812345678", "13812345678"),  # a "+" in a query string arrives as a space
    ("013812345678", "13812345678"),
    ("１３８１２３４５６７８", "13812345678"),
    # landlines
    ("0512-65551234", "051265551234"),
    ("(0512) 6555 1234", "051265551234"),
    ("（0512）65551234", "051265551234"),
    ("+86 512 6555 1234", "051265551234"),
    ("+86-0512-65551234", "051265551234"),
    ("+86 10 6555 1234", "01065551234"),
    ("65551234", "65551234"),
    ("6555123", "6555123"),
    # extensions
    ("0512-65551234-801", "051265551234"),
    ("0512-65551234转801", "051265551234"),
    ("0512-65551234 ext. 801", "051265551234"),
    ("0512-65551234#801", "051265551234"),
    ("0512-65551234,801", "051265551234"),
    ("051265551234 分机 801", "051265551234"),
    # service numbers
    ("400-820-8820", "4008208820"),
    ("4008208820", "4008208820"),
    ("+86 400 820 8820", "4008208820"),
    ("800-820-8820", "8008208820"),
    ("12345", "12345"),
    ("8001", "8001"),
    # abroad
    ("+1 650 253 0000", "+16502530000"),
    ("0016502530000", "+16502530000"),
    ("+852 2345 6789", "+85223456789"),
    # nonsense
    ("", ""),
    (None, ""),
    ("   ", ""),
    ("12", ""),
    ("王芳", ""),
    ("苏州恒达 2 号线", ""),
    ("1" * 40, ""),
    ("'; DROP TABLE res_partner; --", ""),
    ("<script>alert(1)</script>", ""),
    ("anonymous", ""),
    ("+", ""),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_a_number_is_brought_to_one_form(text, number):
    assert phone_number.normalise(text) == number
    # Once more changes nothing.
    assert phone_number.normalise(number) == number


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("051265551234", "051265551234", True),
        ("051265551234", "65551234", True),
        ("05138555123", "8555123", True),
        ("051265551234", "01065551234", False),
        ("13812345678", "13912345678", False),
        ("13812345678", "3812345678", False),
        ("+16502530000", "+16502530000", True),
        ("110", "110", False),
        ("", "", False),
    ],
)
def test_a_local_number_is_the_same_with_its_area_code(left, right, same):
    assert phone_number.is_same(left, right) is same
    assert phone_number.is_same(right, left) is same


def test_the_tail_is_what_the_index_holds():
    assert phone_number.tail("051265551234") == "5551234"
    assert phone_number.tail("5551234") == "5551234"
    assert phone_number.tail("12345") == ""
