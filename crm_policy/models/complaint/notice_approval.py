import hashlib

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ...tools.zones import local_day

# No N in the letters before: it stands for a digit of the number.
NUMBERS = "FW-YYYY-NNNN"


class CrmPolicyNoticeApproval(models.AbstractModel):
    """How a notice is approved: the head of the department that wants it, then the executive.

    The route of the policy says who (NTC-01). What they sign is the text, its class, its files and
    to whom it goes. Whoever else is concerned the complaint officer adds until it is sent (NTC-02):
    he takes nobody off the list.
    """

    _name = "crm.policy.notice.approval"
    _description = "Approval of a Notice"
    _inherit = ["crm.policy.route.decided"]

    def _policy_submit(self):
        for notice in self.sudo():
            notice._policy_check_official()
            if not (html2plaintext(notice.body or "").strip() or notice.attachment_ids):
                raise UserError(
                    self.env._("%(notice)s says nothing: write its text.",
                               notice=notice.display_name)
                )  # fmt: skip
            route = notice._policy_notice_route()
            vals = {
                "policy_version_id": route.version_id.id,
                # What was approved before and has changed since is approved anew.
                "policy_reviewed_at": False,
                "policy_approved_at": False,
            }
            if not notice.number:
                vals["number"] = notice._policy_next_number()
            notice._policy_guarded_write(vals)
            # Its recipients are governed as it is.
            notice.recipient_ids._policy_guarded_write({"policy_version_id": route.version_id.id})
        return super()._policy_submit()

    def _policy_next_number(self):
        day = local_day(fields.Datetime.now(), self.company_id)
        counter = self.env["crm.policy.counter"].sudo()
        return counter._policy_reserve(self.company_id, NUMBERS, "year", day, 1)[0]

    def _policy_notice_route(self):
        """Return the route of a policy in force, one that binds before one that only warns."""
        routes = self.env["crm.policy.route"].sudo().search(
            [
                ("model_name", "=", self._name),
                ("company_id", "=", self.company_id.id),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ]
        )  # fmt: skip
        return routes.sorted(lambda route: route.version_id.enforcement != "enforced")[:1]

    # === HOOKS OF THE ENGINE === #

    def _policy_approval_values(self):
        # Whoever signs need not be allowed to read each file by itself.
        notice = self.sudo()
        return {
            "name": notice.name,
            "class": notice.notice_class,
            "department": notice.policy_department_id.id,
            "body": hashlib.sha256(str(notice.body or "").encode()).hexdigest(),
            "files": sorted([file.name, file.checksum] for file in notice.attachment_ids),
            "recipients": sorted(
                notice.recipient_ids.filtered(lambda line: not line.completed_at).partner_id.ids
            ),
        }

    def _policy_proposers(self):
        return super()._policy_proposers() | self.writer_ids

    def _policy_on_requested(self, users):
        result = super()._policy_on_requested(users)
        self._policy_open_lines_for(users)
        for notice in self:
            # A step is opened: those before it have signed, or it was returned.
            signed = notice.policy_approval_id.step_ids.filtered(
                lambda step: step.state == "approved"
            )
            at = max(signed.mapped("decided_at"), default=False)
            if notice.policy_reviewed_at != at:
                notice._policy_guarded_write({"policy_reviewed_at": at})
        return result

    def _policy_on_delegated(self, delegation):
        result = super()._policy_on_delegated(delegation)
        self._policy_open_lines_for(delegation.to_user_id)
        return result

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        self._policy_set_fact("policy_approved_at")
        self._policy_open_duties()
        for notice in self:
            holders = notice._policy_duty_holders(notice._name, "policy_sent_at")
            notice._policy_tell(
                holders,
                self.env._("To be sent: %(notice)s", notice=notice.display_name),
                self.env._(
                    "%(notice)s is approved. Send it to all customers whom it concerns.",
                    notice=notice.display_name,
                ),
            )
        return result

    def _policy_check_official(self):
        """Refuse to approve or send what is no notice of the company, or was taken back."""
        for notice in self:
            if notice.kind != "official":
                raise UserError(
                    self.env._(
                        "%(notice)s records what somebody has spread without approval: it is not "
                        "approved afterwards, nor sent.",
                        notice=notice.display_name,
                    )
                )
            if notice.withdrawn_at:
                raise UserError(
                    self.env._("%(notice)s was taken back.", notice=notice.display_name)
                )
