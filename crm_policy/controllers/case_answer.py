from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from .case_portal import CasePortal, with_key
from .intake_page import CASE_URL, IntakePage
from .posted import not_the_customer
from .uploads import MEGABYTE


def texts_of(form):
    """Return what was typed and chosen, without files that somebody has sent in its place."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


class CaseAnswer(CasePortal):
    """What a customer says to the solution of his case, in the portal."""

    @route(
        "/my/ticket/<int:ticket_id>/answer",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_case_answer(self, ticket_id, access_token=None, **kw):
        """Take one answer; who has no access of his own but the case's token speaks by a link."""
        try:
            ticket = self._document_check_access("helpdesk.ticket", ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if not ticket.policy_kind:
            return request.redirect(f"/my/ticket/{ticket.id}")
        values = self._ticket_get_page_view_values(ticket, access_token, **kw)
        own = request.env["helpdesk.ticket"].browse(ticket.id).has_access("read")
        author = request.env.user.partner_id if own else None
        form, limits = texts_of(kw), values["limits"]
        if not_the_customer():
            problems = not_the_customer()
        elif IntakePage._policy_within_limits(f"case:{ticket.id}", limits):
            channel = "portal" if own else "link"
            problems = ticket._policy_customer_answers(form, channel, author)
        else:
            problems = [IntakePage._policy_too_many()]
        if problems:
            values |= {
                "answer_problems": problems,
                "answer_form": form,
                "customer_files": ticket._policy_customer_files(),
            }
            return request.render("crm_policy.portal_case_page", values, status=422)
        return request.redirect(with_key(f"/my/ticket/{ticket.id}", access_token, "answers"))


class FollowAnswer(IntakePage):
    """What a customer says to the solution of his case, by his private link."""

    @route(
        f"{CASE_URL}/<token>/answer",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
        max_content_length=MEGABYTE,
    )
    def policy_follow_answer(self, token, **kw):
        """Take one answer."""
        link = request.env["crm.policy.follow.link"]._policy_find(token)
        if not link:
            return self._policy_gone()
        ticket, form = link.ticket_id, texts_of(kw)
        limits = self._policy_case_limits(ticket)
        if not_the_customer():
            problems = not_the_customer()
        elif form.get("website"):
            problems = [self._policy_trapped()]
        elif not self._policy_within_limits(f"follow:{link.id}", limits):
            problems = [self._policy_too_many()]
        else:
            problems = ticket._policy_customer_answers(form, "link", link=link)
        if problems:
            return self._policy_case(ticket, token, {}, [], 422, answer=(form, problems))
        return request.redirect(f"{CASE_URL}/{token}#answers")
