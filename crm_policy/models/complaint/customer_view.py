from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formataddr, plaintext2html

# How a case stands in the customer's words: step, and the facts of which the first one begins it.
SOLVED_STEPS = (
    ("received", ("policy_intake_at",)),
    ("examined", ("policy_registered_at", "policy_responded_at", "policy_solution_at")),
    ("proposed", ("policy_decided_at",)),
    ("carried_out", ("policy_settled_at",)),
    ("closed", ("policy_closed_at",)),
)
# Whose fault a conflict was is not for him.
CONFLICT_STEPS = (
    ("received", ("policy_intake_at",)),
    ("examined", ("policy_investigated_at", "policy_responded_at")),
    ("carried_out", ("policy_settled_at",)),
    ("closed", ("policy_closed_at",)),
)
ANSWERED_STEPS = (
    ("received", ("policy_intake_at",)),
    ("answered", ("policy_responded_at", "policy_replied_at")),
    ("closed", ("policy_closed_at",)),
)
VISIBLE_TYPES = ("comment", "email", "email_outgoing", "auto_comment")


class CrmPolicyCustomerView(models.AbstractModel):
    """What a customer sees of his case, in the portal or by a link, and how his words come in.

    Grade, severity, responsibility, amounts, names and notes of the company are never part of it
    (POR-01, D.3 (4)).
    """

    _name = "crm.policy.customer.view"
    _description = "Case in the Eyes of Its Customer"

    policy_intake_page_id = fields.Many2one(
        "crm.policy.intake.page",
        string="Intake Page",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    policy_delivery_ref = fields.Char(string="Delivery Note")
    policy_occurred_on = fields.Date(string="Occurred On")
    policy_contact_phone = fields.Char(
        string="Phone for This Case", help="Where the person who reported it wants to be called."
    )

    # === WHAT HE SEES === #

    def _policy_customer_steps(self):
        """Return the steps of the case for its customer, in order.

        :return: dicts ``code``, ``name``, ``at`` (naive UTC or False) and ``state``: done,
            current or todo.
        """
        self.ensure_one()
        courses = {False: SOLVED_STEPS, "complaint": SOLVED_STEPS, "conflict": CONFLICT_STEPS}
        names = self._policy_customer_step_names()
        steps = [
            {
                "code": code,
                "name": names[code],
                "at": min((self[fact] for fact in facts if self[fact]), default=False),
            }
            for code, facts in courses.get(self.policy_kind, ANSWERED_STEPS)
        ]
        steps[0]["at"] = steps[0]["at"] or self.create_date
        last = max(index for index, step in enumerate(steps) if step["at"])
        for index, step in enumerate(steps):
            step["state"] = "todo" if index > last else "current" if index == last else "done"
        if steps[-1]["at"]:
            steps[-1]["state"] = "done"
        return steps

    def _policy_customer_step_names(self):
        return {
            "received": self.env._("Taken Up"),
            "examined": self.env._("Examined"),
            "answered": self.env._("Answered"),
            "proposed": self.env._("Solution"),
            "carried_out": self.env._("Carried Out"),
            "closed": self.env._("Closed"),
        }

    def _policy_customer_status(self):
        """Return (code, words) of where the case stands."""
        self.ensure_one()
        if self.policy_step == "cancelled":
            return "cancelled", self.env._("Cancelled")
        words = {
            "received": self.env._("Taken up")
            if self.policy_accepted_at
            else self.env._("We have received it"),
            "examined": self.env._("Being examined"),
            "answered": self.env._("Answered"),
            "proposed": self.env._("Solution found"),
            "carried_out": self.env._("Being carried out"),
            "closed": self.env._("Closed"),
        }
        code = [step for step in self._policy_customer_steps() if step["at"]][-1]["code"]
        return code, words[code]

    def _policy_customer_next(self):
        """Return the sentence that tells the customer what comes next."""
        self.ensure_one()
        return {
            "received": self.env._("We look at what you told us."),
            "examined": self.env._("We find out what went wrong and how to put it right."),
            "answered": self.env._("If something is still open, tell us below."),
            "proposed": self.env._("We carry out the solution and tell you about it."),
            "carried_out": self.env._("We carry it out and then ask whether it is solved for you."),
            "closed": self.env._("If it is not solved for you, tell us below."),
            "cancelled": self.env._("Nothing more is done. If that is a mistake, tell us below."),
        }[self._policy_customer_status()[0]]

    def _policy_customer_promises(self):
        """Return the open deadlines that the policy tells its customers of, the next one first.

        :return: dicts ``text``, ``due_at`` (naive UTC) and ``is_late``.
        """
        self.ensure_one()
        deadlines = (
            self.env["crm.policy.deadline"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("state", "=", "open"),
                    ("rule_id.customer_text", "!=", False),
                ]
            )
        )
        return [
            {
                "text": deadline.rule_id.customer_text,
                "due_at": deadline.due_at,
                "is_late": deadline.is_overdue,
            }
            for deadline in deadlines
        ]

    def _policy_customer_texts(self):
        """Return (heading, text) of what was decided and told: nothing before its decision."""
        self.ensure_one()
        texts = []
        if (self.policy_decided_at or self.policy_settled_at) and self.policy_solution:
            texts.append((self.env._("Our Solution"), self.policy_solution))
        if self.policy_replied_at and self.policy_reply_text:
            texts.append((self.env._("Our Reply"), self.policy_reply_text))
        return texts

    def _policy_customer_messages(self):
        """Return the conversation that the customer may read, oldest first.

        :return: dicts ``side`` (customer, company or other), ``at``, ``body`` and ``files``.
        """
        self.ensure_one()
        spoken = [("model", "=", self._name), ("res_id", "=", self.id)]
        messages = self._policy_customer_readable(spoken)
        customer = self.partner_id.commercial_partner_id
        conversation = []
        for message in messages:
            author = message.author_id
            side = "other"
            if message._policy_is_ours():
                side = "company"
            elif not author or author.commercial_partner_id == customer:
                side = "customer"
            conversation.append(
                {
                    "side": side,
                    "at": message.date,
                    "body": message.body,
                    "files": message.attachment_ids,
                }
            )
        return conversation

    def _policy_customer_files(self):
        """Return the files, outside of the conversation, that the customer may open.

        Of a governed case those that came from outside; of another ticket, as in helpdesk, all but
        those of messages that he does not see.
        """
        self.ensure_one()
        files = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)],
            order="id",
        )  # fmt: skip
        spoken = [("attachment_ids", "in", files.ids)]
        messages = self.env["mail.message"].sudo().search(spoken)
        if self.policy_kind or self.policy_to_sort:
            return (files - messages.attachment_ids).filtered(lambda file: file.create_uid.share)
        hidden = messages - self._policy_customer_readable(spoken)
        return files - hidden.attachment_ids

    def _policy_customer_readable(self, domain):
        """Return the messages of a domain that are no note of ours, oldest first."""
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    *domain,
                    ("message_type", "in", VISIBLE_TYPES),
                    ("subtype_id", "=", self.env.ref("mail.mt_comment").id),
                    ("is_internal", "=", False),
                ],
                order="id",
            )
        )

    # === WHAT HE SAYS === #

    def _policy_is_customer_word(self, message):
        """Who writes by the private link of a case is its customer, known to us or not."""
        sent = message.sudo()
        if not sent.author_id and sent.message_type == "comment" and sent.create_uid.share:
            return True
        return super()._policy_is_customer_word(message)

    @api.model
    def _policy_open_by_door(self, vals):
        """Create a ticket from what came in by a door, as a governed case if that is possible.

        What the policy refuses (none is in force, its type is out of use) is not lost: it becomes
        a ticket that somebody sorts.

        :param dict vals: create values, checked by the door.
        """
        [vals] = self._policy_prepare_intake([vals])
        try:
            with self.env.cr.savepoint():
                return self.create([vals])
        except UserError as refusal:
            unsorted = {
                name: value
                for name, value in vals.items()
                if name not in ("policy_kind", "policy_complaint_type_id")
            }
            unsorted |= {"policy_to_sort": True, "policy_sort_reason": str(refusal)}
            return self.create([unsorted])

    def _policy_add_files(self, uploads):
        """Keep files that a visitor sent.

        :param uploads: (name, content in bytes, type by content), checked by the door.
        """
        self.ensure_one()
        return self._policy_create_files(uploads, {"res_model": self._name, "res_id": self.id})

    @api.model
    def _policy_create_files(self, uploads, vals):
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {"name": name, "raw": content, "mimetype": mimetype, **vals}
                    for name, content, mimetype in uploads
                ]
            )
        )

    def _policy_customer_says(self, text, uploads=(), author=None):
        """Post what the customer adds, as a message of the customer.

        :param str text: plain text; nothing in it is taken for HTML.
        :param uploads: see :meth:`_policy_add_files`.
        :param author: ``res.partner`` who speaks; none if we only know the case.
        """
        self.ensure_one()
        case = self.sudo()
        # Of people from outside the standard takes only files that still wait for their message.
        files = case._policy_create_files(
            uploads, {"res_model": "mail.compose.message", "res_id": 0}
        )
        author = author or case.partner_id
        sender = {"author_id": author.id}
        if not author:
            name = case.partner_name or self.env._("Customer")
            address = case.partner_email or case.company_id.email
            sender["email_from"] = formataddr((name, address)) if address else name
        return case.message_post(
            body=plaintext2html(text or ""),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachment_ids=files.ids,
            **sender,
        )
