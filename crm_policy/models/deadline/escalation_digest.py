from odoo import api, fields, models
from odoo.tools import SQL

DIGEST = 200  # cases that one mail lists; the others are counted
MAIL_CHUNK = 5_000  # rows per transaction of mailing


class CrmPolicyEscalationDigest(models.AbstractModel):
    """One mail per person and run instead of one per case (U46)."""

    _name = "crm.policy.escalation.digest"
    _description = "Mail of Escalations"

    @api.model
    def _policy_mail_digests(self):
        """Send each person who was told one mail that lists all of it (U46).

        What is mailed is marked in the same transaction: a process that is killed in between has
        done neither.
        """
        while True:
            rows = self.env.execute_query(
                SQL(
                    "SELECT id FROM crm_policy_escalation WHERE mailed_at IS NULL"
                    " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                    MAIL_CHUNK,
                )
            )
            escalations = self.sudo().browse(row[0] for row in rows)
            if not escalations:
                return
            vals_list = [
                vals
                for user, group in escalations.grouped("user_id").items()
                if user.active and user.partner_id.email
                for vals in group._policy_digest(user)
            ]
            self.env["mail.mail"].sudo().create(vals_list)
            self.env.execute_query(
                SQL(
                    "UPDATE crm_policy_escalation SET mailed_at = %s WHERE id = ANY(%s)"
                    " RETURNING id",
                    fields.Datetime.now(),
                    escalations.ids,
                )
            )
            escalations.invalidate_recordset(["mailed_at"], flush=False)
            if vals_list:
                self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            if not self.env["ir.cron"]._commit_progress(len(rows)):
                return

    def _policy_digest(self, user):
        """Return the create values of the mail that tells ``user`` of these; none if all ended."""
        told = self.with_context(lang=user.lang).sudo()
        deadlines = told.deadline_id.filtered(lambda deadline: deadline.state == "open")
        if not deadlines:
            return []
        now = fields.Datetime.now()
        deadlines = deadlines.sorted(lambda deadline: (deadline.due_at, deadline.id))
        company = deadlines[:1].company_id
        names = deadlines._policy_names_for(told.env(user=user, su=False))
        lines = [
            {
                "overdue": deadline.due_at < now,
                "case": names[deadline.id],
                "name": deadline.name,
                "clause": deadline.clause_id._policy_citation(),
                "due": deadline._policy_due_words(user),
                "person": deadline.user_id.name or deadline.role_id.name or "",
                "url": f"/mail/view?model={deadline.res_model}&res_id={deadline.res_id}",
            }
            for deadline in deadlines[:DIGEST]
        ]
        overdue = len(deadlines.filtered(lambda deadline: deadline.due_at < now))
        render = self.env["mail.render.mixin"]
        body = self.env["ir.qweb"].with_context(lang=user.lang)._render(
            "crm_policy.alert_digest",
            {"user": user, "lines": lines, "more": len(deadlines) - len(lines)},
        )  # fmt: skip
        subject = told.env._(
            "%(company)s: %(overdue)s overdue, %(nearly)s nearly due",
            company=company.name,
            overdue=overdue,
            nearly=len(deadlines) - overdue,
        )
        return [
            {
                "subject": subject,
                "body_html": render._replace_local_links(body),
                "email_from": company.email_formatted or self.env.user.email_formatted,
                "recipient_ids": [(4, user.partner_id.id)],
                "auto_delete": False,
            }
        ]
