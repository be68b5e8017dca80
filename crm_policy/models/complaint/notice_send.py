from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

from ...words import list_words

LINE = "crm.policy.notice.recipient"
MAX_ADDRESSED = 1000  # customers added in one go; more of them are added in several


class CrmPolicyNoticeSend(models.AbstractModel):
    """How a notice reaches its customers, and who answers for it (NTC-01 to NTC-04).

    Who sends, who explains and who files is said by the deadline rules of the policy: the role that
    is responsible for a fact in time is the only one that may bring it about. A notice counts as
    sent at the instant at which the last customer was reached. Where his mail comes back later, it
    is being sent again, and the clock runs anew from there.
    """

    _name = "crm.policy.notice.send"
    _description = "Sending of a Notice"

    can_send = fields.Boolean(compute="_compute_can")
    can_send_again = fields.Boolean(
        compute="_compute_can", help="Somebody who gets it by e-mail was not reached."
    )
    can_file = fields.Boolean(compute="_compute_can")
    recipient_count = fields.Integer(string="Customers", compute="_compute_recipient_count")
    reached_count = fields.Integer(string="Delivered", compute="_compute_recipient_count")
    failed_count = fields.Integer(string="Not Delivered", compute="_compute_recipient_count")

    # === COMPUTE METHODS === #

    @api.depends("state", "recipient_ids.delivery", "recipient_ids.channel")
    @api.depends_context("uid")
    def _compute_can(self):
        for notice in self:
            stored = notice.sudo()
            sends = stored.state in ("approved", "sending")
            files = stored.policy_sent_at and not stored.policy_filed_at
            user = self.env.user
            notice.can_send = bool(sends) and user in stored._policy_duty_holders(
                self._name, "policy_sent_at"
            )
            notice.can_send_again = notice.can_send and any(
                line._policy_is_to_mail() for line in stored.recipient_ids
            )
            notice.can_file = bool(files) and user in stored._policy_duty_holders(
                self._name, "policy_filed_at"
            )

    @api.depends("recipient_ids.delivery")
    @api.depends_context("uid")
    def _compute_recipient_count(self):
        """Count those whom the user may see: a salesperson's own, all for who keeps the notice."""
        groups = self.env[LINE]._read_group(
            [("notice_id", "in", self.ids)], ["notice_id", "delivery"], ["__count"]
        )
        counts = {}
        for notice, delivery, count in groups:
            counts.setdefault(notice.id, {})[delivery] = count
        for notice in self:
            found = counts.get(notice.id, {})
            notice.recipient_count = sum(found.values())
            notice.reached_count = found.get("delivered", 0)
            notice.failed_count = found.get("failed", 0)

    # === WHOSE DUTY IT IS === #

    def _policy_duty(self, model_name, fact):
        """Return the rule of the policy that says who answers for a fact, or none."""
        self.ensure_one()
        return self.env["crm.policy.deadline.rule"].sudo().search(
            [
                ("version_id", "=", self.policy_version_id.id),
                ("model_name", "=", model_name),
                ("done_path", "=", fact),
                ("role_id", "!=", False),
            ],
            limit=1,
        )  # fmt: skip

    def _policy_duty_holders(self, model_name, fact, record=None):
        """Return who holds the role now, or stands in for who is away.

        :param record: whose persons the role may name; the notice by default.
        """
        record = self if record is None else record
        role = self._policy_duty(model_name, fact).role_id
        return role._users_for(record)[record.id] if role else self.env["res.users"]

    def _policy_check_duty(self, model_name, fact, record=None):
        """Refuse whoever does not hold the role that answers for a fact.

        :raises AccessError: names the clause, the role and who holds it.
        :raises UserError: the policy names nobody.
        """
        rule = self._policy_duty(model_name, fact)
        if not rule:
            raise UserError(
                self.env._(
                    "%(version)s does not say whose duty this is: %(fact)s.",
                    version=self.policy_version_id.display_name or self.env._("no policy in force"),
                    fact=self.env[model_name]._policy_label(fact),
                )
            )
        holders = self._policy_duty_holders(model_name, fact, record)
        if self.env.user not in holders:
            raise AccessError(
                self.env._(
                    "%(clause)s: only the %(role)s does this: %(users)s.",
                    clause=rule.clause_id._policy_citation(),
                    role=rule.role_id.name,
                    users=list_words(self.env, holders.mapped("name")) or self.env._("nobody yet"),
                )
            )

    def _policy_open_duties(self):
        """Open notices to who sends and files them or stands in there, away or not, and to the
        salespeople of their customers."""
        for notice in self.sudo():
            roles = notice._policy_duty(notice._name, "policy_sent_at").role_id
            roles |= notice._policy_duty(notice._name, "policy_filed_at").role_id
            for role in roles:
                notice._policy_open_lines_for(role._policy_people_for(notice)[notice.id])
            if notice.policy_sent_at:
                notice._policy_open_for(notice._policy_managers())

    @api.model
    def _policy_keep_opened(self):
        """Open what is on its way to whoever holds the roles now; they come and go."""
        self.sudo().search(
            [("state", "in", ("approved", "sending", "sent", "briefed"))]
        )._policy_open_duties()

    def _policy_managers(self):
        """Return who explains the notice to its customers."""
        lines = self.sudo().recipient_ids
        role = self._policy_duty(LINE, "policy_briefed_at").role_id
        found = role._users_for(lines) if role else {}
        return self.env["res.users"].union(*found.values())

    # === ACTION METHODS === #

    def action_policy_address(self, partner_ids=None, channel="mail"):
        """Add customers to whom the notice goes; who writes it, and who sends it.

        :param list[int] partner_ids: contacts that the user may read; who is there already stays.
        :param str channel: mail, fax or letter.
        :raises AccessError: neither, or a contact is hidden from him.
        :raises UserError: it is sent.
        :raises ValidationError: there are no such contacts or there is no such channel.
        """
        self.check_access("read")
        sound = (
            isinstance(partner_ids, list)
            and 0 < len(partner_ids) <= MAX_ADDRESSED
            and all(type(partner_id) is int and partner_id > 0 for partner_id in partner_ids)
        )
        partners = self.env["res.partner"].browse(partner_ids if sound else ()).exists()
        channels = dict(self.env[LINE]._fields["channel"].selection)
        if not partners or not isinstance(channel, str) or channel not in channels:
            raise ValidationError(
                self.env._("Name the customers, and how each of them gets the notice.")
            )
        partners.check_access("read")
        for notice in self:
            if not notice.has_access("write"):
                notice.sudo()._policy_check_duty(self._name, "policy_sent_at")
            fresh = partners - notice.sudo().recipient_ids.partner_id
            self.env[LINE].sudo().create(
                [
                    {"notice_id": notice.id, "partner_id": partner.id, "channel": channel}
                    for partner in fresh
                ]
            )
        return True

    def action_policy_send(self):
        """Send it by e-mail to all customers who get it so and were not reached yet.

        Who gets it by fax or letter is reached when that is recorded.

        :raises AccessError: somebody else than the policy names for it.
        :raises UserError: it is not approved as it stands, goes to nobody, or one has no address.
        """
        self.check_access("read")
        for notice in self:
            stored = notice._policy_take_duty("policy_sent_at")
            stored._policy_check_signed()
            stored._policy_check_addressed()
            stored._policy_begin_sending()
            stored.recipient_ids.filtered(lambda line: line._policy_is_to_mail())._policy_mail()
            # Whoever was missing may have been reached by hand, or taken off, before.
            stored._policy_settle()
        return True

    def action_policy_file(self, file_ref=None):
        """Record that a copy is in the files, and under which number.

        :raises AccessError: somebody else than the policy names for it.
        :raises UserError: it is not sent, or filed already.
        :raises ValidationError: there is no file number.
        """
        self.check_access("read")
        text = self._policy_text(file_ref, self.env._("Write down the number in the files."))
        for notice in self:
            stored = notice._policy_take_duty("policy_filed_at")
            stored._policy_set_fact("policy_filed_at")
            stored._policy_guarded_write({"file_ref": text, "filed_by_id": self.env.uid})
        return True

    # === BUSINESS METHODS === #

    def _policy_take_duty(self, fact):
        """Check the user for a duty and hold the notice; return it as superuser."""
        self.ensure_one()
        stored = self.sudo()
        stored._policy_check_official()
        stored._policy_check_duty(self._name, fact)
        stored._policy_hold_rows()
        return stored

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if name == "policy_filed_at" and not self.policy_sent_at:
            raise UserError(
                self.env._(
                    "%(notice)s has not reached all its customers yet.", notice=self.display_name
                )
            )
        return result

    def _policy_check_signed(self):
        """Refuse to bring to customers what nobody has signed as it stands (NTC-01)."""
        self.ensure_one()
        if self.policy_approval_state != "approved":
            raise UserError(
                self.env._(
                    "%(notice)s is not approved: nothing goes to customers before.",
                    notice=self.display_name,
                )
            )
        if not self._policy_is_as_asked():
            raise UserError(
                self.env._(
                    "%(notice)s has changed since it was submitted: submit it again.",
                    notice=self.display_name,
                )
            )

    def _policy_check_addressed(self):
        """Refuse to send to nobody, and mails to customers without an address (NTC-02)."""
        if not self.recipient_ids:
            raise UserError(
                self.env._("%(notice)s goes to nobody: add its customers.",
                           notice=self.display_name)
            )  # fmt: skip
        mute = self.recipient_ids.filtered(
            lambda line: line._policy_is_to_mail() and not email_normalize(line.partner_id.email)
        )
        if mute:
            raise UserError(
                self.env._(
                    "%(notice)s: these customers have no e-mail address. Write it down, or choose "
                    "fax or letter: %(customers)s.",
                    notice=self.display_name,
                    customers=list_words(self.env, mute.partner_id.mapped("display_name")),
                )
            )

    def _policy_begin_sending(self):
        if self.policy_sending_at:
            return
        self._policy_guarded_write(
            {"policy_sending_at": fields.Datetime.now(), "sent_by_id": self.env.uid}
        )
        self.env["crm.policy.event"]._policy_log(
            "notice.sending",
            self,
            {"recipients": len(self.recipient_ids)},
            clause=self._policy_duty(self._name, "policy_sent_at").clause_id,
        )

    def _policy_settle(self):
        """Record that all customers were reached, or that all were told what it means."""
        for notice in self.sudo():
            if not notice.policy_sent_at and notice._policy_all_have("policy_delivered_at"):
                notice._policy_note_sent()
            briefed = "policy_briefed_at"
            if notice.policy_sent_at and not notice[briefed] and notice._policy_all_have(briefed):
                notice._policy_note_fact(briefed, max(notice.recipient_ids.mapped(briefed)))

    def _policy_settle_rest(self):
        """Settle those of ``self`` that are being sent, after customers were taken off them."""
        under_way = self.sudo().filtered(lambda notice: notice.state == "sending")
        if under_way:
            under_way._policy_hold_rows()
            under_way.filtered("recipient_ids")._policy_settle()

    def _policy_all_have(self, fact):
        """Return whether a fact is there for each recipient; asked after each of many mails."""
        lines = self.env[LINE].sudo()
        return not lines.search([("notice_id", "=", self.id), (fact, "=", False)], limit=1)

    def _policy_note_fact(self, fact, at):
        """Record what follows from the facts of the recipients."""
        self._policy_guarded_write({fact: at})
        code = fact.removeprefix("policy_").removesuffix("_at")
        rule = self._policy_duty(self._name, fact) or self._policy_duty(LINE, fact)
        self.env["crm.policy.event"]._policy_log(
            f"notice.{code}", self, {"at": str(at)}, clause=rule.clause_id
        )

    def _policy_note_sent(self):
        """The last customer was reached: from now on the salespeople explain it to theirs."""
        lines = self.recipient_ids
        at = max(lines.mapped("policy_delivered_at"))
        self._policy_note_fact("policy_sent_at", at)
        lines.filtered(lambda line: not line.policy_sent_at)._policy_guarded_write(
            {"policy_sent_at": at}
        )
        managers = self._policy_managers()
        self._policy_open_for(managers)
        self._policy_tell(
            managers,
            self.env._("To be explained to your customers: %(notice)s", notice=self.display_name),
            self.env._(
                "%(notice)s was sent to your customers. See to it that they know and understand "
                "it, and record it.",
                notice=self.display_name,
            ),
        )

    def _policy_come_back(self):
        """A mail that had counted as delivered came back: the notice is being sent again.

        The clock that was met stays met; the one of the new cycle counts from now.
        """
        for notice in self.filtered("policy_sent_at"):
            notice._policy_guarded_write(
                {
                    "policy_sent_at": False,
                    "policy_briefed_at": False,
                    "policy_reopened_at": fields.Datetime.now(),
                    "policy_cycle": notice.policy_cycle + 1,
                }
            )
            holders = notice._policy_duty_holders(notice._name, "policy_sent_at")
            notice._policy_tell(
                holders,
                self.env._("Came back: %(notice)s", notice=notice.display_name),
                self.env._(
                    "A customer was not reached by %(notice)s after all. Reach him in another way.",
                    notice=notice.display_name,
                ),
            )

    # === MAIL === #

    def _policy_mail_values(self):
        """Return what the mails of all recipients have in common."""
        self.ensure_one()
        author = self.env.user.partner_id
        company = self.company_id
        sender = company.email_formatted or author.email_formatted
        reply_to = self._notify_get_reply_to(default=sender, author_id=author.id)[self.id]
        return {
            "subject": f"[{self.number}] {self.name}",
            "body": self.body,
            "body_html": self.body,
            "author_id": author.id,
            "email_from": sender,
            "reply_to": reply_to or sender,
            "model": self._name,
            "res_id": self.id,
            # No part of the discussion: each customer's copy is his own.
            "message_type": "user_notification",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
            "attachment_ids": [Command.set(self.attachment_ids.ids)],
            "is_notification": True,
            "auto_delete": True,
            "record_company_id": company.id,
            "record_alias_domain_id": self._mail_get_alias_domains()[self.id].id,
        }
