from odoo import api, models
from odoo.fields import Domain


class CrmPolicyWorkload(models.AbstractModel):
    """Documents that keep their person busy until they are ended.

    Rooms above supply them by inheriting: head counts and rotations count them without knowing
    what they are.
    """

    _name = "crm.policy.workload"
    _description = "Open Work"

    def _policy_open_domain(self):
        """Return which documents are still open."""
        return Domain.FALSE

    @api.model
    def _policy_open_work(self, company, user=None, department=None):
        """Return how many documents of the company are open.

        :param user: those that he answers for (``user_id``).
        :param department: those of the department or of one below it; a document of no department
            counts, too.
        """
        domain = Domain("company_id", "=", company.id)
        if user:
            domain &= Domain("user_id", "=", user.id)
        if department:
            domain &= Domain("policy_department_id", "=", False) | Domain(
                "policy_department_id", "child_of", department.id
            )
        models_ = (
            self.env[name].sudo().with_context(active_test=False)
            for name in self.env.registry.descendants([self._name], "_inherit")
            if not self.env.registry[name]._abstract
        )
        return sum(model.search_count(domain & model._policy_open_domain()) for model in models_)
