from collections import defaultdict

from odoo import api, models


class CrmPolicyEscalationAudience(models.AbstractModel):
    """Who is told when a step fires."""

    _name = "crm.policy.escalation.audience"
    _description = "Audience of Escalations"

    @api.model
    def _policy_people(self, pairs, company):
        """Return {(deadline id, step id): (res.users, how)}; nobody only without administrators.

        :param pairs: (deadline, step) of one company.
        """
        found, climbing = {}, {}
        roles = self._policy_role_people(pairs)
        for deadline, step in pairs:
            users = roles.get((deadline.id, step.id))
            if users:
                found[deadline.id, step.id] = (users, False)
                continue
            # A role that nobody fills today: the next level above the responsible is told.
            level = {"responsible": 0, "manager": step.levels}.get(step.tell, 1)
            climbing[deadline.id, step.id] = (
                deadline.user_id.id,
                deadline.department_id.id,
                level if deadline.user_id else max(level, 1),
                step.tell == "role",
            )
        rungs = {key: rung[:3] for key, rung in climbing.items()}
        told = self.env["crm.policy.ladder"]._policy_climb(rungs.values(), company)
        for key, rung in rungs.items():
            users, how = told[rung]
            found[key] = (users, how or ("higher" if climbing[key][3] else False))
        return found

    @api.model
    def _policy_role_people(self, pairs):
        """Return {(deadline id, step id): who holds the role that is told and is there}.

        Of a group those are told whose highest one it is and who see the document; where there is
        nobody, the next level is told. A responsible that is a pool of several is told as one.
        """
        wanted = defaultdict(list)
        for deadline, step in pairs:
            role_id = step.role_id if step.tell == "role" else False
            if step.tell == "responsible" and not deadline.user_id:
                role_id = deadline.role_id.id
            if role_id:
                wanted[role_id, deadline.res_model].append((deadline, step))
        found, sight = {}, {}
        for (role_id, model_name), group in wanted.items():
            role = self.env["crm.policy.role"].sudo().browse(role_id)
            documents = self.env[model_name].sudo().browse({d.res_id for d, _step in group})
            holders = role._users_for(documents)
            everybody = self.env["res.users"].sudo().union(*holders.values())
            # A director holds the supervisors' group too, but is no supervisor.
            staff = role._policy_staff() if role.kind == "group" else everybody
            present = role._policy_present(everybody & staff)
            if role.kind == "group":
                sight |= {
                    (model_name, user.id): self._policy_seen(user, documents) for user in present
                }
            for deadline, step in group:
                users = holders.get(deadline.res_id, present.browse()) & present
                if role.kind == "group":
                    users = users.browse(
                        user.id for user in users if deadline.res_id in sight[model_name, user.id]
                    )
                if step.tell == "role":
                    users -= deadline.user_id  # nobody supervises himself
                found[deadline.id, step.id] = users
        return found

    @staticmethod
    def _policy_seen(user, documents):
        """Return the ids of those documents that a user may read."""
        if not documents:
            return set()
        model = documents.with_user(user).with_context(active_test=False)
        if not model.has_access("read"):
            return set()
        return set(model.search([("id", "in", documents.ids)]).ids)
