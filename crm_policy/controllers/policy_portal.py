from odoo.exceptions import AccessError, UserError
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..tools.zones import local_day


class PolicyPortal(CustomerPortal):
    """Drafts of policies that a customer is asked about, and what he says of them (POL-CON-01).

    Customers have no rights on our models: everything goes through methods that ask who is asked,
    by which company, and whether the round is open.
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "consultation_count" in counters:
            values["consultation_count"] = len(self._policy_open_versions())
        return values

    @route("/my/policies", type="http", auth="user", website=True, methods=["GET"])
    def portal_policies(self, **kw):
        """List what the customer is asked about now, and what was answered to him."""
        said = request.env["crm.policy.consultation"]._policy_said_by(request.env.user)
        return request.render(
            "crm_policy.portal_policies",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "policies",
                "versions": self._policy_open_versions(),
                "said": said.grouped("version_id"),
            },
        )

    @route("/my/policies/<int:version_id>", type="http", auth="user", website=True, methods=["GET"])
    def portal_policy(self, version_id, **kw):
        """Show one draft; what does not exist, is over, or is not his leads to the list."""
        version = self._policy_open_version(version_id)
        if not version:
            return request.redirect("/my/policies")
        return request.render("crm_policy.portal_policy", self._policy_page(version))

    @route(
        "/my/policies/<int:version_id>/comment",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_policy_comment(self, version_id, clause_id=None, text=None, **kw):
        """Take a comment in, or show the page again with what was typed."""
        version = self._policy_open_version(version_id)
        if not version:
            return request.redirect("/my/policies")
        clause = int(clause_id) if (clause_id or "").isdecimal() and len(clause_id) < 10 else None
        try:
            line = request.env["crm.policy.consultation"]._policy_say(
                request.env.user, version.id, clause, text
            )
        except AccessError:
            return request.redirect(f"/my/policies/{version.id}")
        except UserError as error:
            values = self._policy_page(version) | {
                "problems": str(error).splitlines(),
                "form": {"clause_id": clause, "text": text},
            }
            return request.render("crm_policy.portal_policy", values, status=422)
        anchor = f"clause_{line.clause_id.id}" if line.clause_id else "whole"
        return request.redirect(f"/my/policies/{version.id}#{anchor}")

    def _policy_open_versions(self):
        return request.env["crm.policy.version"]._policy_open_to(request.env.user)

    def _policy_open_version(self, version_id):
        return self._policy_open_versions().filtered(lambda version: version.id == version_id)

    def _policy_page(self, version):
        Consultation = request.env["crm.policy.consultation"]
        said = Consultation._policy_said_by(request.env.user).filtered(
            lambda line: line.version_id == version
        )
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "policies",
            "version": version,
            "clauses": version.clause_ids.sorted(lambda clause: (clause.sequence, clause.id)),
            "said": said.grouped("clause_id"),
            "whole": said.filtered(lambda line: not line.clause_id),
            "limits": Consultation._policy_limits(),
            "last_day": local_day(version.consultation_closes_at, version.company_id),
            "problems": [],
            "form": {},
        }
