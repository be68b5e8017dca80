"""Dividing an amount by shares so that the parts add up to it again, to the smallest coin."""

from decimal import ROUND_HALF_UP, Decimal


def _exact(number):
    """Return a number as people write it: 66.67, not the binary fraction next to it."""
    return number if isinstance(number, Decimal) else Decimal(repr(number))


def adds_up(percents):
    """Return whether shares are 100 percent together, compared with two decimals.

    :param Iterable percents: int, float or Decimal.
    """
    return sum(map(_exact, percents), Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP) == 100


def split(total, weights, unit="0.01"):
    """Return the parts of ``total`` in proportion to ``weights``, in their order.

    Every part but the first is rounded half up to ``unit``; the first takes what is left, so that
    the parts are ``total`` together (CMP-FLOW-08). Where rounding up has used everything, what
    comes later gets less: no part is negative.

    :param total: the amount, 0 or more; int, float or Decimal.
    :param weights: 0 or more each, not all of them 0: percents, or amounts to cut in proportion.
    :param str unit: the smallest coin.
    :return: list of Decimal; empty for no weights.
    """
    coin = Decimal(unit)
    total = _exact(total).quantize(coin, ROUND_HALF_UP)
    weights = [_exact(weight) for weight in weights]
    if not weights:
        return []
    whole, left, parts = sum(weights), total, []
    for weight in weights[1:]:
        part = min((total * weight / whole).quantize(coin, ROUND_HALF_UP), left)
        parts.append(part)
        left -= part
    return [left, *parts]
