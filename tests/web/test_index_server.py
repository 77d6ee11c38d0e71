"""The index server as a caller meets it: tokens, deadlines, health, and what it refuses."""

import threading

import numpy as np
import pytest

from listings.similar.looks import Match, Reason
from support import index_pb2 as messages
from support.errors import IndexServerError, SettingError
from support.grpc_index import LISTINGS, SERVICE, GrpcIndex, IndexChannel
from train.bench_certificate import self_signed
from web.index_server import Certificate, IndexServer

DIM = 4


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"))


class Door:
    """Finds one listing, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def by_listing(self, listing_id, **options):
        self.asked.append((listing_id, options))
        return [
            Match(7, 0.9, (Reason("picture", 0.8, 0.9, 0, 2), Reason("hash", 1.0, 0.8, bits=0)))
        ]

    def by_text(self, text, **options):
        self.asked.append((text, options))
        return [Match(8, 0.6, (Reason("text", 0.7, 0.6, words=("탁자", "oak")),))]

    def by_picture(self, path, **options):
        self.asked.append((path.read_bytes(), options))
        return []


def channel(server, **options):
    return IndexChannel(f"127.0.0.1:{server.port}", **options)


def test_a_token_is_asked_for_and_health_is_not(serve_index):
    server = serve_index(token="secret")
    with channel(server) as stranger:
        assert stranger.healthy()
        with pytest.raises(IndexServerError, match="FAQDESK_INDEX_TOKEN"):
            GrpcIndex(stranger, "text")
    with channel(server, token="wrong") as stranger, pytest.raises(IndexServerError):
        GrpcIndex(stranger, "text")
    with channel(server, token="secret") as friend:
        assert len(GrpcIndex(friend, "text")) == 0


def test_the_token_may_stand_in_the_environment(serve_index, monkeypatch):
    monkeypatch.setenv("FAQDESK_INDEX_TOKEN", "secret")
    with channel(serve_index(token="secret")) as friend:
        assert GrpcIndex(friend, "text").dim == DIM


def test_elsewhere_than_on_this_machine_it_needs_a_token_and_a_certificate():
    with pytest.raises(SettingError, match="FAQDESK_INDEX_TOKEN"):
        IndexServer({}, host="0.0.0.0")
    with pytest.raises(SettingError, match="--cert"):
        IndexServer({}, host="0.0.0.0", token="secret")


def test_what_travels_is_encrypted_for_those_who_trust_the_authority(
    serve_index, certificate, monkeypatch
):
    chain, key = certificate
    server = serve_index(certificate=Certificate.read(chain, key), token="secret")
    pem = chain.read_bytes()
    with IndexChannel(f"localhost:{server.port}", token="secret", certificate=pem) as friend:
        index = GrpcIndex(friend, "text")
        index.add(np.array([3]), np.eye(DIM, dtype=np.float32)[:1])
        assert index.search(np.eye(DIM, dtype=np.float32)[:1], top_k=1)[0].tolist() == [[3]]
    monkeypatch.setenv("FAQDESK_INDEX_CA", str(chain))
    with IndexChannel(f"localhost:{server.port}", token="secret") as friend:
        assert friend.healthy()
    monkeypatch.setenv("FAQDESK_INDEX_CA", str(chain.parent / "none.pem"))
    with pytest.raises(SettingError, match=r"none\.pem"):
        IndexChannel(f"localhost:{server.port}")


def test_strangers_to_the_certificate_are_told_the_cure(
    serve_index, certificate, monkeypatch, tmp_path
):
    server = serve_index(certificate=Certificate.read(*certificate))
    with channel(server, deadline=60) as plain:
        assert not plain.healthy()
        with pytest.raises(IndexServerError, match="FAQDESK_INDEX_CA"):
            GrpcIndex(plain, "text")
    other, _ = self_signed(tmp_path / "other")
    with (
        IndexChannel(f"localhost:{server.port}", certificate=other.read_bytes()) as stranger,
        pytest.raises(IndexServerError, match="authority"),
    ):
        GrpcIndex(stranger, "text")


def test_a_certificate_that_cannot_be_used_is_named(certificate, tmp_path):
    chain, key = certificate
    _, another = self_signed(tmp_path / "another")
    for pair in ((chain, another), (tmp_path / "none.pem", key), (key, chain)):
        with pytest.raises(SettingError, match="--cert"):
            Certificate.read(*pair)


def test_calls_under_way_are_answered_before_it_stops(serve_index):
    class Slow(Door):
        def by_text(self, text, **options):
            entered.set()
            go.wait(30)
            return super().by_text(text, **options)

    entered, go = threading.Event(), threading.Event()
    server = serve_index(listings=Slow())
    answers = []
    with channel(server, deadline=30) as caller:
        request = messages.ByTextRequest(text="oak")
        asking = threading.Thread(
            target=lambda: answers.append(
                caller.call(f"{LISTINGS}/ByText", request, messages.Matches)
            )
        )
        asking.start()
        assert entered.wait(30)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        go.set()
        asking.join(30)
        stopping.join(30)
    assert answers[0].matches[0].listing_id == 8


def test_a_call_that_takes_too_long_ends_at_its_deadline(serve_index):
    server = serve_index()
    with channel(server, deadline=60) as caller:
        index = GrpcIndex(caller, "text")  # connected: a busy machine takes its time for that
        caller.deadline = 0.3
        held = server._indexes["text"].lock
        with held, pytest.raises(IndexServerError, match="DEADLINE_EXCEEDED"):
            len(index)
    with channel(server) as caller:
        assert len(GrpcIndex(caller, "text")) == 0
    with pytest.raises(ValueError, match="deadline"):
        channel(server, deadline=0)


def test_a_server_that_is_gone_is_not_healthy_and_says_the_cure(serve_index):
    server = serve_index()
    with channel(server) as caller:
        index = GrpcIndex(caller, "text")
        server.stop()
        assert not caller.healthy()
        with pytest.raises(IndexServerError, match="faqdesk serve-index"):
            len(index)


def test_unknown_indexes_and_a_port_in_use(serve_index):
    server = serve_index()
    with channel(server) as caller, pytest.raises(IndexServerError, match="There are: text"):
        GrpcIndex(caller, "smells")
    with pytest.raises(SettingError, match="--port"):
        IndexServer({}, port=server.port)


def test_what_is_wrong_on_the_wire_is_refused_by_the_server(serve_index):
    with channel(serve_index()) as caller:
        request = messages.AddRequest(index="text", ids=b"\0" * 8, vectors=b"\0" * 4)
        with pytest.raises(ValueError, match="4 numbers, got 1"):
            caller.call(f"{SERVICE}/Add", request, messages.Done)
        request = messages.SearchRequest(index="text", vectors=b"\0" * 12, top_k=1)
        with pytest.raises(ValueError, match="Queries"):
            caller.call(f"{SERVICE}/Search", request, messages.SearchResponse)


def test_callers_at_once_do_not_disturb_each_other(serve_index):
    server = serve_index()
    with channel(server) as caller:
        index = GrpcIndex(caller, "text")
        parts = [np.arange(start, start + 50) for start in range(0, 400, 50)]
        vectors = np.eye(DIM, dtype=np.float32)[np.arange(50) % DIM]
        threads = [threading.Thread(target=index.add, args=(ids, vectors)) for ids in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(index) == 400


def test_listings_are_found_with_their_reasons(serve_index):
    door = Door()
    with channel(serve_index(listings=door)) as caller:
        request = messages.ByListingRequest(listing_id=3, options=messages.Options(top_k=2))
        found = caller.call(f"{LISTINGS}/ByListing", request, messages.Matches).matches
        assert [(m.listing_id, round(m.probability, 3)) for m in found] == [(7, 0.9)]
        picture, by_hash = found[0].reasons
        assert (picture.by, picture.picture, picture.other_picture) == ("picture", 0, 2)
        assert not picture.HasField("bits")
        assert (by_hash.bits, by_hash.HasField("picture")) == (0, False)
        request = messages.ByTextRequest(text="oak", options=messages.Options(ways=["text"]))
        found = caller.call(f"{LISTINGS}/ByText", request, messages.Matches).matches
        assert list(found[0].reasons[0].words) == ["탁자", "oak"]
        request = messages.ByPictureRequest(picture=b"jpeg")
        assert not caller.call(f"{LISTINGS}/ByPicture", request, messages.Matches).matches
        request = messages.ByTextRequest(options=messages.Options(top_k=100_000))
        with pytest.raises(ValueError, match="top_k"):
            caller.call(f"{LISTINGS}/ByText", request, messages.Matches)
    assert [asked for asked, _ in door.asked] == [3, "oak", b"jpeg"]
    assert door.asked[0][1]["top_k"] == 2
    assert door.asked[1][1]["ways"] == ("text",)


def test_a_server_of_vectors_alone_says_so(serve_index):
    with channel(serve_index()) as caller, pytest.raises(IndexServerError, match="workspace"):
        caller.call(f"{LISTINGS}/ByText", messages.ByTextRequest(text="x"), messages.Matches)
