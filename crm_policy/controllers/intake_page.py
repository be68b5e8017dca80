from odoo.fields import Date
from odoo.http import Controller, request, route
from odoo.tools import email_normalize, hmac, plaintext2html

from .posted import day_of, line_of, not_the_customer
from .uploads import MEGABYTE, PHOTOS, read_uploads, upload_hint

PAGE_URL = "/policy/qr"
CASE_URL = "/policy/case"
LONGEST_TEXT = 10_000  # characters
LONGEST_SUBJECT = 40  # characters of the text that become the subject
# The pages hold a secret in their address: nobody else is told of it and nothing keeps a copy.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def body_limit(controller):
    """Return how many bytes a request may bring: each page says how many photos it takes.

    Twice that leaves room for a sentence that tells which photo is too large; beyond it the server
    stops reading.
    """
    _root, _policy, place, token, *_rest = request.httprequest.path.split("/")
    if f"/policy/{place}" == CASE_URL:
        link = request.env["crm.policy.follow.link"]._policy_find(token)
        limits = controller._policy_case_limits(link.ticket_id)
    else:
        page = request.env["crm.policy.intake.page"]._policy_find(token)
        limits = page or page._policy_limits()
    return (2 * limits["max_files"] * limits["max_file_mb"] + 1) * MEGABYTE


class IntakePage(Controller):
    """Reporting something without an account, by a QR code, and following it by a private link."""

    # === THE PAGE OF A QR CODE === #

    @route(f"{PAGE_URL}/<token>", type="http", auth="public", methods=["GET"], sitemap=False)
    def policy_intake_page(self, token, **kw):
        """Show the form; an unknown, expired or archived page has nothing to tell."""
        page = request.env["crm.policy.intake.page"]._policy_find(token)
        if not page:
            return self._policy_gone()
        return self._policy_page(page, {}, [])

    @route(
        f"{PAGE_URL}/<token>/send",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
        max_content_length=body_limit,
    )
    def policy_intake_submit(self, token, **kw):
        """Take in what a visitor reports; what is refused stays in the form."""
        page = request.env["crm.policy.intake.page"]._policy_find(token)
        if not page:
            return self._policy_gone()
        uploads, problems = read_uploads(("photos",), page, PHOTOS)
        problems = self._policy_problems(page, kw) + problems
        if problems:
            return self._policy_page(page, kw, problems, 422)
        if not self._policy_within_limits(f"page:{page.id}", page):
            return self._policy_page(page, kw, [self._policy_too_many()], 429)
        ticket = (
            request.env["helpdesk.ticket"]
            .sudo()
            .with_company(page.company_id)
            ._policy_open_by_door(self._policy_vals(page, kw))
        )
        ticket._policy_add_files(uploads)
        link = request.env["crm.policy.follow.link"]._policy_issue(ticket, page.follow_days, "page")
        return request.redirect(f"{CASE_URL}/{link}?sent=1")

    # === THE CASE, BY ITS PRIVATE LINK === #

    @route(f"{CASE_URL}/<token>", type="http", auth="public", methods=["GET"], sitemap=False)
    def policy_follow(self, token, sent=None, **kw):
        """Show how the case stands."""
        link = request.env["crm.policy.follow.link"]._policy_find(token)
        if not link:
            return self._policy_gone()
        return self._policy_case(link.ticket_id, token, {}, [], sent=sent == "1")

    @route(
        f"{CASE_URL}/<token>/add",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
        max_content_length=body_limit,
    )
    def policy_follow_add(self, token, **kw):
        """Add words and photos to the case."""
        link = request.env["crm.policy.follow.link"]._policy_find(token)
        if not link:
            return self._policy_gone()
        ticket = link.ticket_id
        limits = self._policy_case_limits(ticket)
        uploads, problems = read_uploads(("photos",), limits, PHOTOS)
        text = (kw.get("text") or "").strip()
        if not text and not uploads and not problems:
            problems = [request.env._("Write something or choose a photo.")]
        if len(text) > LONGEST_TEXT:
            problems.append(self._policy_too_long())
        if kw.get("website"):
            problems.append(self._policy_trapped())
        problems = not_the_customer() or problems
        if problems:
            return self._policy_case(ticket, token, kw, problems, 422)
        if not self._policy_within_limits(f"follow:{link.id}", limits):
            return self._policy_case(ticket, token, kw, [self._policy_too_many()], 429)
        ticket._policy_customer_says(text, uploads)
        return request.redirect(f"{CASE_URL}/{token}#conversation")

    # === ANSWERS === #

    def _policy_page(self, page, form, problems, status=200):
        return self._policy_render(
            "crm_policy.intake_page",
            {
                "page": page,
                "company": page.company_id,
                "form": form,
                "problems": problems,
                "remedies": self._policy_remedies(),
                "limits": page,
                "photo_hint": upload_hint(page),
                "add_url": f"{PAGE_URL}/{page.token}/send",
                "today": Date.context_today(page),
            },
            status,
        )

    def _policy_case(self, ticket, token, form, problems, status=200, sent=False, answer=None):
        limits = self._policy_case_limits(ticket)
        answer_form, answer_problems = answer or ({}, [])
        return self._policy_render(
            "crm_policy.follow_page",
            {
                "ticket": ticket,
                "company": ticket.company_id,
                "form": form,
                "problems": problems,
                "limits": limits,
                "photo_hint": upload_hint(limits),
                "add_url": f"{CASE_URL}/{token}/add",
                "answer_url": f"{CASE_URL}/{token}/answer",
                "answer_form": answer_form,
                "answer_problems": answer_problems,
                "sent": sent,
                "link": f"{ticket.get_base_url()}{CASE_URL}/{token}",
                "customer_files": ticket._policy_customer_files(),
            },
            status,
        )

    def _policy_gone(self):
        return self._policy_render("crm_policy.intake_gone", {}, 404)

    @staticmethod
    def _policy_render(template, values, status):
        return request.render(template, values, status=status, headers=HEADERS)

    # === WHAT MAY COME IN === #

    @staticmethod
    def _policy_case_limits(ticket):
        return ticket.policy_intake_page_id or ticket.env["crm.policy.intake.page"]._policy_limits()

    @staticmethod
    def _policy_within_limits(key, limits):
        """Count this submission for its page or link and for its sender, who stays unnamed."""
        sender = hmac(request.env(su=True), "crm_policy.visitor", request.httprequest.remote_addr)
        return (
            request.env["crm.policy.intake.rate"]
            .sudo()
            ._policy_hit(
                {
                    key: limits["hourly_page"],
                    f"visitor:{sender}": limits["hourly_visitor"],
                }
            )
        )

    @staticmethod
    def _policy_remedies():
        ticket = request.env["helpdesk.ticket"].sudo()
        return ticket._fields["policy_remedy_sought"]._description_selection(request.env)

    def _policy_problems(self, page, form):
        """Return what is missing or cannot be meant, in sentences for the visitor."""
        env = request.env
        text = (form.get("text") or "").strip()
        problems = []
        if len(text) < page.min_text:
            problems.append(
                env._(
                    "Tell us what happened in at least %(count)s characters.", count=page.min_text
                )
            )
        if len(text) > LONGEST_TEXT:
            problems.append(self._policy_too_long())
        email, phone = line_of(form, "email"), line_of(form, "phone")
        if email and not email_normalize(email):
            problems.append(env._("%(email)s is no e-mail address.", email=email))
        if form.get("wants_reply") and not (email or phone):
            problems.append(env._("To answer you we need your phone number or e-mail address."))
        if form.get("remedy") and form["remedy"] not in dict(self._policy_remedies()):
            problems.append(env._("Choose from the list what you would like."))
        if form.get("occurred_on"):
            day = day_of(form["occurred_on"])
            if not day or day > Date.context_today(page):
                problems.append(env._("The day on which it happened is no day up to today."))
        if form.get("website"):
            problems.append(self._policy_trapped())
        return problems

    @staticmethod
    def _policy_too_long():
        return request.env._("The text is too long. Shorten it, please.")

    @staticmethod
    def _policy_too_many():
        return request.env._(
            "Too much comes in at the moment. Your text is still here: send it again in an hour, "
            "or call us."
        )

    @staticmethod
    def _policy_trapped():
        # Programs fill in each field, this one too, which people do not see. Should a browser have
        # filled it in for somebody, he only has to send again.
        return request.env._("That did not work. Send it once more, please.")

    def _policy_vals(self, page, form):
        """Return the create values of what a visitor reports; what the page says goes first."""
        text = form["text"].strip()
        name = line_of(form, "name")
        vals = {
            "name": " ".join(text.split())[:LONGEST_SUBJECT],
            "description": plaintext2html(text),
            "channel_id": request.env["ir.model.data"]._xmlid_to_res_id("crm_policy.channel_qr"),
            "user_id": False,
            "partner_name": name or request.env._("Without a name"),
            "partner_email": line_of(form, "email") or False,
            "policy_contact_phone": line_of(form, "phone") or False,
            "policy_order_ref": line_of(form, "order") or False,
            "policy_item_ref": line_of(form, "item") or False,
            "policy_remedy_sought": form.get("remedy") or False,
            "policy_occurred_on": day_of(form["occurred_on"]) if form.get("occurred_on") else False,
        }
        return vals | page._policy_intake_vals()
