from odoo import api, models

from ...tools import cell_values
from ...tools.import_sheet import REASON, ImportColumn

# Columns that hold an instant, and the fact that they give.
MOMENTS = {
    "received_at": "policy_intake_at",
    "accepted_at": "policy_accepted_at",
    "registered_at": "policy_registered_at",
    "responded_at": "policy_responded_at",
    "investigated_at": "policy_investigated_at",
    "proposed_at": "policy_solution_at",
    "mandated_at": "policy_mandated_at",
    "decided_at": "policy_decided_at",
    "settled_at": "policy_settled_at",
    "replied_at": "policy_replied_at",
    "executed_at": "policy_executed_at",
    "called_back_at": "policy_callback_at",
    "rechecked_at": "policy_rechecked_at",
    "closed_at": "policy_closed_at",
}
TEXT_FIELDS = {
    "response_text": "policy_response_text",
    "solution": "policy_solution",
    "reply_text": "policy_reply_text",
    "callback_text": "policy_callback_text",
    "recheck_text": "policy_recheck_text",
}
PLAIN_FIELDS = {
    "subject": "name",
    "order": "policy_order_ref",
    "item": "policy_item_ref",
    "lot": "policy_lot_ref",
}
NUMBER_FIELDS = {
    "quantity": "policy_quantity",
    "defective_quantity": "policy_defective_quantity",
    "claim_amount": "policy_claim_amount",
}
CHOICE_FIELDS = {
    "kind": "policy_kind",
    "urgency": "policy_urgency",
    "severity": "policy_severity",
    "remedy_sought": "policy_remedy_sought",
    "reply_channel": "policy_reply_channel",
    "step": "policy_step",
    "outcome": "policy_outcome",
}
PEOPLE = ("handler", "author", "rechecked_by")


class CrmPolicyCaseImportColumns(models.AbstractModel):
    """The columns of an old register: those of ours (客诉登记跟踪台账) and what it leaves out.

    Headings are understood in English, Chinese and by their technical names, in any order.
    """

    _name = "crm.policy.case.import.columns"
    _description = "Columns of an Old Register"
    _inherit = ["crm.policy.case.import.lookup"]

    @api.model
    def _policy_columns(self, company):
        """Return the columns of the template, headed in the language of the context."""
        env = self.env
        case = env["helpdesk.ticket"]

        def own(key, name, kind="text", **more):
            return ImportColumn(key, case._policy_label(name), kind, field=name, **more)

        def choice(key, name, header=None, **more):
            labels = dict(case._fields[name]._description_selection(env))
            header = header or case._policy_label(name)
            return ImportColumn(key, header, "choice", field=name, choices=labels, **more)

        types = env["crm.policy.complaint.type"].sudo().search([("company_id", "=", company.id)])
        remedies = env["crm.policy.remedy"]._fields["kind"]._description_selection(env)
        moments = [own(key, name, "moment", width=17) for key, name in MOMENTS.items()]
        return [
            ImportColumn(
                "number",
                env._("Number"),
                field="policy_number",
                required=True,
                hint=env._("The number stays as it is; new ones go on behind it."),
            ),
            own(
                "source_ref",
                "policy_import_ref",
                hint=env._("Where there is no number: what tells the case from others."),
            ),
            moments[0],
            moments[1],
            moments[2],
            choice("kind", "policy_kind", hint=env._("Empty: as chosen when the file is checked.")),
            ImportColumn(
                "type",
                env._("Type"),
                "choice",
                field="policy_complaint_type_id",
                choices={kind.code: kind.name for kind in types},
                hint=env._("Each registered complaint needs it."),
            ),
            ImportColumn(
                "customer_code",
                env._("Customer Code"),
                field="partner_id",
                hint=env._("Reference or tax number; it goes before the name."),
            ),
            ImportColumn("customer", env._("Customer"), field="partner_id", width=26),
            ImportColumn("subject", env._("Subject"), field="name", required=True, width=32),
            ImportColumn("description", env._("Description"), field="description", width=32),
            choice("severity", "policy_severity", env._("Severity")),
            choice("urgency", "policy_urgency"),
            ImportColumn("order", env._("Order"), field="policy_order_ref"),
            ImportColumn("item", env._("Item"), field="policy_item_ref"),
            own("lot", "policy_lot_ref"),
            own("shipped_on", "policy_shipped_on", "day"),
            own("quantity", "policy_quantity", "number"),
            own("defective_quantity", "policy_defective_quantity", "number"),
            own("claim_amount", "policy_claim_amount", "number"),
            choice("remedy_sought", "policy_remedy_sought"),
            ImportColumn("department", env._("Department in Charge"), field="policy_department_id"),
            ImportColumn(
                "handler",
                env._("Handler"),
                field="user_id",
                hint=env._("Login, e-mail address or name."),
            ),
            ImportColumn(
                "author",
                env._("Recorded By"),
                hint=env._("Login, e-mail address or name; whoever has left is understood."),
            ),
            choice(
                "step",
                "policy_step",
                env._("Step"),
                hint=env._("Where the case stands. Its date has to be there, later ones must not."),
            ),
            choice("outcome", "policy_outcome", hint=env._("Each closed case needs it.")),
            *moments[3:],
            own("response_text", "policy_response_text", width=26),
            own("solution", "policy_solution", width=26),
            ImportColumn(
                "remedies",
                env._("Remedies"),
                "list",
                field="policy_remedy_ids",
                choices=dict(remedies),
            ),
            ImportColumn(
                "amount",
                env._("Remedy Amount (%(currency)s)", currency=company.currency_id.name),
                "number",
                field="policy_remedy_ids",
            ),
            own("reply_text", "policy_reply_text", width=26),
            choice("reply_channel", "policy_reply_channel"),
            ImportColumn(
                "score",
                env._("Satisfaction (1-5)"),
                "number",
                field="policy_callback_score",
            ),
            own("callback_text", "policy_callback_text", width=26),
            ImportColumn(
                "rechecked_by",
                env._("Re-checked By"),
                field="policy_recheck_user_id",
                hint=env._("Login, e-mail address or name."),
            ),
            own("recheck_text", "policy_recheck_text", width=26),
        ]

    @api.model
    def _policy_headings(self, company):
        """Return {heading in any understood language: key}, "" for those worked out here."""
        headings = {cell_values.header_key(REASON): ""}
        for lang in self._policy_langs():
            speaking = self.with_context(lang=lang)
            env = speaking.env
            case = env["helpdesk.ticket"]
            for title in (
                env._("What Is Due"),
                env._("Next Due"),
                env._("Days Used"),
                env._("Overdue"),
            ):
                headings[cell_values.header_key(title)] = ""
            for column in speaking._policy_columns(company):
                names = [column.key, column.header]
                if column.field in case._fields and column.key not in ("customer_code", "amount"):
                    names.append(case._policy_label(column.field))
                for name in names:
                    headings.setdefault(cell_values.header_key(name), column.key)
        return headings
