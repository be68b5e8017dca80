"""Calendar periods, as limits in total count them."""

from datetime import date, timedelta


def period_bounds(day, period):
    """Return the first and the last day of the calendar period that ``day`` lies in.

    :param date day: a local day.
    :param str period: "day", "week" (from Monday), "month", "quarter" or "year".
    :rtype: tuple[date, date]
    """
    if period == "day":
        return day, day
    if period == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, _months_later(first, months) - timedelta(days=1)


def span_before(day, months):
    """Return the first and the last day of the last whole span of so many months before ``day``.

    Spans are counted from January of year 0: of three months they are the quarters.

    :param date day: a local day; its own span is not over yet.
    :param int months: at least 1.
    :rtype: tuple[date, date]
    """
    end = _span_start(day, months)
    return _months_later(end, -months), end - timedelta(days=1)


def spans_since(begin, day, months):
    """Return the spans of so many months that were over before ``day``, from ``begin`` on.

    The first one begins at ``begin`` itself: where spans had another length before, no day is
    counted twice and none is left out.

    :param date begin: a local day.
    :param date day: a local day; its own span is not over yet.
    :param int months: at least 1.
    :rtype: list[tuple[date, date]]
    """
    spans = []
    while (after := _months_later(_span_start(begin, months), months)) <= day:
        spans.append((begin, after - timedelta(days=1)))
        begin = after
    return spans


def _span_start(day, months):
    count = (day.year * 12 + day.month - 1) // months * months
    return date(count // 12, count % 12 + 1, 1)


def _months_later(first, months):
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
