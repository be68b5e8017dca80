from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class CrmPolicyCustomer(models.Model):
    """What the policy says of one customer, in a narrow row beside the wide one of the contact."""

    _name = "crm.policy.customer"
    _description = "Customer Under the Policy"
    _rec_name = "partner_id"
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
        help="Empty: for all companies of the group that have no row of their own.",
    )
    grade_id = fields.Many2one(
        "crm.policy.grade",
        index=True,
        ondelete="restrict",
        domain="[('scheme', '=', 'grade'), ('company_id', 'in', [False, company_id])]",
    )

    _partner_uniq = models.UniqueIndex(
        "(partner_id, COALESCE(company_id, 0))", "A company has each customer once."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "company_id")
    def _check_partner(self):
        for customer in self:
            partner = customer.partner_id
            if partner != partner.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "%(partner)s belongs to %(customer)s: it is the latter that is graded.",
                        partner=partner.display_name,
                        customer=partner.commercial_partner_id.display_name,
                    )
                )
            if partner.company_id and partner.company_id != customer.company_id:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is a contact of another company.",
                        partner=partner.display_name,
                    )
                )

    @api.constrains("grade_id", "company_id")
    def _check_grade(self):
        for customer in self:
            grade = customer.grade_id
            if grade.company_id and grade.company_id != customer.company_id:
                raise ValidationError(
                    self.env._(
                        "%(partner)s: the grade %(grade)s is that of another company.",
                        partner=customer.partner_id.display_name,
                        grade=grade.display_name,
                    )
                )
            if grade and grade.scheme != "grade":
                raise ValidationError(
                    self.env._(
                        "%(partner)s: %(grade)s is no grade.",
                        partner=customer.partner_id.display_name,
                        grade=grade.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        customers = super().create(vals_list)
        customers.filtered("grade_id")._policy_graded()
        return customers

    def write(self, vals):
        former = self.partner_id
        result = super().write(vals)
        if {"grade_id", "company_id", "partner_id"} & vals.keys():
            self._policy_graded(former)
        return result

    def unlink(self):
        partners = self.partner_id
        result = super().unlink()
        self._policy_keep_clocks(partners)
        return result

    # === BUSINESS METHODS === #

    def _policy_graded(self, former=None):
        """Tell the ledger, and let open clocks follow the new grade."""
        self.env["crm.policy.event"]._policy_log(
            "customer.graded",
            self,
            payloads={
                customer.id: {"partner": customer.partner_id.id, "grade": customer.grade_id.code}
                for customer in self
            },
        )
        self._policy_keep_clocks(self.partner_id | (former or self.env["res.partner"]))

    @api.model
    def _policy_merge(self, partners, kept):
        """Leave one row per company to ``kept``, with whom ``partners`` are about to be merged.

        Its own one; where it has none the first that has a grade, which becomes its own. The ledger
        names both. Clocks do not follow yet: who a case belongs to is not settled.

        :param partners: ``res.partner`` that will not be any more.
        :param kept: the customer that stays; a commercial partner.
        """
        rows = self.search([("partner_id", "in", partners.ids)], order="id")
        own = self.search([("partner_id", "=", kept.id)])
        for company, group in rows.grouped("company_id").items():
            row = own.filtered(lambda row, company=company: row.company_id == company)
            graded = [
                {"partner": former.partner_id.id, "grade": former.grade_id.code} for former in group
            ]
            fits = kept.company_id in (company, self.env["res.company"])
            if not row and fits:
                row = (group.filtered("grade_id") or group)[:1]
                row._policy_hand_to(kept)
            self.env["crm.policy.event"]._policy_log(
                "customer.merged",
                row or kept,
                {"partner": kept.id, "grade": row.grade_id.code, "merged": graded},
            )
            (group - row)._policy_drop()

    # Nothing is told to the clocks: on the way they would count without any grade.
    # pylint: disable=super-method-mismatch

    def _policy_hand_to(self, partner):
        return super().write({"partner_id": partner.id})

    def _policy_drop(self):
        return super().unlink()

    # pylint: enable=super-method-mismatch

    @api.model
    def _policy_keep_clocks(self, partners):
        """Let the open deadlines of customers follow what the policy says of them."""
        rules = self.env["crm.policy.deadline.rule"].sudo()._policy_stretched_rules()
        if not rules or not partners:
            return
        deadlines = self.env["crm.policy.deadline"].sudo().search(
            [
                ("rule_id", "in", rules.ids),
                ("state", "=", "open"),
                ("partner_id.commercial_partner_id", "in", partners.ids),
            ]
        )  # fmt: skip
        for model_name, group in deadlines.grouped("res_model").items():
            records = self.env[model_name].browse(set(group.mapped("res_id"))).exists()
            group._policy_sync(group.rule_id, records)

    @api.model
    def _policy_row_sql(self, alias, company):
        """Return SQL of the id of the row that counts for a contact in a company.

        Its own row goes before the one that the companies share.

        :param str alias: of ``res_partner``.
        """
        return SQL(
            """(
                SELECT policy_row.id FROM crm_policy_customer policy_row
                 WHERE policy_row.partner_id = %(customer)s
                   AND COALESCE(policy_row.company_id, %(company)s) = %(company)s
                 ORDER BY policy_row.company_id LIMIT 1
            )""",
            customer=SQL.identifier(alias, "commercial_partner_id"),
            company=company.id,
        )
