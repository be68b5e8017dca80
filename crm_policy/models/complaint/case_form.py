from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import html2plaintext

from ...tools.zones import company_zone, to_local
from ...words import list_words
from .sanction import DECIDED_STATES

FORM_REPORT = "crm_policy.complaint_form"
COPY_REPORT = "crm_policy.case_copy"
# What never leaves the house, in whatever file it is (CMP-FLOW-12).
INNER_REPORTS = frozenset(
    {
        FORM_REPORT,
        COPY_REPORT,
        "crm_policy.anomaly_sheet",
        "crm_policy.case_contact_sheet",
        "crm_policy.conflict_record",
        "crm_policy.eightd_internal",
        "crm_policy.petition",
        "crm_policy.verdict_memo",
    }
)
RECEIVED = ("policy_intake_at", "policy_accepted_at", "policy_registered_at")
CLASSIFIED = (
    "policy_kind", "policy_complaint_type_id", "policy_severity", "policy_urgency",
    "policy_cause_class", "policy_impact",
)  # fmt: skip
PRODUCT = (
    "policy_order_ref", "policy_item_ref", "policy_lot_ref", "policy_shipped_on",
    "policy_quantity", "policy_defective_quantity", "policy_remedy_sought",
    "policy_claim_amount", "policy_sample",
)  # fmt: skip


class CrmPolicyCaseForm(models.AbstractModel):
    """The complaint form of a case: everything that was found, said and decided (FRM-01, E.1).

    It is made for the house alone: who may not read the case, and whoever is no employee, gets
    none (CMP-FLOW-12).
    """

    _name = "crm.policy.case.form"
    _description = "Case with Its Complaint Form"

    policy_copy_ids = fields.One2many(
        "crm.policy.case.copy",
        "ticket_id",
        string="Copies of the Complaint Form",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_print_ids = fields.One2many(
        "crm.policy.case.print",
        "ticket_id",
        string="Prints of the Complaint Form",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_copy_ids", "policy_print_ids"}

    # === BUSINESS METHODS - THE COPIES === #

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        if name == "policy_settled_at":
            self._policy_hand_out_copies()
        return result

    def _policy_settle_unfounded(self, name):
        result = super()._policy_settle_unfounded(name)
        if name == "policy_settled_at":
            self._policy_hand_out_copies()
        return result

    def _policy_hand_out_copies(self):
        """Hand out the copies of settled cases (CMP-FLOW-09)."""
        self.env["crm.policy.case.copy"]._policy_hand_out(self.sudo())

    # === BUSINESS METHODS - THE FORM === #

    def _policy_form_printed(self):
        """Return the pages of the form as the cases stand now, for the template.

        :return: list of dicts ``case``, ``content``, ``lang``.
        :raises AccessError: the user is no employee, does not see a case, or it is about him.
        """
        self._policy_check_form_reader()
        return [
            {
                "case": case,
                "lang": case._policy_form_lang(),
                "content": case._policy_form_content(),
            }
            for case in self.sudo()
        ]

    def _policy_check_form_reader(self):
        """Refuse the form to the customer, and to whoever has no business with the case."""
        self.sudo(False).check_access("read")
        user = self.env.user
        if not (user._is_internal() or user._is_superuser()):
            raise AccessError(self._policy_inner_words())
        self.sudo(False)._policy_refuse_accused()

    def _policy_inner_words(self, paper=None):
        """Return the refusal to let the form, or another inner paper, out of the house."""
        case = self[:1].sudo()
        clause = case and case.policy_kind and case._policy_fact_clause("policy_replied_at")
        return self.env._(
            "%(clause)s: %(paper)s of %(case)s is internal and leaves the house in no way, whole "
            'or as a copy. The customer is told the decision with "Tell the Decision"; a note in '
            "the chatter stays inside.",
            paper=paper or self.env._("the complaint form"),
            clause=(clause and clause._policy_citation())
            or case.policy_version_id.display_name
            or "CMP-FLOW-12",
            case=case.policy_handle or "-",
        )

    def _policy_form_lang(self):
        return self.company_id.partner_id.lang or self.env.lang or "en_US"

    def _policy_form_content(self):
        """Return what the form says now, in words of the company's language.

        What is not there yet is None: the print says "open". Only plain values, so that it can be
        kept as it was at the settlement.

        :rtype: dict
        """
        self.ensure_one()
        case = self.sudo().with_context(lang=self._policy_form_lang())
        mandate = case._policy_mandate()
        customer = case.partner_id
        return {
            "title": case.name or "",
            "number": case.policy_handle or "",
            "version": case.policy_version_id.display_name or "",
            "customer": customer.commercial_partner_id.display_name or "",
            "contact": customer.display_name if customer.parent_id else "",
            "salesperson": customer.commercial_partner_id.user_id.name or "",
            "handler": case.user_id.name or "",
            "origin": case.policy_origin_id.policy_handle or "",
            "facts": [case._policy_form_fact(name) for name in RECEIVED],
            "classified": [case._policy_form_pair(name) for name in CLASSIFIED],
            "product": [case._policy_form_pair(name) for name in PRODUCT],
            "undetermined": bool(case.policy_quantity_undetermined),
            "description": html2plaintext(case.description or "").strip(),
            "sales_opinion": case.policy_sales_opinion or None,
            "steps": case._policy_form_steps(),
            "mandate": mandate
            and {
                "amount": mandate.currency_id.format(mandate.amount),
                "text": mandate.text or "",
                "signatures": case._policy_form_signatures(mandate),
            }
            or None,
            "negotiations": case._policy_form_negotiations(),
            "solution": case.policy_solution or None,
            "shares": [
                {
                    "party": line._policy_party_name(),
                    "share": f"{line.share:g} %",
                    "amount": line.currency_id.format(line.amount),
                }
                for line in case._policy_present_shares()
            ],
            "loss": case.policy_currency_id.format(case.policy_loss_amount),
            "penalties": [
                case.env._(
                    "Penalty of %(department)s: %(amount)s",
                    department=sanction.policy_department_id.name,
                    amount=sanction.currency_id.format(sanction.amount),
                )
                for sanction in case.policy_sanction_ids
                if sanction.department_id and sanction.state in DECIDED_STATES
            ],
            "tracked": bool(case.policy_tracking),
            "remedies": case._policy_form_remedies(),
            "decided": case._policy_form_fact("policy_decided_at"),
            "settled": case._policy_form_fact("policy_settled_at"),
            "zone": company_zone(case.company_id).key,
        }

    def _policy_form_moment(self, moment):
        if not moment:
            return None
        return f"{to_local(moment, company_zone(self.company_id)):%Y-%m-%d %H:%M}"

    def _policy_form_pair(self, name):
        """Return {label, value in words} of a field; None where nobody has said it."""
        field, value = self._fields[name], self[name]
        if field.type == "selection":
            value = dict(field._description_selection(self.env)).get(value)
        elif field.type == "many2one":
            value = value.display_name
        elif field.type == "monetary":
            value = self.policy_currency_id.format(value) if value else None
        elif field.type == "float":
            value = f"{value:g}" if value else None
        elif field.type == "date":
            value = fields.Date.to_string(value)
        return {"label": self._policy_label(name), "value": value or None}

    def _policy_form_fact(self, name):
        """Return {label, moment or None, number of the clause} of a fact."""
        clause = self._policy_fact_clause(name)
        return {
            "label": self._policy_label(name),
            "value": self._policy_form_moment(self[name]),
            "clause": (clause and clause.number) or "",
        }

    def _policy_form_steps(self):
        """Return what each department was asked and has said; those of the policy still to come.

        :return: list of dicts ``name``, ``role``, ``clause``, ``opinion``, ``by``, ``at``, ``due``
            and ``state``: answered, open, or spared for one that this case does not need.
        """
        asked = self._policy_asked()
        steps = self.env["crm.policy.countersign.step"]._policy_steps_of(self)
        rows = []
        for step in steps.with_context(lang=self.env.context.get("lang")):
            line = asked.get(step.code)
            answered = line and line.policy_answered_at
            spared = not line and step.optional
            rows.append(
                {
                    "name": step.name,
                    "role": step.role_id.name or "",
                    "clause": step.clause_id.number or "",
                    "opinion": (answered and line.opinion) or None,
                    "by": (answered and line.answered_by_id.name) or "",
                    "at": answered and self._policy_form_moment(answered) or None,
                    "due": line and self._policy_form_moment(line.due_at) or None,
                    "state": "answered" if answered else "spared" if spared else "open",
                }
            )
        return rows

    def _policy_form_negotiations(self):
        positions = self.env["crm.policy.negotiation"]._fields["position"]
        words = dict(positions._description_selection(self.env))
        return [
            {
                "at": self._policy_form_moment(talk.at),
                "contact": talk.contact or "",
                "position": words.get(talk.position, ""),
                "amounts": self.env._(
                    "offered %(offered)s, demanded %(demanded)s",
                    offered=talk.currency_id.format(talk.offered_amount),
                    demanded=talk.currency_id.format(talk.demanded_amount),
                ),
                "text": talk.text or "",
                "people": self.env._(
                    "held by %(author)s, read by %(superior)s",
                    author=talk.create_uid.name,
                    superior=talk.reviewed_by_id.name or "-",
                ),
            }
            for talk in self.policy_negotiation_ids
            if talk.cycle == self.policy_cycle
        ]

    def _policy_form_remedies(self):
        kinds = dict(self.env["crm.policy.remedy"]._fields["kind"]._description_selection(self.env))
        states = dict(
            self.env["crm.policy.remedy"]
            ._fields["policy_approval_state"]
            ._description_selection(self.env)
        )
        return [
            {
                "kind": kinds.get(remedy.kind, ""),
                "note": remedy.note or "",
                "quantity": f"{remedy.quantity:g}" if remedy.quantity else "",
                "amount": remedy.currency_id.format(remedy.amount),
                "state": states.get(remedy.policy_approval_state, ""),
                "clause": remedy.policy_approval_id.clause_id.number or "",
                "signatures": self._policy_form_signatures(remedy),
            }
            for remedy in self.policy_remedy_ids
            if remedy.cycle == self.policy_cycle
        ]

    def _policy_form_signatures(self, document):
        """Return who has approved a document and when, in words."""
        return list_words(
            self.env,
            [
                f"{decision._policy_signer_words()} {self._policy_form_moment(decision.decided_at)}"
                for decision in document.policy_approval_id.decision_ids
                if decision.outcome == "approved"
            ],
        )
