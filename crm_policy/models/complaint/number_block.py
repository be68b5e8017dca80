from odoo import api, models
from odoo.tools import SQL

from odoo.addons.base.models.ir_sequence import _update_nogap


class CrmPolicyNumberBlock(models.AbstractModel):
    """Whole blocks of numbers of a sequence (mixin of ``ir.sequence``).

    ``next_by_code`` asks the database twice for each number; here two statements fetch a block.
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
        sequence = self.search_fetch(
            [("code", "=", code), ("company_id", "in", [self.env.company.id, False])],
            ["implementation", "prefix", "suffix", "padding", "number_increment", "use_date_range"],
            order="company_id",
            limit=1,
        )
        return sequence._policy_draw(count) if sequence else []

    def _policy_draw(self, count):
        """Take ``count`` numbers of this sequence and return them as text."""
        date = self.env.context.get("ir_sequence_date")
        source = self._get_current_sequence(date)
        named = self
        if source != self:
            named = self.with_context(ir_sequence_date_range=source.date_from)
        prefix, suffix = named._get_prefix_suffix()
        return [
            f"{prefix}{serial:0{self.padding}d}{suffix}" for serial in self._policy_take(source, count)
        ]

    def _policy_take(self, source, count):
        """Return ``count`` serials of the sequence or of one of its date ranges."""
        step = self.number_increment
        if self.implementation == "no_gap":
            # Under the same lock as a single number: nobody else's comes in between.
            first = _update_nogap(source, step * count)
            return [first + step * position for position in range(count)]
        name = f"ir_sequence_{self.id:03d}"
        if source != self:
            name = f"{name}_{source.id:03d}"
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", name, count)
        )
        return [serial for [serial] in rows]
