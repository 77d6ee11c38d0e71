"""Browsers that somebody signed in with before: such a one waits for its own failures alone.

Where somebody fails too often under a login, or at an address that many share, others would wait
with them. A browser that proves that its owner was let in before is counted by itself, so nobody
locks another out, and who steals the proof gets a few attempts at one login, no session.
(After OWASP's "Slow Down Online Guessing Attacks with Device Cookies".)
"""

import json
import secrets
from typing import Any, Final

from flask import Response, after_this_request, request

from support.clock import ago, now
from support.errors import WorkspaceError
from support.seal import Seal

from .cookies import name_of

COOKIE: Final = "faqdesk-known"
DAYS: Final = 90
MOST: Final = 8  # people of one browser; the oldest is forgotten


def known_as(seal: Seal, login: str) -> str:
    """Under which this request's browser is counted at a login; "" where it is new there."""
    return str(_read(seal).get(_key(seal, login), ""))


def remember(seal: Seal, login: str) -> None:
    """Let this request's answer give its browser the proof that this login was let in."""
    known = _read(seal)
    key = _key(seal, login)
    known = {**{k: v for k, v in known.items() if k != key}, key: secrets.token_urlsafe(16)}
    kept = dict(list(known.items())[-MOST:])
    sealed = seal.close_up(json.dumps({"browser": kept, "until": ago(days=-DAYS)}))

    @after_this_request
    def give(answer: Response) -> Response:
        answer.set_cookie(
            name_of(COOKIE),
            sealed.decode(),
            max_age=DAYS * 86_400,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
        return answer


def _read(seal: Seal) -> dict[str, Any]:
    try:
        said = json.loads(seal.open_up(request.cookies.get(name_of(COOKIE), "").encode()))
        return dict(said["browser"]) if said["until"] > now() else {}
    except (WorkspaceError, ValueError, KeyError, TypeError):
        return {}


def _key(seal: Seal, login: str) -> str:
    return seal.customer("browser", login[:64].lower())
