from odoo import fields, models


class CrmPolicyCaseNegotiation(models.AbstractModel):
    """A case about which Sales talks with the customer within its mandate (CMP-FLOW-06)."""

    _name = "crm.policy.case.negotiation"
    _description = "Case with Negotiations"

    policy_negotiation_ids = fields.One2many(
        "crm.policy.negotiation", "ticket_id", string="Negotiations", copy=False
    )

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        if section != "negotiation":
            return problems
        talks = self.sudo().policy_negotiation_ids.filtered(
            lambda talk: talk.cycle == self.policy_cycle
        )
        if not talks:
            return [*problems, self.env._("Write down how the customer stands to the offer.")]
        unread = talks.filtered(lambda talk: not talk.reviewed_at)
        if unread:
            return [
                *problems,
                self.env._(
                    "The superior of %(author)s has not read the negotiation.",
                    author=unread[0].create_uid.name,
                ),
            ]
        return problems
