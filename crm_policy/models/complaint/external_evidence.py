from odoo import api, models
from odoo.fields import Domain

# A case entered by mistake, which a manager has cancelled, keeps nothing.
KEPT = Domain("policy_source_id.blocks_deletion", "=", True) & Domain(
    "policy_outcome", "!=", "cancelled"
)


class CrmPolicyExternalEvidence(models.AbstractModel):
    """What hangs on a case that an authority watches: customer, attachments, messages.

    It stays as it is, the superuser included, as long as the source of the case says so.
    """

    _name = "crm.policy.external.evidence"
    _description = "Evidence of an External Case"

    # On a model of attachments or messages: which fields say where a record belongs.
    _policy_document_names = ("res_model", "res_id")

    @api.model
    def _policy_kept_cases(self, domain, limit=None):
        """Return those of the cases in ``domain`` whose evidence stays, as superuser."""
        cases = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        return cases.search(KEPT & Domain(domain), limit=limit)

    @api.model
    def _policy_refuse_if_kept(self, domain, what):
        """Refuse to do away with something that a kept case needs.

        :param domain: the cases it belongs to.
        :param str what: what was asked, "deleting the contact".
        :raises PolicyRefusal: names the clause, the source and the case.
        """
        case = self._policy_kept_cases(domain, limit=1)
        if case:
            raise case.with_env(self.env)._policy_kept_refusal(what)

    def _policy_check_kept(self, what, vals=None, names=()):
        """Refuse to delete these attachments or messages of kept cases, or to write ``names``."""
        model_name, id_name = self._policy_document_names
        case_ids = [
            record[id_name]
            for record in self.sudo()
            if record[model_name] == "helpdesk.ticket"
            and (vals is None or any(record._policy_differs(name, vals[name]) for name in names))
        ]
        if case_ids:
            self._policy_refuse_if_kept([("id", "in", case_ids)], what)

    def _policy_differs(self, name, value):
        """Return whether writing ``value`` would change a field; contents always count as new."""
        field = self._fields[name]
        if field.type in ("binary", "many2many") or name == "raw":
            return True
        return field.convert_to_write(self[name], self) != value

    def _policy_is_sent_as(self, subject):
        """Return whether a message has this subject in the mail that takes it out.

        Odoo writes it on the message itself: what was said with the number of the case before it,
        and the name of the case where nothing was.
        """
        case = self.env["helpdesk.ticket"].sudo().browse(self.res_id)
        said = self.subject or case._message_compute_subject() or self.record_name or ""
        return subject == case._policy_mail_subject(" ".join(said.splitlines()))
