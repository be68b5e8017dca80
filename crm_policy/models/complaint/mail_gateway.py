import logging
import re
import xmlrpc.client
from email import message_from_bytes, policy

from odoo import SUPERUSER_ID, api, models
from odoo.tools import email_normalize

from ...tools import mail_repair, mail_signs

_logger = logging.getLogger(__name__)

# How the values of a route carry what the gateway found out; no field has this name.
FACTS = "policy_mail"


class CrmPolicyMailGateway(models.AbstractModel):
    """The gateway, as far as a mail concerns governed cases: nothing is lost, nobody is bounced.

    The standard hands each mail on once and forgets it when something raises (``fetchmail`` has
    marked it as read by then). Here a broken mail is repaired before, what raises becomes a case
    to sort, and what cannot even become that is kept as ``crm.policy.mail.lost``. A mail that
    neither goes to a mailbox of ours nor answers a case passes untouched.
    """

    _name = "crm.policy.mail.gateway"
    _description = "Mail Gateway of Governed Cases"

    # === THE WAY IN === #

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        raw = message.data if isinstance(message, xmlrpc.client.Binary) else message
        raw = raw.encode() if isinstance(raw, str) else bytes(raw)
        said, envelope = mail_repair.recipients(raw)
        aliases = self._policy_mail_aliases(said | envelope)
        answered = self._policy_mail_answered(mail_repair.references(raw))
        arguments = (custom_values, save_original, strip_attachments, thread_id)
        if not aliases and not answered:
            return super().message_process(model, message, *arguments)
        try:
            with self.env.cr.savepoint():
                unknown = set(aliases.mapped("alias_full_name")) & envelope
                readable, remarks = mail_repair.repair(raw, unknown)
                readable = self._policy_mail_own_identity(readable)
                thread = super().message_process(model, readable, *arguments)
                landed = self._policy_mail_landed(readable)
                landed._policy_mail_file_original(raw, remarks)
            if landed or "everyone" not in aliases.mapped("alias_contact"):
                return thread
            problem = self.env._("The gateway found no case to which it belongs.")
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail must not be lost
            _logger.warning("Mail kept after an error: %s", error, exc_info=True)
            problem = error
        return self._policy_mail_rescue(raw, aliases, answered, problem)

    @api.model
    def _policy_mail_aliases(self, addresses):
        """Return the aliases among ``addresses`` whose mails become governed cases."""
        addresses = [address for address in addresses if address]
        if not addresses:
            return self.env["mail.alias"].sudo()
        names = [address.partition("@")[0] for address in addresses]
        aliases = self.env["mail.alias"].sudo().search(
            [
                ("alias_defaults", "like", "policy\\_"),
                "|",
                ("alias_full_name", "in", addresses),
                "&",
                ("alias_name", "in", names),
                ("alias_incoming_local", "=", True),
            ]
        )  # fmt: skip
        return aliases.filtered(
            lambda alias: hasattr(self.env.get(alias.alias_model_id.model), "_policy_mail_said")
        )

    @api.model
    def _policy_mail_answered(self, references):
        """Return the governed case that a mail answers by its references."""
        Ticket = self.env["helpdesk.ticket"].with_user(SUPERUSER_ID)
        if not references:
            return Ticket
        message = self.env["mail.message"].sudo().search(
            [("message_id", "in", references[-32:]), ("model", "=", Ticket._name)],
            order="id desc",
            limit=1,
        )  # fmt: skip
        case = Ticket.browse(message.res_id).exists() if message else Ticket
        return case.filtered(lambda case: case.policy_kind or case.policy_to_sort)

    @api.model
    def _policy_mail_headers(self, readable):
        """Return the headers of a mail as a strict reader sees them."""
        head = re.split(rb"\r?\n\r?\n", readable, maxsplit=1)[0]
        return message_from_bytes(head + b"\r\n\r\n", policy=policy.SMTP)

    @api.model
    def _policy_mail_own_identity(self, readable):
        """Give a mail an identity of its own when another one bears the same.

        The standard drops what has a known Message-Id. The same mail again is rightly dropped; a
        program that numbers all its mails alike must not be silenced.
        """
        mail = self._policy_mail_headers(readable)
        identity = str(mail.get("Message-ID") or "").strip()
        known = self.env["mail.message"].sudo().search([("message_id", "=", identity)], limit=1)
        if not known:
            return readable
        sender = email_normalize(str(mail.get("From") or ""), strict=False)
        same_sender = email_normalize(known.email_from or "", strict=False) == sender
        subject = " ".join(str(mail.get("Subject") or "").split())
        if same_sender and subject == " ".join((known.subject or "").split()):
            return readable
        if known.message_type == "email_outgoing":
            return readable
        return mail_repair.rename(readable)

    @api.model
    def _policy_mail_landed(self, readable):
        """Return the tickets on which the mail can be found."""
        identity = str(self._policy_mail_headers(readable).get("Message-ID") or "").strip()
        return self._policy_mail_with_id(identity)

    @api.model
    def _policy_mail_with_id(self, identity):
        Ticket = self.env["helpdesk.ticket"].with_user(SUPERUSER_ID)
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("message_id", "=", identity), ("model", "=", Ticket._name)])
        )
        return Ticket.browse(messages.mapped("res_id")).exists()

    @api.model
    def _policy_mail_rescue(self, raw, aliases, answered, problem):
        """Make a case to sort of a mail on which everything else failed; else keep it as it is."""
        reason = self._policy_mail_words(problem)
        Ticket = self.env["helpdesk.ticket"].with_user(SUPERUSER_ID)
        glance = mail_repair.glance(raw)
        try:
            with self.env.cr.savepoint():
                kept = self._policy_mail_with_id(glance["message_id"])
                if not kept and answered:
                    kept = answered._policy_mail_keep_answer(raw, glance, reason)
                for alias in aliases if not kept else ():
                    box = Ticket._policy_mailbox(alias)
                    kept |= Ticket._policy_mail_keep(box, glance, reason, raw)
                return kept[:1].id
        except Exception as worse:  # noqa: BLE001 - the last net is below
            _logger.warning("No case to sort could be made of a mail: %s", worse, exc_info=True)
            companies = [Ticket._policy_mailbox(alias).company_id for alias in aliases]
            companies += [answered.company_id, self.env.company]
            company = next(company for company in companies if company)
            self.env["crm.policy.mail.lost"]._policy_keep(raw, company, reason)
            return False

    @api.model
    def _policy_mail_words(self, problem):
        return " ".join(str(problem).split())[:300] or type(problem).__name__

    # === ROUTES === #

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        return [self._policy_mail_route(message, message_dict, route) for route in routes]

    @api.model
    def _policy_mail_route(self, message, message_dict, route):
        """Return the route of a mail that concerns us with its facts, others as they are.

        Nothing runs as the user whose address the mail bears: anybody can write any sender.
        """
        model, thread_id, values, uid, alias = route
        if model != "helpdesk.ticket":
            return route
        Ticket = self.env[model].with_user(SUPERUSER_ID)
        facts = self._policy_mail_facts(message, message_dict)
        if thread_id:
            case = Ticket.browse(thread_id)
            if not case.policy_kind and not case.policy_to_sort:
                return route
            return (model, thread_id, {FACTS: facts}, SUPERUSER_ID, alias)
        if not alias or "policy_" not in (alias.sudo().alias_defaults or ""):
            return route
        box = Ticket._policy_mailbox(alias.sudo())
        company = box.company_id or self.env.company
        case, stranger = Ticket._policy_mail_named_case(facts, company)
        if case and not stranger:
            return (model, case.id, {FACTS: facts}, SUPERUSER_ID, alias)
        facts["named_case"] = case.id
        facts["mailbox"] = box
        facts["company"] = company
        if alias.sudo().alias_status != "valid":
            alias.sudo().alias_status = "valid"
        # Without its alias the standard does not bounce what raises.
        return (model, 0, {**values, FACTS: facts}, SUPERUSER_ID, None)

    @api.model
    def _policy_mail_facts(self, message, message_dict):
        """Return what the headers say about a mail."""
        sender = email_normalize(message_dict.get("email_from") or "", strict=False) or ""
        subject = message_dict.get("subject") or ""
        remarks = str(message.get(mail_repair.REMARKS) or "")
        own = self.env["mail.alias.domain"].sudo()._find_aliases([sender]) if sender else []
        return {
            "sender": sender,
            "subject": subject,
            "remarks": [remark for remark in remarks.split(",") if remark],
            "header_date": mail_signs.header_instant(str(message.get("Date") or "")),
            "automatic": bool(own) or mail_signs.is_automatic(message, sender, subject),
            "quiet": mail_signs.wants_no_answer(message, sender),
            "message_id": message_dict["message_id"],
        }

    @api.model
    def _detect_loop_headers(self, msg_dict):
        looping = super()._detect_loop_headers(msg_dict)
        # An answer to a bounce is dropped by the standard; a mailbox of ours keeps it.
        addresses = {
            email_normalize(address) for address in (msg_dict.get("recipients") or "").split(",")
        }
        return looping and not self._policy_mail_aliases(addresses)

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        # Where the standard answers with a bounce and drops the mail, a case keeps it as a note.
        others = [route for route in routes if not self._policy_mail_is_ours(route)]
        return super()._detect_loop_sender(message, message_dict, others)

    @api.model
    def _policy_mail_is_ours(self, route):
        return isinstance(route[2], dict) and FACTS in route[2]

    # === DELIVERY === #

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        ours = [route for route in routes or () if self._policy_mail_is_ours(route)]
        if not ours:
            return super()._message_route_process(message, message_dict, routes)
        others = [route for route in routes if not self._policy_mail_is_ours(route)]
        if others:
            super()._message_route_process(message, dict(message_dict), others)
        for model, thread_id, values, uid, alias in ours:
            Ticket = self.env[model].with_user(SUPERUSER_ID)
            facts = values[FACTS]
            case = Ticket.browse(thread_id)
            mail = Ticket._policy_mail_with_author(message_dict, facts, case)
            why = Ticket._policy_mail_hush(facts, case)
            if why and (case or facts.get("note_on")):
                thread_id = (case or facts["note_on"])._policy_mail_note(mail, why).id
                continue
            facts["flood"] = why
            if case:
                values = None
            route = (model, thread_id, values, uid, alias)
            try:
                with self.env.cr.savepoint():
                    thread_id = super()._message_route_process(message, mail, [route])
                    if not case:
                        Ticket.browse(thread_id)._policy_mail_after_intake(facts)
            except Exception as problem:
                if case:
                    raise
                _logger.warning("Mail kept to be sorted: %s", problem, exc_info=True)
                reason = self._policy_mail_words(problem)
                thread_id = Ticket._policy_mail_keep(facts["mailbox"], facts, reason).id
        return thread_id

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        result = super()._routing_handle_bounce(email_message, message_dict)
        bounced = message_dict.get("bounced_message")
        if bounced and bounced.model == "helpdesk.ticket":
            case = self.env[bounced.model].with_user(SUPERUSER_ID).browse(bounced.res_id).exists()
            case.filtered(
                lambda case: case.policy_kind or case.policy_to_sort
            )._policy_mail_bounced(bounced, message_dict)
        return result
