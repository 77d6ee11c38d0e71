"""Our own files as trees, read once for every test that looks through them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("support", "listings", "train", "web")


@cache
def trees():
    """The tree of every file of the four packages, by its name."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def dotted(node):
    """What a node names, such as `os.path.join`; '' where it is no plain name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def calls():
    """Every call of a plain name: the file, the name, and the node."""
    return [
        (name, called, node)
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (called := dotted(node.func))
    ]


@cache
def imported():
    """What every file imports, by its full name."""
    found = {}
    for name, tree in trees().items():
        some = found.setdefault(name, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                some.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                some.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found
