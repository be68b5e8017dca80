from contextlib import contextmanager

from odoo import api, models


class CrmPolicyWeekSource(models.AbstractModel):
    """The working hours of each week: Odoo keeps no history of them, so the ledger does.

    Open deadlines are planned anew as if the new hours had always been; who changed them, when,
    and what they were before is what is left to judge by (mixin of attendances).
    """

    _name = "crm.policy.week.source"
    _description = "History of Working Hours"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        calendars = self.env["resource.calendar"].browse(
            {vals["calendar_id"] for vals in vals_list if vals.get("calendar_id")}
        )
        with self._policy_week_told(calendars):
            return super().create(vals_list)

    def write(self, vals):
        calendars = self.calendar_id
        if vals.get("calendar_id"):
            calendars |= calendars.browse(vals["calendar_id"])
        with self._policy_week_told(calendars):
            return super().write(vals)

    def unlink(self):
        with self._policy_week_told(self.calendar_id):
            return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    @contextmanager
    def _policy_week_told(self, calendars):
        """Tell the ledger of those calendars in which deadlines count and whose week changes."""
        used = self.env["crm.policy.replan"]._policy_used(calendars)
        before = {calendar: self._policy_week_lines(calendar) for calendar in used}
        yield
        for calendar, lines in before.items():
            after = self._policy_week_lines(calendar)
            if after != lines:
                self.env["crm.policy.event"]._policy_log(
                    "calendar.hours", calendar, {"before": lines, "after": after}
                )

    @api.model
    def _policy_week_lines(self, calendar):
        """Return the hours of a week: "0 9-12" is Monday from 9:00 to 12:00.

        Of a calendar of two weeks the number of the week stands before: "1/0 9-12".
        """
        lines = self.sudo().search(
            [
                ("calendar_id", "=", calendar.id),
                ("display_type", "=", False),
                ("day_period", "!=", "lunch"),
            ]
        )
        return sorted(
            (f"{line.week_type}/" if line.week_type else "")
            + f"{line.dayofweek} {line.hour_from:g}-{line.hour_to:g}"
            for line in lines
        )
