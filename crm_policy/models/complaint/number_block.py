from odoo import api, models
from odoo.tools import SQL

from odoo.addons.base.models.ir_sequence import _update_nogap


class CrmPolicyNumberBlock(models.AbstractModel):
    """Whole blocks of numbers of a sequence (mixin of ``ir.sequence``).

    ``next_by_code`` asks the database twice for each number; here one statement fetches a block.
    """

    _name = "crm.policy.number.block"
    _description = "Block of Numbers"

    @api.model
    def _policy_next_block(self, code, count):
        """Return what ``count`` calls of ``next_by_code(code)`` would return, in order.

        :param str code: of the sequence; that of the current company goes before the shared one.
        :return: list of str; empty when there is no such sequence.
        """
        self.browse().check_access("read")
        # Written out: to have the ORM word it takes longer than to run it. The company is asked
        # for here, and nothing else is in Odoo's rule on sequences.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, prefix, suffix, padding,
                       CASE WHEN implementation = 'standard' AND use_date_range IS NOT TRUE
                            THEN ARRAY(SELECT nextval(%s) FROM generate_series(1, %s)) END
                  FROM (SELECT id, prefix, suffix, padding, implementation, use_date_range
                          FROM ir_sequence
                         WHERE code = %s AND active IS TRUE
                           AND (company_id = %s OR company_id IS NULL)
                         ORDER BY company_id, id
                         LIMIT 1) AS chosen
                """,
                # As Odoo names it: three digits or more.
                SQL("'ir_sequence_' || lpad(id::text, greatest(3, length(id::text)), '0')"),
                count,
                code,
                self.env.company.id,
            )
        )
        if not rows:
            return []
        [[sequence_id, prefix, suffix, padding, serials]] = rows
        sequence = self.browse(sequence_id)
        if serials is None:
            return sequence._policy_draw(count)
        if "%" in (prefix or "") + (suffix or ""):  # a date, in the words of the sequence
            prefix, suffix = sequence._get_prefix_suffix()
        return self._policy_numbered(prefix, suffix, padding, serials)

    def _policy_draw(self, count):
        """Take ``count`` numbers of a sequence without gaps or with date ranges."""
        source = self._get_current_sequence(self.env.context.get("ir_sequence_date"))
        named = self
        if source != self:
            named = self.with_context(ir_sequence_date_range=source.date_from)
        prefix, suffix = named._get_prefix_suffix()
        return self._policy_numbered(prefix, suffix, self.padding, self._policy_take(source, count))

    @staticmethod
    def _policy_numbered(prefix, suffix, padding, serials):
        return [f"{prefix or ''}{serial:0{padding}d}{suffix or ''}" for serial in serials]

    def _policy_take(self, source, count):
        """Return ``count`` serials of the sequence or of one of its date ranges."""
        step = self.number_increment
        if self.implementation == "no_gap":
            # Under the same lock as a single number: nobody else's comes in between.
            first = _update_nogap(source, step * count)
            return [first + step * position for position in range(count)]
        name = f"ir_sequence_{self.id:03d}_{source.id:03d}"
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", name, count)
        )
        return [serial for [serial] in rows]
