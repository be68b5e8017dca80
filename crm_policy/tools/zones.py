"""Between naive UTC, as Odoo stores it, and the wall clock of a company."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def company_zone(company):
    """Return the zone in which a company counts days: that of its working calendar.

    :param company: a ``res.company`` record.
    :rtype: ZoneInfo
    """
    return ZoneInfo(company.resource_calendar_id.tz or "UTC")


def named_zone(name):
    """Return the zone of this name; None without one, and where the system does not know it."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def reader_zone(user, company):
    """Return the zone in which a person reads a moment: his own, else that of his company.

    :param user: a ``res.users`` record.
    :param company: a ``res.company`` record.
    :rtype: ZoneInfo
    """
    return named_zone(user.tz) or company_zone(company)


def moment_words(moment, zone):
    """Return naive UTC ``moment`` as people of several places read it: with its zone."""
    return f"{to_local(moment, zone):%Y-%m-%d %H:%M} ({zone.key})"


def to_local(moment, zone):
    """Return naive UTC ``moment`` as an aware datetime in ``zone``."""
    return moment.replace(tzinfo=UTC).astimezone(zone)


def local_day(moment, company):
    """Return the day of naive UTC ``moment`` where a company works."""
    return to_local(moment, company_zone(company)).date()


def local_days(companies, moment):
    """Return [(day, ids of the companies)]: the day it is where each of them works.

    :param companies: ``res.company`` records.
    :param moment: naive UTC.
    """
    days = companies.grouped(lambda company: local_day(moment, company))
    return [(day, there.ids) for day, there in days.items()]


def to_utc(moment, zone):
    """Return naive wall clock ``moment`` of ``zone`` as naive UTC."""
    return moment.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def day_start(day, zone):
    """Return 00:00:00 of ``day`` in ``zone`` as naive UTC."""
    return to_utc(datetime.combine(day, time.min), zone)


def day_end(day, zone):
    """Return 23:59:59 of ``day`` in ``zone`` as naive UTC (requirement T3)."""
    return day_start(day + timedelta(days=1), zone) - timedelta(seconds=1)
