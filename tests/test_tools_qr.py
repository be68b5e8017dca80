"""QR codes as SVG."""

import re

from crm_policy.tools.qr import QUIET, qr_svg


def modules(svg):
    """Return the dark modules of a drawing as a set of (column, row)."""
    return {tuple(map(int, pair)) for pair in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg)}


def test_the_three_corners_stand_where_a_reader_looks_for_them():
    svg = qr_svg("https://example.com/policy/qr/abc")
    size = int(re.search(r'viewBox="-4 -4 (\d+) ', svg)[1]) - 2 * QUIET
    dark = modules(svg)
    assert size % 4 == 1  # 21 modules and four more for each version
    for left, top in ((0, 0), (size - 7, 0), (0, size - 7)):
        for step in range(7):
            assert {(left + step, top), (left, top + step)} <= dark
        assert (left + 1, top + 1) not in dark
        assert (left + 3, top + 3) in dark


def test_what_it_says_changes_the_code_and_is_not_in_the_text():
    one, other = qr_svg("secret-token-one"), qr_svg("secret-token-two")
    assert modules(one) != modules(other)
    assert "secret" not in one
