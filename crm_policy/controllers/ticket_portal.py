from odoo.exceptions import UserError
from odoo.fields import Date
from odoo.http import request, route

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController

from .posted import day_of, line_of
from .uploads import DOCUMENTS, MEGABYTE, read_uploads, upload_hint

# The kinds that a customer chooses from; the others are ours to find out.
OFFERED_KINDS = ("complaint", "inquiry", "request", "suggestion")
TEXT_FIELDS = ("policy_order_ref", "policy_item_ref", "policy_lot_ref")


class TicketPortal(HelpdeskTicketController):
    """Helpdesk's forms for customers, with what they lacked: each id and file is checked."""

    # === CLOSING === #

    @route(methods=["POST"])
    def support_ticket_close(self, **kw):
        """Close one's own ungoverned ticket; a governed case is closed by its policy only."""
        ticket = self._policy_known("helpdesk.ticket", kw.get("ticket_id"))
        stage = self._policy_known("helpdesk.ticket.stage", kw.get("stage_id")).sudo()
        if not (ticket and stage):
            raise request.not_found()
        ticket = ticket.sudo()
        if ticket.policy_kind:
            raise UserError(
                request.env._(
                    "This case is closed after its solution was carried out and checked. "
                    "Write to us on the case if it is solved for you."
                )
            )
        company = ticket.company_id
        stages = ticket.team_id.with_company(company)._get_applicable_stages()
        if stage not in stages or not stage.close_from_portal:
            return request.redirect(f"/my/ticket/{ticket.id}", code=302)
        return super().support_ticket_close(ticket_id=str(ticket.id), stage_id=str(stage.id))

    def _policy_known(self, model, posted):
        """Return the record of a posted id if the user may read it, an empty one otherwise.

        "Does not exist" and "not yours" are the same answer.
        """
        records = request.env[model]
        if not (isinstance(posted, str) and posted.isdecimal() and len(posted) < 10):
            return records
        return records.search([("id", "=", int(posted))])

    # === SUBMITTING === #

    def _get_create_new_ticket_values(self, **kw):
        values = super()._get_create_new_ticket_values(**kw)
        company = request.env.company.sudo()
        limits = request.env["crm.policy.intake.page"]._policy_limits()
        types = request.env["crm.policy.complaint.type"].sudo()
        if self._policy_is_used(company):
            labels = dict(
                request.env["helpdesk.ticket"]
                .sudo()
                ._fields["policy_kind"]
                ._description_selection(request.env)
            )
            values["policy_kinds"] = [(kind, labels[kind]) for kind in OFFERED_KINDS]
            values["policy_types"] = types.search([("company_id", "=", company.id)])
        return {
            **values,
            "policy_kinds": values.get("policy_kinds", []),
            "policy_types": values.get("policy_types", types),
            "max_upload_size": limits["max_file_mb"] * MEGABYTE,
            "limits": limits,
            "photo_hint": upload_hint(limits),
            "form": kw,
            "problems": [],
            "today": Date.context_today(request.env["helpdesk.ticket"]),
            "page_name": "ticket",
        }

    @staticmethod
    def _policy_is_used(company):
        return bool(
            request.env["crm.policy.default"]
            .sudo()
            .search_count([("company_id", "=", company.id)], limit=1)
        )

    @route()
    def submit_ticket(self, **kw):
        """Take a new ticket in, or show the form again with all that was typed."""
        values = self._get_create_new_ticket_values(**kw)
        uploads, problems = read_uploads(("attachment", "photos"), values["limits"], DOCUMENTS)
        problems = self._policy_form_problems(values, kw) + problems
        if problems:
            values["problems"] = problems
            return request.render("helpdesk_mgmt.portal_create_ticket", values, status=422)
        vals = {**self._prepare_submit_ticket_vals(**kw), **self._policy_form_vals(values, kw)}
        ticket = request.env["helpdesk.ticket"].sudo()._policy_open_by_door(vals)
        ticket.message_subscribe(partner_ids=request.env.user.partner_id.ids)
        ticket._policy_add_files(uploads)
        return request.redirect(f"/my/ticket/{ticket.id}")

    def _policy_form_problems(self, values, form):
        """Return what is missing or cannot be meant, in sentences for the customer."""
        env = request.env
        company = request.env.company.sudo()
        problems = []
        if not (form.get("subject") or "").strip():
            problems.append(env._("Say in a few words what it is about."))
        if not (form.get("description") or "").strip():
            problems.append(env._("Tell us what happened."))
        if not self._policy_is_offered(
            "team", form, values["teams"] and company.helpdesk_mgmt_portal_team_id_required
        ):
            problems.append(env._("Choose a team from the list."))
        if not self._policy_is_offered(
            "category",
            form,
            values["categories"] and company.helpdesk_mgmt_portal_category_id_required,
        ):
            problems.append(env._("Choose a category from the list."))
        if form.get("kind") and form["kind"] not in dict(values["policy_kinds"]):
            problems.append(env._("Choose from the list what it is."))
        if form.get("type") and form["type"] not in map(str, values["policy_types"].ids):
            problems.append(env._("Choose a type from the list."))
        if form.get("occurred_on"):
            day = day_of(form["occurred_on"])
            if not day or day > values["today"]:
                problems.append(env._("The day on which it happened is no day up to today."))
        return problems

    def _policy_is_offered(self, name, form, required):
        """Return whether a posted team or category is one for customers of this company."""
        if not form.get(name):
            return not required
        record = self._policy_known(f"helpdesk.ticket.{name}", form[name]).sudo()
        return bool(
            record
            and record.active
            and record.show_in_portal
            and record.company_id in (request.env["res.company"], request.env.company)
        )

    def _policy_form_vals(self, values, form):
        """Return the create values beyond helpdesk's own."""
        vals = {name: line_of(form, name) for name in TEXT_FIELDS if line_of(form, name)}
        if form.get("occurred_on"):
            vals["policy_occurred_on"] = day_of(form["occurred_on"])
        if form.get("type"):
            vals["policy_complaint_type_id"] = int(form["type"])
        if form.get("kind"):
            vals["policy_kind"] = form["kind"]
        elif values["policy_kinds"]:
            vals |= {
                "policy_to_sort": True,
                "policy_sort_reason": request.env._("The customer did not say what it is."),
            }
        return vals
