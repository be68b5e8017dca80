"""What customers type into our forms, as values that can be kept."""

from odoo.fields import Date
from odoo.http import request

LONGEST_LINE = 200  # characters


def line_of(form, name):
    """Return what was typed into a field of one line; "" when there is nothing."""
    return " ".join((form.get(name) or "").split())[:LONGEST_LINE]


def not_the_customer():
    """Return why whoever is logged in does not speak as the customer; empty for everybody else.

    By whatever link: one of ours who has come by it speaks for nobody.
    """
    if request.env.user._is_internal():
        return [request.env._("Only the customer himself answers here.")]
    return []


def day_of(text):
    """Return the date that ``text`` is, or None."""
    try:
        return Date.to_date(text)
    except ValueError:
        return None
