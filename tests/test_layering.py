"""Imports go one way, engines stay in one file a package, and the heavy ones wait."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "data": set(),
    "support": set(),
    "listings": {"support"},
    "train": {"support", "listings"},
    "web": {"support", "listings", "train", "data"},
}
# Each engine is imported in one file a package, so that its surprises stay there.
ONE_FILE = {
    "faiss",
    "fasttext",
    "grpc",
    "gunicorn",
    "huey",
    "onnxruntime",
    "openTSNE",
    "openpyxl",
    "pyarrow",
    "pymilvus",
    "ray",
    "sentence_transformers",
    "torch",
    "torchvision",
}
# Not even those: the default serves without them, and `faqdesk --help` without numpy.
NEVER_AT_IMPORT = {
    "torch",
    "torchvision",
    "transformers",
    "sentence_transformers",
    "sklearn",
    "openTSNE",
    "pymilvus",
    "ray",
}


def imports(path):
    """Absolute names that a file imports, with the line, and whether at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node.lineno, id(node) in top
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0], node.lineno, id(node) in top


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package):
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package] - {package}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files(package)
        for name, line, _ in imports(path)
        if name in forbidden
    ]
    assert files(package)
    assert wrong == []


@pytest.mark.parametrize("package", ["support", "listings", "train", "web"])
@pytest.mark.parametrize("engine", sorted(ONE_FILE))
def test_an_engine_lives_in_one_file_a_package(package, engine):
    places = {
        path.name for path in files(package) for name, _, _ in imports(path) if name == engine
    }
    assert len(places) <= 1


def test_heavy_engines_are_never_imported_at_the_top_of_what_serves():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for package in ("support", "listings", "web")
        for path in files(package)
        for name, line, top in imports(path)
        if top and name in NEVER_AT_IMPORT
    ]
    assert wrong == []


def test_serving_the_default_loads_neither_torch_nor_scikit_learn(tmp_path):
    code = (
        "import sys, web.app, support.recommender\n"
        "print([name for name in ('torch', 'sklearn', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_help_waits_for_no_engine():
    code = (
        "import sys\n"
        "from web.cli import faqdesk\n"
        "faqdesk.main(['--help'], standalone_mode=False)\n"
        "print([n for n in ('numpy', 'flask', 'lxml', 'sqlite_utils') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Commands:" in done.stdout


def test_no_command_waits_for_pandas_which_other_engines_bring_along():
    code = (
        "import sys\n"
        "from web.cli import COMMANDS, faqdesk\n"
        "for name in COMMANDS: faqdesk.get_command(None, name)\n"
        "import web.serve\n"
        "print([n for n in ('pandas', 'ray', 'pymilvus') if n in sys.modules])\n"
        "import pandas\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
