"""A desk with a helpdesk connected: webhooks that came, and answers that went out or did not."""

from sqlite_utils import Database

from support import agents, answering, connections, delivery, routes
from support.audit import Actor
from support.connection_access import Access
from support.database import scalar
from support.delivery import Answer, DeliveryError
from support.workspace import Workspace

ACTOR = Actor("cli:test")


class Refuses:
    """A way out on which nothing gets through."""

    def __init__(self, *, permanent: bool) -> None:
        self.permanent = permanent

    def find(self, answer: Answer) -> str | None:
        return None

    def send(self, answer: Answer) -> str:
        if self.permanent:
            raise DeliveryError("It knows no such conversation. (404)", permanent=True)
        raise DeliveryError("It is in trouble (503).")

    def check(self) -> str:
        return "bot@example.com"


def connected(space: Workspace, db: Database) -> tuple[int, int]:
    """Connect Zendesk; one answer failed, one waits for its next try: their inquiries."""
    seal = space.seal()
    access = Access(address="https://doran.zendesk.com", user="bot@example.com", token="t0ken")
    made, _ = connections.connect(
        db, seal, ACTOR, name="zendesk", kind="zendesk", access=access, source="zendesk-live"
    )
    sql = "SELECT id FROM inquiries WHERE status = 'open' AND joined_to IS NULL ORDER BY id DESC"
    failed, waits = (row["id"] for row in list(db.query(sql))[:2])
    writer = next(one for one in agents.listed(db) if one.active)
    for inquiry_id, permanent in ((failed, True), (waits, False)):
        routes.note(db, seal, inquiry_id, connection_id=made.id, conversation=str(inquiry_id))
        db.conn.commit()
        answering.send(
            db, seal, inquiry_id=inquiry_id, agent_id=writer.id,
            text="확인해 보니 사흘 안에 처리됩니다.", actor=Actor(writer.actor_name),
        )  # fmt: skip
        outbox_id = scalar(db, "SELECT max(id) FROM outbox")
        delivery.deliver(
            db, seal, outbox_id, make=lambda *_, permanent=permanent: Refuses(permanent=permanent)
        )
    db.table("webhook_deliveries").insert(
        {"connection_id": made.id, "delivery_id": "1", "sealed": seal.close_up("{}"),
         "state": "failed", "event": "zen:event-type:ticket.comment_added", "tries": 5,
         "error": "OperationalError", "received_at": "2026-11-03T08:15:00Z"},
    )  # fmt: skip
    db.conn.commit()
    return failed, waits
