"""Our own files read as trees, once for every test that looks through them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("support", "listings", "train", "web")


def dotted(node):
    """What a node names, such as `os.path.join`; '' where it is no plain name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def _read():
    calls, imported = [], {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            some = imported[name] = set()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    if called := dotted(node.func):
                        calls.append((name, called, node))
                elif isinstance(node, ast.Import):
                    some.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    some.update(f"{node.module}.{alias.name}" for alias in node.names)
    return calls, imported


def calls():
    """Every call of a plain name: the file, the name, and the node."""
    return _read()[0]


def imported():
    """What every file imports, by its full name."""
    return _read()[1]
