from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.zones import moment_words, reader_zone


class CrmPolicyOralConsent(models.Model):
    """A leader has agreed orally, and signs afterwards (AUT-FRONT-02; 002 篇二 补签).

    What exceeds the authority of an employee is carried out on the word of a leader who may decide
    it. The clock of the policy runs from his word to his signature; whoever lets one run out
    carries nothing out on somebody's word meanwhile.
    """

    _name = "crm.policy.oral.consent"
    _description = "Oral Consent"
    _inherit = ["crm.policy.dependent", "crm.policy.subject"]
    _policy_document_mixin = "crm.policy.approvable"
    _order = "id desc"

    _policy_clock_fields = ("denied",)

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    name = fields.Char(string="About", required=True, readonly=True)
    approval_id = fields.Many2one(
        "crm.policy.approval",
        string="Request",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The word covers what was asked for then, and nothing else.",
    )
    requester_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    # Who has to sign: the clocks and the roles of rules look for him here.
    user_id = fields.Many2one(
        "res.users",
        string="Leader Who Agreed",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    policy_department_id = fields.Many2one(
        "hr.department", string="Department in Charge", readonly=True, ondelete="restrict"
    )
    clause_id = fields.Many2one(
        "crm.policy.clause", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    comment = fields.Text(readonly=True)
    policy_agreed_at = fields.Datetime(string="Agreed At", readonly=True, copy=False)
    policy_signed_at = fields.Datetime(string="Signature Given At", readonly=True, copy=False)
    signed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    denied = fields.Boolean(
        readonly=True, copy=False, help="The signature was refused: nobody stands to the word."
    )

    _document_idx = models.Index("(res_model, res_id)")

    # === CRUD METHODS === #

    @api.model
    def _policy_own_domain(self):
        return Domain("user_id", "=", self.env.uid) | Domain("requester_id", "=", self.env.uid)

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"policy_agreed_at", "policy_signed_at"}

    def _policy_guarded_fields(self):
        # Nobody types one in: the document asks for it, and its request is signed.
        return super()._policy_guarded_fields() | {
            "company_id",
            "res_model",
            "res_id",
            "name",
            "approval_id",
            "requester_id",
            "user_id",
            "policy_department_id",
            "clause_id",
            "comment",
            "signed_by_id",
            "denied",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What somebody has agreed to orally stays on record."))

    # === BUSINESS METHODS === #

    def _policy_shown(self):
        return self.env[self.res_model].browse(self.res_id)

    @api.model
    def _policy_running_domain(self):
        return Domain("denied", "=", False)

    @api.model
    def _policy_unsigned_of(self, documents):
        """Return the consents on ``documents`` that still lack their signature, as superuser."""
        return self.sudo().search(
            Domain("res_model", "=", documents._name)
            & Domain("res_id", "in", documents.ids)
            & self._policy_waiting_domain()
        )

    @api.model
    def _policy_waiting_domain(self):
        return Domain("policy_signed_at", "=", False) & Domain("denied", "=", False)

    @api.model
    def _policy_overdue_of(self, user, company):
        """Return the consents that ``user`` has asked for and whose signature is overdue."""
        return self.sudo().search(
            Domain("requester_id", "=", user.id)
            & Domain("company_id", "=", company.id)
            & Domain("policy_is_late", "=", True)
            & self._policy_waiting_domain()
        )

    @api.model
    def _policy_given_under(self, line, leader, customer):
        """Return the documents whose words count against a limit in total once they are signed.

        :param line: ``crm.policy.authority`` that has a limit in total, per approver, per customer
            or both.
        :return: a list: documents of several models.
        """
        domain = Domain("company_id", "=", line.company_id.id) & self._policy_waiting_domain()
        if line.cumulative_per != "customer":
            domain &= Domain("user_id", "=", leader.id)
        elsewhere, found = line._policy_elsewhere(), []
        for consent in self.sudo().search(domain):
            document = self.env[consent.res_model].sudo().browse(consent.res_id)
            subject = document._policy_approval_subject()
            same_policy = document._policy_approval_version().policy_id == line.version_id.policy_id
            counts = subject == line.subject if line.subject else subject not in elsewhere
            concerns = (
                line.cumulative_per == "approver"
                or document._policy_approval_customer() == customer
            )
            if document._policy_on_word() and same_policy and counts and concerns:
                found.append(document)
        return found

    def _policy_check_once(self):
        """Refuse a second word on what waits for the signature of a first one."""
        for consent in self:
            raise UserError(
                self.env._(
                    "%(record)s waits for the signature of %(leader)s already.",
                    record=consent.name,
                    leader=consent.user_id.name,
                )
            )

    def _policy_tell_leader(self):
        """Tell the leader who relies on his word and for what, and until when he signs it."""
        for consent in self.sudo():
            leader = consent.user_id
            there = consent.with_context(lang=leader.lang or None)
            body = there.env["ir.qweb"]._render(
                "crm_policy.oral_consent_notice", there._policy_notice_values(leader)
            )
            there.env["mail.thread"].with_company(consent.company_id).message_notify(
                partner_ids=leader.partner_id.ids,
                subject=there.env._("To sign, you agreed orally: %(name)s", name=consent.name),
                body=body,
                # A click leads to what he signs.
                model=consent.approval_id._name,
                res_id=consent.approval_id.id,
            )

    def _policy_notice_values(self, reader):
        """Return what the message says, as ``reader`` reads amounts and times."""
        self.ensure_one()
        zone, approval = reader_zone(reader, self.company_id), self.approval_id
        amount = approval.amount
        return {
            "consent": self,
            "approval": approval,
            "amount": amount and approval.currency_id.format(amount),
            "agreed_at": moment_words(self.policy_agreed_at, zone),
            "due_at": self.policy_next_due_at and moment_words(self.policy_next_due_at, zone),
            "clause": self.clause_id._policy_citation(),
        }

    def _policy_sign(self, user):
        """Record the signature."""
        self._policy_set_fact("policy_signed_at")
        self._policy_guarded_write({"signed_by_id": user.id})

    def _policy_deny(self, user):
        """Record that the leader does not stand to it: whoever acted on it explains himself."""
        self._policy_guarded_write({"denied": True})
        self.env["crm.policy.event"]._policy_log(
            "oral.denied",
            self,
            payloads={
                consent.id: {"leader": consent.user_id.id, "asked": consent.requester_id.id}
                for consent in self
            },
        )
        enforced = self.filtered(
            lambda consent: (
                consent.clause_id and consent.policy_version_id.enforcement == "enforced"
            )
        )
        self.env["crm.policy.violation"].sudo()._policy_open(
            [consent._policy_violation_values(user) for consent in enforced],
            fields.Datetime.now(),
        )

    def _policy_violation_values(self, user):
        person = self.requester_id
        return {
            "company_id": self.company_id.id,
            "clause_id": self.clause_id.id,
            "clause_number": self.clause_id.number,
            "version_label": self.policy_version_id.display_name,
            "policy_version_id": self.policy_version_id.id,
            "severity": "serious",
            "res_model": self._name,
            "res_id": self.id,
            "user_id": person.id,
            "department_id": person.with_company(self.company_id).employee_id.department_id.id,
            "reporter_id": user.id,
            "description": self.env._(
                "%(document)s was carried out on an oral consent of %(leader)s, whose signature "
                "was refused.",
                document=self.name,
                leader=self.user_id.name,
            ),
        }
