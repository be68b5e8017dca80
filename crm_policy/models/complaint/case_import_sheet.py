from dataclasses import dataclass

from odoo import api, models
from odoo.exceptions import UserError

from ...tools import cell_values
from ...tools.import_sheet import EXAMPLE
from ...words import list_words
from .case_import_cells import Line
from .case_import_columns import MOMENTS

HEAD_ROWS = 10  # among so many rows at the top the headings are found


@dataclass
class Register:
    """An old register as it was read.

    :ivar list header: the headings of the file.
    :ivar dict places: {key of the column: place}.
    :ivar list lines: list[Line].
    :ivar list remarks: sentences about the file as a whole.
    """

    header: list
    places: dict
    lines: list
    remarks: list


class CrmPolicyCaseImportSheet(models.AbstractModel):
    """An old register as an Excel sheet: where its headings and its cases are."""

    _name = "crm.policy.case.import.sheet"
    _description = "Old Register Sheet"
    _inherit = ["crm.policy.case.import.cells"]

    @api.model
    def _policy_read_register(self, sheets, epoch, company, options):
        """Return the register that the sheets of a file hold; nothing is written.

        :param list[Sheet] sheets: as :func:`read_workbook` gives them.
        :param datetime epoch: day from which serial dates count.
        :param dict options: "kind" and "outcome" (where the file does not say), "new_customers"
            and "keep_names" (unknown people as text).
        :raises UserError: no sheet has the columns that are needed; says which.
        """
        headings = self._policy_headings(company)
        for sheet in sheets:
            header, places, first, remarks = self._policy_find_head(sheet.rows, headings)
            if not places:
                continue
            self._policy_check_columns(places, company)
            lines = [
                Line(number, cells)
                for number, cells in sheet.rows[first:]
                if self._policy_is_data(cells, places)
            ]
            self._policy_fill(lines, places, epoch, company, options)
            return Register(header, places, lines, remarks)
        raise UserError(
            self.env._("No sheet has the headings of a register. Start from the template.")
        )

    @api.model
    def _policy_find_head(self, rows, headings):
        """Return headings, places of the columns, index of the first row below, and remarks."""
        best, last = None, 0
        for index, (_number, cells) in enumerate(rows[:HEAD_ROWS]):
            keys = [headings.get(cell_values.header_key(cell)) for cell in cells]
            known = sum(key is not None for key in keys)
            filled = sum(cell is not None for cell in cells)
            if known >= 2 and known * 2 >= filled:
                last = index
                if best is None or known > best[0]:
                    best = (known, keys)
        if best is None:
            return [], {}, 0, []
        header = ["" if cell is None else str(cell) for cell in rows[last][1]]
        keys, places, remarks = best[1], {}, []
        for place, title in enumerate(header):
            key = keys[place] if place < len(keys) else None
            if key and key not in places:
                places[key] = place
            elif key:
                remarks.append(self.env._("The column %(title)s stands twice.", title=title))
            elif key is None and title.strip():
                remarks.append(self.env._("The column %(title)s is not imported.", title=title))
        return header, places, last + 1, remarks

    @api.model
    def _policy_check_columns(self, places, company):
        titles = {column.key: column.header for column in self._policy_columns(company)}
        missing = [titles["subject"]] if "subject" not in places else []
        if not {"number", "source_ref"} & places.keys():
            missing.insert(0, titles["number"])
        if not places.keys() & MOMENTS.keys():
            missing.append(titles["registered_at"])
        if missing:
            raise UserError(
                self.env._(
                    "These columns are missing: %(titles)s.", titles=list_words(self.env, missing)
                )
            )

    @api.model
    def _policy_is_data(self, cells, places):
        """Return whether a row is a case: neither the example nor the totals of our register."""
        first = next((cell for cell in cells if cell is not None), None)
        if isinstance(first, str) and cell_values.plain(first) == EXAMPLE:
            return False
        totals = {
            cell_values.header_key(self.with_context(lang=lang).env._("Total"))
            for lang in self._policy_langs()
        }
        return cell_values.header_key(first) not in totals
