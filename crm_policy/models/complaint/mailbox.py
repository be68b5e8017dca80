import ast

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import KINDS, URGENCIES

# Create values of a case that an address may say, and the field of the mailbox that says it.
SAID = {
    "policy_kind": "policy_mail_kind",
    "policy_complaint_type_id": "policy_mail_type_id",
    "policy_department_id": "policy_mail_department_id",
    "policy_urgency": "policy_mail_urgency",
}


class CrmPolicyMailbox(models.AbstractModel):
    """Who owns an address to which complaints are mailed: what a mail to it becomes (SLA-05).

    The one truth is the alias's own ``alias_defaults``; these fields show and write it.
    """

    _name = "crm.policy.mailbox"
    _description = "Mailbox of Governed Cases"

    # What the mixin needs of its model; its own definitions stay as they are.
    company_id = fields.Many2one("res.company")
    alias_defaults = fields.Text()

    policy_mail_intake = fields.Boolean(
        string="Mails Become Cases",
        compute="_compute_policy_mail",
        inverse="_inverse_policy_mail_intake",
        help="A mail to this address becomes a case under the policy, or a case to sort.",
    )
    policy_mail_kind = fields.Selection(
        KINDS,
        string="Kind of the Mails",
        compute="_compute_policy_mail",
        inverse="_inverse_policy_mail_kind",
        help="Empty: a person says for each mail what it is.",
    )
    policy_mail_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        string="Type of the Mails",
        compute="_compute_policy_mail",
        inverse="_inverse_policy_mail_type_id",
    )
    policy_mail_department_id = fields.Many2one(
        "hr.department",
        string="Department of the Mails",
        compute="_compute_policy_mail",
        inverse="_inverse_policy_mail_department_id",
    )
    policy_mail_urgency = fields.Selection(
        URGENCIES,
        string="Urgency of the Mails",
        compute="_compute_policy_mail",
        inverse="_inverse_policy_mail_urgency",
    )
    policy_mail_problem = fields.Char(string="Mail Problem", compute="_compute_policy_mail")
    policy_acknowledge = fields.Boolean(
        string="Acknowledge Mails",
        help="Who writes is told at once that the mail arrived, its number and what comes next.",
    )

    @api.depends("alias_defaults", "company_id")
    def _compute_policy_mail(self):
        Ticket = self.env["helpdesk.ticket"]
        for box in self:
            text = box.alias_defaults or ""
            said, problems = Ticket._policy_mail_said(text, box.company_id or self.env.company)
            box.policy_mail_intake = "policy_" in text
            for name, field in SAID.items():
                box[field] = said.get(name, False)
            box.policy_mail_problem = box.policy_mail_intake and " ".join(problems)

    def _inverse_policy_mail_intake(self):
        for box in self:
            said = box._policy_mail_governed()
            if not box.policy_mail_intake:
                said = {name: value for name, value in said.items() if "policy_" not in name}
            elif not said.get("policy_kind"):
                said["policy_to_sort"] = True
            box._policy_mail_say(said)

    def _inverse_policy_mail_kind(self):
        for box in self:
            said = box._policy_mail_governed()
            governed = any("policy_" in name for name in said)
            for name in ("policy_kind", "policy_to_sort"):
                said.pop(name, None)
            if box.policy_mail_kind:
                said["policy_kind"] = box.policy_mail_kind
            elif governed:
                # Nobody says what it is: a person will.
                said.pop("policy_complaint_type_id", None)
                said["policy_to_sort"] = True
            box._policy_mail_say(said)

    def _inverse_policy_mail_type_id(self):
        for box in self:
            kind = box.policy_mail_type_id
            if kind and box.company_id and kind.company_id != box.company_id:
                raise ValidationError(
                    self.env._(
                        "%(type)s is a complaint type of another company than %(mailbox)s.",
                        type=kind.sudo().name,
                        mailbox=box.display_name,
                    )
                )
            box._policy_mail_say_one("policy_complaint_type_id", kind.id)

    def _inverse_policy_mail_department_id(self):
        for box in self:
            box._policy_mail_say_one("policy_department_id", box.policy_mail_department_id.id)

    def _inverse_policy_mail_urgency(self):
        for box in self:
            box._policy_mail_say_one("policy_urgency", box.policy_mail_urgency)

    def _policy_mail_governed(self):
        """Return the defaults of the address as they are; empty if nobody can read them."""
        self.ensure_one()
        try:
            return dict(ast.literal_eval(self.alias_defaults or "{}"))
        except (ValueError, SyntaxError, TypeError):
            return {}

    def _policy_mail_say_one(self, name, value):
        said = self._policy_mail_governed()
        said.pop(name, None)
        self._policy_mail_say(said | ({name: value} if value else {}))

    def _policy_mail_say(self, said):
        # Whoever may write the mailbox has just been checked; aliases are the system's.
        self.sudo().alias_id.alias_defaults = repr(said)
