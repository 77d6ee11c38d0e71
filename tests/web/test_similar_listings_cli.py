"""The commands of similar listings, on a desk of drawn things."""

import io
import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from listings.pictures import store as store_picture
from listings.similar import describe, describe_shards
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import index_pb2 as messages
from support.errors import (
    ConflictError,
    IndexServerError,
    ModelDamagedError,
    NotFoundError,
    SettingError,
)
from support.grpc_index import LISTINGS, GrpcIndex, IndexChannel
from support.shipped import load_shipped
from tests.listings import drawn
from web.cli import faqdesk
from web.similar_desk import index_folder


@pytest.fixture
def desk(space, db, seal, monkeypatch):
    """Twenty things twice photographed, each a listing; the last one is sold again."""
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    rows = [
        Collected(
            source="shop",
            external_id=str(number),
            title=f"Painting {number % 20} in oil",
            seller="mina" if number < 20 else "kim",
            pictures=(f"{number % 20}-{number // 20}.jpg", f"{number % 20}-9.jpg"),
        )
        for number in range(21)
    ]
    saved = ListingStore(db, seal).save(rows)
    for key, _, origin in wanted_pictures(db, saved.ids):
        thing, take = origin.removesuffix(".jpg").split("-")
        file = io.BytesIO()
        drawn.thing(int(thing), take=int(take)).save(file, "JPEG")
        set_picture(db, key, store_picture(space.home / "images", file.getvalue(), name=origin))
    return saved.ids


def run(*words):
    done = CliRunner().invoke(faqdesk, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_photos_to_a_group(desk):
    assert run("train", "similar")["parts"]["similar"]
    assert run("similar", "index") == {"listings": 21}
    first = run("similar", "find", str(desk[0]))[0]
    assert first["listing_id"] == desk[20]
    assert {"text", "picture", "hash"} == {reason["by"] for reason in first["reasons"]}
    assert run("similar", "find", "--text", "Painting 3 in oil")[0]["listing_id"] == desk[3]
    report = run("similar", "watch")
    assert report["looked"] == 21
    groups = run("similar", "groups", "--sellers", "2")
    assert any({desk[0], desk[20]} <= set(group["listing_ids"]) for group in groups)
    done = CliRunner().invoke(faqdesk, ["similar", "find"])
    assert done.exit_code == 2


def test_ray_describes_as_this_machine_does(desk, db, space, monkeypatch, tmp_path):
    run("train", "similar")
    monkeypatch.setattr(describe_shards, "TEXTS", 8)
    monkeypatch.setattr(describe_shards, "PICTURES", 8)
    for module in (describe, describe_shards):
        monkeypatch.setattr(module, "BATCH", 4)
    sql = "SELECT listing_id, kind, version, positions, vectors FROM listing_vectors ORDER BY seq"
    ray = ["--engine", "ray", "--workers", "2", "--shared", str(tmp_path / "shared")]
    found = []
    for words in ([], ray):
        db.execute("DELETE FROM listing_vectors")
        db.conn.commit()
        assert run("similar", "index", *words) == {"listings": 21}
        paths = [path for path in index_folder(space).rglob("*") if path.is_file()]
        # Those in JSON tell when it was made.
        files = {str(path): path.read_bytes() for path in paths if path.suffix != ".json"}
        assert any(name.endswith(".faiss") for name in files)
        found.append((db.execute(sql).fetchall(), files))
    assert len(found[0][0]) == 42
    assert found[0] == found[1]
    (own,) = (tmp_path / "shared").iterdir()
    assert list(own.iterdir()) == []


def test_the_server_answers_and_ends_when_told(desk, space):
    code = "from web.cli import main; main()"
    environment = os.environ | {"FAQDESK_HOME": str(space.home)}
    assert run("similar", "index") == {"listings": 21}
    server = subprocess.Popen(
        [sys.executable, "-c", code, "serve-index", "--port", "0"],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        line = server.stdout.readline()
        port = int(re.search(r":(\d+)$", line.strip())[1])
        with IndexChannel(f"127.0.0.1:{port}", deadline=60) as channel:
            assert channel.healthy()
            assert len(GrpcIndex(channel, "text")) == 21
            assert GrpcIndex(channel, "text").dim == load_shipped().dim
            request = messages.ByListingRequest(listing_id=desk[0])
            found = channel.call(f"{LISTINGS}/ByListing", request, messages.Matches)
            assert found.matches[0].listing_id == desk[20]
        target = f"localhost:{port}"
        found = run("similar", "find", str(desk[0]), "--server", target)
        assert found[0]["listing_id"] == desk[20]
        found = run("similar", "find", "--text", "Painting 3 in oil", "--server", target)
        assert found[0]["listing_id"] == desk[3]
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0
        server.stdout.close()


def test_a_server_that_is_not_there_is_named_with_the_cure(space):
    words = ["similar", "find", "1", "--server", "localhost:1"]
    with pytest.raises(IndexServerError, match=r"localhost:1 .*faqdesk serve-index"):
        CliRunner().invoke(faqdesk, words, catch_exceptions=False)


def test_half_a_certificate_and_a_folder_without_vectors(tmp_path):
    done = CliRunner().invoke(faqdesk, ["serve-index", "--cert", "chain.pem"])
    assert done.exit_code == 2
    assert "--key" in done.output
    for folder, error in ((tmp_path / "none", SettingError), (tmp_path, ModelDamagedError)):
        with pytest.raises(error):
            CliRunner().invoke(
                faqdesk, ["serve-index", "--vectors", str(folder)], catch_exceptions=False
            )


def test_a_damaged_index_is_read_again_from_the_database(desk, space):
    run("similar", "index")
    (space.models / "similar-index" / "newest" / "text" / "vectors.faiss").write_bytes(b"x")
    assert run("similar", "find", str(desk[0]))[0]["listing_id"] == desk[20]
    assert run("similar", "index") == {"listings": 21}


def test_vectors_of_models_no_longer_in_force_are_pruned_when_told(desk, db):
    run("similar", "index")
    assert run("similar", "prune") == {"vectors": 0, "deleted": False}
    sql = """
        INSERT INTO listing_vectors (listing_id, kind, version, vectors)
        SELECT listing_id, kind, 'older', vectors FROM listing_vectors WHERE kind = 'text'
    """
    db.conn.execute(sql)
    db.conn.execute(
        sql.replace("kind = 'text'", "version = 'older'").replace(
            "listing_id, kind, 'older'", "listing_id, 'picture', 'of none in force'"
        )
    )
    db.conn.commit()
    assert run("similar", "prune") == {"vectors": 21, "deleted": False}
    assert run("similar", "prune", "--delete") == {"vectors": 21, "deleted": True}
    # No picture space is in force: what one made is kept.
    assert run("similar", "prune", "--delete") == {"vectors": 0, "deleted": True}
    assert db.table("listing_vectors").count == 42
    assert run("similar", "find", str(desk[0]))[0]["listing_id"] == desk[20]


def test_alerts_are_listed_decided_and_taken_back(desk):
    run("similar", "index")
    run("similar", "watch")
    found = run("similar", "alerts", "--kind", "accounts")
    assert [alert["listing_id"] for alert in found] == [desk[20]]
    key = str(found[0]["id"])
    plain = CliRunner().invoke(faqdesk, ["similar", "alerts"])
    assert f"listing {desk[20]}" in plain.output
    done = CliRunner().invoke(faqdesk, ["similar", "alerts", "dismiss", key])
    assert done.exit_code == 0, done.output
    assert run("similar", "alerts", "--kind", "accounts") == []
    assert [a["id"] for a in run("similar", "alerts", "--state", "dismissed")] == [int(key)]
    with pytest.raises(ConflictError, match="dismissed by now"):
        CliRunner().invoke(faqdesk, ["similar", "alerts", "confirm", key], catch_exceptions=False)
    CliRunner().invoke(faqdesk, ["similar", "alerts", "reopen", key], catch_exceptions=False)
    CliRunner().invoke(faqdesk, ["similar", "alerts", "confirm", key], catch_exceptions=False)
    assert [a["id"] for a in run("similar", "alerts", "--state", "confirmed")] == [int(key)]
    with pytest.raises(NotFoundError):  # the first of two is not dismissed either
        CliRunner().invoke(
            faqdesk, ["similar", "alerts", "reopen", key, "999"], catch_exceptions=False
        )
    assert run("similar", "alerts", "--kind", "accounts") == []
    done = CliRunner().invoke(faqdesk, ["similar", "confirm", str(desk[0])])
    assert "2 listings are one thing" in done.output
