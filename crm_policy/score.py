"""A mark that somebody gives, or has not given."""

from odoo import fields


class Score(fields.Integer):
    """A whole number from 1 up; 0 is none, and stands as null in the database.

    The standard writes an emptied number as 0, which averages would count and "at most 2" would
    find.
    """

    falsy_value = None

    def convert_to_column_insert(self, value, record, values=None, validate=True):
        return super().convert_to_column_insert(value, record, values, validate) or None

    def convert_to_read(self, value, record, use_display_name=True):
        # The averages under a list are the browser's: they leave out what is no number.
        return super().convert_to_read(value, record, use_display_name) or False

    def convert_to_export(self, value, record):
        return value or ""
