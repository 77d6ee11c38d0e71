"""What is needed to get into a helpdesk or a mail server, and whether it can be used so.

Addresses of private networks, and ways on which a token could be read, are refused unless whoever
connects says that the server stands inside their own network.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

from .errors import AddressError, InputError
from .public_net import host_of, is_public

TLS: Final = ("starttls", "tls", "none")
MAIL_PORTS: Final = (25, 465, 587, 2525)

# What each kind needs to deliver answers; to hear webhooks, all but mail need `secret` alone.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "zendesk": ("address", "user", "token"),
    "chatwoot": ("address", "account", "token"),
    "zammad": ("address", "token"),
    "channel-talk": ("user", "token"),
    "smtp": ("address", "sender"),
}


@dataclass(frozen=True, slots=True)
class Access:
    """What is sealed of a connection; repr shows none of it.

    Attributes:
        address: of the helpdesk, such as https://example.zendesk.com; of mail, host:port.
        secret: with which it signs its webhooks; of Channel Talk, the token in the address.
        user: whose token it is (Zendesk: an e-mail address), the access key of Channel Talk, or
            the login of mail.
        token: an API token, the access secret of Channel Talk, or the password of mail.
        account: the account's number at Chatwoot.
        sender: from whom mail comes, or the bot's name at Channel Talk.
        tls: of mail, one of `TLS`.
        private: whether an address of a private network may be asked, and plain http.
    """

    address: str = ""
    secret: str = ""
    user: str = ""
    token: str = ""
    account: str = ""
    sender: str = ""
    tls: str = "starttls"
    private: bool = False

    def __repr__(self) -> str:
        return "Access(sealed)"


def check(kind: str, access: Access) -> None:
    """Refuse what cannot be used.

    Raises:
        InputError: a part of it is wrong; the message names the cure.
    """
    if access.tls not in TLS:
        raise InputError(f"tls is one of {', '.join(TLS)}; got {access.tls!r}.")
    for part in ("sender", "user", "token", "account"):
        if not getattr(access, part).isprintable():
            raise InputError(f"{part} is one line of letters, digits and signs.")
    if kind != "smtp" and not (access.user + access.token).isascii():
        raise InputError("A token or its user goes into a header, where ASCII alone may stand.")
    if kind == "smtp":
        if access.address:
            _check_mail(access)
        if access.sender and "@" not in access.sender:
            raise InputError(f"The sender is a mail address; got {access.sender!r}.")
    elif access.address:
        host = host_of(access.address, private=access.private)
        if not access.private:
            _check_public(host)
        if not access.private and not access.address.lower().startswith("https://"):
            raise InputError(
                f"{access.address} is not asked without https: a token would travel in the clear. "
                f"Of a server inside your own network, say that it is (--private)."
            )


def _check_mail(access: Access) -> None:
    host, port = mail_host(access)
    if access.private:
        return
    _check_public(host)
    if port not in MAIL_PORTS:
        known = ", ".join(map(str, MAIL_PORTS))
        raise InputError(
            f"Port {port} is not one that mail is handed over at: {known}. Of a server inside your "
            f"own network, say that it is (--private)."
        )
    if access.tls == "none" and access.user:
        raise InputError(
            "Without TLS the password would travel in the clear. Choose starttls or tls; of a "
            "server inside your own network, say that it is (--private)."
        )


def _check_public(host: str) -> None:
    """Refuse an address of a private network; where a name leads to is looked at when asked."""
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return
    if not is_public(host):
        raise AddressError(
            f"{host} is an address of a private network. Of a server inside your own network, say "
            f"that it is (--private)."
        )


def mail_host(access: Access) -> tuple[str, int]:
    """The host and port of a mail server.

    Raises:
        InputError: the address is no host:port.
    """
    host, _, port = access.address.rpartition(":")
    if not host:
        host, port = access.address, {"tls": "465", "starttls": "587"}.get(access.tls, "25")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise InputError(f"A mail server is host:port; got {access.address!r}.")
    return host.strip("[]"), int(port)
