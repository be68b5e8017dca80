from odoo import fields, models

from ...const import AMOUNT_BASES


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = [
        "res.company",
        "crm.policy.company.organisation",
        "crm.policy.replan.company",
        "crm.policy.amount.basis",
    ]

    policy_register_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_register_recipient_rel",
        string="Register Recipients",
        help="Who gets the complaint register of each month by mail. Empty: the directors.",
    )
    policy_default_department_id = fields.Many2one(
        "hr.department",
        string="Default Department",
        check_company=True,
        help="Gets what comes in and no intake rule recognises.",
    )
    policy_default_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Default Team",
        check_company=True,
        help="Gets what comes in and no intake rule recognises.",
    )
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Customer Relations Department",
        index="btree_not_null",
        help="The department that runs the policy; it reports to the executive directly.",
    )
    policy_executive_id = fields.Many2one(
        "res.users",
        string="Executive",
        index="btree_not_null",
        help="Top management: the last address of what is overdue.",
    )
    policy_sign_days = fields.Integer(
        string="Days to Sign",
        default=7,  # (proposed)
        help="So many days after he was asked somebody has signed a policy.",
    )
    policy_sign_gate = fields.Boolean(
        string="Approve Only After Signing",
        help="Who was asked to sign the version in force and has not cannot approve under it.",
    )
    policy_sections_required = fields.Boolean(
        string="Require the Sections of a Policy",
        help="A version that lacks one of the sections is not handed over for approval.",
    )
    policy_coverage_days = fields.Integer(
        string="Days of Recent Hits",
        default=90,  # (proposed)
        help="A rule that was not hit for so long is shown as never used.",
    )
    policy_amount_basis = fields.Selection(
        AMOUNT_BASES,
        string="Amounts Are Compared",
        default="included",
        required=True,
        help="What counts against authority limits: amounts with their tax, or without.",
    )
    policy_cash_fines = fields.Boolean(
        string="Fines in Cash",
        help="Off: a sanction is a deduction from the performance pay. Labour law hardly allows "
        "fines in cash: let Legal check before you switch this on.",
    )
    # A slip of the keyboard would push a date out of the calendar, for every company's clauses.
    _policy_days_sane = models.Constraint(
        "CHECK(policy_sign_days BETWEEN 0 AND 3650 AND policy_coverage_days BETWEEN 1 AND 3650)",
        "The days to sign and the days of recent hits are no more than ten years.",
    )
    policy_call_greeting = fields.Text(string="Greeting", help="Read out when a call is answered.")
    policy_call_closing = fields.Text(string="Closing Words")
    policy_call_calming = fields.Text(
        string="Words to an Upset Caller", help="How to calm the caller and come to the facts."
    )
