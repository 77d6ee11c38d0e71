"""The console's cookie: sent back over https alone where it came so, and none at all in `/embed`.

A page in a foreign frame must not act for whoever is signed in: there a cookie is neither read nor
written, whatever the browser sends.
"""

from typing import Final

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

WITHOUT: Final = "/embed/"


class Cookies(SecureCookieSessionInterface):
    """Flask's own, but for the two rules above."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; in `/embed` an empty session stands for it."""
        if request.path.startswith(WITHOUT):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie; never from `/embed`."""
        if not request.path.startswith(WITHOUT):
            super().save_session(app, session, response)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send it over https alone: where it is asked for over https."""
        return super().get_cookie_secure(app) or request.is_secure
