import base64
import hashlib
import json
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools import pack, pack_merge
from ..words import list_words


class _Seen(Exception):
    """Ends a dry run: what it has written is rolled back."""


class CrmPolicyPackLoad(models.TransientModel):
    """Load a policy pack, one that ships with the add-on or a file: check, compare, then apply."""

    _name = "crm.policy.pack.load"
    _description = "Load a Policy Pack"

    shipped = fields.Selection("_selection_shipped", string="Pack")
    file = fields.Binary(attachment=False)
    filename = fields.Char()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    state = fields.Selection(
        [("choose", "Choose"), ("problems", "Problems"), ("sound", "Sound")],
        default="choose",
        required=True,
        readonly=True,
    )
    finding = fields.Text(readonly=True)
    number = fields.Char(string="Version Number", help="Empty: the one that the pack gives.")
    policy_id = fields.Many2one("crm.policy", readonly=True)
    base_version_id = fields.Many2one(
        "crm.policy.version",
        string="Compare With",
        domain="[('policy_id', '=', policy_id)]",
        help="What the company has changed in this version is carried into the new one.",
    )
    line_ids = fields.One2many("crm.policy.pack.load.line", "load_id", string="Differences")
    choice_count = fields.Integer(compute="_compute_choice_count")
    # What has been looked at: the file, and the differences as they were shown.
    seen = fields.Char(readonly=True)

    @api.model
    def _selection_shipped(self):
        packs = self.env["crm.policy"]._policy_packs()
        return [
            (stem, f"{pack.name(path.read_text(encoding='utf-8'), self.env.lang)} ({stem})")
            for stem, path in packs.items()
        ]

    @api.depends("line_ids.choice")
    def _compute_choice_count(self):
        for load in self:
            load.choice_count = len(load.line_ids.filtered("choice"))

    @api.onchange("shipped", "file", "company_id")
    def _onchange_pack(self):
        self.state = "choose"
        self.finding = self.base_version_id = self.number = False

    # === ACTION METHODS === #

    def action_policy_check(self):
        """Say what the pack would do, every problem included, without writing anything."""
        self.ensure_one()
        self._policy_check_company()
        try:
            self._policy_look()
        except ValidationError as error:
            self.write({"state": "problems", "finding": str(error), "seen": False})
            self.line_ids.unlink()
        return self._policy_form()

    def action_policy_apply(self):
        """Load the pack as a draft version and open it."""
        self.ensure_one()
        self._policy_check_company()
        if self.state != "sound":
            self._policy_look()
            if self.choice_count:
                return self._policy_form()  # nobody has seen yet what is to be chosen
        choices = {line.key: line.choice for line in self.line_ids if line.choice}

        def choose(lines):
            if self._policy_digest(lines) != self.seen:
                raise UserError(
                    self.env._("Something has changed since the pack was checked: check it again.")
                )
            for line in lines:
                if line["choice"]:
                    line["choice"] = choices.get(self._policy_key(line), line["choice"])

        version = self._policy_loader()._policy_apply_pack(
            self._policy_content(),
            self.company_id,
            number=self.number or None,
            base=self.base_version_id,
            choose=choose,
        )
        return version.get_formview_action()

    # === BUSINESS METHODS === #

    def _policy_form(self):
        return {
            **self.get_formview_action(),
            "name": self.env._("Load a Policy Pack"),
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _policy_loader(self):
        company = self.company_id
        return self.env["crm.policy"].with_context(allowed_company_ids=company.ids)

    def _policy_check_company(self):
        if self.company_id not in self.env.user.company_ids:
            raise AccessError(
                self.env._("You do not work for %(company)s.", company=self.company_id.sudo().name)
            )

    def _policy_content(self):
        if self.file:
            return base64.b64decode(self.file)
        path = self.env["crm.policy"]._policy_packs().get(self.shipped)
        if not path:
            raise UserError(self.env._("Choose a pack or a file."))
        return path.read_bytes()

    def _policy_look(self):
        """Load the pack, write down what that does, and take it back.

        :raises ValidationError: every problem of the pack, with its place.
        """
        content = self._policy_content()
        loader = self._policy_loader()
        values = loader._policy_check_pack(content)
        company = self.company_id
        policy = loader.search(
            [("code", "=", values["policy"]["code"]), ("company_id", "=", company.id)]
        )
        remarks = self._policy_check_standing(policy, values)
        if self.base_version_id.policy_id != policy:
            self.base_version_id = False
        base = self.base_version_id or policy.current_version_id or policy.version_ids[:1]
        number = self.number or policy._policy_free_number(values["version"]["number"])
        shown, counts = [], Counter()

        def look(lines):
            counts.update(line["kind"] for line in lines)
            shown.append(self._policy_digest(lines))
            shown.append([self._policy_line_vals(line) for line in lines if base or line["shared"]])
            raise _Seen

        try:
            loader._policy_apply_pack(content, company, number=number, base=base, choose=look)
        except _Seen:
            # What was read while it was there must not stay in the cache.
            self.env.registry.clear_cache()
        digest, vals_list = shown
        self.line_ids.unlink()
        self.env["crm.policy.pack.load.line"].create(
            [{**vals, "load_id": self.id} for vals in vals_list]
        )
        self.write(
            {
                "state": "sound",
                "seen": digest,
                "policy_id": policy.id,
                "base_version_id": base.id,
                "number": number,
                "finding": "\n".join(
                    [self._policy_words(values, number, policy, base, counts), *remarks]
                ),
            }
        )

    def _policy_check_standing(self, policy, values):
        """Return remarks on how the pack follows the ones loaded before.

        :raises ValidationError: it is older, or loading it again would change nothing.
        """
        number, remarks = values["pack_version"], []
        if policy:
            print_of = pack.fingerprint(values)
            again = policy.version_ids.filtered(lambda item: item.pack_fingerprint == print_of)
            if again:
                self.env["crm.policy"]._policy_refuse_pack(
                    [
                        self.env._(
                            "This pack is there already: %(version)s was loaded from it. Loading "
                            "it again would change nothing.",
                            version=again[:1].display_name,
                        )
                    ]
                )
            last = policy.pack_version
            if last and pack_merge.number_key(number) < pack_merge.number_key(last):
                self.env["crm.policy"]._policy_refuse_pack(
                    [
                        self.env._(
                            "Pack %(number)s is older than pack %(last)s, which was loaded before. "
                            "A policy does not go back: make a new version and change what you "
                            "want.",
                            number=number,
                            last=last,
                        )
                    ]
                )
            if last == number:
                remarks.append(
                    self.env._(
                        "A pack %(number)s was loaded before, and it said something else. Who "
                        "writes packs gives each of them a number of its own.",
                        number=number,
                    )
                )
        return remarks + self._policy_default_remarks(policy, values)

    def _policy_default_remarks(self, policy, values):
        """Return which kinds of cases stay with another policy."""
        kinds = values["policy"].get("default_for") or []
        taken = self.env["crm.policy.default"].search(
            [("company_id", "=", self.company_id.id), ("kind", "in", kinds)]
        )
        remarks = []
        for other, defaults in taken.grouped("policy_id").items():
            if other != policy:
                labels = dict(defaults._fields["kind"]._description_selection(self.env))
                remarks.append(
                    self.env._(
                        "%(kinds)s: stay with %(policy)s. Settings, Default Policies says "
                        "otherwise.",
                        kinds=", ".join(labels[kind] for kind in defaults.mapped("kind")),
                        policy=other.display_name,
                    )
                )
        return remarks

    def _policy_words(self, values, number, policy, base, counts):
        models_of = {"clauses": self.env["crm.policy.clause"]} | {
            model._pack_section: model
            for model in self.env["crm.policy.pack.section"]._pack_models()
        }
        held = list_words(
            self.env,
            [
                f"{self.env['ir.model']._get(model._name).name} {len(values[section])}"
                for section, model in models_of.items()
                if values.get(section)
            ],
        )
        words = self.env._(
            "The pack is sound: version %(number)s of %(code)s with %(counts)s.",
            number=number,
            code=values["policy"]["code"],
            counts=held,
        )
        if not base:
            return words + " " + self.env._("The company does not have this policy yet.")
        states = dict(base._fields["state"]._description_selection(self.env))
        return (
            words
            + " "
            + self.env._(
                "Compared with %(version)s (%(state)s): %(new)s new, %(changed)s changed, "
                "%(removed)s removed, %(kept)s kept as the company has them.",
                version=base.display_name,
                state=states[base.state],
                new=counts["new"],
                changed=counts["changed"],
                removed=counts["removed"],
                kept=counts["kept"] + counts["own"] + counts["dropped"],
            )
        )

    @api.model
    def _policy_key(self, line):
        return json.dumps([line["section"], line["code"], line["field"]], ensure_ascii=False)

    @api.model
    def _policy_digest(self, lines):
        """Return what tells these differences from others."""
        names = ("section", "code", "kind", "field", "was", "ours", "theirs")
        content = [[line[name] for name in names] for line in lines]
        return hashlib.sha256(
            json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
        ).hexdigest()

    @api.model
    def _policy_line_vals(self, line):
        """Return how a difference is shown, in the user's language."""
        row = line.get("record")
        if row is None:
            row = line["made"]
        row = row.with_env(self.env)
        vals = {
            "key": self._policy_key(line),
            "kind": line["kind"],
            "section": self.env["ir.model"]._get(row._name).name,
            "code": line["code"],
            "name": row.display_name,
            "choice": line["choice"],
            "shared": line["shared"],
        }
        if line["field"]:
            labels = row.fields_get([line["field"]], ["string"])
            vals["field"] = labels[line["field"]]["string"]
            for name in ("was", "ours", "theirs"):
                value = line[name]
                vals[name] = "" if value is None else str(row._pack_words(line["field"], value))
        return vals
