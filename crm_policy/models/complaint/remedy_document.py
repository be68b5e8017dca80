from odoo import api, fields, models

from ...exceptions import PolicyRefusal
from .remedy_quantity import GOODS

RETURN, ALLOWANCE = "crm.policy.return.note", "crm.policy.allowance"
# Which kind of remedy goes by which document.
DOCUMENTS = {**dict.fromkeys(GOODS, RETURN), "allowance": ALLOWANCE, "compensation": ALLOWANCE}


class CrmPolicyRemedyDocument(models.AbstractModel):
    """A remedy that is carried out by a document: a return note, an allowance certificate.

    Where the policy has a route for such documents there is no other way (RET-RTN-01, RET-ALW-01).
    """

    _name = "crm.policy.remedy.document"
    _description = "Remedy with Its Document"

    return_note_ids = fields.One2many(
        "crm.policy.return.note", "remedy_id", string="Return Notes", readonly=True, copy=False
    )
    allowance_ids = fields.One2many(
        "crm.policy.allowance", "remedy_id", string="Allowances", readonly=True, copy=False
    )
    can_issue = fields.Boolean(
        compute="_compute_document", help="Its document can be issued, and is not there yet."
    )
    document_ref = fields.Char(string="By Document", compute="_compute_document")

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"return_note_ids", "allowance_ids"}

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_approval_state",
        "executed_at",
        "ticket_id.policy_settled_at",
        "return_note_ids.cancelled_at",
        "allowance_ids.cancelled_at",
    )
    def _compute_document(self):
        for remedy in self.sudo():
            documents = remedy._policy_documents() if remedy.kind in DOCUMENTS else None
            remedy.document_ref = documents[:1].number if documents else False
            remedy.can_issue = (
                remedy.kind in DOCUMENTS
                and not (documents or remedy.executed_at or remedy.excess_of_id)
                and remedy._policy_has_route()
                and remedy._policy_may_execute()
                and not remedy._policy_waits_for_settlement()
            )

    # === ACTION METHODS === #

    def action_policy_open_document(self):
        """Open the document of the remedy, or a new one."""
        self.ensure_one()
        self.check_access("read")
        remedy = self.sudo()
        return {
            "type": "ir.actions.act_window",
            "res_model": DOCUMENTS.get(remedy.kind, RETURN),
            "res_id": remedy._policy_documents()[:1].id if remedy.kind in DOCUMENTS else False,
            "view_mode": "form",
            "context": {"default_remedy_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _policy_documents(self):
        """Return the documents of the remedy that were not cancelled."""
        found = self.return_note_ids if self.kind in GOODS else self.allowance_ids
        return found.filtered(lambda document: not document.cancelled_at)

    def _policy_has_route(self):
        """Return whether the policy of the case says who signs the document of this kind."""
        model_name = DOCUMENTS.get(self.kind)
        version = self._policy_approval_version()
        Route = self.env["crm.policy.route"]
        return bool(model_name and Route._policy_route_ids(version.id, model_name))

    def _policy_document_problem(self):
        """Return why the remedy is carried out by its document only, or None."""
        if self.kind not in DOCUMENTS:
            return None
        documents = self._policy_documents()
        if not documents and (not self._policy_has_route() or self._policy_at_once()):
            return None
        return self.env._(
            "%(remedy)s is carried out by its %(kind)s: %(document)s.",
            remedy=self.display_name,
            kind=self.env["ir.model"]._get(DOCUMENTS[self.kind]).name,
            document=documents[:1].number or self.env._("not issued yet"),
        )

    def _policy_refuse_documented(self):
        """Refuse to carry out without its document what goes by one.

        :raises PolicyRefusal: names the clause.
        """
        problem = self._policy_document_problem()
        if problem:
            route = self.env["crm.policy.route"]._policy_route_for(
                self._policy_approval_version(), DOCUMENTS[self.kind], self.kind
            )
            clause = route.clause_id or self.policy_approval_id.clause_id
            raise PolicyRefusal(f"{clause._policy_citation()}: {problem}" if clause else problem)
