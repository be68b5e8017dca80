"""What the layout tests read from the add-on's source, without importing it."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conftest import ADDON, ADDONS

PREFIX = "crm.policy"


@cache
def tree(path):
    return ast.parse(path.read_bytes(), str(path))


def python_files(folder, *addons):
    """Return the Python files below a `folder` of the core, or of `addons`; no packages' own."""
    files = [path for addon in addons or [ADDON] for path in sorted((addon / folder).rglob("*.py"))]
    return [path for path in files if path.name != "__init__.py"]


def addon_of(path):
    return next(addon for addon in ADDONS if path.is_relative_to(addon))


@dataclass(frozen=True)
class Model:
    """A class that defines or extends a model."""

    path: Path
    name: str | None
    inherit: tuple
    node: ast.ClassDef

    @property
    def model(self):
        """The model it makes or changes."""
        return self.name or (self.inherit[0] if self.inherit else None)


def strings(node):
    """Return the texts of a string, or of a list or tuple of strings."""
    nodes = getattr(node, "elts", [node])
    return tuple(part.value for part in nodes if isinstance(part, ast.Constant))


def attribute(body, name):
    """Return the node assigned to `name` in a class body."""
    for statement in body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            return statement.value
    return None


@cache
def models(path):
    """Return the models of a file."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            name, inherit = attribute(node.body, "_name"), attribute(node.body, "_inherit")
            if name is not None or inherit is not None:
                names = strings(name) if name else (None,)
                found.append(Model(path, names[0], strings(inherit) if inherit else (), node))
    return found


def docstrings(path):
    """Return the nodes of docstrings: prose may name what it likes."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    owners = [node for node in ast.walk(tree(path)) if isinstance(node, kinds) and node.body]
    return {id(node.body[0].value) for node in owners if isinstance(node.body[0], ast.Expr)}


def imports(path):
    """Return the top-level names that a file imports, relative imports excepted."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names
