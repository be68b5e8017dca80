"""Draws: within their bounds, evenly spread, and the same again."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools.draw import drawn_percent

BOXES = 10


@pytest.mark.parametrize(
    ("seed", "expected"),
    [("0" * 64, 0.0), ("00000000000000ff", 0.0), ("8" + "0" * 63, 50.0), ("f" * 64, 99.99)],
)
def test_known_seeds(seed, expected):
    assert drawn_percent(seed) == expected


@given(st.binary(min_size=32, max_size=32))
def test_within_bounds_and_in_hundredths(seed):
    number = drawn_percent(seed.hex())
    assert 0 <= number < 100
    assert number == round(number, 2)
    assert number == drawn_percent(seed.hex())


def test_evenly_spread():
    counts = [0] * BOXES
    for case in range(5000):
        number = drawn_percent(hashlib.sha256(str(case).encode()).hexdigest())
        counts[int(number * BOXES / 100)] += 1
    assert all(430 < count < 570 for count in counts), counts
