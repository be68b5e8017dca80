"""Shares: the parts of the sources, that they always add up, and that none is negative."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import shares

amounts = st.decimals(0, 10**9, places=2)
weights = st.lists(st.decimals("0.01", 100, places=2), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("total", "percents", "expected"),
    [
        (5370.00, [80, 20], ["4296.00", "1074.00"]),  # S2
        (6800.00, [70, 30], ["4760.00", "2040.00"]),  # S3, the first round
        (6800.00, [80, 20], ["5440.00", "1360.00"]),
        (100.01, [66.67, 33.33], ["66.68", "33.33"]),  # the rest goes to the first
        (100.00, [33.34, 33.33, 33.33], ["33.34", "33.33", "33.33"]),
        (0.01, [50, 50], ["0.00", "0.01"]),
        (0.02, [25, 25, 25, 25], ["0.00", "0.01", "0.01", "0.00"]),  # nothing below zero
        (0, [80, 20], ["0.00", "0.00"]),
        (7.00, [100], ["7.00"]),
        (1.00, [], []),
        (5000, [4296.00, 6000.00], ["2086.25", "2913.75"]),  # a cap, cut in proportion
    ],
)
def test_split(total, percents, expected):
    assert [f"{part:.2f}" for part in shares.split(total, percents)] == expected


def test_other_coins():
    assert shares.split(100, [1, 1, 1], unit="1") == [Decimal(34), Decimal(33), Decimal(33)]


@given(amounts, weights)
def test_the_parts_are_the_whole(total, percents):
    parts = shares.split(total, percents)
    assert sum(parts) == total
    assert min(parts) >= 0
    assert len(parts) == len(percents)


@given(amounts, weights)
def test_nobody_but_the_first_is_off_by_more_than_half_a_coin(total, percents):
    whole, parts = sum(percents), shares.split(total, percents)
    for part, percent in zip(parts[1:], percents[1:], strict=True):
        # Never more than his share rounded; less only where nothing is left for anybody.
        assert part - total * percent / whole <= Decimal("0.005")
        assert part >= total * percent / whole - Decimal("0.005") or parts[0] == 0


@pytest.mark.parametrize(
    ("percents", "expected"),
    [
        ([80, 20], True),
        ([70, 20], False),  # S2.9, S3
        ([66.67, 33.33], True),
        ([33.33, 33.33, 33.33], False),
        ([33.34, 33.33, 33.33], True),
        ([0.1, 0.2, 99.7], True),
        ([100.01], False),
        ([], False),
    ],
)
def test_adds_up(percents, expected):
    assert shares.adds_up(percents) is expected
