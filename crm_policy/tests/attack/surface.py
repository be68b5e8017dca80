"""What there is to attack, read from the registry: nobody has to remember a new model."""

import inspect
import re
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.models import BaseModel
from odoo.service.model import get_public_method

ADDON = Path(__file__).parent.parent.parent
OUR_ADDONS = "crm_policy"  # and its siblings crm_policy_*
CONTEXT_KEY = re.compile(
    r"""context\.get\(\s*["'](\w+)["']"""
    r"""|context\[["'](\w+)["']\]"""
    r"""|with_context\((?:[^()]*?[(,\s])?(\w+)=""",
)
XML_CONTEXT = re.compile(r"""context="\{([^"]*)\}""")
XML_KEY = re.compile(r"'(\w+)'\s*:")
# What other add-ons, and those we replaced, listen to.
FOREIGN_KEYS = (
    "skip_validation_check", "skip_check_state_condition", "skip_policy", "skip_check", "bypass",
    "force", "force_write", "install_mode", "import_file", "module", "_force_unlink",
    "no_recompute", "recompute", "prefetch_fields", "tracking_disable", "mail_notrack",
    "mail_create_nolog",
    "mail_create_nosubscribe", "mail_auto_subscribe_no_notify", "mail_activity_quick_update",
    "mail_activity_automation_skip", "no_reset_password", "force_company", "su", "sudo", "uid",
    "test_mode", "defer_parent_store_computation", "bin_size", "active_test", "lang",
    "binary_field_real_user", "check_move_validity", "import_flush", "from_ui",
)  # fmt: skip


def concrete(env, mixin):
    """Return the sorted names of the models with a table that inherit ``mixin``."""
    names = env.registry.descendants([mixin], "_inherit")
    return sorted(name for name in names if not env[name]._abstract and env[name]._auto)


def evidence_models(env):
    return concrete(env, "crm.policy.protected")


def guarded_models(env):
    """Return the models that people edit, with fields that only our methods write."""
    return sorted(set(concrete(env, "crm.policy.guarded")) - set(evidence_models(env)))


def approvable_models(env):
    return concrete(env, "crm.policy.approvable")


def guarded_names(model):
    """Return the guarded fields of a model that it really has."""
    return sorted(
        name
        for name in model._policy_guarded_fields()
        if name in model._fields and name not in ("id", "display_name")
    )


def definitions(model, name):
    """Return the classes of the source code that define a method, the first definition last."""
    return [cls for cls in type(model).mro() if name in vars(cls) and "pool" not in vars(cls)]


def public_methods(model):
    """Return {method: name of the model that introduced it} of what RPC reaches.

    What our add-ons introduce belongs to the model itself, so that each one is looked at; what
    Odoo introduces belongs to "base" or to its mixin.
    """
    found = {}
    for name, _value in inspect.getmembers(type(model), callable):
        try:
            get_public_method(model, name)
        except (AccessError, AttributeError):
            continue
        # RPC calls with a recordset: no class or alias of one.
        if inspect.isclass(_value):
            continue
        classes = definitions(model, name)
        if not classes:
            continue
        first = classes[-1]
        if first is BaseModel or not getattr(first, "_module", None):
            found[name] = "base"
        elif first._module.startswith(OUR_ADDONS):
            found[name] = model._name
        else:
            found[name] = first._name
    return found


def context_keys():
    """Return every context key that our own source mentions, and well-known foreign ones."""
    keys = set(FOREIGN_KEYS)
    for path in ADDON.rglob("*.py"):
        if "tests" not in path.relative_to(ADDON).parts:
            for groups in CONTEXT_KEY.findall(path.read_text("utf-8")):
                keys.update(filter(None, groups))
    for path in ADDON.rglob("*.xml"):
        for words in XML_CONTEXT.findall(path.read_text("utf-8")):
            keys.update(XML_KEY.findall(words))
    return sorted(keys)


# === PLAUSIBLE VALUES === #


def forged_value(env, field, company):
    """Return a value of the field's type that its column would take."""
    if field.type == "many2one":
        return some_record(env, field.comodel_name, company).id or 1
    if field.type in ("one2many", "many2many"):
        return [[5, 0, 0]]
    if field.type == "selection":
        keys = [key for key, _label in field._description_selection(env) if key]
        for key in ("approved", "waived", "done", "signed", *reversed(keys)):
            if key in keys:
                return key
        return "approved"
    return {
        "boolean": True,
        "integer": 987654,
        "float": 987654.0,
        "monetary": 0.01,
        "date": "2020-01-01",
        "datetime": "2020-01-01 00:00:00",
        "json": {"forged": 1},
        "many2one_reference": 1,
        "reference": f"res.users,{env.uid}",
        "binary": "Zm9yZ2Vk",
        "html": "<p>forged</p>",
    }.get(field.type, "forged")


def odd_values(env, field):
    """Return values of the wrong type, and commands that smuggle rows in."""
    if field.type in ("one2many", "many2many"):
        comodel = env[field.comodel_name]
        row = comodel.sudo().search([], limit=1).id or 1
        return [
            [[0, 0, {}]], [[1, row, {"state": "approved"}]], [[2, row, 0]], [[3, row, 0]],
            [[4, row, 0]], [[6, 0, [row]]], [row], False,
        ]  # fmt: skip
    if field.type == "many2one":
        return [False, "1", -1, 2**31 - 1, [1, "x"], {"id": 1}]
    return [False, "", [], {}, -1, "approved'; --", 10**30]


def some_record(env, model_name, company):
    """Return a record of a model, of the company where it has one."""
    model = env[model_name].sudo().with_context(active_test=False)
    if "company_id" in model._fields and model._fields["company_id"].store:
        found = model.search([("company_id", "=", company.id)], limit=1, order="id desc")
        if found:
            return found
    return model.search([], limit=1, order="id desc")
