from odoo import models


class CrmPolicyCaseSignature(models.AbstractModel):
    """What is signed about a case: its customer, currency, version and people are the case's."""

    _name = "crm.policy.case.signature"
    _description = "Signed Document about a Case"
    _inherit = ["crm.policy.case.document"]

    def _policy_approval_customer(self):
        return self.ticket_id.partner_id.commercial_partner_id

    def _policy_approval_currency(self):
        return self.currency_id

    def _policy_approval_version(self):
        return self.ticket_id.policy_version_id

    def _policy_approval_name(self):
        return self.ticket_id.display_name

    def _policy_approval_barred_users(self):
        return self.ticket_id._policy_concerned_users()

    def _policy_deciding_request(self):
        """Return the request whose signature decided."""
        return self.policy_approval_id

    def _policy_note_decision(self, outcome):
        """Write into the case who has decided what, and by which clause."""
        for document in self:
            approval = document._policy_deciding_request()
            decision = approval.decision_ids[-1:]
            document.ticket_id._message_log(
                body=self.env._(
                    "%(clause)s: %(document)s %(outcome)s by %(user)s. %(comment)s",
                    clause=approval.clause_id._policy_citation(),
                    document=document.display_name,
                    outcome=outcome,
                    user=decision._policy_signer_words(),
                    comment=decision.comment or "",
                )
            )
