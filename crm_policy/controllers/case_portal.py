from urllib.parse import urlencode, urlsplit

from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.helpdesk_mgmt.controllers.myaccount import CustomerPortalHelpdesk
from odoo.addons.mail.controllers.thread import ThreadController
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .posted import day_of, not_the_customer
from .uploads import DOCUMENTS, read_uploads, upload_hint


def with_key(url, key, anchor):
    """Return the address of a page with the key by which its visitor has come, if by any."""
    query = f"?{urlencode({'access_token': key})}" if key else ""
    return f"{url}{query}#{anchor}"


class CasePortal(CustomerPortalHelpdesk):
    """Helpdesk's ticket pages; a governed case has one of its own, in the customer's words."""

    # === LIST === #

    @route()
    def portal_my_tickets(self, page=1, date_begin=None, date_end=None, search=None, **kw):
        """Show the list; what the address asks for and is not offered counts as not asked.

        Not by super(): helpdesk searches with the record rules once more as an ordinary domain,
        and these read fields that no customer may.
        """
        Ticket = request.env["helpdesk.ticket"]
        if not Ticket.has_access("read"):
            return request.redirect("/my")
        offered = self._policy_offered_views()
        chosen = {
            name: kw[name] if kw.get(name) in offered[name] else next(iter(offered[name]))
            for name in offered
        }
        domain = Domain(offered["filterby"][chosen["filterby"]]["domain"])
        if day_of(date_begin) and day_of(date_end):
            domain &= Domain("create_date", ">", date_begin) & Domain("create_date", "<=", date_end)
        if search:
            domain &= Domain(self._ticket_get_search_domain(chosen["search_in"], search))
        url_args = {"date_begin": date_begin, "date_end": date_end, "search": search, **chosen}
        pages = portal_pager(
            url="/my/tickets",
            url_args=url_args,
            total=Ticket.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        groupby = chosen["groupby"]
        order = offered["sortby"][chosen["sortby"]]["order"]
        tickets = Ticket.search(
            domain,
            order=self._ticket_get_order(order, groupby),
            limit=self._items_per_page,
            offset=pages["offset"],
        )
        request.session["my_tickets_history"] = tickets.ids[:100]
        group = self._ticket_get_groupby_mapping().get(groupby)
        groups = list(tickets.grouped(group).values()) if group else [tickets] if tickets else []
        return request.render(
            "helpdesk_mgmt.portal_my_tickets",
            {
                **self._prepare_portal_layout_values(),
                "date": date_begin,
                "date_end": date_end,
                "grouped_tickets": groups,
                "page_name": "ticket",
                "default_url": "/my/tickets",
                "pager": pages,
                "searchbar_sortings": offered["sortby"],
                "searchbar_groupby": offered["groupby"],
                "searchbar_inputs": offered["search_in"],
                "searchbar_filters": offered["filterby"],
                "search": search,
                **chosen,
            },
        )

    def _policy_offered_views(self):
        """Return what the list offers to choose from, the usual first."""
        filters = {"all": {"label": request.env._("All"), "domain": []}}
        for stage in request.env["helpdesk.ticket.stage"].search([]):
            filters[str(stage.id)] = {
                "label": stage.name,
                "domain": [("stage_id", "=", stage.id)],
            }
        sortings = self._ticket_get_searchbar_sortings().items()
        offered = {
            "sortby": dict(sorted(sortings, key=lambda item: item[1]["sequence"])),
            "groupby": self._ticket_get_searchbar_groupby(),
            "search_in": self._ticket_get_searchbar_inputs(),
        }
        for choice, labels in self._policy_view_labels().items():
            for name, label in labels.items():
                if name in offered[choice]:
                    offered[choice][name]["label"] = label
        return offered | {"filterby": filters}

    def _policy_view_labels(self):
        """Return helpdesk's choices in our words: what its code says comes in English only."""
        env = request.env
        return {
            "sortby": {
                "date": env._("Newest First"),
                "name": env._("Title"),
                "stage": env._("Stage"),
                "update": env._("Last Changed First"),
            },
            "groupby": {
                "none": env._("Not Grouped"),
                "category": env._("Category of the Case"),
                "stage": env._("Stage"),
            },
            "search_in": {
                "all": env._("Search Everywhere"),
                "number": env._("Search the Numbers"),
                "name": env._("Search the Titles"),
            },
        }

    def _ticket_get_search_domain(self, search_in, search):
        domain = super()._ticket_get_search_domain(search_in, search)
        if search_in in ("number", "all"):
            domain = Domain(domain) | Domain("policy_number", "ilike", search)
        return domain

    # === PAGE === #

    @route()
    def portal_my_ticket(self, ticket_id, access_token=None, **kw):
        """Show one ticket; what does not exist and what is not yours lead to the same place."""
        try:
            ticket = self._document_check_access("helpdesk.ticket", ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # Not by super(): helpdesk gives every file of the ticket a token, our notes' files too.
        values = self._ticket_get_page_view_values(ticket, access_token, **kw)
        values["customer_files"] = ticket._policy_customer_files()
        if ticket.policy_kind:
            return request.render("crm_policy.portal_case_page", values)
        return request.render("helpdesk_mgmt.portal_helpdesk_ticket_page", values)

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        values = super()._ticket_get_page_view_values(ticket, access_token, **kwargs)
        limits = request.env["crm.policy.intake.page"]._policy_limits()
        if request.env.user._is_internal():
            # The standard hands out the keys of the neighbours in the list.
            for name in ("prev_record", "next_record"):
                if values.get(name):
                    values[name] = urlsplit(values[name]).path
        return values | {
            "limits": limits,
            "photo_hint": upload_hint(limits),
            "form": {},
            "problems": [],
            "add_url": f"/my/ticket/{ticket.id}/add",
            "answer_url": f"/my/ticket/{ticket.id}/answer",
            "answer_form": {},
            "answer_problems": [],
        }

    @route(
        "/my/ticket/<int:ticket_id>/add", type="http", auth="public", website=True, methods=["POST"]
    )
    def portal_case_add(self, ticket_id, access_token=None, **kw):
        """Add words and photos to one's case.

        Who has no access of his own but the case's token speaks as its customer, as nobody else.
        """
        try:
            ticket = self._document_check_access("helpdesk.ticket", ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if not ticket.policy_kind:  # it has helpdesk's conversation
            return request.redirect(f"/my/ticket/{ticket.id}")
        values = self._ticket_get_page_view_values(ticket, access_token, **kw)
        uploads, problems = read_uploads(("photos",), values["limits"], DOCUMENTS)
        text = (kw.get("text") or "").strip()
        if not text and not uploads and not problems:
            problems = [request.env._("Write something or choose a photo.")]
        problems = not_the_customer() or problems
        if problems:
            values |= {
                "problems": problems,
                "form": kw,
                "customer_files": ticket._policy_customer_files(),
            }
            return request.render("crm_policy.portal_case_page", values, status=422)
        own = request.env["helpdesk.ticket"].browse(ticket.id).has_access("read")
        ticket._policy_customer_says(text, uploads, request.env.user.partner_id if own else None)
        return request.redirect(with_key(f"/my/ticket/{ticket.id}", access_token, "conversation"))


class CaseThread(ThreadController):
    """The mail routes of our own screens, which customers reach as well."""

    @route()
    def mail_thread_messages(self, thread_model, thread_id, fetch_params=None):
        """Refuse customers the messages of a case as our screens show them: with their clerks."""
        if thread_model == "helpdesk.ticket" and not request.env.user._is_internal():
            ticket = self._get_thread_with_access(thread_model, thread_id)
            if ticket.sudo().policy_kind:
                raise NotFound()
        return super().mail_thread_messages(thread_model, thread_id, fetch_params)
