"""A draw that everybody who knows its seed gets again."""


def drawn_percent(seed):
    """Return the number of a seed: from 0 up to, not including, 100, in hundredths.

    :param str seed: hexadecimal digits, evenly distributed (a digest); at least 16 of them count.
    :rtype: float

    >>> drawn_percent("00000000000000ff")
    0.0
    >>> drawn_percent("80000000000000000")
    50.0
    >>> drawn_percent("f" * 64)
    99.99
    """
    number = int(seed[:16], 16)
    # 64 bits over 10,000 boxes: none of them is larger than another by more than 1 in 10 ** 15.
    return number * 10_000 // 2**64 / 100
