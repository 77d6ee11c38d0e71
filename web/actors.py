"""Who acted, as people name them: colleagues by name, the rest in words."""

from contextlib import suppress

from sqlite_utils import Database

from support import agents
from support.errors import NotFoundError

from .i18n import gettext as _


def who(db: Database, actor: str) -> str:
    """The words for an actor of the audit trail, such as `agent:3`, `cli:mina` or `system`."""
    kind, _colon, key = actor.partition(":")
    if kind == "agent":
        with suppress(NotFoundError, ValueError):
            return agents.get(db, int(key)).name
        return actor
    said = {
        "system": _("the desk itself"),
        "nobody": _("nobody who is known"),
        "cli": _("%(name)s, command line", name=key),
        "token": _("API token %(id)s", id=key),
        "invitation": _("who holds invitation %(id)s", id=key),
    }
    return said.get(kind, actor)
