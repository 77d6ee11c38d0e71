"""Over which wire the desk is asked, and that another site does not ask in somebody's name.

Plain http is for this machine alone: elsewhere a password, a cookie or a token could be read on its
way. And beside the forms' tokens: a browser says from where a request comes (Fetch Metadata, and
the Origin of RFC 6454), so what would change something is refused where that is another site.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Request, request

from support.errors import InputError, PermissionDeniedError

SAFE: Final = ("GET", "HEAD", "OPTIONS")
# Monitors and style sheets: nothing of them is secret, and a proxy's probe speaks plain http.
IN_THE_CLEAR: Final = ("static", "bootstrap.static", "health.healthz", "health.readyz")
# Blueprints that know no cookie, and why another site can do nothing in somebody's name there.
BY_TOKEN: Final = {
    "api": "a token in the Authorization header, which no browser adds by itself",
    "embed": "the sidebar's token in the Authorization header; its frame may have no origin at all",
    "webhooks": "a signature over the body, with a secret that no browser knows",
}


def init_app(app: Flask) -> None:
    """Look at every request before anything else does."""

    @app.before_request
    def refuse() -> None:
        if request.endpoint not in IN_THE_CLEAR and travels_in_the_clear(request):
            raise PermissionDeniedError(
                f"This desk is asked over https, and over plain http on its own machine alone; "
                f"not as http://{request.host[:200]}. Open its https address; a proxy before it "
                f"says so in X-Forwarded-Proto, and is counted by `faqdesk serve --proxies`."
            )
        if request.method not in SAFE and request.blueprint not in BY_TOKEN:
            _refuse_other_sites(request)

    app.add_template_global(lambda: travels_in_the_clear(request), "travels_in_the_clear")


def travels_in_the_clear(request: Request) -> bool:
    """Whether somebody between could read it: plain http, by a name that is not this machine's."""
    return not (request.is_secure or is_own_machine(_name(request.host)))


def check_own_machine(host: str) -> None:
    """Refuse to serve plain http where others could ask.

    Raises:
        InputError: the address is not this machine's own.
    """
    if not is_own_machine(host):
        raise InputError(
            f"Cannot serve at {host} over plain http: passwords would travel in the clear. Give "
            f"`faqdesk serve` a certificate (--cert, --key), or put a reverse proxy before it that "
            f"speaks https (--host 127.0.0.1 --proxies 1)."
        )


def is_own_machine(host: str) -> bool:
    """Whether a name or an address means the machine itself, wherever it is said."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refuse_other_sites(request: Request) -> None:
    # What the browser made out itself counts: no page can set it, and it is true also where a proxy
    # lost our port or name on the way, or an add-on withholds the origin. Not `same-site`: whoever
    # holds another name of the same domain is not us.
    site = request.headers.get("Sec-Fetch-Site")
    # Older browsers. `null` is what a sandboxed frame or a redirect from elsewhere says.
    own = f"{request.scheme}://{request.host}".lower()
    origin = request.headers.get("Origin", own).lower()
    if site is None and origin != own:
        raise PermissionDeniedError(
            f"This came from a page of another site, {origin[:200]}; this desk is asked as "
            f"{own[:200]}. Do it on a page of this desk. Where it was one, the proxy does not pass "
            f"on the Host that the browser asks for."
        )
    if site not in (None, "same-origin", "none"):
        raise PermissionDeniedError(
            "This came from a page of another site. Do it on a page of this desk."
        )


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # such as half an IPv6 address
        return ""
