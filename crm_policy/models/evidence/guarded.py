from odoo import api, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from ...words import list_words


def own_defaults(model, names):
    """Return the defaults that the fields themselves declare; no caller and no user has a say."""
    fields = [model._fields[name] for name in names if name in model._fields]
    return {
        field.name: field.convert_to_write(field.default(model), model)
        for field in fields
        if field.default
    }


class CrmPolicyGuarded(models.AbstractModel):
    """A record that people edit, with fields that only methods may write.

    The guarded fields hold what happened (facts, states, decisions). Nothing in the context or in
    the user's rights opens them: create, write, import and RPC refuse, the superuser included.
    """

    _name = "crm.policy.guarded"
    _description = "Record with Guarded Fields"

    def _policy_guarded_fields(self):
        """Return the names of the fields that public create and write refuse.

        :rtype: frozenset[str]
        """
        return frozenset()

    def _policy_refuse_guarded(self, names, guarded=None):
        """Refuse the guarded fields among ``names``; or those of ``guarded``, where it is given."""
        guarded = self._policy_guarded_fields() if guarded is None else guarded
        refused = sorted(guarded.intersection(names))
        if refused:
            # As superuser: one of them may be hidden from who tries to write it.
            labels = self.sudo().fields_get(refused, ["string"])
            raise AccessError(
                self.env._(
                    "%(model)s: %(fields)s cannot be written. Use the buttons: each of them "
                    "checks the policy and leaves its trace.",
                    model=self.env["ir.model"]._get(self._name).name,
                    fields=list_words(self.env, [labels[name]["string"] for name in refused]),
                )
            )

    @api.model
    def default_get(self, fields):
        """Take the defaults of guarded fields from their definition only.

        What a caller puts into the context, or a user into his own defaults, does not reach them.
        """
        guarded = self._policy_guarded_fields().intersection(fields)
        defaults = super().default_get([name for name in fields if name not in guarded])
        return defaults | own_defaults(self, guarded)

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        return super().create(vals_list)

    def write(self, vals):
        self._policy_refuse_guarded(vals)
        return super().write(vals)

    @api.model
    def _policy_text(self, text, problem):
        """Return what a caller of a button has written, without blanks around it.

        :raises ValidationError: ``problem``, where it is no text or an empty one.
        """
        text = text.strip() if isinstance(text, str) else ""
        if not text:
            raise ValidationError(problem)
        return text

    def _policy_guarded_create(self, vals_list):
        """Create records whose guarded fields the calling method has checked."""
        # pylint: disable=super-method-mismatch
        return super().create(vals_list)

    def _policy_guarded_write(self, vals):
        """Write guarded fields that the calling method has checked."""
        # pylint: disable=super-method-mismatch
        return super().write(vals)

    def _policy_hold_rows(self):
        """Hold the rows until the end of the transaction, and read them anew.

        Of two who act on a record at once the second waits here; what the first has written makes
        his transaction begin again, and then he is told what was done.
        """
        self.flush_recordset()
        table = SQL.identifier(self._table)
        # In the order of their ids: two who act on many never wait for each other.
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(table)s SET write_date = %(now)s
                  FROM (SELECT id FROM %(table)s
                         WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE) AS held
                 WHERE %(table)s.id = held.id
                """,
                table=table,
                now=self.env.cr.now(),
                ids=self.ids,
            )
        )
        self.invalidate_recordset()

    def _policy_take_step(self, step):
        """Check the current user for a step and hold the record; return it as superuser.

        What hinders the step says ``_policy_<step>_problem(user)`` of the model.

        :param str step: explain, decide, appeal ...
        :raises AccessError: he does not see it, or the step is not his.
        :raises UserError: the step is not due.
        """
        self.ensure_one()
        self.check_access("read")
        stored = self.sudo()
        stored._policy_hold_rows()
        problem = getattr(stored, f"_policy_{step}_problem")(self.env.user)
        if problem:
            raise problem
        return stored
