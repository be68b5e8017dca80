"""Amounts and quantities as clients send them."""

import math

from ..const import AMOUNT_CEILING


def is_plausible(value):
    """Return whether ``value`` is an amount that somebody can mean: finite, 0 or more, not absurd.

    :param value: int, float or a text of one; False and None count as 0.
    """
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        return False
    return math.isfinite(number) and 0 <= number < AMOUNT_CEILING
