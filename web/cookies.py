"""The console's cookie: bound to https and to this very host, and none at all in `/embed`.

Over https it is called `__Host-...`: browsers take such a name only from the host itself, over
https and for every path, so nobody with another name of the same domain can lay one under. A page
in a foreign frame must not act for whoever is signed in: there a cookie is neither read nor
written, whatever the browser sends. Nor is it where it would travel in the clear.
"""

import re
from typing import Final

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from .origins import travels_in_the_clear

WITHOUT: Final = "/embed/"
BOUND: Final = "__Host-"
_UNTIL: Final = re.compile("Expires=[^;]+")


def name_of(plain: str) -> str:
    """What a cookie is called on the way that this request came."""
    return BOUND + plain if request.is_secure else plain


class Cookies(SecureCookieSessionInterface):
    """Flask's own, but for the rules above."""

    def get_cookie_name(self, app: Flask) -> str:
        """Another one over https: what was set in the clear counts for nothing there."""
        return name_of(super().get_cookie_name(app))

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; an empty session stands for it where none counts."""
        if _without(request):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where one counts."""
        if _without(request):
            return
        super().save_session(app, session, response)
        if session and session.permanent:
            # For how long, not until when: with a clock that is behind, nobody could sign in.
            age = int(app.permanent_session_lifetime.total_seconds())
            name = f"{self.get_cookie_name(app)}="
            written = [
                _UNTIL.sub(f"Max-Age={age}", each) if each.startswith(name) else each
                for each in response.headers.getlist("Set-Cookie")
            ]
            response.headers.setlist("Set-Cookie", written)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send it over https alone: where it is asked for over https."""
        return super().get_cookie_secure(app) or request.is_secure


def _without(request: Request) -> bool:
    return request.path.startswith(WITHOUT) or travels_in_the_clear(request)
