"""The step to tokens that end by themselves, on a desk that has tokens and events already."""

from sqlite_utils import Database

from support.migrations import migrations

AT = "2026-11-01T00:00:00Z"


def test_tokens_and_events_of_before_are_kept_and_say_more():
    db = Database(memory=True)
    migrations.apply(db, stop_before="m025_tokens")
    token = {"token_hash": "h", "scopes": '["suggest"]', "created_at": AT}
    db.table("api_tokens").insert_all(
        [token | {"name": "a"}, token | {"name": "b", "token_hash": "i"}]
    )
    db.table("audit").insert(
        {"at": AT, "actor": "agent:3", "action": "token.created", "object": "token:1"}
    )
    suggestion = {"id": "sg_1", "asked_by": "token:1", "release": "r7", "band": "likely", "at": AT}
    db.table("suggestions").insert(suggestion)
    event = {"suggestion_id": "sg_1", "id": "e1", "kind": "sent", "slugs": '["refund"]'}
    db.table("api_events").insert(
        event | {"told_by": "token:1", "happened_at": AT, "at": AT, "comment": "[전화번호]"}
    )
    db.conn.commit()
    migrations.apply(db, stop_before="m026_embed_parent")
    made_by = [row["made_by"] for row in db.query("SELECT made_by FROM api_tokens ORDER BY id")]
    assert made_by == ["agent:3", ""]
    [kept] = db.query("SELECT * FROM api_events")
    assert (kept["release"], kept["kind"], kept["slugs"]) == ("r7", "sent", '["refund"]')
    assert (kept["comment"], kept["position"]) == ("[전화번호]", None)
    db.table("api_events").insert(event | {"id": "e2", "kind": "missed", "told_by": "token:1",
                                           "happened_at": AT, "at": AT})  # fmt: skip
    assert not list(db.query("PRAGMA foreign_key_check"))
