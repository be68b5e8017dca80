"""A room names only models of rooms it may know.

import-linter sees imports; that `self.env["crm.policy.x"]`, `_inherit` and comodels respect the
same order is seen here, from the strings in the source.
"""

import ast

import pytest
from conftest import ADDON
from sources import PREFIX, docstrings, models, python_files, tree

MODELS = ADDON / "models"

# Each room and whom it may know directly; what those know, it may know as well.
ARROWS = {
    "evidence": "",
    "policy": "evidence",
    "worktime": "",
    "organisation": "policy",
    "deadline": "policy worktime organisation",
    "approval": "policy organisation deadline",
    "customer": "deadline approval",
    "complaint": "customer deadline approval",
    "protection": "customer deadline approval",
    "governance": "complaint customer deadline approval",
    "reporting": "governance protection complaint customer approval deadline",
    "inherit": "reporting",
}


def known(room):
    """Return the rooms that `room` may know, itself included."""
    found = {room}
    for other in ARROWS[room].split():
        found |= known(other)
    return found


def room_of(path):
    return path.relative_to(MODELS).parts[0]


def owners():
    """Return the room of each model of ours."""
    return {
        model.name: room_of(path)
        for path in python_files("models")
        for model in models(path)
        if model.name and model.name not in model.inherit
    }


def named_models(path):
    """Return the models of ours that the strings of a file name, with their lines."""
    prose = docstrings(path)
    return [
        (node.value, node.lineno)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(PREFIX)
        and id(node) not in prose
    ]


def test_every_folder_of_models_is_a_room_and_every_room_is_known():
    folders = {path.parent for path in MODELS.rglob("*.py") if path.parent != MODELS}
    assert {folder.relative_to(MODELS).as_posix() for folder in folders} <= set(ARROWS)
    assert [path.name for path in MODELS.glob("*.py")] == ["__init__.py"]


def test_nobody_knows_somebody_who_knows_him():
    for room in ARROWS:
        assert not any(room in known(other) for other in known(room) - {room})


@pytest.mark.parametrize("room", ARROWS)
def test_room_names_only_models_it_may_know(room):
    rooms = owners()
    wrong = [
        f"{path.relative_to(ADDON)}:{line} {room} may not know {rooms[name]}: {name}"
        for path in python_files(f"models/{room}")
        for name, line in named_models(path)
        if name in rooms and rooms[name] not in known(room)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_check_sees_what_it_must(tmp_path, monkeypatch):
    """A lower room that calls, inherits or points to a higher one is seen."""
    folder = tmp_path / "models" / "evidence"
    folder.mkdir(parents=True)
    file = folder / "event.py"
    file.write_text(
        '"""Says crm.policy.approval in prose."""\n'
        "class Event(models.Model):\n"
        '    """crm.policy.approval"""\n'
        "    _inherit = ['crm.policy.approval']\n"
        "    step_id = fields.Many2one('crm.policy.approval.step')\n"
        "    def call(self):\n"
        "        return self.env['crm.policy.deadline']\n"
    )
    names = [name for name, _line in named_models(file)]
    assert sorted(names) == [
        "crm.policy.approval",
        "crm.policy.approval.step",
        "crm.policy.deadline",
    ]


def test_no_part_of_the_ticket_inherits_the_complaint_mixin():
    """One that did would come behind it in Python's order, and what it overrides were lost."""
    every = {model.name: model for path in python_files("models") for model in models(path)}
    parts = set(every["helpdesk.ticket"].inherit) - {
        "crm.policy.complaint.mixin",
        "helpdesk.ticket",
    }
    found = {
        part
        for part in parts & set(every)
        if "crm.policy.complaint.mixin" in ancestors(part, every)
    }
    assert not found


def ancestors(name, every):
    """Return the models of ours that a model inherits, directly or not."""
    above = set(every[name].inherit) if name in every else set()
    return above.union(*(ancestors(other, every) for other in above - {name}))
