import base64
import hashlib
import logging
import tempfile
from pathlib import Path

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import split_every

from ..const import KINDS, OUTCOMES
from ..tools.import_sheet import write_rejects, write_template
from ..tools.sheet import font_for
from ..tools.template_words import template_words
from ..tools.workbook_reader import MAX_BYTES, MAX_ROWS, WorkbookError, read_workbook
from ..words import list_words

_logger = logging.getLogger(__name__)

GROUPS = ("crm_policy.group_manager", "crm_policy.group_policy_admin")
CHUNK = 200  # cases that are written together, and undone together when one of them fails
SHOWN = 20  # problems on the screen; the file of rejected rows has them all


class CrmPolicyCaseImportLoad(models.TransientModel):
    """Import an old register from an Excel file: template, check, import, rejected rows back."""

    _name = "crm.policy.case.import.load"
    _description = "Import an Old Register"

    state = fields.Selection(
        [("upload", "File"), ("checked", "Checked"), ("done", "Imported")],
        default="upload",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    template = fields.Binary(readonly=True)
    template_name = fields.Char(readonly=True)
    file = fields.Binary(string="Excel File")
    filename = fields.Char()
    kind = fields.Selection(
        KINDS,
        string="Kind Where the File Does Not Say",
        required=True,
        default="complaint",
    )
    outcome = fields.Selection(
        [pair for pair in OUTCOMES if pair[0] in ("accepted", "not_established", "not_accepted")],
        string="Outcome of Closed Cases Where the File Does Not Say",
        help="Empty: such a case is rejected.",
    )
    new_customers = fields.Boolean(
        string="Create Missing Customers", help="Otherwise their rows are rejected."
    )
    keep_names = fields.Boolean(
        string="Keep Unknown Names as Text",
        help="Handlers, authors and departments that do not exist here are written into the "
        "description. Otherwise their rows are rejected.",
    )
    row_count = fields.Integer(string="Rows", readonly=True)
    good_count = fields.Integer(string="Can Be Imported", readonly=True)
    known_count = fields.Integer(string="Imported Before", readonly=True)
    rejected_count = fields.Integer(string="Handed Back", readonly=True)
    imported_count = fields.Integer(string="Imported", readonly=True)
    customer_count = fields.Integer(string="New Customers", readonly=True)
    findings = fields.Html(readonly=True, sanitize=False)
    rejects = fields.Binary(readonly=True)
    rejects_name = fields.Char(readonly=True)

    # === ACTION METHODS === #

    def action_policy_template(self):
        """Hand over the file to fill in, in the language of the user."""
        self._policy_check_person()
        sheet = self.env["crm.policy.case.import.sheet"]
        columns = sheet._policy_columns(self.company_id)
        with tempfile.TemporaryDirectory(prefix="crm_policy_") as folder:
            path = Path(folder, "template.xlsx")
            texts = self._policy_template_texts()
            write_template(
                path, columns, self._policy_example(columns), texts, font_for(self.env.lang)
            )
            self.template = base64.b64encode(path.read_bytes())
        self.template_name = self.env._("Old Register") + ".xlsx"
        return self._policy_download("template")

    def action_policy_check(self):
        """Read the file and say what would become of its rows; nothing is imported."""
        self._policy_check_person()
        register, _content = self._policy_read()
        good, known = self._policy_sort(register.lines)
        self._policy_show(register, good, known)
        self.state = "checked"
        return self._policy_stay()

    def action_policy_import(self):
        """Import the rows that are sound and hand the others back.

        What was imported before is left alone, so that the same file can come again after a
        failure, and the corrected rows after a success.
        """
        self._policy_check_person()
        register, content = self._policy_read()
        good, known = self._policy_sort(register.lines)
        self._policy_check_new_customers(good)
        imported = self._policy_import(good)
        self._policy_show(register, imported, known)
        self.imported_count = len(imported)
        self.state = "done"
        self.env["crm.policy.event"]._policy_log(
            "register.imported",
            self,
            {
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": self.row_count,
                "imported": self.imported_count,
                "before": self.known_count,
                "rejected": self.rejected_count,
            },
        )
        return self._policy_stay()

    def action_policy_rejects(self):
        """Hand over the rejected rows, with the reason of each, to be corrected and loaded."""
        self._policy_check_person()
        if not self.rejects:
            raise UserError(self.env._("No row was rejected."))
        return self._policy_download("rejects")

    def action_policy_back(self):
        """Choose another file or other options."""
        self._policy_check_person()
        self.write({"state": "upload", "findings": False})
        return self._policy_stay()

    # === GUARDS === #

    def _policy_check_person(self):
        """Refuse whoever neither manages nor administers; sudo() lends nobody a group."""
        self.ensure_one()
        user = self.env.user
        if not user._is_superuser():
            if not any(user.has_group(group) for group in GROUPS):
                names = [self.env.ref(group).sudo().display_name for group in GROUPS]
                raise AccessError(
                    self.env._("An old register is imported by: %(groups)s.",
                               groups=list_words(self.env, names))
                )  # fmt: skip
            if self.company_id not in user.company_ids:
                raise AccessError(
                    self.env._(
                        "You do not work for %(company)s.", company=self.company_id.sudo().name
                    )
                )
        self.check_access("write")

    def _policy_check_new_customers(self, lines):
        if any(line.new_customer for line in lines):
            self.env["res.partner"].check_access("create")

    # === THE FILE === #

    def _policy_read(self):
        """Return the register of the uploaded file, and the file."""
        content = base64.b64decode(self.file or b"")
        try:
            sheets, epoch = read_workbook(content)
        except WorkbookError as error:
            raise UserError(self._policy_file_words(str(error))) from error
        options = {
            "kind": self.kind,
            "outcome": self.outcome,
            "new_customers": self.new_customers,
            "keep_names": self.keep_names,
        }
        sheet = self.env["crm.policy.case.import.sheet"]
        return sheet._policy_read_register(sheets, epoch, self.company_id, options), content

    def _policy_file_words(self, code):
        """Return the sentence for a file that is not read."""
        return {
            "empty": self.env._("Choose an Excel file."),
            "size": self.env._(
                "The file is larger than %(size)s MB. Split it.", size=MAX_BYTES // 1024**2
            ),
            "xls": self.env._("This is an old Excel file (.xls). Save it as .xlsx and try again."),
            "encrypted": self.env._("The file has a password. Save it without one and try again."),
            "not_excel": self.env._(
                "This is no Excel file, whatever its name says. Save it as .xlsx and try again."
            ),
            "macros": self.env._("The file has macros. Save it as .xlsx and try again."),
            "bomb": self.env._("The file becomes far too large once it is unpacked."),
            "damaged": self.env._("The file is damaged. Open it in Excel, save it and try again."),
            "rows": self.env._("The file has more than %(rows)s rows. Split it.", rows=MAX_ROWS),
        }[code]

    def _policy_example(self, columns):
        """Return the values of the example row: a closed complaint, with labels that exist."""
        day = fields.Datetime.to_datetime("2025-03-05 09:10:00")
        moments = [column.key for column in columns if column.kind == "moment"]
        example = {key: day.replace(day=5 + place) for place, key in enumerate(moments)}
        chosen = {
            "kind": "complaint",
            "severity": "general",
            "urgency": "normal",
            "step": "closed",
            "outcome": "accepted",
            "remedies": "refund",
            "remedy_sought": "refund",
            "reply_channel": "phone",
        }
        for column in columns:
            if column.key in chosen:
                example[column.key] = column.choices[chosen[column.key]]
            elif column.key == "type" and column.choices:
                example[column.key] = next(iter(column.choices.values()))
        return {
            **example,
            "customer_code": "C0001",
            "customer": self.env._("Example Ltd."),
            "subject": self.env._("Housing cracked, 12 pieces"),
            "order": "S00125",
            "item": "PCB-204",
            "shipped_on": day.replace(day=1),
            "quantity": 300,
            "defective_quantity": 12,
            "amount": 300,
            "score": 4,
            "handler": self.env.user.name,
            "author": self.env.user.login,
        }

    def _policy_template_texts(self):
        return template_words(self.env, self.env._("Old Register")) | {
            "notes": [
                self.env._("One row is one case. The gray example row is not imported."),
                self.env._(
                    "Dates: 2024-03-05, 2024/3/5 14:30 or 2024年3月5日, by the clock of "
                    "%(company)s. Without a time it is the start of the day, or the moment of the "
                    "step before it on the same day.",
                    company=self.company_id.name,
                ),
                self.env._(
                    "A case that is over may have gaps: leave empty what is not known. An open "
                    "case needs the dates of all steps it has taken."
                ),
                self.env._(
                    "The same file can be loaded again: what was imported before is left alone. "
                    "At most %(rows)s rows in a file.",
                    rows=MAX_ROWS,
                ),
            ],
        }

    def _policy_write_rejects(self, register, rejected):
        """Keep the rejected rows as a file; none when there are none."""
        if not rejected:
            self.write({"rejects": False, "rejects_name": False})
            return
        rows = []
        for line in rejected:
            # Of a column that the file has not, the first cell stands for the row.
            bad = {register.places.get(key, 0) for key, _words in line.problems}
            reasons = "\n".join(dict.fromkeys(words for _key, words in line.problems))
            rows.append((line.cells, bad, reasons))
        title = self.env._("Rejected Rows")
        with tempfile.TemporaryDirectory(prefix="crm_policy_") as folder:
            path = Path(folder, "rejects.xlsx")
            write_rejects(path, register.header, rows, font_for(self.env.lang), title)
            self.rejects = base64.b64encode(path.read_bytes())
        stem = (self.filename or "").rsplit(".", 1)[0] or self.env._("Old Register")
        self.rejects_name = f"{stem} {title}.xlsx"

    # === CHECKING AND IMPORTING === #

    def _policy_sort(self, lines):
        """Return the lines that can be imported and those that were; note why others cannot."""
        Ticket = self.env["helpdesk.ticket"].sudo()
        read = [line for line in lines if line.row and not line.problems]
        for line in read:
            line.row = Ticket._policy_import_row(line.row)
        taken = Ticket._policy_import_taken([line.row for line in read])
        known = [line for line in read if self._policy_is_known(line.row, taken)]
        fresh = [line for line in read if not self._policy_is_known(line.row, taken)]
        problems = Ticket._policy_import_problems([line.row for line in fresh])
        columns = self.env["crm.policy.case.import.sheet"]._policy_columns(self.company_id)
        keys = {column.field: column.key for column in reversed(columns) if column.field}
        for index, found in problems.items():
            fresh[index].problems += [(keys.get(name), words) for name, words in found]
        return [line for line in fresh if not line.problems], known

    @api.model
    def _policy_is_known(self, row, taken):
        """Return whether the case was imported before: its key tells, else its number."""
        company_id = row["vals"]["company_id"]
        what = "source_ref" if row["source_ref"] else "number"
        case = taken.get((company_id, what, row[what]))
        return bool(case and case.policy_imported_at)

    def _policy_import(self, lines):
        """Import the lines and return those that went in; a failure costs its own line only."""
        imported, customers = [], {}
        for chunk in split_every(CHUNK, lines, list):
            imported += self._policy_import_chunk(chunk, customers)
        return imported

    def _policy_import_chunk(self, lines, customers):
        try:
            with self.env.cr.savepoint():
                created = self._policy_create_customers(lines, customers)
                self.env["helpdesk.ticket"]._policy_import_cases([line.row for line in lines])
                self.env.flush_all()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # the whole request is tried again
        except Exception as error:
            self.env.invalidate_all()
            if len(lines) > 1:
                return [
                    line for each in lines for line in self._policy_import_chunk([each], customers)
                ]
            if not isinstance(error, UserError):
                _logger.exception("Row %s of an old register", lines[0].place)
            words = error.args[0] if isinstance(error, UserError) else self.env._(
                "The database does not take it; the log of the server says why."
            )  # fmt: skip
            lines[0].problems.append((None, str(words)))
            return []
        customers |= created
        return lines

    def _policy_create_customers(self, lines, customers):
        """Create the customers that are missing, each once; put all of them into the rows."""
        wanted = {line.new_customer for line in lines if line.new_customer} - customers.keys()
        pairs = sorted(wanted)
        partners = self.env["res.partner"].create(
            [{"name": name, "ref": code or False, "is_company": True} for code, name in pairs]
        )
        created = dict(zip(pairs, partners.ids, strict=True))
        for line in lines:
            if line.new_customer:
                ids = customers | created
                line.row["vals"]["partner_id"] = ids[line.new_customer]
        return created

    # === SHOWING === #

    def _policy_show(self, register, good, known):
        """Fill in counts, findings and the file of the rejected rows."""
        fine = {id(line) for line in [*good, *known]}
        rejected = [line for line in register.lines if id(line) not in fine]
        self.write(
            {
                "row_count": len(register.lines),
                "good_count": len(good),
                "known_count": len(known),
                "rejected_count": len(rejected),
                "customer_count": len({line.new_customer for line in good} - {None}),
                "imported_count": 0,
                "findings": self._policy_findings(register, rejected, good),
            }
        )
        self._policy_write_rejects(register, rejected)

    def _policy_findings(self, register, rejected, good):
        """Return remarks and the first problems as a table, with the numbers of their rows."""
        remarks = [(None, words, "text-muted") for words in register.remarks]
        problems = [
            (line.place, words, "text-danger")
            for line in rejected
            for words in dict.fromkeys(words for _key, words in line.problems)
        ]
        hints = [(line.place, words, "") for line in good for words in dict.fromkeys(line.remarks)]
        shown = [*problems[:SHOWN], *hints[:SHOWN], *remarks[:SHOWN]]
        if not shown:
            return False
        row = Markup('<tr><td class="text-end text-nowrap pe-3">%s</td><td class="%s">%s</td></tr>')
        body = Markup().join(
            row % (self.env._("Row %(row)s", row=place) if place else "", style, words)
            for place, words, style in shown
        )
        more = len(problems) + len(hints) + len(remarks) - len(shown)
        if more:
            body += row % ("", "text-muted", self.env._("… and %(count)s more.", count=more))
        return Markup('<table class="table table-sm mb-0"><tbody>%s</tbody></table>') % body

    def _policy_stay(self):
        return {**self.get_formview_action(), "target": "new", "name": self._policy_title()}

    def _policy_title(self):
        return self.env["ir.model"]._get(self._name).name

    def _policy_download(self, name):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{name}/{self[name + '_name']}"
            "?download=true",
            "target": "download",
        }
