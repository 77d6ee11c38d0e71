"""Whether what answers at a port is a cluster's, and talks as this machine does: plainly or by TLS.

Ray itself tries for minutes, and then does not say why. So the first words of HTTP/2 are exchanged,
which gRPC speaks on either; nothing of the desk's and no token is among them.
"""

import os
import socket
import ssl
from typing import Final

from .errors import FaqdeskError, SettingError

SECONDS: Final = 5.0  # to connect, and for each answer
# RFC 9113, 3.4: what a client says first, and settings that set nothing.
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_HEAD: Final = 9  # bytes of a frame's head, whose fourth tells its type
_SETTINGS: Final = 4
_BOTH: Final = "The cluster and this machine need the same RAY_USE_TLS."


def talks_tls() -> bool:
    """Whether Ray on this machine talks TLS."""
    return os.environ.get("RAY_USE_TLS", "").lower() in ("1", "true")


def check_wire(host: str, port: int) -> None:
    """Exchange the first words with a cluster.

    Raises:
        FaqdeskError: nothing answers there, or no cluster.
        SettingError: it talks TLS and this machine does not, or the other way round; one of the
            two has a certificate that the other does not take.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        plain = socket.create_connection((host, port), timeout=SECONDS)
    except OSError as error:
        raise FaqdeskError(
            f"No Ray cluster answers at {place} ({error}). Name the address that "
            "`ray start --head` told: --address HOST:6379"
        ) from error
    with plain:
        if not talks_tls():
            if not _greeted(plain):
                raise SettingError(
                    f"What answers at {place} is no Ray cluster, or it talks TLS and this machine "
                    f"does not. {_BOTH} For TLS: RAY_USE_TLS=1 with RAY_TLS_SERVER_CERT, "
                    "RAY_TLS_SERVER_KEY and RAY_TLS_CA_CERT."
                )
            return
        try:
            with _context().wrap_socket(plain, server_hostname=host) as sealed:
                # A server looks at our certificate when its own part of the handshake is over.
                greeted = _greeted(sealed)
        except (ssl.SSLError, TimeoutError, ConnectionError) as error:
            raise SettingError(
                f"The Ray cluster at {place} and this machine do not agree on TLS ({error}). "
                f"{_BOTH} Their certificates must be of one authority (RAY_TLS_CA_CERT), and each "
                f"must name the address of its machine, as in subjectAltName=IP:{host}."
            ) from error
        if not greeted:
            raise SettingError(
                f"What answers at {place} by TLS is no Ray cluster, or does not take this "
                "machine's certificate. It must be of the cluster's authority: RAY_TLS_SERVER_CERT."
            )


def _context() -> ssl.SSLContext:
    """TLS as Ray talks it: both sides show a certificate of one authority."""
    names = ("RAY_TLS_CA_CERT", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY")
    authority, certificate, key = (os.environ.get(name, "") for name in names)
    try:
        context = ssl.create_default_context(cafile=authority or os.devnull)
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise SettingError(
            f"The files for TLS cannot be used ({error}). RAY_TLS_CA_CERT is {authority!r}, "
            f"RAY_TLS_SERVER_CERT {certificate!r}, RAY_TLS_SERVER_KEY {key!r}."
        ) from error
    context.set_alpn_protocols(["h2"])
    return context


def _greeted(connection: socket.socket) -> bool:
    """Whether it answers as a server of gRPC does; an error of TLS is raised."""
    try:
        connection.sendall(_PREFACE)
        head = b""
        while len(head) < _HEAD:
            more = connection.recv(_HEAD - len(head))
            if not more:
                return False
            head += more
    except ssl.SSLError:
        raise
    except OSError:
        return False
    return head[3] == _SETTINGS and head[0] == 0
