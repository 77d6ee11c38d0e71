"""The wheel carries everything that the console and the demo need."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("data", "listings", "support", "train", "web")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)]
    subprocess.run([*pip, *build], check=True, capture_output=True)
    wheel = next(folder.glob("faqdesk-*.whl"))
    target = folder / "target"
    install = ["install", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    return target


def test_every_file_of_the_packages_is_in_it(installed):
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        and path.suffix not in (".po", ".cfg", ".pyc")
    }  # fmt: skip
    there = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert wanted - there == set()


def test_what_is_installed_serves_a_page_and_holds_the_sample(installed, tmp_path):
    code = (
        "import data, web, pathlib, sys\n"
        "from support.workspace import Workspace\n"
        "from web.app import create_app\n"
        "assert str(pathlib.Path(web.__file__)).startswith(sys.argv[1]), web.__file__\n"
        "client = create_app(Workspace(pathlib.Path(sys.argv[2])).create()).test_client()\n"
        "print(client.get('/sign-in').status_code, client.get('/static/desk.css').status_code)\n"
        "print(len(list(data.rows('faqs'))), sum(1 for _ in data.rows('inbox')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(installed), str(tmp_path / "desk")],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-2:] == ["200 200", "142 40"]
