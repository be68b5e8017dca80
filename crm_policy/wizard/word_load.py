import base64
import hashlib
import logging
import re
from collections import Counter

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import clause_tree
from ..tools.word_reader import MAX_BYTES, MAX_PARAGRAPHS, WordError, read_word

_logger = logging.getLogger(__name__)

MIMETYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHOWN = 80  # characters of a clause's text in the preview
BADGES = {"deadline": "text-bg-info", "limit": "text-bg-warning", "route": "text-bg-success"}


class CrmPolicyWordLoad(models.TransientModel):
    """Load a written policy from a Word file: look first, then a draft with suggested rules."""

    _name = "crm.policy.word.load"
    _description = "Upload a Word Policy"

    state = fields.Selection(
        [("upload", "File"), ("checked", "Preview")],
        default="upload",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(string="Word File")
    filename = fields.Char()
    policy_id = fields.Many2one(
        "crm.policy",
        string="New Version Of",
        domain="[('company_id', '=', company_id)]",
        help="Empty: the file is a new policy.",
    )
    name = fields.Char(string="Policy")
    code = fields.Char()
    number = fields.Char(string="Version Number")
    clause_count = fields.Integer(string="Clauses", readonly=True)
    deadline_count = fields.Integer(string="Deadlines", readonly=True)
    limit_count = fields.Integer(string="Limits", readonly=True)
    route_count = fields.Integer(string="Approvals", readonly=True)
    remarks = fields.Html(readonly=True, sanitize=False)
    preview = fields.Html(readonly=True, sanitize=False)

    # === ACTION METHODS === #

    def action_policy_check(self):
        """Read the file and show what would come of it; nothing is written."""
        self.ensure_one()
        self._policy_check_admin()
        word, tree = self._policy_read()
        Suggestion = self.env["crm.policy.suggestion"]
        roles = Suggestion._policy_roles_by_name(self.company_id)
        parents = [
            None if clause.parent is None else tree.clauses[clause.parent]
            for clause in tree.clauses
        ]
        hints = [
            Suggestion._policy_find(clause, parent, roles)
            for clause, parent in zip(tree.clauses, parents, strict=True)
        ]
        kinds = Counter(hint.kind for found in hints for hint in found)
        self.write(
            {
                "state": "checked",
                "name": self.name or tree.title or self._policy_stem(),
                "code": self.code or self.policy_id.code or tree.code or self._policy_new_code(),
                "number": self._policy_free_number(tree.edition),
                "clause_count": len(tree.clauses),
                "deadline_count": kinds["deadline"],
                "limit_count": kinds["limit"],
                "route_count": kinds["route"],
                "remarks": self._policy_remarks(word, tree),
                "preview": self._policy_preview(tree, hints),
            }
        )
        return self._policy_stay()

    def action_policy_back(self):
        """Return to the choice of the file."""
        self.ensure_one()
        self._policy_check_admin()
        self.write({"state": "upload", "name": False, "code": False, "number": False})
        return self._policy_stay()

    def action_policy_apply(self):
        """Write policy, draft version, clauses and suggestions, and open the version."""
        self.ensure_one()
        self._policy_check_admin()
        _word, tree = self._policy_read()
        version = self._policy_write(tree)
        return version.get_formview_action()

    def _policy_check_admin(self):
        """Refuse whoever may not write policies, before anything of the file is looked at."""
        self.env["crm.policy"].check_access("create")
        self.env["crm.policy.clause"].check_access("create")

    # === READING === #

    def _policy_read(self):
        """Return the text of the file and its clauses.

        :raises UserError: what is wrong with the file, in one sentence.
        """
        content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        if not content:
            raise UserError(self.env._("Choose the Word file of the policy."))
        try:
            word = read_word(content)
            return word, clause_tree.build(word.paragraphs, self.env._("Preface"))
        except (WordError, clause_tree.TreeError) as error:
            _logger.info("A Word file was refused: %s", error)
            raise UserError(self._policy_refusal(error.args[0])) from error

    def _policy_refusal(self, code):
        return {
            "empty": self.env._("The file is empty."),
            "size": self.env._(
                "The file is larger than %(size)s MB. Leave out its pictures.",
                size=MAX_BYTES // 1024**2,
            ),
            "old": self.env._(
                "This is a .doc of an old Word, or not a Word file at all. Open it in Word and "
                "save it as .docx."
            ),
            "encrypted": self.env._("The file has a password. Save it without one."),
            "other": self.env._("This is not a Word file (.docx)."),
            "macros": self.env._(
                "The file contains macros, which are never loaded. Save it as .docx without macros."
            ),
            "bomb": self.env._("The file unpacks to more than a policy can be; it is not opened."),
            "damaged": self.env._(
                "The file is damaged or was not written by Word; it is not opened."
            ),
            "long": self.env._(
                "The text is longer than %(count)s paragraphs; load its parts one by one.",
                count=MAX_PARAGRAPHS,
            ),
            "blank": self.env._(
                "The file contains no text; a scanned picture must be typed first."
            ),
        }[code]

    # === PROPOSING === #

    def _policy_stem(self):
        return re.sub(r"\.docx$", "", self.filename or "", flags=re.I) or self.env._("Policy")

    def _policy_new_code(self):
        """Return a code that no policy of the company has yet: W1, W2 ..."""
        known = self.env["crm.policy"].search([("company_id", "=", self.company_id.id)])
        taken, serial = set(known.mapped("code")), 1
        while f"W{serial}" in taken:
            serial += 1
        return f"W{serial}"

    def _policy_free_number(self, edition):
        """Return what the file calls its edition if that is free, else the next whole number."""
        taken = set(self.policy_id.version_ids.mapped("number"))
        if edition and edition not in taken:
            return edition
        whole = [int(number) for number in taken if re.fullmatch(r"[0-9]{1,6}", number)]
        return str(max(whole, default=len(taken)) + 1)

    # === WRITING === #

    def _policy_write(self, tree):
        if not self.number or (not self.policy_id and not (self.code and self.name)):
            raise UserError(self.env._("Give the policy a name, a code and a version."))
        policy = self.policy_id or self._policy_create()
        if policy.company_id != self.company_id:
            raise UserError(
                self.env._("%(policy)s is of another company.", policy=policy.display_name)
            )
        if self.number in policy.version_ids.mapped("number"):
            raise UserError(
                self.env._(
                    "%(policy)s has a version %(number)s already; a version is never rewritten, "
                    "give the new one another number.",
                    policy=policy.display_name,
                    number=self.number,
                )
            )
        version = self.env["crm.policy.version"].create(
            [{"policy_id": policy.id, "number": self.number}]
        )
        clauses = self._policy_create_clauses(version, tree)
        hints = self.env["crm.policy.suggestion"]._policy_suggest(clauses)
        content = base64.b64decode(self.with_context(bin_size=False).file)
        self.env["ir.attachment"].create(
            [
                {
                    "name": self.filename or f"{self._policy_stem()}.docx",
                    "raw": content,
                    "mimetype": MIMETYPE,
                    "res_model": version._name,
                    "res_id": version.id,
                }
            ]
        )
        self.env["crm.policy.event"]._policy_log(
            "word.loaded",
            version,
            {
                "clauses": len(clauses),
                "suggestions": len(hints),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
            clause=version,
        )
        return version

    def _policy_create(self):
        """Create the policy; it governs nobody before a version of it is approved."""
        taken = self.env["crm.policy"].search_count(
            [("code", "=", self.code), ("company_id", "=", self.company_id.id)], limit=1
        )
        if taken:
            raise UserError(
                self.env._(
                    "There is a policy %(code)s already: choose it above, or give this one "
                    "another code.",
                    code=self.code,
                )
            )
        return self.env["crm.policy"].create(
            [
                {
                    "code": self.code,
                    "name": self.name,
                    "company_id": self.company_id.id,
                    "active_in_company": False,
                }
            ]
        )

    def _policy_create_clauses(self, version, tree):
        """Create the clauses level by level, and return them in the order of the text."""
        Clause = self.env["crm.policy.clause"]
        clauses = Clause.create(
            [
                {
                    "version_id": version.id,
                    "number": clause.number,
                    "name": clause.name,
                    "text": clause.text,
                    "source": clause.label,
                }
                for clause in tree.clauses
            ]
        )
        children = {}
        for record, clause in zip(clauses, tree.clauses, strict=True):
            if clause.parent is not None:
                children.setdefault(clause.parent, Clause)
                children[clause.parent] += record
        for place, records in children.items():
            records.parent_id = clauses[place]
        return clauses

    # === SHOWING === #

    def _policy_remarks(self, word, tree):
        words = {
            "preface": lambda number, count: self.env._(
                "%(count)s paragraphs before the first clause became clause %(number)s.",
                count=count,
                number=number,
            ),
            "duplicate": lambda number, label: self.env._(
                "%(label)s stands in the text twice; here it is %(number)s.",
                label=label,
                number=number,
            ),
            "unnumbered": lambda number, name: self.env._(
                "The heading %(name)s has no number; here it is %(number)s.",
                name=name,
                number=number,
            ),
            "table": lambda number, count: self.env._(
                "Clause %(number)s: %(count)s rows of a table are kept as text.",
                number=number,
                count=count,
            ),
            "no_headings": lambda _number, count: self.env._(
                "The text has no numbered headings: each of its %(count)s paragraphs became a "
                "clause.",
                count=count,
            ),
        }
        left = {
            "contents": self.env._("%(count)s lines of the table of contents were left out."),
            "pictures": self.env._("%(count)s pictures were not read."),
            "footnotes": self.env._("%(count)s footnotes were not read."),
            "deleted": self.env._("%(count)s tracked deletions were left out."),
            "hidden": self.env._("%(count)s pieces of hidden text were left out."),
        }
        lines = [words[code](number, detail) for code, number, detail in tree.remarks]
        lines += [left[code] % {"count": count} for code, count in word.remarks.items() if count]
        if not lines:
            return False
        items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
        return Markup("<ul class='mb-0'>%s</ul>") % items

    def _policy_preview(self, tree, hints):
        """Return the clauses as a table, each with the words in which a rule was seen."""
        row = Markup(
            "<tr><td class='text-nowrap' style='padding-left:%srem'>%s</td>"
            "<td><b>%s</b><div class='text-muted small'>%s</div></td><td>%s</td></tr>"
        )
        badge = Markup("<span class='badge rounded-pill %s me-1'>%s</span>")
        depths, rows = [], []
        for clause, found in zip(tree.clauses, hints, strict=True):
            depths.append(0 if clause.parent is None else depths[clause.parent] + 1)
            text = clause.text.replace("\n", " ")
            text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
            badges = Markup().join(badge % (BADGES[hint.kind], hint.words) for hint in found)
            rows.append(row % (0.5 + depths[-1], clause.number, clause.name, text, badges))
        return Markup("<table class='table table-sm mb-0'><tbody>%s</tbody></table>") % (
            Markup().join(rows)
        )

    def _policy_stay(self):
        return {
            **self.get_formview_action(),
            "target": "new",
            "name": self.env["ir.model"]._get(self._name).name,
        }

    @api.onchange("file", "policy_id")
    def _onchange_file(self):
        """Another file or policy: what was proposed for the former one goes."""
        self.name = self.code = self.number = False
