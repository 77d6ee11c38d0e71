"""What it is run with: the service unit, the image, the bundle for machines without a network."""

import base64
import hashlib
import re
import shlex
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.web.doors import free_port
from web.cli import faqdesk

ROOT = Path(__file__).parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


# Stands for faqdesk: answers what a bundle's trial asks of the demo.
PROBE = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

WORDS = "installed"

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"ok" if self.path == "/readyz" else b"page of " + self.path.encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

def main():
    assert sys.argv[1:3] == ["demo", "--port"], sys.argv
    HTTPServer(("127.0.0.1", int(sys.argv[3])), Page).serve_forever()
"""


def check_command(words):
    """Let the command line read a command, without running it."""
    command = faqdesk.get_command(None, words[0])
    return command.make_context(words[0], list(words[1:])).params


def test_the_service_starts_what_there_is():
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string((ROOT / "deploy/faqdesk.service").read_text())
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "faqdesk"
    asked = check_command(words)
    assert asked["proxies"] == 1
    name, _, home = unit["Service"]["Environment"].partition("=")
    # What it may write to holds the desk and the key that lies beside it.
    assert name == "FAQDESK_HOME"
    assert Path(home).parent == Path("/var/lib") / unit["Service"]["StateDirectory"]
    assert unit["Service"]["ProtectSystem"] == "strict"
    # And where the page on running it sends the backups; `-`: it may not be there.
    told = re.search(r"backup_folder=(\S+)", (ROOT / "docs/running.md").read_text())[1]
    assert unit["Service"]["ReadWritePaths"].split() == [f"-{told}"]
    # The port is held while the service is started anew, and is this machine's alone.
    held = ConfigParser(interpolation=None)
    held.optionxform = str
    held.read_string((ROOT / "deploy/faqdesk.socket").read_text())
    assert held["Socket"]["ListenStream"] == "127.0.0.1:8000"
    assert "faqdesk.socket" in unit["Unit"]["Requires"]
    assert unit["Service"]["KillMode"] == "mixed"


def test_the_image_starts_what_there_is():
    text = (ROOT / "deploy/Containerfile").read_text()
    shell = re.search(r'^CMD \["sh", "-c", "(.*)"\]$', text, re.MULTILINE)[1]
    for part in shell.split(" && "):
        check_command(shlex.split(part.removeprefix("exec "))[1:])
    assert text.rindex("\nUSER faqdesk") < text.index("\nCMD")


def test_commands_of_the_page_on_running_it_are_such(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("desk.pem", "desk.key"):
        Path(name).touch()
    lines = re.findall(r"^\$ (.*)$", (ROOT / "docs/running.md").read_text(), re.MULTILINE)
    asked = [re.search(r"(?:^|bin/)faqdesk ([a-z].*?)(?:\s+#.*)?$", line) for line in lines]
    commands = [shlex.split(found[1]) for found in asked if found]
    assert len(commands) >= 5
    for words in commands:
        check_command(words)


@pytest.mark.parametrize(
    "name", ["bundle", "install-bundle", "install", "check-system", "try-bundle"]
)
def test_scripts_are_read_by_a_plain_shell(name):
    subprocess.run(["sh", "-n", ROOT / ".ci" / name], check=True)


@pytest.fixture
def bundle(tmp_path):
    """A bundle as `make bundle` lays it out, of one wheel that says that it is faqdesk."""
    folder = tmp_path / "faqdesk-0.1.0"
    (folder / "wheels").mkdir(parents=True)
    info = "faqdesk-0.1.0.dist-info"
    files = {
        "faqdesk_probe.py": PROBE.encode(),
        f"{info}/entry_points.txt": b"[console_scripts]\nfaqdesk = faqdesk_probe:main\n",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: faqdesk\nVersion: 0.1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    with zipfile.ZipFile(folder / "wheels/faqdesk-0.1.0-py3-none-any.whl", "w") as wheel:
        for name, body in files.items():
            wheel.writestr(name, body)
            digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(body)}")
        wheel.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,", ""]))
    (folder / "constraints.txt").write_text("faqdesk==0.1.0\n")
    (folder / "PYTHON").write_text(PYTHON + "\n")
    (folder / "install").write_bytes((ROOT / ".ci/install-bundle").read_bytes())
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    return folder


def install(bundle, target):
    # A proxy where nobody listens, and no index: whoever asks the network fails.
    bare = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PIP_CONFIG_FILE": "/dev/null",
            "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}  # fmt: skip
    return subprocess.run(
        ["sh", bundle / "install", target], env=bare, capture_output=True, text=True, check=False
    )


def test_a_bundle_installs_from_itself_alone(bundle, tmp_path):
    done = install(bundle, tmp_path / "there")
    assert done.returncode == 0, done.stderr
    assert "Installed." in done.stdout
    command = [tmp_path / "there/bin/python", "-c", "import faqdesk_probe as p; print(p.WORDS)"]
    assert subprocess.check_output(command, text=True) == "installed\n"


def test_a_damaged_bundle_is_refused(bundle, tmp_path):
    with (bundle / "wheels/faqdesk-0.1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"x")
    done = install(bundle, tmp_path / "there")
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert not (tmp_path / "there").exists()


def test_a_bundle_for_another_python_says_so(bundle, tmp_path):
    (bundle / "PYTHON").write_text("3.99\n")
    done = install(bundle, tmp_path / "there")
    assert done.returncode == 1
    assert "for Python 3.99" in done.stderr


def try_bundle(*words, **more):
    bare = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PIP_CONFIG_FILE": "/dev/null"}
    return subprocess.run(
        ["sh", ROOT / ".ci/try-bundle", *words], env=bare | more, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def test_a_bundle_is_tried_from_its_installer_to_a_page_of_the_demo(bundle):
    done = try_bundle("--within", bundle.parent, PORT=str(free_port()))
    assert done.returncode == 0, done.stderr
    assert "installed (" in done.stdout
    assert "/sign-in: 200 16 bytes" in done.stdout


def test_a_bundle_whose_demo_ends_fails_its_trial(bundle):
    done = try_bundle("--within", bundle.parent, PORT="no-port")
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert "The demo ended by itself." in done.stderr


def test_the_trial_of_a_bundle_has_no_network(bundle, tmp_path):
    archive = tmp_path / "faqdesk.tar.gz"
    subprocess.run(["tar", "-C", bundle.parent, "-czf", archive, bundle.name], check=True)
    done = try_bundle(archive)
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        assert "lets nobody make a network namespace" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "/sign-in: 200 16 bytes" in done.stdout  # at a port that is its own there
    assert "No bundle" in try_bundle(tmp_path / "none.tar.gz").stderr
