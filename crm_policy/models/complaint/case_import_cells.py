import re
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import plaintext2html

from ...const import ENDED_OUTCOMES, STEP_FACTS
from ...tools import cell_values, fact_order
from ...tools.zones import company_zone, to_utc
from .case_import_columns import (
    CHOICE_FIELDS,
    MOMENTS,
    NUMBER_FIELDS,
    PEOPLE,
    PLAIN_FIELDS,
    TEXT_FIELDS,
)
from .case_sight import HANDLERS

_SEPARATORS = re.compile(r"[,，、;；/]+")


@dataclass
class Line:
    """A row of the file and what became of it.

    :ivar int place: number of the row as Excel shows it.
    :ivar tuple cells: its values as they came.
    :ivar dict row: what :meth:`_policy_import_cases` takes; None while it cannot be told.
    :ivar list problems: [(key of the column or None, sentence)]; one is enough to reject it.
    :ivar list remarks: sentences about what is imported otherwise than it stands there.
    :ivar tuple new_customer: (code, name) of a customer to be created for it, or None.
    """

    place: int
    cells: tuple
    row: dict | None = None
    problems: list = field(default_factory=list)
    remarks: list = field(default_factory=list)
    new_customer: tuple | None = None


class CrmPolicyCaseImportCells(models.AbstractModel):
    """What the cells of an old register mean: a row for the import, or why there is none.

    A date without a time is the start of its day, or the moment of the step before it when that was
    later on the same day.
    """

    _name = "crm.policy.case.import.cells"
    _description = "Cells of an Old Register"
    _inherit = ["crm.policy.case.import.columns"]

    # === READING THEM === #

    @api.model
    def _policy_fill(self, lines, places, epoch, company, options):
        """Work out the row of each line, or its problems."""
        titles = {column.key: column.header for column in self._policy_columns(company)}
        sheets = {key: titles[key] for key in places if key in titles}
        values = [self._policy_values(line, places, epoch, sheets) for line in lines]
        known = self._policy_known(values, company)
        for line, value in zip(lines, values, strict=True):
            self._policy_fill_line(line, value, known, company, options)

    @api.model
    def _policy_values(self, line, places, epoch, titles):
        """Return {key: text, number or moment} of a line, noting cells that cannot be read."""
        values = {}
        for key, place in places.items():
            cell = line.cells[place] if place < len(line.cells) else None
            try:
                if key in MOMENTS or key == "shipped_on":
                    values[key] = cell_values.moment_of(cell, epoch)
                elif key in NUMBER_FIELDS or key in ("amount", "score"):
                    values[key] = cell_values.number_of(cell)
                else:
                    values[key] = cell_values.text_of(cell)
            except (ValueError, OverflowError):
                line.problems.append((key, self._policy_unreadable(key, cell, titles[key])))
        return values

    @api.model
    def _policy_unreadable(self, key, cell, title):
        if isinstance(cell, cell_values.CellError):
            return self.env._("%(title)s: %(cell)s is an error of Excel.", title=title, cell=cell)
        if key in MOMENTS or key == "shipped_on":
            return self.env._(
                "%(title)s: %(cell)s is no date. Write it as 2024-03-05 or 2024-03-05 14:30.",
                title=title,
                cell=cell,
            )
        return self.env._("%(title)s: %(cell)s is no number.", title=title, cell=cell)

    # === WHAT THE CELLS MEAN === #

    @api.model
    def _policy_known(self, values, company):
        """Return what the names in the rows stand for; a query each."""
        people = {value.get(key) for value in values for key in PEOPLE}
        customers = {
            (value.get("customer_code") or "", value.get("customer") or "") for value in values
        }
        return {
            "zone": company_zone(company),
            "types": self._policy_types(company),
            "departments": self._policy_departments(company),
            "people": self._policy_people(people, company),
            "customers": self._policy_customers(customers, company),
            "remedies": self._policy_label_codes("crm.policy.remedy", "kind"),
            **{
                name: self._policy_label_codes("helpdesk.ticket", name)
                for name in CHOICE_FIELDS.values()
            },
        }

    @api.model
    def _policy_fill_line(self, line, value, known, company, options):
        """Give a line its row; what is not understood is noted and left out of it."""
        choices = self._policy_choices(line, value, known)
        kind = choices.get("kind") or options.get("kind") or "complaint"
        if not value.get("number") and not value.get("source_ref"):
            line.problems.append(
                ("number", self.env._("It has neither a number nor a key: nothing identifies it."))
            )
        vals = {"company_id": company.id, "policy_kind": kind}
        for key, name in PLAIN_FIELDS.items():
            vals[name] = value.get(key) or False
        for key, name in NUMBER_FIELDS.items():
            vals[name] = value.get(key) or 0
        for key in ("urgency", "severity", "remedy_sought"):
            if choices.get(key):
                vals[CHOICE_FIELDS[key]] = choices[key]
        if value.get("shipped_on"):
            vals["policy_shipped_on"] = value["shipped_on"].date()
        vals["policy_complaint_type_id"] = self._policy_type_of(line, value, known)
        vals["partner_id"] = self._policy_customer_of(line, value, known, company, options)
        notes = []
        department_id = self._policy_department_of(line, value, known, options, notes)
        people = {
            key: self._policy_person_of(line, value.get(key), key, known, options, notes)
            for key in PEOPLE
        }
        people["handler"] = self._policy_keep_handler(line, people["handler"], options, notes)
        vals["user_id"] = people["handler"].id
        # As with a new case: his department, so that his manager sees it; or the importer's.
        people_here = (people["handler"], self.env.user.sudo())
        vals["policy_department_id"] = department_id or next(
            filter(None, (self._policy_department_in(company, user) for user in people_here)), False
        )
        facts = self._policy_facts_of(value, kind, known["zone"])
        outcome = self._policy_outcome_of(line, choices, facts, options)
        self._policy_check_step(line, choices.get("step"), facts, outcome)
        finished = facts.get("policy_closed_at") or outcome in ENDED_OUTCOMES
        if people["handler"] and not people["handler"].active and not finished:
            line.problems.append(
                (
                    "handler",
                    self.env._(
                        "%(name)s has left and the case is open: name somebody who goes on.",
                        name=value["handler"],
                    ),
                )
            )
        body = "\n".join(filter(None, [value.get("description") or vals["name"], *notes]))
        vals["description"] = plaintext2html(body)
        line.row = {
            "vals": vals,
            "facts": facts,
            "number": value.get("number"),
            "source_ref": value.get("source_ref"),
            "texts": self._policy_texts_of(value, choices, people),
            "outcome": outcome,
            "author_id": people["author"].id,
            "remedies": self._policy_remedies_of(line, value, known),
            "place": line.place,
        }

    @api.model
    def _policy_choices(self, line, value, known):
        """Return {key: code} of the choices; an unknown one is a problem."""
        codes = {}
        for key, name in CHOICE_FIELDS.items():
            text = value.get(key)
            if not text:
                continue
            codes[key] = known[name].get(self._policy_name_key(text))
            if not codes[key]:
                line.problems.append((key, self._policy_unknown(text)))
        return codes

    @api.model
    def _policy_unknown(self, text):
        return self.env._("%(text)s is none of the allowed values.", text=text)

    @api.model
    def _policy_type_of(self, line, value, known):
        text = value.get("type")
        if not text:
            return False
        type_id = known["types"].get(self._policy_name_key(text))
        if not type_id:
            sentence = self.env._("There is no complaint type %(type)s.", type=text)
            line.problems.append(("type", sentence))
        return type_id

    @api.model
    def _policy_customer_of(self, line, value, known, company, options):
        """Return the id of the customer; one to be created is stood for by the company itself."""
        code, name = value.get("customer_code") or "", value.get("customer") or ""
        if not code and not name:
            return False
        partners = known["customers"][code, name]
        key = "customer_code" if code else "customer"
        if len(partners) > 1:
            sentence = self.env._(
                "There are %(count)s customers %(name)s: give the customer code.",
                count=len(partners),
                name=code or name,
            )
            line.problems.append((key, sentence))
        elif partners:
            if not partners.active:
                sentence = self.env._("The customer %(name)s is archived.", name=code or name)
                line.remarks.append(sentence)
            return partners.id
        elif options.get("new_customers") and name:
            line.new_customer = (code, name)
            return company.partner_id.id
        else:
            sentence = self.env._("There is no customer %(name)s.", name=code or name)
            line.problems.append((key, sentence))
        return False

    @api.model
    def _policy_department_in(self, company, user):
        """Return the id of a person's department in a company, False if another one has it."""
        department = user.with_company(company).employee_id.department_id
        return department.id if department.company_id in (company, company.browse()) else False

    @api.model
    def _policy_department_of(self, line, value, known, options, notes):
        name = value.get("department")
        if not name:
            return False
        ids = known["departments"].get(name, [])
        if len(ids) == 1:
            return ids[0]
        if options.get("keep_names"):
            notes.append(self.env._("Department in Charge: %(name)s", name=name))
            line.remarks.append(self.env._("%(name)s is kept as text only.", name=name))
            return False
        sentence = (
            self.env._("There are several departments %(name)s.", name=name)
            if ids
            else self.env._("There is no department %(name)s.", name=name)
        )
        line.problems.append(("department", sentence))
        return False

    @api.model
    def _policy_person_of(self, line, name, key, known, options, notes):
        """Return the user that a cell names; nobody where it is empty or kept as text."""
        users = known["people"].get(name, self.env["res.users"])
        if not name or len(users) == 1:
            return users
        if options.get("keep_names"):
            title = {
                "handler": self.env._("Handler: %(name)s", name=name),
                "author": self.env._("Recorded by: %(name)s", name=name),
                "rechecked_by": self.env._("Re-checked by: %(name)s", name=name),
            }[key]
            notes.append(title)
            line.remarks.append(self.env._("%(name)s is kept as text only.", name=name))
            return self.env["res.users"]
        sentence = (
            self.env._("There are several users %(name)s: give the login.", name=name)
            if users
            else self.env._("There is no user %(name)s.", name=name)
        )
        line.problems.append((key, sentence))
        return self.env["res.users"]

    @api.model
    def _policy_keep_handler(self, line, user, options, notes):
        """Return the handler; who has no post (any more) is text only, or refused later on."""
        if not user or not options.get("keep_names") or user.has_group(HANDLERS):
            return user
        notes.append(self.env._("Handler: %(name)s", name=user.name))
        line.remarks.append(self.env._("%(name)s is kept as text only.", name=user.name))
        return user.browse()

    @api.model
    def _policy_facts_of(self, value, kind, zone):
        """Return {fact: naive UTC}; a date without a time does not come before its predecessor."""
        local = {name: value[key] for key, name in MOMENTS.items() if value.get(key)}
        order = self.env["helpdesk.ticket"]._policy_import_order(kind)
        for name in ["policy_intake_at", *order]:
            moment = local.get(name)
            if not moment or (moment.hour, moment.minute, moment.second) != (0, 0, 0):
                continue
            before = [
                local[earlier]
                for earlier in fact_order.predecessors(order, name)
                if earlier in local and local[earlier].date() == moment.date()
            ]
            local[name] = max([moment, *before])
        return {name: to_utc(moment, zone) for name, moment in local.items()}

    @api.model
    def _policy_outcome_of(self, line, choices, facts, options):
        """Return the outcome that the row says, or else follows from its step."""
        if choices.get("outcome"):
            return choices["outcome"]
        if choices.get("step") == "cancelled":
            return "cancelled"
        if facts.get("policy_closed_at") and options.get("outcome"):
            return options["outcome"]
        return None

    @api.model
    def _policy_check_step(self, line, step, facts, outcome):
        """Note a step that the dates of the row contradict."""
        if not step:
            return
        reached = [name for name, fact in STEP_FACTS.items() if facts.get(fact)]
        derived = "cancelled" if outcome in ENDED_OUTCOMES else (reached or ["received"])[-1]
        if derived == step:
            return
        labels = dict(
            self.env["helpdesk.ticket"]._fields["policy_step"]._description_selection(self.env)
        )
        fact = STEP_FACTS.get(step)
        if fact and not facts.get(fact):
            key = next(key for key, name in MOMENTS.items() if name == fact)
            label = self.env["helpdesk.ticket"]._policy_label(fact)
            sentence = self.env._(
                "Its step is %(step)s, but %(fact)s is empty.", step=labels[step], fact=label
            )
            line.problems.append((key, sentence))
        else:
            sentence = self.env._(
                "Its step is %(step)s, but its dates say %(derived)s.",
                step=labels[step],
                derived=labels[derived],
            )
            line.problems.append(("step", sentence))

    @api.model
    def _policy_texts_of(self, value, choices, people):
        texts = {name: value.get(key) for key, name in TEXT_FIELDS.items()}
        score = value.get("score")
        whole = score is not None and float(score).is_integer()
        return {
            **texts,
            "policy_reply_channel": choices.get("reply_channel"),
            "policy_callback_score": int(score) if whole else score,
            "policy_recheck_user_id": people["rechecked_by"].id,
        }

    @api.model
    def _policy_remedies_of(self, line, value, known):
        """Return the remedies; of several the register knows the total only, on the first."""
        names = [part.strip() for part in _SEPARATORS.split(value.get("remedies") or "")]
        names = [name for name in names if name]
        amount = value.get("amount") or 0
        remedies = []
        for name in names:
            code = known["remedies"].get(self._policy_name_key(name))
            if code:
                remedies.append({"kind": code, "amount": 0 if remedies else amount})
            else:
                line.problems.append(("remedies", self._policy_unknown(name)))
        if amount and not names:
            line.problems.append(("remedies", self.env._("There is an amount, but no remedy.")))
        if amount and len(remedies) > 1:
            remedies[0]["note"] = self.env._("In total, as in the old register.")
            line.remarks.append(
                self.env._("The old register gives one amount for several remedies.")
            )
        return remedies
