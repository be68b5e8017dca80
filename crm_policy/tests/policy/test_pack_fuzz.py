"""Packs that nobody would write: refused with their problems, or loaded; never anything else."""

import copy
import json
import random

import yaml

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..common import PolicyCommon
from .test_pack_upgrade import written

ODD = (
    None, True, False, 0, -1, 1.5, 10**30, -(10**30), float("inf"), float("nan"), "", " ", "x",
    "a" * 5_000, "'); DROP TABLE crm_policy; --", "{{7*7}}", "\u202e", "\ud83d\ude00", [], [[]], {},
    {"en_US": ""}, {"zh_CN": "只有中文"}, {"": "x"}, [None], ["&"], [["id", "=", 1]], ["|", "|"],
    [["policy_kind", "in", None]], [["policy_kind", "like", ["x"]]], [[1, 2, 3]],
    [["a.b.c", "=", 1]], 10**400,
)  # fmt: skip
SEED, ROUNDS = 20260302, 150


class TestPackFuzz(PolicyCommon):
    def setUp(self):
        super().setUp()
        self.policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        self.pack = yaml.safe_load(written(pack_version="1.1"))

    def _places(self, value, path=()):
        """Return the paths of everything in a pack."""
        yield path
        items = value.items() if isinstance(value, dict) else ()
        if isinstance(value, list):
            items = enumerate(value)
        for key, item in items:
            yield from self._places(item, (*path, key))

    def _mutated(self, dice):
        pack = copy.deepcopy(self.pack)
        for _change in range(dice.choice((1, 1, 1, 2, 3))):
            places = [path for path in self._places(pack) if path]
            path = dice.choice(places)
            *above, key = path
            owner = pack
            for name in above:
                owner = owner[name]
            kind = dice.choice(("odd", "odd", "odd", "drop", "copy", "key"))
            if kind == "odd":
                owner[key] = copy.deepcopy(dice.choice(ODD))
            elif kind == "drop":
                del owner[key]
            elif kind == "copy" and isinstance(owner, list):
                owner.append(copy.deepcopy(owner[key]))
            elif isinstance(owner, dict):
                owner[dice.choice(("code", "clause", "number", "moons", 7))] = owner[key]
        return pack

    def _count(self):
        names = ("crm.policy", "crm.policy.clause", "crm.policy.role", "crm.policy.deadline.rule")
        return [self.env[name].search_count([]) for name in names]

    @mute_logger("odoo.sql_db")
    def test_a_broken_pack_is_refused_or_loaded(self):
        dice, before, refused = random.Random(SEED), self._count(), 0  # noqa: S311
        for number in range(ROUNDS):
            content = yaml.safe_dump(self._mutated(dice), allow_unicode=True)
            with self.subTest(number=number, content=content):
                savepoint = self.env.cr.savepoint()
                try:
                    self.policy._policy_apply_pack(content, self.company)
                except UserError as error:
                    refused += 1
                    self.assertIn("nothing was changed.\n- ", str(error))
                finally:
                    savepoint.close(rollback=True)
                self.assertEqual(self._count(), before)
        self.assertGreater(refused, ROUNDS / 2)
        self.assertLess(refused, ROUNDS)

    def test_broken_files(self):
        content = written().encode()
        dice = random.Random(SEED)  # noqa: S311
        for number in range(ROUNDS):
            place = dice.randrange(len(content))
            broken = content[:place] + bytes([dice.randrange(256)]) + content[place + 1 :]
            broken = broken[: dice.randrange(place, len(broken)) + 1]
            with self.subTest(number=number):
                try:
                    self.policy._policy_check_pack(broken)
                except UserError as error:
                    self.assertIn("nothing was changed.\n- ", str(error))

    def test_a_big_pack_costs_queries_in_proportion(self):
        counts = []
        for size in (100, 200):
            pack = copy.deepcopy(self.pack)
            pack["policy"]["code"] = f"BIG{size}"
            for number in range(size):
                pack["clauses"].append(
                    {"number": f"3.{number}", "name": {"en_US": "A", "zh_CN": "甲"}, "parent": "2"}
                )
                pack["deadline_rules"].append(
                    {
                        **self.pack["deadline_rules"][0],
                        "code": f"r{number}",
                        "clause": f"3.{number}",
                    }
                )
                pack["parameters"].append(
                    {"code": f"p{number}", "clause": f"3.{number}", "name": "P", "value": 1.0}
                )
            self.policy._policy_apply_pack(json.dumps(pack), self.company)
            pack["version"]["number"], pack["pack_version"] = "2", "1.2"
            base = self.env["crm.policy.version"].search(
                [("policy_id.code", "=", f"BIG{size}")], limit=1
            )
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.policy._policy_apply_pack(json.dumps(pack), self.company, base=base)
            counts.append(self.env.cr.sql_log_count - start)
        # A clause, a rule and a parameter more cost so many statements together.
        self.assertLessEqual((counts[1] - counts[0]) / 100, 6)
