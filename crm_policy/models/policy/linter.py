from odoo import api, models


class CrmPolicyLinter(models.AbstractModel):
    """Somebody who looks at policy versions and says what is wrong with them.

    The finding register asks every model that inherits this one, so that each room contributes
    its own findings without being known to the policy room.
    """

    _name = "crm.policy.linter"
    _description = "Linter of Policies"

    @api.model
    def _policy_findings(self, versions):
        """Return what is found in ``versions``, each as :meth:`_policy_finding` makes it.

        It runs as superuser, in the language in which the text is stored, once per language.

        :param versions: ``crm.policy.version`` records in draft, in review or in force.
        :rtype: list[dict]
        """
        return []

    @api.model
    def _policy_finding(self, code, severity, text, record, clause=None, version=None):
        """Return one finding.

        :param str code: what kind of finding, "deadline_duplicate".
        :param str severity: "error" (the version is not published), "warning" or "note".
        :param str text: the sentence that says what is wrong and what to do.
        :param record: what to put right; a record of any model.
        :param clause: the ``crm.policy.clause`` it hangs on, if any.
        :param version: its version where there is no clause; a company's finding has none.
        """
        version = version or (clause and clause.version_id)
        return {
            "code": code,
            "severity": severity,
            "text": text,
            "record": record,
            "clause": clause,
            "version": version,
        }
