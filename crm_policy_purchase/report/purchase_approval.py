from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crm_policy.tools.qr import qr_svg


class PurchaseApprovalForm(models.AbstractModel):
    """The order as it was signed, with its signatures; for the file (AUT-MAT-04)."""

    _name = "report.crm_policy_purchase.purchase_approval"
    _description = "Signed Purchase Form"

    @api.model
    def _get_report_values(self, docids, data=None):
        orders = self.env["purchase.order"].browse(docids)
        # Whoever may read the order gets the form whole: a signer need not be an accountant.
        orders.check_access("read")
        for order in orders.sudo():
            if not order.policy_approval_id:
                raise UserError(
                    self.env._(
                        "%(order)s was not submitted: there is no form yet.", order=order.name
                    )
                )
        return {
            "doc_ids": orders.ids,
            "doc_model": orders._name,
            "docs": orders.sudo(),
            "request_of": self._policy_request,
        }

    @api.model
    def _policy_request(self, order):
        """Return what the form tells of the request beside the fields of its records."""
        approval = order.policy_approval_id
        events = (
            self.env["crm.policy.event"]
            .sudo()
            .search(
                [("res_model", "=", approval._name), ("res_id", "=", approval.id)],
                order="id",
            )
        )
        link = f"{approval.get_base_url()}/odoo/{approval._name}/{approval.id}"
        return {
            "record": approval,
            "number": f"{order.name}-{approval.id:06d}",
            "qr": Markup(qr_svg(link)),  # nothing of it was typed by anybody
            "signatures": [
                (step, step.decision_ids or [step.decision_ids]) for step in approval.step_ids
            ],
            "entries": ", ".join(str(event.id) for event in events),
            "sealed": events.filtered("hash")[-1:],
            # The values are no longer those that were asked for, or the request has ended.
            "changed": not order._policy_is_as_asked(),
        }
