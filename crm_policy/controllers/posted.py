"""What customers type into our forms, as values that can be kept."""

from odoo.fields import Date

LONGEST_LINE = 200  # characters


def line_of(form, name):
    """Return what was typed into a field of one line; "" when there is nothing."""
    return " ".join((form.get(name) or "").split())[:LONGEST_LINE]


def day_of(text):
    """Return the date that ``text`` is, or None."""
    try:
        return Date.to_date(text)
    except ValueError:
        return None
