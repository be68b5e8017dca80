from odoo import api, models
from odoo.exceptions import UserError

from ...words import list_words

# What a conversation writes on a ticket by itself.
BY_THE_WAY = ("message_", "activity_", "rating_", "website_message_")
BY_NAME = frozenset({"access_token", "my_activity_date_deadline"})
# Who reads one of these has opened the record; a list reads none of them.
CONTENTS = frozenset({"description", "policy_solution", "policy_mediation_ids"})


class CrmPolicyCaseArchive(models.AbstractModel):
    """A conflict that is archived: its record stays as it is, and who opens it leaves a trace
    (CFL-REC-02)."""

    _name = "crm.policy.case.archive"
    _description = "Archived Conflict"

    # === CRUD METHODS === #

    def write(self, vals):
        names = [
            name for name in vals if not (name.startswith(BY_THE_WAY) or name in BY_NAME)
        ]  # fmt: skip
        archived = self._policy_archived() if names else ()
        if archived:
            case = archived[0]
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s is archived: %(fields)s stays as it is.",
                    clause=case._policy_clause_words("policy_closed_at"),
                    case=case.display_name,
                    fields=list_words(self.env, [self._policy_label(name) for name in names]),
                )
            )
        return super().write(vals)

    def _read_format(self, fnames, load="_classic_read"):
        """Leave the trace where both ways of reading meet: read and search_read."""
        result = super()._read_format(fnames, load)
        if CONTENTS.intersection(fnames):
            self._policy_note_opening("read")
        return result

    def read(self, fields=None, load="_classic_read"):
        return super().read(fields, load)

    # The trace is written with what is read.
    read._readonly = False

    @api.model
    def search_read(self, domain=None, fields=None, offset=0, limit=None, order=None, **kwargs):
        return super().search_read(domain, fields, offset, limit, order, **kwargs)

    search_read._readonly = False

    def web_read(self, specification):
        return super().web_read(specification)

    web_read._readonly = False

    def export_data(self, fields_to_export):
        result = super().export_data(fields_to_export)
        self._policy_note_opening("export")
        return result

    # === BUSINESS METHODS === #

    def _policy_archived(self):
        """Return the archived conflicts among these, as superuser."""
        return self.sudo().filtered(
            lambda case: case.policy_kind == "conflict" and case.policy_closed_at
        )

    def _policy_conflict_printable(self):
        """Return the case, whose record is printed; only what is archived is a record (FRM-10).

        :raises UserError: it is no conflict, or not archived yet.
        """
        self.ensure_one()
        self.check_access("read")
        self._policy_check_conflicts()
        if not self.policy_closed_at:
            raise UserError(
                self.env._(
                    "%(clause)s: the record of %(case)s is printed once it is archived.",
                    clause=self.sudo()._policy_clause_words("policy_closed_at"),
                    case=self.display_name,
                )
            )
        self._policy_note_opening("print")
        return self

    def _policy_note_opening(self, how):
        """Leave a trace of who has opened archived conflicts."""
        if self.env.su or not any(self._ids):
            return
        for case in self._policy_archived():
            self.env["crm.policy.event"]._policy_log(
                "conflict.opened",
                case.with_env(self.env),
                {"how": how},
                clause=case._policy_fact_clause("policy_closed_at") or case.policy_version_id,
            )
