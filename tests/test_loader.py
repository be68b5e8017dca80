"""pytest must not find more than Odoo's own runner, which people use too.

Odoo's loader takes only the modules `test_*` that `tests/__init__.py` ends up with, and of those
only the methods that a TestCase of the module defines itself. What it misses is silently not run.
"""

from conftest import ADDONS


def found_by_odoo(addons):
    from odoo.tests import loader

    return {
        (module.__name__, type(case).__name__, case._testMethodName)
        for addon in addons
        for module in loader.get_test_modules(addon)
        for case in loader.get_module_test_cases(module)
    }


def found_by_pytest(items):
    return {
        (
            item.module.__name__,
            item.cls.__name__ if item.cls else "(no class)",
            item.originalname or item.name,
        )
        for item in items
        if any(item.path.is_relative_to(addon) for addon in ADDONS)
    }


def test_odoo_s_loader_finds_all_that_pytest_runs(request):
    found = found_by_pytest(request.session.items)
    addons = {module.split(".")[2] for module, _case, _method in found}
    holes = found - found_by_odoo(addons)
    assert not holes, "Odoo's runner would not run:\n" + "\n".join(map(" ".join, sorted(holes)))
