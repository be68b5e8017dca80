from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL


class CrmPolicyProtected(models.AbstractModel):
    """Evidence: rows that nobody creates, changes or deletes but the methods of their own model."""

    _name = "crm.policy.protected"
    _description = "Protected Evidence"
    _inherit = ["crm.policy.guarded"]

    def _policy_guarded_fields(self):
        return frozenset(self._fields)

    def _policy_refuse(self):
        raise AccessError(
            self.env._(
                "%(model)s is evidence: it is written by the policy's own actions only and can "
                "be neither created, changed nor deleted by hand.",
                model=self.env["ir.model"]._get(self._name).name,
            )
        )

    # To refuse is all they do.
    # pylint: disable=method-required-super

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_refuse()

    def write(self, vals):
        self._policy_refuse()

    def unlink(self):
        self._policy_refuse()

    def _policy_insert(self, vals_list):
        """Create the rows; for methods of the engine that have checked the real user."""
        return self._policy_guarded_create(vals_list)

    def _policy_update(self, vals):
        """Change the rows; for methods of the engine that have checked the real user."""
        return self._policy_guarded_write(vals)

    def _policy_modified(self, names):
        """Let the ORM know that fields were written behind it, if anything follows from them.

        ``modified`` merges the triggers of all fields anew each time it is called. What follows
        from evidence is hardly ever stored, and hardly ever in the cache when it is written.

        :param tuple names: of the fields.
        """
        known = self.env.transaction.field_data
        for field in self._policy_followers(names):
            if field.store or (known.get(field) and field._get_all_cache_ids(self.env)):
                self.modified(names)
                return

    @api.model
    @tools.ormcache("names")
    def _policy_followers(self, names):
        """Return the computed fields that depend on fields of this model."""
        followers = {}
        for name in names:
            followers |= dict.fromkeys(self.pool.get_dependent_fields(self._fields[name]))
        return tuple(followers)

    def _policy_build_wall(self, *open_columns):
        """Make PostgreSQL itself refuse to change or delete rows: the last wall, behind the ORM.

        :param str open_columns: columns that may be filled once, while they are null.
        """
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION crm_policy_append_only() RETURNS trigger
                LANGUAGE plpgsql AS $wall$
                DECLARE
                    fresh jsonb;
                    kept jsonb;
                    open_column text;
                BEGIN
                    IF TG_OP = 'UPDATE' THEN
                        fresh := to_jsonb(NEW);
                        kept := to_jsonb(OLD);
                        FOREACH open_column IN ARRAY COALESCE(TG_ARGV, '{}') LOOP
                            IF kept ->> open_column IS NULL THEN
                                fresh := fresh - open_column;
                                kept := kept - open_column;
                            END IF;
                        END LOOP;
                        IF fresh = kept THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION USING
                        ERRCODE = 'restrict_violation',
                        MESSAGE = 'append-only: ' || TG_OP || ' on ' || TG_TABLE_NAME;
                END $wall$
                """
            )
        )
        arguments = SQL(", ").join(open_columns)
        table = SQL.identifier(self._table)
        for name, moment in (
            ("crm_policy_wall", SQL("BEFORE UPDATE OR DELETE ON %s FOR EACH ROW", table)),
            ("crm_policy_wall_all", SQL("BEFORE TRUNCATE ON %s FOR EACH STATEMENT", table)),
        ):
            self.env.cr.execute(
                SQL(
                    "CREATE OR REPLACE TRIGGER %s %s EXECUTE FUNCTION crm_policy_append_only(%s)",
                    SQL.identifier(name),
                    moment,
                    arguments,
                )
            )
