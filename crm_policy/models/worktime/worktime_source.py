from odoo import api, fields, models
from odoo.fields import Domain


class CrmPolicyWorktimeSource(models.AbstractModel):
    """Records that a calendar's working time is made of (mixin of attendances and leaves).

    The calendars that they reached before a change and reach after it are told since when.
    """

    _name = "crm.policy.worktime.source"
    _description = "Source of Working Time"

    # The fields that say when is worked; others may change without anybody being told.
    _policy_span_fields = frozenset()
    # The field that says since when the record counts; None: each week, so from now on.
    _policy_since_field = None

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._policy_tell_calendars(records._policy_reach())
        return records

    def write(self, vals):
        if not self._policy_span_fields.intersection(vals):
            return super().write(vals)
        before = self._policy_reach()
        result = super().write(vals)
        self._policy_tell_calendars(before + self._policy_reach())
        return result

    def unlink(self):
        before = self._policy_reach()
        result = super().unlink()
        self._policy_tell_calendars(before)
        return result

    def _policy_reach(self):
        """Return pairs (calendars, naive UTC since when their working time is another).

        Somebody's own time off reaches nobody's clock; one that names no calendar reaches all of
        its company.
        """
        Calendar = self.env["resource.calendar"].sudo().with_context(active_test=False)
        reach = []
        for record in self.sudo():
            since = fields.Datetime.now()
            if self._policy_since_field:
                since = record[self._policy_since_field]
                if record.resource_id:
                    continue
            calendars = record.calendar_id
            if not calendars:
                companies = [*record.company_id.ids, False] if record.company_id else []
                domain = Domain("company_id", "in", companies) if companies else Domain.TRUE
                calendars = Calendar.search(domain)
            reach.append((calendars, since))
        return reach

    def _policy_tell_calendars(self, reach):
        self.env["resource.calendar"]._policy_tell(reach)
