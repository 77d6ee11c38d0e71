"""Trying a connection out: would a webhook with its signature come through, is the way out open?

What the research marks as not verified shows here: the last webhook that came, and why the last one
was refused, tell whether a helpdesk signs as its documentation says.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from . import connections, webhook_signatures
from .connections import Connection
from .delivery import DeliveryError, Make
from .errors import FaqdeskError
from .seal import Seal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `ok` is None where there was nothing to try yet."""

    name: str  # signature, heard, refused, delivery
    ok: bool | None
    words: str


def run(db: Database, seal: Seal, connection: Connection, *, make: Make) -> list[Step]:
    """Try a connection out; nothing is sent to a customer.

    Args:
        db: the desk's database.
        seal: its key.
        connection: which one.
        make: makes the sender of a kind of connection.
    """
    access = connections.access(db, seal, connection.id)
    steps = []
    if connection.kind != "smtp":
        steps.append(_signature(connection.kind, access.secret))
        steps.append(_heard(connection))
    if connection.delivers:
        try:
            who = make(connection.kind, access).check()
            steps.append(Step("delivery", True, f"The way out is open, as {who or 'somebody'}."))
        except (DeliveryError, FaqdeskError) as error:
            steps.append(Step("delivery", False, str(error)))
    else:
        steps.append(Step("delivery", None, "No answers go out through it."))
    return steps


def _signature(kind: str, secret: str) -> Step:
    came = webhook_signatures.signed(kind, secret, b'{"test": true}')
    try:
        webhook_signatures.verify(kind, secret, came)
    except webhook_signatures.SignatureError as error:
        return Step("signature", False, str(error))
    return Step("signature", True, "A webhook signed with its secret comes through.")


def _heard(connection: Connection) -> Step:
    heard, refused = connection.heard_at or "", connection.refused_at or ""
    if refused > heard:
        return Step("heard", False, f"Refused at {refused}: {connection.refused}")
    if heard:
        return Step("heard", True, f"The last one came at {heard}.")
    return Step("heard", None, "None has come yet.")
