import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import email_normalize, format_datetime

from ...tools.zones import company_zone

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_policy.mail_template_acknowledgement"
# Machines that get our answer are asked not to answer it.
HEADERS = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


class CrmPolicyMailAcknowledgement(models.AbstractModel):
    """Tell who wrote that his mail arrived, and prove that he was told (ISO 10002, 7.4).

    It is sent once per case that a mail opened. It is no answer: ``policy_responded_at`` stays as
    it is (scenario S1). It counts as sent when the mail server has accepted it, not before.
    """

    _name = "crm.policy.mail.acknowledgement"
    _description = "Acknowledgement of a Mail"
    _inherit = ["crm.policy.mail.intake"]

    policy_acknowledgement_state = fields.Selection(
        [("pending", "Being Sent"), ("sent", "Sent"), ("failed", "Failed")],
        string="Acknowledgement",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    policy_acknowledged_at = fields.Datetime(string="Acknowledged At", readonly=True, copy=False)
    policy_acknowledgement_reason = fields.Char(
        string="Why It Was Not Acknowledged", readonly=True, copy=False
    )
    policy_acknowledgement_mail_id = fields.Many2one(
        "mail.mail",
        string="Mail of the Acknowledgement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_system",
    )
    policy_next_for_customer = fields.Char(
        string="What Comes Next for the Customer", compute="_compute_policy_next_for_customer"
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_acknowledgement_state",
            "policy_acknowledged_at",
            "policy_acknowledgement_reason",
            "policy_acknowledgement_mail_id",
        }

    @api.depends_context("lang")
    def _compute_policy_next_for_customer(self):
        """Say in the customer's words what is promised to him next, as the portal does."""
        for case in self:
            promise = next(iter(case._policy_customer_promises()), None)
            if not promise:
                case.policy_next_for_customer = self.env._(
                    "A colleague reads your message and gets in touch with you."
                )
                continue
            when = format_datetime(
                self.env,
                promise["due_at"],
                tz=str(company_zone(case.company_id)),
                dt_format="yyyy-MM-dd HH:mm",
            )
            case.policy_next_for_customer = self.env._(
                "%(text)s by %(when)s.", text=promise["text"], when=when
            )

    # === SENDING === #

    def _policy_mail_after_intake(self, facts):
        result = super()._policy_mail_after_intake(facts)
        if facts.get("answerable") and self._policy_mailbox_acknowledges(facts["mailbox"]):
            self._policy_acknowledge(facts)
        return result

    @api.model
    def _policy_mailbox_acknowledges(self, box):
        return bool(box) and box.policy_acknowledge

    def _policy_acknowledge(self, facts):
        """Put the acknowledgement into the mail queue; a failure is shown, never raised."""
        if self._policy_acknowledged_lately(facts["sender"]):
            return
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        # The answer must come back to the mailbox; nobody's name stands before the address.
        reply_to = email_normalize(self._notify_get_reply_to()[self.id] or "")
        try:
            with self.env.cr.savepoint():
                mail_id = template.sudo().send_mail(
                    self.id,
                    email_values={
                        "email_to": facts["sender"],
                        **({"reply_to": reply_to} if reply_to else {}),
                        "recipient_ids": [],
                        "headers": repr(HEADERS),
                        "references": facts["message_id"],
                        "auto_delete": False,
                    },
                )
        except Exception as problem:  # noqa: BLE001 - a broken template must not lose the case
            _logger.warning("No acknowledgement could be made: %s", problem, exc_info=True)
            self._policy_acknowledgement_failed(" ".join(str(problem).split())[:300])
            return
        self._policy_guarded_write(
            {
                "policy_acknowledgement_state": "pending",
                "policy_acknowledgement_mail_id": mail_id,
            }
        )
        # Sent by the queue, after the case is safely stored.
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _policy_acknowledged_lately(self, sender):
        hours = self.env["crm.policy.parameter"]._policy_value(
            self.company_id.id, "acknowledge_hours"
        )
        return hours > 0 and bool(
            self.search_count(
                [
                    ("company_id", "=", self.company_id.id),
                    ("policy_mail_sender", "=", sender),
                    ("policy_acknowledgement_state", "in", ("pending", "sent")),
                    ("create_date", ">=", fields.Datetime.now() - timedelta(hours=hours)),
                    ("id", "!=", self.id),
                ],
                limit=1,
            )
        )

    # === PROOF === #

    def _policy_acknowledgement_sent(self, mail):
        """Record that the mail server has accepted the acknowledgement."""
        self._policy_guarded_write(
            {
                "policy_acknowledgement_state": "sent",
                "policy_acknowledged_at": fields.Datetime.now(),
                "policy_acknowledgement_reason": False,
            }
        )
        for case in self:
            self.env["crm.policy.event"]._policy_log(
                "case.acknowledged",
                case,
                {"message_id": mail.message_id},
                clause=case.policy_version_id,
            )

    def _policy_acknowledgement_failed(self, reason):
        self._policy_guarded_write(
            {
                "policy_acknowledgement_state": "failed",
                "policy_acknowledgement_reason": reason,
            }
        )
        for case in self:
            self.env["crm.policy.event"]._policy_log(
                "case.not_acknowledged", case, clause=case.policy_version_id
            )

    def _policy_mail_bounced(self, bounced, mail):
        result = super()._policy_mail_bounced(bounced, mail)
        for case in self:
            sent = case.sudo().policy_acknowledgement_mail_id.mail_message_id
            if bounced == sent:
                case._policy_acknowledgement_failed(
                    self.env._("The customer's mail server sent it back.")
                )
        return result
