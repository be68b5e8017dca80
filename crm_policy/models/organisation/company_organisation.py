from odoo import api, models

from .role import can_act


class CrmPolicyCompanyOrganisation(models.AbstractModel):
    """How the company is set up for its policy, and what is missing."""

    _name = "crm.policy.company.organisation"
    _description = "Organisation of a Company"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        """Tell the register of findings what the organisation check finds, too."""
        findings = list(super()._policy_findings(versions))
        if self._abstract:
            return findings
        for company in versions.company_id:
            findings += [
                self._policy_finding(
                    found["code"],
                    {"blocking": "error"}.get(found["level"], "warning"),
                    found["message"],
                    found["record"],
                )
                for found in self.browse(company.id)._policy_organisation_findings()
            ]
        return findings

    def _policy_organisation_findings(self):
        """Return what a policy administrator has to put right in the organisation.

        :return: one dict for each finding: ``code``, ``level`` ("blocking": a case or an approval
            stops there, or "warning"), ``record`` and ``message``.
        :rtype: list[dict]
        """
        self.ensure_one()
        company = self.sudo()
        return [
            *company._policy_find_line(),
            *company._policy_find_directors(),
            *company._policy_find_vacancies(),
            *company._policy_find_substitutes(),
            *company._policy_find_delegations(),
            *company._policy_find_teams(),
            *company._policy_find_duties(),
        ]

    def _policy_missing(self, code, level, record, message):
        return {"code": code, "level": level, "record": record, "message": message}

    def _policy_find_line(self):
        """Customer service reports to top management directly (ORG-DEP-01)."""
        department, executive = self.policy_department_id, self.policy_executive_id
        if not department:
            message = self.env._("The company names no department for customer relations.")
            yield self._policy_missing("department_missing", "warning", self, message)
        if not executive:
            message = self.env._(
                "The company names no executive: what nobody decides in time has no last address."
            )
            yield self._policy_missing("executive_missing", "warning", self, message)
        head = department.manager_id
        if department and executive and executive not in (head.user_id, head.parent_id.user_id):
            message = self.env._(
                "%(department)s does not report to %(executive)s: the manager of its head is "
                "%(manager)s.",
                department=department.name,
                executive=executive.name,
                manager=head.parent_id.name or self.env._("nobody"),
            )
            yield self._policy_missing(
                "department_reports_elsewhere", "warning", department, message
            )

    def _policy_find_directors(self):
        """Without a director approvals fall to the executive (ORG-DUTY-DIR-01)."""
        group = self.env.ref("crm_policy.group_director")
        if not can_act(group.all_user_ids, self):
            message = self.env._("Nobody is a director: policies and large amounts wait.")
            yield self._policy_missing("director_missing", "blocking", self, message)

    def _policy_find_vacancies(self):
        """Posts without anybody, and appointed roles without a post."""
        Post = self.env["crm.policy.post"]
        posts = Post.search([("company_id", "=", self.id), ("role_id.kind", "=", "user")])
        people = posts.user_ids | posts.substitute_id
        present = self.env["resource.calendar.leaves"]._policy_present(people, self)
        named = Post.browse()
        for post in posts:
            if (post.user_ids or post.substitute_id or post.planned) and not post._policy_acting(
                present
            ):
                named += post
                message = self.env._("%(post)s: nobody is there.", post=post.display_name)
                yield self._policy_missing("post_vacant", "warning", post, message)
        roles = self.env["crm.policy.role"].search(
            [("company_id", "=", self.id), ("kind", "=", "user")]
        )
        filled = posts.filtered(lambda post: post.user_ids or post.substitute_id)
        for role in roles - filled.role_id - named.role_id:
            if not role._policy_can_act(role.user_id):
                message = self.env._(
                    "%(role)s: nobody is appointed. Appoint somebody, or archive the role.",
                    role=role.name,
                )
                yield self._policy_missing("role_vacant", "warning", role, message)

    def _policy_find_substitutes(self):
        """Substitutes who have left or moved since they were appointed (ORG-DELEG-01)."""
        posts = self.env["crm.policy.post"].search(
            [("company_id", "=", self.id), ("role_id.substitute_required", "=", True)]
        )
        for post in posts:
            for holder in post.user_ids.filtered("active"):
                problem = post._policy_substitute_problem(holder)
                if problem:
                    message = self.env._(
                        "%(post)s: no valid substitute. %(problem)s",
                        post=post.display_name,
                        problem=problem,
                    )
                    yield self._policy_missing("substitute_missing", "blocking", post, message)
                    break

    def _policy_find_delegations(self):
        """Delegations that lead in a circle, or to somebody who is not there (ORG-DELEG-01)."""
        lines = self.env["crm.policy.delegation"].search(
            [("company_id", "=", self.id), ("state", "in", ["planned", "active"])], order="id"
        )
        known = set()
        for line in lines:
            for code, text in line._policy_doubts():
                # A circle is one finding, at whichever of its delegations is met first.
                ids = frozenset(
                    (line._policy_circle() if code == "delegation_circle" else line).ids
                )
                if (code, ids) in known:
                    continue
                known.add((code, ids))
                words = self.env._(
                    "Delegation %(number)s: %(problem)s", number=line.number, problem=text
                )
                yield self._policy_missing(code, "warning", line, words)

    def _policy_find_teams(self):
        """Teams that could not decide today (ORG-TEAM-01)."""
        for team in self.env["crm.policy.team"].search([("company_id", "=", self.id)]):
            if team.status == "short":
                message = self.env._(
                    "%(team)s: %(present)s of %(size)s voting members can act, %(needed)s are "
                    "needed.",
                    team=team.name,
                    present=len(team.voter_ids),
                    size=team.voter_count,
                    needed=team.quorum_count,
                )
                yield self._policy_missing("team_below_quorum", "blocking", team, message)

    def _policy_find_duties(self):
        """Actions without an owner; that there are never two, their model sees to (ORG-SEP-01)."""
        for duty in self.env["crm.policy.duty"].search([("company_id", "=", self.id)]):
            if duty.status != "owned":
                message = self.env._("%(duty)s: nobody owns it.", duty=duty.display_name)
                yield self._policy_missing("duty_without_owner", "warning", duty, message)
