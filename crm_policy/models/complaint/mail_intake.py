import ast
import re
from datetime import timedelta
from email.message import EmailMessage

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize, html2plaintext
from odoo.tools.mail import email_split_tuples

from ...const import KINDS, URGENCIES
from ...tools import mail_signs
from ...words import list_words
from .mail_gateway import FACTS

BLOCK_END = re.compile(r"</(?:div|p|tr|table|h[1-6]|blockquote)>|<hr[^>]*>", re.IGNORECASE)


class CrmPolicyMailIntake(models.AbstractModel):
    """A case made of a mail (SLA-05, SLA-06, CMP-INT-05).

    What the mail does not say for certain (who the customer is, what it is about) is not guessed:
    the case is made all the same and a person sorts it.
    """

    _name = "crm.policy.mail.intake"
    _description = "Case from a Mail"

    policy_mail_sender = fields.Char(
        string="Sender of the Mail", readonly=True, copy=False, index="btree_not_null"
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_mail_sender"}

    # === MAILBOXES === #

    @api.model
    def _policy_mailbox(self, alias):
        """Return the record that owns an alias; empty if it has none."""
        model = alias.alias_parent_model_id.model
        if not model or model not in self.env or not alias.alias_parent_thread_id:
            return self.env["crm.policy.mailbox"]
        return self.env[model].sudo().browse(alias.alias_parent_thread_id).exists()

    @api.model
    def _policy_mailbox_vals(self, box):
        """Return the create values that any case from this mailbox has."""
        return {"company_id": box.company_id.id} if box.company_id else {}

    @api.model
    def _policy_mail_said(self, defaults, company):
        """Return what the defaults of an address say about a case, as far as it can be used.

        :param defaults: ``alias_defaults`` as text, or evaluated.
        :return: (create values, [sentences about what cannot be used]).
        """
        problems = []
        if isinstance(defaults, str):
            try:
                defaults = ast.literal_eval(defaults or "{}")
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                defaults = None
        if not isinstance(defaults, dict):
            return {}, [self.env._("The defaults of the address cannot be read.")]
        said = {name: value for name, value in defaults.items() if name in self._fields}
        selections = {"policy_kind": KINDS, "policy_urgency": URGENCIES}
        for name, choices in selections.items():
            value = said.get(name)
            if value and not (isinstance(value, str) and value in dict(choices)):
                problems.append(
                    self.env._(
                        "The address says %(field)s %(value)s, which does not exist.",
                        field=self._policy_label(name),
                        value=value,
                    )
                )
                del said[name]
        for name in ("policy_complaint_type_id", "policy_department_id"):
            if said.get(name) and not self._policy_mail_usable(name, said[name], company):
                problems.append(
                    self.env._(
                        "The address says a %(field)s that is not in use in %(company)s.",
                        field=self._policy_label(name),
                        company=company.name,
                    )
                )
                del said[name]
        if said.get("policy_complaint_type_id") and not said.get("policy_kind"):
            said.pop("policy_complaint_type_id")
        return said, problems

    @api.model
    def _policy_mail_usable(self, name, value, company):
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        record = self.env[self._fields[name].comodel_name].sudo().browse(value).exists()
        active = "active" not in record or record["active"]
        return bool(record and active and record.company_id in (company, company.browse()))

    # === INTAKE === #

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        if not any(str(name).startswith("policy_") for name in custom_values or {}):
            return super().message_new(msg_dict, custom_values)
        defaults = dict(custom_values)
        facts = defaults.pop(FACTS, None) or self._policy_mail_bare_facts(msg_dict)
        company = facts["company"]
        Ticket = self.with_company(company).with_context(lang=company.partner_id.lang)
        said, reasons = Ticket._policy_mail_said(defaults, company)
        machine = facts["automatic"] or facts.get("flood")
        if machine:
            # A machine's mail starts no clock before a person has seen it.
            said = {name: value for name, value in said.items() if not name.startswith("policy_")}
            reasons = [facts.get("flood") or self.env._("A machine sent it.")]
        who, doubts = Ticket._policy_mail_who(msg_dict, facts, company)
        facts["answerable"] = who.pop("answerable") and not machine
        vals = {
            **Ticket._policy_mail_channel(),
            "name": " ".join((msg_dict.get("subject") or "").split()) or Ticket.env._("No Subject"),
            "description": Ticket._policy_mail_description(msg_dict),
            **Ticket._policy_mailbox_vals(facts["mailbox"]),
            **said,
            **who,
        }
        reasons += doubts + Ticket._policy_mail_remarks(facts)
        has_text = Ticket._policy_mail_has_text(msg_dict.get("body") or "")
        if not has_text and not msg_dict.get("attachments"):
            reasons.append(Ticket.env._("The mail has no text."))
        [vals] = Ticket._policy_prepare_intake([vals])
        if not vals.get("policy_kind") and not machine:
            reasons.append(Ticket.env._("Nobody has said what kind of case it is."))
        if vals.get("policy_sort_reason"):
            reasons.append(vals["policy_sort_reason"])
        return Ticket._policy_mail_create(msg_dict, vals, facts, list(dict.fromkeys(reasons)))

    def _policy_mail_create(self, msg, vals, facts, reasons):
        """Create the case; if its classification is refused, without it and to be sorted."""
        # Called by message_new only, once or twice. pylint: disable=super-method-mismatch
        # What the standard makes of the recipients (followers, whoever they are) does not happen.
        mail = {**msg, "to": "", "cc": ""}
        try:
            with self.env.cr.savepoint():
                case = super().message_new(mail, self._policy_mail_sorted_vals(vals, reasons))
                case.flush_recordset()
        except Exception as problem:  # noqa: BLE001 - a door does not lose what came in
            reasons = [self.env["mail.thread"]._policy_mail_words(problem), *reasons]
            plain = {name: value for name, value in vals.items() if not name.startswith("policy_")}
            case = super().message_new(mail, self._policy_mail_sorted_vals(plain, reasons))
        case._policy_guarded_write({"policy_mail_sender": facts["sender"] or False})
        self.env["crm.policy.event"]._policy_log(
            "case.mailed",
            case,
            {
                "header_date": facts["header_date"],
                "automatic": facts["automatic"],
                "forwarded": bool(facts.get("forwarded")),
                "remarks": facts["remarks"],
            },
            clause=case.policy_version_id,
        )
        return case

    @api.model
    def _policy_mail_sorted_vals(self, vals, reasons):
        if not reasons:
            return {**vals, "policy_to_sort": False, "policy_sort_reason": False}
        return {**vals, "policy_to_sort": True, "policy_sort_reason": " ".join(reasons)}

    @api.model
    def _policy_mail_bare_facts(self, msg):
        """Return the facts of a mail that another program hands on without its headers."""
        return {
            "sender": email_normalize(msg.get("email_from") or msg.get("from") or "") or "",
            "subject": msg.get("subject") or "",
            "remarks": [],
            "header_date": None,
            "automatic": False,
            "quiet": True,
            "message_id": msg.get("message_id"),
            "mailbox": self.env["crm.policy.mailbox"],
            "company": self.env.company,
        }

    @api.model
    def _policy_mail_channel(self):
        return {}

    @api.model
    def _policy_mail_description(self, msg):
        """Return the body; for a mail without one, what it holds instead."""
        body = msg.get("body") or ""
        if self._policy_mail_has_text(body):
            return body
        names = [str(attachment[0]) for attachment in msg.get("attachments") or []]
        if names:
            text = self.env._(
                "The mail has no text. Attached: %(names)s", names=list_words(self.env, names)
            )
        else:
            text = self.env._("The mail has no text.")
        return Markup("<p>%s</p>") % text

    @api.model
    def _policy_mail_has_text(self, body):
        return bool(html2plaintext(body).strip()) or "<img" in body

    @api.model
    def _policy_mail_plain(self, body):
        """Return the body as text with its lines kept, as a reader sees them."""
        return html2plaintext(BLOCK_END.sub(r"\g<0><br/>", str(body or "")))

    @api.model
    def _policy_mail_remarks(self, facts):
        words = {
            "unreadable": self.env._(
                "Characters of the mail were lost; see the attached original."
            ),
            "structure": self.env._("The mail is damaged; see the attached original."),
        }
        reasons = [words[remark] for remark in facts["remarks"] if remark in words]
        if facts.get("named_case"):
            case = self.browse(facts["named_case"])
            reasons.append(
                self.env._(
                    "It names %(case)s, but its sender is not known there.", case=case.policy_handle
                )
            )
        return reasons

    # === WHO WRITES === #

    @api.model
    def _policy_mail_partners(self, address, company):
        """Return the contacts of a company with an address, its own and the shared ones."""
        if not address:
            return self.env["res.partner"]
        return self.env["res.partner"].sudo().search(
            [("email_normalized", "=", address), ("company_id", "in", [False, company.id])],
            order="id",
            limit=2,
        )  # fmt: skip

    @api.model
    def _policy_mail_is_colleague(self, partners):
        return any(user._is_internal() for user in partners.user_ids)

    @api.model
    def _policy_mail_who(self, msg, facts, company):
        """Return who complains, and the doubts about it.

        :return: (create values and ``answerable``: whether the sender may be answered by us,
            [sentences]).
        """
        sender = facts["sender"]
        tuples = email_split_tuples(msg.get("email_from") or msg.get("from") or "")
        name = tuples[0][0] if tuples else ""
        who = {"partner_id": False, "partner_name": name or sender, "partner_email": sender}
        if "senders" in facts["remarks"]:
            doubt = self.env._("The mail names several senders.")
            return {**who, "answerable": False}, [doubt]
        if not sender:
            said = msg.get("email_from") or False
            who |= {"partner_name": said, "partner_email": False, "answerable": False}
            return who, [self.env._("The mail names no sender.")]
        partners = self._policy_mail_partners(sender, company)
        if self._policy_mail_is_colleague(partners):
            return self._policy_mail_forwarded(msg, facts, company, who)
        who["answerable"] = not facts["quiet"]
        vals, doubts = self._policy_mail_partner_vals(partners)
        return who | vals, doubts

    @api.model
    def _policy_mail_partner_vals(self, partners):
        if len(partners) == 1:
            return {"partner_id": partners.id, "partner_name": partners.name}, []
        if partners:
            return {}, [self.env._("Several contacts have the sender's address.")]
        return {}, [self.env._("Nobody knows the sender.")]

    @api.model
    def _policy_mail_forwarded(self, msg, facts, company, who):
        """Return who complains in a mail that a colleague forwarded; he himself never does."""
        who = {**who, "answerable": False}
        found = self._policy_mail_enclosed_sender(msg) or mail_signs.forwarded_from(
            self._policy_mail_plain(msg.get("body"))
        )
        address = found and email_normalize(found[1])
        partners = self._policy_mail_partners(address, company)
        own = address and self.env["mail.alias.domain"].sudo()._find_aliases([address])
        if not address or own or self._policy_mail_is_colleague(partners):
            if mail_signs.is_forward(facts["subject"]) or found:
                doubt = self.env._("A colleague forwarded it; whose words they are is unclear.")
            else:
                doubt = self.env._("A colleague wrote it: say who the customer is.")
            return {**who, "partner_name": False, "partner_email": False}, [doubt]
        facts["forwarded"] = True
        who |= {"partner_name": found[0] or address, "partner_email": address}
        vals, doubts = self._policy_mail_partner_vals(partners)
        return who | vals, doubts

    @api.model
    def _policy_mail_enclosed_sender(self, msg):
        """Return (name, address) of the writer of the one mail that is attached."""
        enclosed = [
            attachment[1]
            for attachment in msg.get("attachments") or []
            if isinstance(attachment[1], EmailMessage)
        ]
        senders = [email_split_tuples(str(mail.get("From") or "")) for mail in enclosed]
        return senders[0][0] if len(senders) == 1 and len(senders[0]) == 1 else None

    @api.model
    def _policy_mail_with_author(self, message_dict, facts, case):
        """Return the mail with author and recipients from the company of the case only."""
        company = case.company_id or facts["company"]
        authors = self._policy_mail_partners(facts["sender"], company)
        if "senders" in facts["remarks"]:
            authors = authors.browse()
        recipients = self.env["res.partner"].sudo().browse(message_dict.get("partner_ids") or [])
        return {
            **message_dict,
            "author_id": authors.id if len(authors) == 1 else False,
            "partner_ids": recipients.filtered(
                lambda partner: (
                    partner.company_id in (company, company.browse())
                    and self._policy_mail_is_colleague(partner)
                )
            ).ids,
        }

    # === ANSWERS === #

    @api.model
    def _policy_mail_named_case(self, facts, company):
        """Return the case whose number stands in the subject, and whether a stranger names it.

        :return: (case, bool)
        """
        tokens = mail_signs.case_tokens(facts["subject"])
        if not tokens:
            return self.browse(), False
        case = self.search(
            [
                ("company_id", "=", company.id),
                "|",
                ("policy_number", "in", tokens),
                ("number", "in", tokens),
                "|",
                ("policy_kind", "!=", False),
                ("policy_to_sort", "=", True),
            ],
            order="id desc",
            limit=1,
        )
        return case, bool(case) and not case._policy_mail_knows(facts["sender"])

    def _policy_mail_knows(self, address):
        """Return whether somebody with this address takes part in the case."""
        self.ensure_one()
        if not address:
            return False
        known = {email_normalize(self.partner_email or ""), self.policy_mail_sender}
        known |= set(self.message_partner_ids.mapped("email_normalized"))
        if address in known:
            return True
        partners = self.env["res.partner"].sudo().search(
            [
                ("email_normalized", "=", address),
                ("company_id", "in", [False, self.company_id.id]),
            ]
        )  # fmt: skip
        commercial = self.partner_id.commercial_partner_id
        if commercial and commercial in partners.commercial_partner_id:
            return True
        users = partners.user_ids.filtered(lambda user: user._is_internal())
        return any(self.with_user(user).has_access("read") for user in users)

    def message_update(self, msg_dict, update_vals=None):
        governed = self.filtered(lambda case: case.policy_kind or case.policy_to_sort)
        if governed:
            # Whom the mail was sent to as well does not follow the case by that.
            msg_dict = {**msg_dict, "to": "", "cc": ""}
        return super().message_update(msg_dict, update_vals)

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        values = super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values
        )
        ours = message.message_type != "email" and len(self) == 1
        if ours and (self.policy_kind or self.policy_to_sort):
            # What came in keeps its subject.
            subject = values.get("subject") or message.subject or ""
            if self._policy_mail_subject(subject) != subject:
                values["subject"] = self._policy_mail_subject(subject)
        return values

    def _policy_mail_subject(self, subject):
        """Return a subject with the number of the case: mail programs that lose the references
        bring it back."""
        token = f"[{self.policy_handle}]"
        return subject if token in subject else f"{token} {subject}".strip()

    # === WHAT NEEDS NO CASE OF ITS OWN === #

    @api.model
    def _policy_mail_hush(self, facts, case):
        """Return why a mail only becomes a note, False when it is a customer's word.

        A new mail that has no case to be noted on sets ``facts["note_on"]`` empty and becomes a
        case to sort.
        """
        if facts["automatic"]:
            why = self.env._("An automatic mail; nobody needs to answer it.")
        elif self._policy_mail_is_flood(facts, case):
            why = self.env._("More mails from one sender than a person writes.")
        else:
            return False
        if not case:
            facts["note_on"] = self.search(
                [
                    ("company_id", "=", facts["company"].id),
                    ("policy_mail_sender", "=", facts["sender"]),
                    ("policy_mail_sender", "!=", False),
                    ("policy_to_sort", "=", True),
                    ("create_date", ">=", self._policy_mail_window()[0]),
                ],
                limit=1,
                order="id desc",
            )
        return why

    @api.model
    def _policy_mail_window(self):
        """Return (start, number): the standard's own parameters of its loop guard."""
        get = self.env["ir.config_parameter"].sudo().get_param
        minutes = int(get("mail.gateway.loop.minutes", 120))
        return (
            fields.Datetime.now() - timedelta(minutes=minutes),
            int(get("mail.gateway.loop.threshold", 20)),
        )

    @api.model
    def _policy_mail_is_flood(self, facts, case):
        sender = facts["sender"]
        allowed = self.env["mail.gateway.allowed"].sudo()
        if not sender or allowed.search_count([("email_normalized", "=", sender)], limit=1):
            return False
        since, threshold = self._policy_mail_window()
        if not case:
            domain = [
                ("company_id", "=", facts["company"].id),
                ("policy_mail_sender", "=", sender),
                ("create_date", ">=", since),
            ]
            return self.search_count(domain, limit=threshold) >= threshold
        domain = Domain(
            [
                ("model", "=", self._name),
                ("res_id", "=", case.id),
                ("message_type", "=", "email"),
                ("create_date", ">=", since),
                ("email_from", "ilike", sender),
            ]
        )
        return self.env["mail.message"].sudo().search_count(domain, limit=threshold) >= threshold

    def _policy_mail_note(self, mail, why):
        """Note a mail on its case: nobody is notified, no customer has spoken."""
        self.ensure_one()
        body = Markup("<p><em>%s</em></p>%s") % (why, Markup(mail.get("body") or ""))
        self.message_post(
            body=body,
            subject=mail.get("subject"),
            message_type="auto_comment",
            subtype_xmlid="mail.mt_note",
            author_id=mail.get("author_id") or False,
            email_from=mail.get("email_from"),
            message_id=mail["message_id"],
            attachments=mail.get("attachments") or [],
        )
        self.env["crm.policy.event"]._policy_log("case.noted", self)
        return self

    def _policy_mail_bounced(self, bounced, mail):
        """Note that a mail of ours did not arrive."""
        for case in self:
            case._policy_mail_note(
                mail, self.env._("A mail of ours could not be delivered; the server's report:")
            )

    # === AFTER THE INTAKE === #

    def _policy_mail_after_intake(self, facts):
        """Finish a new case once its mail is posted: pictures, remarks, acknowledgement."""
        self.ensure_one()
        if "cid:" in (self.description or ""):
            message = self.message_ids.filtered(
                lambda message: message.message_id == facts["message_id"]
            )
            self.description = message.body or self.description
        if "charset" in facts["remarks"]:
            self._message_log(
                body=self.env._(
                    "The mail is written in another character set than it says. It was guessed; "
                    "the original is attached."
                )
            )
        if facts.get("named_case"):
            case = self.browse(facts["named_case"])
            self._message_log(
                body=Markup("<p>%s %s</p>")
                % (self.env._("The mail names this case:"), case._get_html_link())
            )

    def _policy_mail_file_original(self, raw, remarks):
        """Attach the mail as it came where a person may want to see it: new cases to sort."""
        for case in self:
            mails = case.message_ids.filtered(
                lambda message: message.message_type in ("email", "auto_comment")
            )
            if remarks or (case.policy_to_sort and len(mails) == 1):
                self.env["ir.attachment"].sudo().create(
                    {"name": "mail.eml", "raw": raw, "res_model": case._name, "res_id": case.id}
                )

    # === NOTHING IS LOST === #

    @api.model
    def _policy_mail_keep(self, box, glance, reason, raw=None):
        """Create a case to sort of a mail that could not be taken in.

        :param dict glance: sender, subject and message_id.
        :param bytes raw: the mail to attach.
        """
        company = box.company_id or self.env.company
        Ticket = self.with_company(company).with_context(lang=company.partner_id.lang)
        case = Ticket.create(
            {
                **Ticket._policy_mail_channel(),
                **Ticket._policy_mailbox_vals(box),
                "name": glance["subject"] or Ticket.env._("No Subject"),
                "description": Markup("<p>%s</p>")
                % Ticket.env._("The mail could not be read. Open the attached original."),
                "partner_email": glance["sender"],
                "policy_to_sort": True,
                "policy_sort_reason": reason,
            }
        )
        case._policy_guarded_write({"policy_mail_sender": glance["sender"] or False})
        case._policy_mail_post_kept(glance, reason, raw)
        return case

    def _policy_mail_keep_answer(self, raw, glance, reason):
        """Note an answer that could not be read on its case, with the mail attached."""
        self._policy_mail_post_kept(glance, reason, raw)
        self._policy_guarded_write({"policy_to_sort": True, "policy_sort_reason": reason})
        return self

    def _policy_mail_post_kept(self, glance, reason, raw):
        self.message_post(
            body=self.env._("A mail could not be read: %(reason)s", reason=reason),
            subject=glance["subject"],
            message_type="auto_comment",
            subtype_xmlid="mail.mt_note",
            author_id=False,
            email_from=glance["sender"] or None,
            message_id=glance["message_id"],
            attachments=[("mail.eml", raw)] if raw else [],
        )
        self.env["crm.policy.event"]._policy_log("case.mail_kept", self)
