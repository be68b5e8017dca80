import base64
import hashlib
import json
import tempfile
from pathlib import Path

from psycopg2 import IntegrityError

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import parameter_sheet
from ..tools.sheet import font_for
from ..tools.workbook_reader import WorkbookError, read_workbook


class CrmPolicyParameterSheet(models.TransientModel):
    """The numbers of a version as an Excel file: out, changed by their owners, and in again."""

    _name = "crm.policy.parameter.sheet"
    _description = "Excel Copy of the Parameters"

    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    version_state = fields.Selection(related="version_id.state")
    copy_file = fields.Binary(string="Excel Copy", readonly=True, attachment=False)
    copy_name = fields.Char(readonly=True)
    file = fields.Binary(string="Changed Copy", attachment=False)
    filename = fields.Char()
    finding = fields.Text(readonly=True)
    has_changes = fields.Boolean(readonly=True)
    has_problems = fields.Boolean(readonly=True)

    # === ACTION METHODS === #

    def action_policy_export(self):
        """Write the copy and offer it for download."""
        self.ensure_one()
        version = self.version_id
        rows = self._policy_rows()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "copy.xlsx"
            parameter_sheet.write(
                path,
                rows,
                version.display_name,
                self._policy_mark(rows),
                font_for(version.company_id.partner_id.lang),
                [
                    "只修改黄色单元格；深黄色为待确认的建议值。改好后在同一版本的窗口上传。",
                    "Change the yellow cells only; the darker ones are proposed values to confirm. "
                    "Upload the file where you got it.",
                ],
            )
            content = path.read_bytes()
        self.write(
            {
                "copy_file": base64.b64encode(content),
                "copy_name": f"{version.policy_id.code}-{version.number}.xlsx",
            }
        )
        return self._policy_form()

    def action_policy_check(self):
        """Say what the file would change, without writing anything."""
        self.ensure_one()
        try:
            changes = self._policy_read()
            self._policy_try(changes)
        except ValidationError as error:
            self.write({"finding": str(error), "has_problems": True, "has_changes": False})
            return self._policy_form()
        lines = [
            f"{row.words[0]} {row.words[2]}, {row.words[3]}: {row.value:g} → {changes[row.key]:g}"
            f" {row.words[4]}".rstrip()
            for row in self._policy_rows()
            if row.key in changes
        ]
        nothing = self.env._("The file changes nothing.")
        self.write(
            {
                "finding": "\n".join(lines) or nothing,
                "has_problems": False,
                "has_changes": bool(lines),
            }
        )
        return self._policy_form()

    def action_policy_apply(self):
        """Write the changes into the draft; a version people rely on gets a successor for them."""
        self.ensure_one()
        changes = self._policy_read()
        if not changes:
            raise UserError(self.env._("The file changes nothing."))
        self._policy_try(changes)
        version = self.version_id
        if version.state != "draft":
            version = version._policy_new_version()
        problems = self._policy_write(version, changes)
        if problems:
            self._policy_refuse(problems)
        self.env["crm.policy.event"]._policy_log(
            "version.parameters", version, {"values": changes}, clause=version
        )
        return version.get_formview_action()

    # === BUSINESS METHODS === #

    def _policy_form(self):
        return {
            **self.get_formview_action(),
            "name": self.env._("Excel Copy of the Parameters"),
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def _policy_records(self, version):
        """Return {section/code: row} of the rules of a version."""
        records = {}
        for model in self.env["crm.policy.pack.section"]._pack_models():
            if "version_id" in model._fields:
                for row in model.search([("version_id", "=", version.id)]):
                    records[f"{model._pack_section}/{row[model._pack_key]}"] = row
        return records

    def _policy_rows(self):
        """Return the numbers of the version in the order of its clauses.

        In the company's language: whoever brings the copy back may have another one than who took
        it out, and its words are compared.

        :rtype: list[parameter_sheet.Row]
        """
        company = self.version_id.company_id
        version = self.version_id.with_context(lang=company.partner_id.lang)
        records = self.with_env(version.env)._policy_records(version)
        order = {clause.id: place for place, clause in enumerate(version.clause_ids)}
        rows = []
        for key, row in sorted(
            records.items(), key=lambda pair: (order.get(pair[1].clause_id.id, 0), pair[0])
        ):
            was = row.pack_values or {}
            for number in row._pack_numbers():
                former = was.get(number.path)
                changed = isinstance(former, int | float) and abs(former - number.value) > 1e-9
                rows.append(
                    parameter_sheet.Row(
                        key=f"{key}/{number.path}",
                        words=(
                            row.clause_id.number,
                            row.clause_id.name or "",
                            row.display_name or "",
                            number.label,
                            number.unit,
                        ),
                        value=number.value,
                        whole=number.whole,
                        proposed=row.is_unconfirmed,
                        was=former if changed else None,
                    )
                )
        return rows

    def _policy_mark(self, rows):
        """Return what tells these numbers of this version from any others."""
        content = [self.version_id.id, [(row.key, row.value) for row in rows]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _policy_read(self):
        """Return {key: value} of what the file changes.

        :raises ValidationError: with every problem of the file.
        """
        if not self.file:
            raise UserError(self.env._("Choose the changed copy."))
        rows = self._policy_rows()
        try:
            sheets, _epoch = read_workbook(base64.b64decode(self.file))
            return parameter_sheet.read(sheets, rows, self._policy_mark(rows))
        except WorkbookError as error:
            self._policy_refuse(
                [self.env._("It is no Excel file that can be read (%s).", error.args[0])]
            )
        except parameter_sheet.SheetError as error:
            self._policy_refuse([self._policy_problem(*problem) for problem in error.problems])

    def _policy_problem(self, code, number, detail):
        if code == "not_ours":
            return self.env._("It is not an Excel copy made here.")
        if code == "stale":
            return self.env._(
                "The version has changed since the copy was made, or it is the copy of another "
                "version. Make a new copy."
            )
        words = {
            "unknown": self.env._("there is no such number: %s", detail),
            "twice": self.env._("the number is there twice: %s", detail),
            "identity": self.env._("%s was changed; only values may be", detail),
            "type": self.env._("%s is not the kind of number wanted here", detail or "?"),
            "empty": self.env._("the value is missing"),
            "range": self.env._("%s is out of range", detail),
        }
        return self.env._("Row %(row)s: %(problem)s.", row=number, problem=words[code])

    def _policy_refuse(self, problems):
        raise ValidationError(
            self.env._(
                "The file cannot be taken over; nothing was changed.\n%(problems)s",
                problems="\n".join(f"- {problem}" for problem in problems),
            )
        )

    def _policy_try(self, changes):
        """Write the changes, see what the rules themselves say to them, and take them back."""
        if not changes:
            return
        problems = []
        savepoint = self.env.cr.savepoint()
        try:
            version = self.version_id
            if version.state != "draft":
                version = version._policy_new_version()
            problems = self._policy_write(version, changes)
        finally:
            savepoint.close(rollback=True)
            self.env.registry.clear_cache()
        if problems:
            self._policy_refuse(problems)

    def _policy_write(self, version, changes):
        """Write {key: value} into the rules of a draft; return the problems."""
        records = self._policy_records(version)
        problems = []
        for key, value in changes.items():
            place, path = key.rsplit("/", 1)  # a code may hold a slash, the name of a field never
            row = records[place]
            target, name = row, path
            if "." in path:
                lines, number, name = path.split(".")
                target = row[lines][int(number) - 1]
            try:
                with self.env.cr.savepoint():
                    target.write({name: value})
                    self.env.flush_all()
            except ValidationError as error:
                problems.append(str(error))
            except IntegrityError as error:
                problems.append(f"{row.display_name}: {target._sql_error_to_message(error)}")
        return problems
