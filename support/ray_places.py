"""Which Ray clusters a run may use: one of its own, or a running one that lets in nobody else.

Whoever reaches a cluster's port can run programs on its machines. So a running one must ask for a
token, and one with machines elsewhere must talk TLS as well; one that is started here listens on
this machine alone. Ray is asked in a process of its own, and not imported.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .engine_places import check_place, host_of
from .errors import FaqdeskError, SettingError
from .ray_wire import check_wire, talks_tls

LOCAL: Final = "local"  # a cluster that is started for the run, and ends with it
_TOKEN_FILE: Final = Path("~/.ray/auth_token")  # where Ray looks last
_CERTIFICATES: Final = ("RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")
CURE: Final = (
    "Give every machine of the cluster RAY_AUTH_MODE=token with the token (RAY_AUTH_TOKEN_PATH, or "
    "~/.ray/auth_token) and RAY_USE_TLS=1 with the certificates (RAY_TLS_SERVER_CERT, "
    "RAY_TLS_SERVER_KEY, RAY_TLS_CA_CERT), start it again, and begin the run with the same."
)
LETS_IN: Final = 60.0  # seconds; Ray itself would try for minutes
_MODE: Final = "RAY_AUTH_MODE"
_SECRETS: Final = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
# Asks a cluster which machines it has.
_KNOCK: Final = """
import sys
from ray._raylet import GcsClient
GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)
"""


@dataclass(frozen=True, slots=True)
class RayPlace:
    """A cluster that may be used, as far as its address and the environment tell."""

    address: str  # `LOCAL`, or host:port

    @property
    def started(self) -> bool:
        """Whether it is started for the run."""
        return self.address == LOCAL


def ray_place(address: str) -> RayPlace:
    """The cluster at an address.

    Args:
        address: "" or "local": one started for the run; host:port of a running one, as
            `ray start --head` told it.

    Raises:
        SettingError: it is written otherwise, the environment names another one, or it can be
            reached by others without a token and TLS.
    """
    asked = address.strip()
    named = os.environ.get("RAY_ADDRESS", "")
    if not asked and named:
        raise SettingError(
            f"RAY_ADDRESS names the cluster {named}. Say which one is meant: --address {named}, "
            "or --address local for one on this machine."
        )
    if asked in ("", LOCAL):
        return RayPlace(LOCAL)
    host, _, port = asked.rpartition(":")
    if "://" in asked:
        raise SettingError(
            f"{asked} is not the address of a cluster but of a client's door. Start the run on a "
            "machine of the cluster, and name the address that `ray start --head` told: "
            "--address HOST:6379"
        )
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingError(
            f"--address is HOST:PORT of a running cluster, or local; got {asked!r}. "
            "`ray start --head --port=6379` tells it."
        )
    check_hosts([host_of(asked)])
    return RayPlace(asked)


def check_hosts(hosts: list[str]) -> None:
    """Refuse a cluster with a machine that others can reach, unless it has a token and TLS.

    Raises:
        SettingError: it lacks one of them, as far as this machine's environment tells.
    """
    for host in hosts:
        check_place("The Ray cluster", host, secret=has_token(), encrypted=has_tls(), cure=CURE)


def check_door(address: str) -> None:
    """Refuse a running cluster that does what anybody says.

    That this machine shows a token tells nothing: a cluster that asks for none takes it as well.
    So it is asked without one. That its address is this machine's is no matter: Ray listens on
    every address.

    Raises:
        FaqdeskError: no cluster answers there.
        SettingError: it lets in who has no token, or does not take this machine's.
    """
    host, _, port = address.rpartition(":")
    check_wire(host.strip("[]"), int(port))
    if os.environ.get(_MODE, "").lower() == "token" and not has_token():
        raise SettingError(
            "RAY_AUTH_MODE=token, and there is no token on this machine. Name a file with the "
            "cluster's: RAY_AUTH_TOKEN_PATH"
        )
    stranger = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    knocks = [_knock(address, env) for env in (stranger | {_MODE: "disabled"}, dict(os.environ))]
    strange, ours = (_told(knock) for knock in knocks)
    if not strange:
        raise SettingError(f"The Ray cluster at {address} lets in who has no token. {CURE}")
    if _no_token(ours):
        raise SettingError(
            f"The Ray cluster at {address} asks for a token, and this machine's is not its. "
            "Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH to a file with the cluster's."
        )
    if ours or not _no_token(strange):
        raise FaqdeskError(
            f"What answers at {address} is no Ray cluster that this machine can talk to "
            f"({ours or strange})."
        )


def _no_token(told: str) -> bool:
    return "AuthToken" in told or "AuthenticationError" in told


def _knock(address: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    # Our own program, this Python; -P: a file in the current folder is not taken for a module.
    words = [sys.executable, "-P", "-c", _KNOCK, address]
    return subprocess.Popen(  # noqa: S603
        words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _told(knock: "subprocess.Popen[str]") -> str:
    """What came of a knock: "" let in, or the error's last line."""
    with knock:
        try:
            _, words = knock.communicate(timeout=LETS_IN)
        except subprocess.TimeoutExpired:
            knock.kill()
            return "no answer"
        lines = words.strip().splitlines()
        return (lines[-1] if lines else "no answer") if knock.returncode else ""


def has_token() -> bool:
    """Whether this machine shows a token to a cluster, and would not do without."""
    if os.environ.get(_MODE, "").lower() != "token":
        return False
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named) if named else _TOKEN_FILE.expanduser()
    try:
        return bool(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return False


def has_tls() -> bool:
    """Whether this machine talks TLS to a cluster, by certificates that are there."""
    return talks_tls() and all(
        Path(os.environ.get(name, "") or "-").is_file() for name in _CERTIFICATES
    )
