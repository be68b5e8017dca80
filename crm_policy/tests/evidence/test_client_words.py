"""What Odoo's own scripts say and its Chinese lacks, ours gives to the web client."""

from odoo.tests import TransactionCase
from odoo.tools import file_open

# What it says -> the script that says it.
LACKING = {"Missing required fields": "web/static/src/model/relational_model/record.js"}


class TestClientWords(TransactionCase):
    def test_the_client_finds_them_in_our_file_and_not_in_odoo_s(self):
        """It takes a string from any module where that of the script has none."""
        modules = ["web", "crm_policy"]
        found, _parameters = self.env["ir.http"]._get_translations_for_webclient(modules, "zh_CN")
        said = {
            module: {message["id"]: message["string"] for message in found[module]["messages"]}
            for module in modules
        }
        for words, script in LACKING.items():
            with self.subTest(words):
                self.assertFalse(said["crm_policy"][words].isascii())
                self.assertNotIn(words, said["web"], "Odoo says it itself by now: ours can go")
                with file_open(script) as file:
                    self.assertIn(f'_t("{words}")', file.read())
