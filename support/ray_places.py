"""Which Ray clusters a run may use: one of its own, or a running one that lets in nobody else.

Whoever reaches a cluster's port can run programs on its machines. So a cluster elsewhere must ask
for a token and talk TLS, and one that is started here listens on this machine alone. Knows the
addresses and the environment, not the cluster.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .engine_places import check_place, host_of
from .errors import SettingError

LOCAL: Final = "local"  # a cluster that is started for the run, and ends with it
_TOKEN_FILE: Final = Path("~/.ray/auth_token")  # where Ray looks last
_CERTIFICATES: Final = ("RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")
CURE: Final = (
    "Give every machine of the cluster RAY_AUTH_MODE=token with the token (RAY_AUTH_TOKEN_PATH, or "
    "~/.ray/auth_token) and RAY_USE_TLS=1 with the certificates (RAY_TLS_SERVER_CERT, "
    "RAY_TLS_SERVER_KEY, RAY_TLS_CA_CERT), start it again, and begin the run with the same."
)


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


def has_token() -> bool:
    """Whether this machine shows a token to a cluster, and would not do without."""
    if os.environ.get("RAY_AUTH_MODE", "").lower() != "token":
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
    if os.environ.get("RAY_USE_TLS", "").lower() not in ("1", "true"):
        return False
    return all(Path(os.environ.get(name, "") or "-").is_file() for name in _CERTIFICATES)
