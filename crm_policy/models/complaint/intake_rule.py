from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import format_list

from ...const import KINDS, SEVERITIES, URGENCIES
from ...tools import matching

# Who works on it is appointed, like the holder of a role: it may change while the version, with the
# conditions and what they mean, stays as it was published.
APPOINTMENT = frozenset({"department_id", "team_id", "assign_method"})
METHODS = [
    ("none", "Nobody"),
    ("balanced", "Who Has the Fewest Open Cases"),
    ("round_robin", "In Turn"),
]
# The conditions of a rule, and what it sets.
WHEN = (
    "any_words",
    "all_words",
    "channel_id",
    "sender_domains",
    "partner_category_id",
    "item_prefixes",
)
THEN = (
    "kind",
    "complaint_type_id",
    "urgency",
    "severity",
    "source_id",
    "department_id",
    "team_id",
    "assign_method",
)


class IntakeRule(NamedTuple):
    """A rule in force as the cache keeps it; ids of records, 0 or "" for nothing."""

    id: int
    code: str
    condition: matching.Condition
    kind: str
    type: int
    urgency: str
    severity: str
    source: int
    department: int
    team: int
    method: str


class CrmPolicyIntakeRule(models.Model):
    """What a case that comes in is, and who gets it (SLA-06).

    Read from the top: the first rule that fits decides, alone, so that the question why a case went
    where it is has one answer and one clause. A rule fits when all its conditions hold, and when
    the case is not known to be of another kind or type than the rule would make it.
    """

    _name = "crm.policy.intake.rule"
    _description = "Intake Rule"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, sequence, id"
    _check_company_auto = True

    _pack_section = "intake_rules"
    _pack_sequence = 70
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "any_words": ("texts", False),
        "all_words": ("texts", False),
        "channel": (str, False),
        "sender_domains": ("texts", False),
        "partner_category": (str, False),
        "item_prefixes": ("texts", False),
        "kind": (tuple(code for code, _label in KINDS), False),
        "complaint_type": (str, False),
        "urgency": (tuple(code for code, _label in URGENCIES), False),
        "severity": (tuple(code for code, _label in SEVERITIES), False),
        "source": (str, False),
        "department": (str, False),
        "team": (str, False),
        "assign": (tuple(code for code, _label in METHODS), False),
    }

    version_state = fields.Selection(related="version_id.state")
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)

    # When
    any_words = fields.Text(
        string="One of the Words",
        help="Separated by commas or lines. Subject and text of the case hold at least one of them;"
        " case and width of the letters do not matter.",
    )
    all_words = fields.Text(string="All of the Words", help="Separated by commas or lines.")
    channel_id = fields.Many2one("helpdesk.ticket.channel", index=True, ondelete="restrict")
    sender_domains = fields.Char(
        string="Sender's Domain", help="Such as example.com; what lies below it counts as well."
    )
    partner_category_id = fields.Many2one(
        "res.partner.category",
        string="Customer's Tag",
        index=True,
        ondelete="restrict",
        help="The customer or his company bears the tag or one below it.",
    )
    item_prefixes = fields.Char(string="Item Begins With", help="Separated by commas.")

    # What it is then
    kind = fields.Selection(KINDS)
    complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        string="Type",
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    urgency = fields.Selection(URGENCIES)
    severity = fields.Selection(SEVERITIES, string="Severity at Least")
    source_id = fields.Many2one(
        "crm.policy.complaint.source", index=True, ondelete="restrict", check_company=True
    )
    department_id = fields.Many2one(
        "hr.department", index=True, ondelete="restrict", check_company=True
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team", index=True, ondelete="restrict", check_company=True
    )
    assign_method = fields.Selection(
        METHODS,
        string="Give It To",
        required=True,
        default="none",
        help="A member of the team, or of the department without one, who is there today.",
    )
    condition_words = fields.Char(string="When", compute="_compute_words")
    result_words = fields.Char(string="Then", compute="_compute_words")

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each intake rule code once."
    )

    # === COMPUTE METHODS === #

    @api.depends(*WHEN, *THEN)
    @api.depends_context("lang")
    def _compute_words(self):
        labels = {
            name: description["string"]
            for name, description in self.fields_get([*WHEN, *THEN], ["string"]).items()
        }
        for rule in self:
            rule.condition_words = rule._policy_say(WHEN, labels) or self.env._("Always")
            rule.result_words = rule._policy_say(THEN, labels)

    def _policy_say(self, names, labels):
        """Return "Kind: Complaint; Team: Service" of the fields that are filled in."""
        parts = []
        for name in names:
            field, value = self._fields[name], self[name]
            if not value or (field.type == "selection" and value == "none"):
                continue
            if field.type == "selection":
                value = dict(field._description_selection(self.env))[value]
            elif field.type == "many2one":
                value = value.sudo().display_name
            else:
                style = "standard" if name == "all_words" else "or"
                value = format_list(self.env, matching.words(value), style)
            parts.append(f"{labels[name]}: {value}")
        return "; ".join(parts)

    # === CONSTRAINT METHODS === #

    @api.constrains("assign_method", "department_id", "team_id")
    def _check_members(self):
        for rule in self:
            if rule.assign_method != "none" and not (rule.department_id or rule.team_id):
                raise ValidationError(
                    self.env._(
                        "Intake rule %(rule)s: say from which team or department it is given out.",
                        rule=rule.code,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        if not APPOINTMENT.issuperset(vals):
            return super().write(vals)
        self.check_access("write")
        self._policy_guarded_write(vals)
        self.env.registry.clear_cache()
        self.env["crm.policy.event"]._policy_log(
            "intake_rule.changed",
            self,
            payloads={
                rule.id: {
                    "code": rule.code,
                    "department": rule.department_id.id,
                    "team": rule.team_id.id,
                    "assign": rule.assign_method,
                }
                for rule in self
            },
        )
        return True

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"intake_rules ({row['code']})"
        for name in ("any_words", "all_words", "sender_domains", "item_prefixes"):
            if row.get(name):
                row[name] = ", ".join(row[name])
        row["assign_method"] = row.pop("assign", None) or "none"
        references = {
            "complaint_type": "crm.policy.complaint.type",
            "source": "crm.policy.complaint.source",
        }
        for name, model_name in references.items():
            code = row.pop(name, None)
            if code:
                row[f"{name}_id"] = self._pack_reference(model_name, version, place, code).id
        for name, model_name in (
            ("department", "hr.department"),
            ("team", "helpdesk.ticket.team"),
            ("partner_category", "res.partner.category"),
        ):
            called = row.pop(name, None)
            if called:
                row[f"{name}_id"] = self._pack_reference(
                    model_name, version, place, called, by="name"
                ).id
        channel = row.pop("channel", None)
        if channel:
            row["channel_id"] = self._policy_channel_coded(place, channel).id
        return super()._pack_prepare(version, row, clauses)

    @api.model
    def _pack_upsert(self, version, vals_list):
        # The order of the pack is the order in which they are tried.
        return super()._pack_upsert(version, self._pack_in_order(vals_list))

    @api.model
    def _policy_channel_coded(self, place, code):
        """Return the channel that a pack calls by its code: "email", "qr"."""
        for name in (f"helpdesk_mgmt.helpdesk_ticket_channel_{code}", f"crm_policy.channel_{code}"):
            channel = self.env.ref(name, raise_if_not_found=False)
            if channel:
                return channel
        raise ValidationError(
            self.env._(
                "Policy pack, %(place)s: there is no channel %(code)s.", place=place, code=code
            )
        )

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("company_id")
    def _policy_in_force(self, company_id):
        """Return the rules of a company's policies in force, in their order.

        :rtype: tuple[IntakeRule]
        """
        rules = self.sudo().search(
            [
                ("company_id", "=", company_id),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ],
            order="sequence, id",
        )
        return tuple(rule._policy_compiled() for rule in rules)

    def _policy_compiled(self):
        condition = matching.Condition(
            any_words=matching.words(self.any_words),
            all_words=matching.words(self.all_words),
            channel=self.channel_id.id or 0,
            domains=tuple(word.lstrip("@.") for word in matching.words(self.sender_domains)),
            categories=frozenset(self.partner_category_id.ids),
            items=matching.words(self.item_prefixes),
            kind=self.kind or "",
            type=self.complaint_type_id.id or 0,
        )
        return IntakeRule(
            id=self.id,
            code=self.code,
            condition=condition,
            kind=self.kind or "",
            type=self.complaint_type_id.id or 0,
            urgency=self.urgency or "",
            severity=self.severity or "",
            source=self.source_id.id or 0,
            department=self.department_id.id or 0,
            team=self.team_id.id or 0,
            method=self.assign_method,
        )
