"""Is a webhook from whom it says it is from? Its signature over the raw body, and its age.

Pure: bytes and headers in. Sources: the research on importers, section 6, and the makers' own
pages; what none of them states is a constant with a comment of its own.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .errors import FaqdeskError

# How far the time that was signed may lie from ours, in seconds. No maker states a figure.
TOLERANCE: Final = 300

# Zendesk: base64(HMAC-SHA256(secret, timestamp + body)), says its page on verifying webhooks.
ZENDESK_SIGNATURE: Final = "X-Zendesk-Webhook-Signature"
ZENDESK_TIMESTAMP: Final = "X-Zendesk-Webhook-Signature-Timestamp"  # ISO 8601

# Chatwoot: sha256= and hex HMAC-SHA256(secret, "<timestamp>." + body), says its API's schema.
CHATWOOT_SIGNATURE: Final = "X-Chatwoot-Signature"
CHATWOOT_TIMESTAMP: Final = "X-Chatwoot-Timestamp"  # seconds since 1970

# Zammad: sha1= and hex HMAC-SHA1(secret, body), as its sender does it; no time is signed.
ZAMMAD_SIGNATURE: Final = "X-Hub-Signature"

# Channel Talk signs nothing, as far as its page on webhooks says: receivers are known to check a
# token that stands in the address. Not verified: whether each sender adds it by itself.
CHANNEL_TALK_TOKEN: Final = "token"  # noqa: S105 - the name of a parameter


class SignatureError(FaqdeskError):
    """A webhook does not prove where it comes from; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A webhook as it came: the raw body, its headers and what stood behind the `?`."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]


def verify(kind: str, secret: str, came: Incoming, *, moment: datetime | None = None) -> None:
    """Check that a webhook was made by who knows the secret, just now where it says when.

    Args:
        kind: of the connection.
        secret: what both sides know.
        came: the webhook.
        moment: the present; None: by the machine's clock.

    Raises:
        SignatureError: it was not, or is too old.
    """
    present = moment or datetime.now(UTC)
    if kind == "zendesk":
        stamp = _header(came, ZENDESK_TIMESTAMP)
        _same(zendesk_signature(secret, stamp, came.body), _header(came, ZENDESK_SIGNATURE))
        _recent(_iso(stamp), present)
    elif kind == "chatwoot":
        stamp = _header(came, CHATWOOT_TIMESTAMP)
        _same(chatwoot_signature(secret, stamp, came.body), _header(came, CHATWOOT_SIGNATURE))
        _recent(_epoch(stamp), present)
    elif kind == "zammad":
        _same(zammad_signature(secret, came.body), _header(came, ZAMMAD_SIGNATURE))
    elif kind == "channel-talk":
        given = came.query.get(CHANNEL_TALK_TOKEN, "")
        if not given:
            raise SignatureError(f"The address lacks ?{CHANNEL_TALK_TOKEN}=.")
        _same(secret, given)
    else:
        raise SignatureError(f"Connections of kind {kind} take no webhooks.")


def zendesk_signature(secret: str, timestamp: str, body: bytes) -> str:
    """As Zendesk signs."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def chatwoot_signature(secret: str, timestamp: str, body: bytes) -> str:
    """As Chatwoot signs."""
    message = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def zammad_signature(secret: str, body: bytes) -> str:
    """As Zammad signs."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def signed(kind: str, secret: str, body: bytes, *, moment: datetime | None = None) -> Incoming:
    """A body as a helpdesk would send it: for the self-test.

    Args:
        kind: of the connection.
        secret: what both sides know.
        body: the raw body.
        moment: when it is signed; None: now.
    """
    present = moment or datetime.now(UTC)
    if kind == "zendesk":
        stamp = present.strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = {
            ZENDESK_SIGNATURE: zendesk_signature(secret, stamp, body),
            ZENDESK_TIMESTAMP: stamp,
        }
        return Incoming(body, headers, {})
    if kind == "chatwoot":
        stamp = str(int(present.timestamp()))
        headers = {
            CHATWOOT_SIGNATURE: chatwoot_signature(secret, stamp, body),
            CHATWOOT_TIMESTAMP: stamp,
        }
        return Incoming(body, headers, {})
    if kind == "zammad":
        return Incoming(body, {ZAMMAD_SIGNATURE: zammad_signature(secret, body)}, {})
    return Incoming(body, {}, {CHANNEL_TALK_TOKEN: secret})


def delivery_id(kind: str, came: Incoming, named: str) -> str:
    """Under which a delivery is known: one that comes twice is worked once.

    Args:
        kind: of the connection.
        came: the webhook.
        named: what its body calls the event; empty where it does not.
    """
    if named:
        return named[:200]
    # What a header calls it is not signed: a captured webhook could come again under another name.
    stamp = came.headers.get(CHATWOOT_TIMESTAMP, "") if kind == "chatwoot" else ""
    return "sha256:" + hashlib.sha256(stamp.encode() + b"." + came.body).hexdigest()


def _header(came: Incoming, name: str) -> str:
    found = came.headers.get(name, "")
    if not found:
        raise SignatureError(f"The header {name} is missing.")
    return found


def _same(wanted: str, given: str) -> None:
    # Bytes: compare_digest refuses str with letters beyond ASCII, which anybody may send.
    if not hmac.compare_digest(wanted.encode(), given.strip().encode("utf-8", "replace")):
        raise SignatureError("The signature does not fit the body and the secret.")


def _recent(stamp: datetime, present: datetime) -> None:
    apart = abs((present - stamp).total_seconds())
    if apart > TOLERANCE:
        raise SignatureError(
            f"It was signed {apart:.0f} s from this machine's clock; {TOLERANCE} s are let pass."
        )


def _iso(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SignatureError("The time that was signed is none.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _epoch(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("The time that was signed is none.") from error
