"""Whatever the timeline of a case shows has words: no code of the ledger reaches a person."""

import ast
import re
from pathlib import Path

from odoo.tests import TransactionCase, tagged

from ...models.complaint.case_draw import DRAWS
from ...models.complaint.event import EVENTS
from ...models.customer.interaction import KINDS

CODE = re.compile(r"[a-z_0-9]+\.[a-z_]+")
# What happens to a policy, a calendar, a post: it is in the ledger, and no case shows it.
NOT_OF_A_CASE = {
    "acknowledgement", "calendar", "consultation", "delegation", "grade", "intake_page",
    "intake_rule", "interpretation", "ledger", "mail", "notice", "pack", "policy", "post",
    "purchase", "register", "report", "role", "rotation", "sealed", "team", "value", "version",
    "word",
}  # fmt: skip
OF_NO_CASE = {"emergency.drill", "emergency.drill_overdue"}


def logged_codes(folder):
    """Return the codes that are written out in calls of ``_policy_log...`` below a folder."""
    codes = set()
    for path in folder.glob("crm_policy*/**/*.py"):
        if "tests" in path.parts:
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(call, "func", None), "attr", "")
            if isinstance(call, ast.Call) and name.startswith("_policy_log"):
                codes |= {
                    part.value
                    for argument in call.args[:2]
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return {code for code in codes if CODE.fullmatch(code) and not code.endswith("_")}


@tagged("post_install", "-at_install")
class TestEventWords(TransactionCase):
    def setUp(self):
        super().setUp()
        self.words = dict(EVENTS)

    def test_no_code_is_there_twice(self):
        self.assertEqual(len(self.words), len(EVENTS))

    def test_every_fact_of_a_case_and_its_papers_has_words(self):
        Case = self.env["helpdesk.ticket"]
        facts = {
            f"fact.{name.removeprefix('policy_').removesuffix('_at')}"
            for model in [Case, *(self.env[name] for name in Case._policy_timeline_models())]
            if hasattr(model, "_policy_fact_fields")
            for name in model._policy_fact_fields()
        }
        self.assertGreater(len(facts), 40)
        self.assertFalse(facts - self.words.keys())

    def test_every_code_that_the_code_writes_has_words(self):
        codes = logged_codes(Path(__file__).parents[3])
        self.assertGreater(len(codes), 100)
        missing = codes - self.words.keys() - OF_NO_CASE
        self.assertFalse({code for code in missing if code.split(".")[0] not in NOT_OF_A_CASE})

    def test_codes_made_of_a_value_have_words(self):
        results = self.env["crm.policy.mediation"]._fields["result"].selection
        codes = {
            *(f"customer.{kind}" for kind, _label in KINDS),
            *(f"mediation.{result}" for result, _label in results),
            *(f"recheck.{draw}" for draw, _label in DRAWS if draw != "all"),
            *(f"{kind}.{what}" for kind in ("responsibility", "loss", "negotiation")
              for what in ("written", "removed")),
            *(f"{kind}.{step}" for kind in ("return", "allowance")
              for step in ("issued", "printed", "cancelled", "credited", "uncredited", "unbooked")),
            *(f"verdict.{step}" for step in (
                "convened", "signed", "presented", "confirmed", "objected", "agreed")),
            *(f"handover.{step}" for step in ("given", "received", "declined")),
        }  # fmt: skip
        self.assertFalse(codes - self.words.keys())
