"""Past answers over gRPC: the same as in process, by number alone, and never of another release."""

from pathlib import Path

import numpy as np
import pytest

from support import embeddings, inquiries, models, settings
from support import index_pb2 as messages
from support.audit import Actor
from support.errors import IndexServerError, OtherVersionError
from support.grpc_index import INQUIRIES, GrpcIndex, IndexChannel, to_bytes
from support.grpc_inquiries import RemoteInquiries
from support.recommender import Recommender
from support.similar import SimilarInquiries
from tests.web.doors import until
from train.desk import rebuild_index, train_encoder
from web.app import create_app
from web.database import desk
from web.index_desk import PAST, Connections, DeskIndexes, OwnInquiries
from web.index_line import PAUSE
from web.index_server import IndexServer
from web.inquiries_follow import AskedInquiries, InquiryServer
from web.similar_follow import OwnListings

ACTOR = Actor("cli:test")
ROOT = Path(__file__).parents[2]
ASKED = ["환불은 언제 되나요", "인증번호가 안 와요", "Where is my refund?", "배송", "도란페이 비번"]


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """The first question opens an index: a busy machine may take longer than somebody waits."""
    monkeypatch.setattr("web.inquiries_follow.DEADLINE", 60.0)


@pytest.fixture
def served(trained):
    """A server of a trained desk, and a way to it."""
    door = OwnInquiries(trained)
    server = IndexServer(DeskIndexes(OwnListings(trained), door), inquiries=door)
    server.start()
    with IndexChannel(f"127.0.0.1:{server.port}", deadline=60) as channel:
        yield server, channel
    server.stop()
    door.close()


@pytest.fixture
def db(trained):
    database = trained.database()
    yield database
    database.close()


def remote(channel, loaded):
    return RemoteInquiries(channel, loaded.similar.encoder, loaded.mix)


def test_the_past_is_the_same_as_in_process(trained, db, served):
    own = models.load(trained.models)
    far = remote(served[1], own)
    settings.change(db, ACTOR, answer_half_life_days=90.0)
    rows = db.query("SELECT id, text FROM inquiries WHERE status = 'answered' LIMIT 12")
    asked = [(text, None) for text in ASKED] + [(row["text"], row["id"]) for row in rows]
    for top_k, neighbours_k in ((5, None), (3, 20), (40, own.classifier.neighbours_k)):
        for text, without in asked:
            wanted = {"top_k": top_k, "neighbours_k": neighbours_k, "without": without}
            here = own.similar.look_back(db, text, **wanted)
            there = far.look_back(db, text, **wanted)
            assert there.similar == here.similar
            assert (there.neighbours, there.near) == (here.neighbours, here.near)
            assert (there.vector == here.vector).all()
            assert here.similar


def test_a_console_with_a_server_suggests_the_same_and_opens_no_index(trained, db, served):
    server, _ = served
    past = InquiryServer(f"127.0.0.1:{server.port}")
    near, far = Recommender(trained), Recommender(trained, through=past.through)
    for row in db.query("SELECT id, text FROM inquiries WHERE status = 'open' LIMIT 10"):
        assert far.suggest(db, row["text"], inquiry_id=row["id"]) == near.suggest(
            db, row["text"], inquiry_id=row["id"]
        )
    similar = far.models().similar
    assert isinstance(similar, AskedInquiries)
    assert far.models().hears_neighbours
    assert (similar._own, past.away) == (None, "")


def test_an_answer_is_found_at_once_and_one_that_is_forgotten_no_more(trained, db, served):
    own = models.load(trained.models)
    far = remote(served[1], own)
    text = "우주선 정류장 예약은 어디에서 바꾸나요"
    far.look_back(db, text)
    row = next(db.query("SELECT id FROM inquiries WHERE status = 'answered' ORDER BY id LIMIT 1"))
    db.execute("UPDATE inquiries SET text = ? WHERE id = ?", [text, row["id"]])
    db.conn.commit()
    AskedInquiries(None, own.similar.encoder, own.mix, lambda: own.similar).remember(
        db, [row["id"]]
    )
    assert far.look_back(db, text).similar[0].inquiry_id == row["id"]
    embeddings.forget(db, row["id"])
    assert row["id"] not in [past.inquiry_id for past in far.look_back(db, text).similar]


def test_by_inquiry_no_word_travels(trained, db, served):
    row = next(db.query("SELECT id, text FROM inquiries WHERE status = 'answered' LIMIT 1"))
    options = messages.PastOptions(top_k=4, neighbours_k=7)
    request = messages.PastByInquiryRequest(inquiry_id=row["id"], options=options)
    answer = served[1].call(f"{INQUIRIES}/ByInquiry", request, messages.PastMatches)
    own = models.load(trained.models).similar
    here = own.look_back(db, row["text"], top_k=4, neighbours_k=7, without=row["id"])
    assert [match.inquiry_id for match in answer.similar] == [p.inquiry_id for p in here.similar]
    assert [tuple(near.labels) for near in answer.neighbours] == [
        near[0] for near in here.neighbours
    ]
    assert row["id"] not in [near.inquiry_id for near in answer.neighbours]
    with pytest.raises(IndexServerError, match="NOT_FOUND"):
        served[1].call(
            f"{INQUIRIES}/ByInquiry",
            messages.PastByInquiryRequest(inquiry_id=99999999),
            messages.PastMatches,
        )


def test_what_comes_back_holds_no_word_of_any_inquiry(trained, db, served):
    request = messages.PastByTextRequest(
        text="환불은 언제 되나요", options=messages.PastOptions(top_k=20, neighbours_k=20)
    )
    answer = served[1].call(f"{INQUIRIES}/ByText", request, messages.PastMatches)
    sent = answer.SerializeToString()
    assert len(answer.similar) > 2
    for match in answer.similar:
        for word in inquiries.get(db, match.inquiry_id).text.split():
            assert len(word) < 3 or word.encode() not in sent


def test_words_of_other_programs_are_masked_before_they_are_compared(served, monkeypatch):
    asked = []
    look_back = SimilarInquiries.look_back

    def look(self, db, text, **options):
        asked.append(text)
        return look_back(self, db, text, **options)

    monkeypatch.setattr(SimilarInquiries, "look_back", look)
    request = messages.PastByTextRequest(text="010-1234-5678 로 인증번호가 안 와요")
    assert served[1].call(f"{INQUIRIES}/ByText", request, messages.PastMatches).similar
    assert "1234" not in asked[0]
    assert "인증번호가 안 와요" in asked[0]


def test_wrong_questions_are_refused_by_name(trained, served):
    call, ask = served[1].call, messages.PastByTextRequest
    wanted = models.load(trained.models)
    version = messages.PastOptions(version=call(
        f"{INQUIRIES}/ByText", ask(text="환불"), messages.PastMatches).version)  # fmt: skip
    for request, words in (
        (ask(text=" "), "no text|blank|empty|Nothing"),
        (ask(text="환불", options=messages.PastOptions(top_k=1001)), "top_k"),
        (ask(text="환불", options=messages.PastOptions(neighbours_k=0)), "neighbours_k"),
        (ask(text="환불", vector=to_bytes(np.ones(3, np.float32))), "version"),
        (ask(text="환불", vector=to_bytes(np.ones(3, np.float32)), options=version), "Queries"),
        (ask(text="환불", vector=b"abc", options=version), "buffer size"),
        (
            ask(
                text="환불",
                vector=to_bytes(np.full(wanted.similar.encoder.dim, np.nan, np.float32)),
                options=version,
            ),
            "NaN",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            call(f"{INQUIRIES}/ByText", request, messages.PastMatches)


@pytest.mark.parametrize("other", ["encoder", "mix", "desk"])
def test_another_version_answers_nothing_and_the_own_index_does(
    trained, db, served, other, monkeypatch
):
    server, channel = served
    own = models.load(trained.models)
    changed = {"encoder": {"encoder": "another"}, "mix": {"mix": 0.9}, "desk": {"desk": "0" * 32}}
    monkeypatch.setattr("support.grpc_inquiries.version", _of(**changed[other]))
    with pytest.raises(OtherVersionError, match="searches desk"):
        remote(channel, own).look_back(db, "환불은 언제 되나요")
    past = InquiryServer(f"127.0.0.1:{server.port}")
    far = Recommender(trained, through=past.through)
    found = far.suggest(db, "환불은 언제 되나요")
    assert found.similar == Recommender(trained).suggest(db, "환불은 언제 되나요").similar
    assert "searches desk" in found.away
    monkeypatch.undo()
    assert far.suggest(db, "환불은 언제 되나요").away == ""  # no pause: it was there


def _of(**changed):
    from support.grpc_inquiries import version

    def changed_version(db, encoder, mix):
        found = version(db, encoder, mix)
        for name, value in changed.items():
            setattr(found, name, value)
        return found

    return changed_version


def test_its_vectors_are_served_by_name_and_read_only(trained, db, served):
    _, channel = served
    index = GrpcIndex(channel, PAST)
    own = models.load(trained.models).similar
    assert len(index) == embeddings.count(db, own.encoder.version)
    vector = own.encoder.encode(["환불은 언제 되나요"])
    with own.fresh(db) as vectors:
        ids, scores = vectors.search(vector, top_k=5)
        kept = vectors.vectors(ids[0])
    found = index.search(vector, top_k=5)
    assert (found[0] == ids).all()
    assert (found[1] == scores).all()
    assert (index.vectors(ids[0]) == kept).all()
    for change in (lambda: index.remove(ids[0]), lambda: index.add(np.array([1]), vector)):
        with pytest.raises(ValueError, match=r"desk\.db"):
            change()
    assert len(index) == embeddings.count(db, own.encoder.version)


def test_a_published_release_is_followed(trained, db, served):
    """The server opens what is in force, so that a console that did too is answered."""
    _, channel = served
    before = models.load(trained.models)
    remote(channel, before).look_back(db, "환불")
    train_encoder(trained, db, model=str(ROOT / "data" / "encoder"))
    rebuild_index(trained, db, actor=ACTOR, newer_encoder=True)
    after = models.load(trained.models)
    assert after.similar.encoder.version != before.similar.encoder.version
    here = after.similar.look_back(db, "환불은 언제 되나요", top_k=5)
    assert (
        remote(channel, after).look_back(db, "환불은 언제 되나요", top_k=5).similar == here.similar
    )
    with pytest.raises(OtherVersionError):
        remote(channel, before).look_back(db, "환불")


def test_a_desk_without_models_says_so(space):
    door = OwnInquiries(space)
    indexes = DeskIndexes(OwnListings(space), door)
    server = IndexServer(indexes, inquiries=door)
    server.start()
    try:
        assert PAST not in indexes
        with (
            IndexChannel(f"127.0.0.1:{server.port}", deadline=60) as channel,
            pytest.raises(IndexServerError, match="faqdesk train"),
        ):
            channel.call(
                f"{INQUIRIES}/ByText", messages.PastByTextRequest(text="환불"), messages.PastMatches
            )
    finally:
        server.stop()
        door.close()


def test_connections_are_opened_once_and_anew_where_the_file_is_another(space):
    held = Connections(space)
    with held.one() as (first, db), held.one() as (_, other):
        assert db is not other
    with held.one() as (_, again):
        assert again in (db, other)
    moved = space.database_path.with_name("moved.db")
    moved.write_bytes(space.database_path.read_bytes())
    moved.replace(space.database_path)
    with held.one() as (second, newer):
        assert second != first
        assert newer not in (db, other)
    held.close()


def test_with_another_database_nothing_read_of_the_old_one_is_used(trained):
    """Also while another thread still answers from the old one."""
    door = OwnInquiries(trained)
    with door._open() as (_, _, first), door._open() as (_, _, second):
        assert first is second
        moved = trained.database_path.with_name("moved.db")
        moved.write_bytes(trained.database_path.read_bytes())
        moved.replace(trained.database_path)
        with door._open() as (_, models_, newer):
            assert newer is not first
            assert newer.encoder is first.encoder
        with door._open() as (_, again, still):
            assert (again, still) == (models_, newer)
    door.close()


class Lying:
    """Answers with the right version, and what cannot be."""

    def __init__(self, door, change):
        self._door, self._change = door, change

    def by_text(self, request):
        found = self._door.by_text(request)
        self._change(found)
        return found

    by_inquiry = by_text


def refuse(found):
    raise ValueError("it does not like this")


@pytest.mark.parametrize(
    "change",
    [
        refuse,
        lambda found: setattr(found.similar[0], "score", float("nan")),
        lambda found: setattr(found.similar[0], "score", 7.0),
        lambda found: setattr(found.neighbours[0], "score", float("inf")),
        lambda found: found.similar.extend(list(found.similar) * 20),
        lambda found: found.neighbours.extend(list(found.neighbours) * 20),
    ],
)
def test_a_server_that_answers_what_cannot_be_is_not_believed(trained, db, change):
    door = OwnInquiries(trained)
    server = IndexServer({}, inquiries=Lying(door, change))
    server.start()
    try:
        past = InquiryServer(f"127.0.0.1:{server.port}")
        far = Recommender(trained, through=past.through)
        asked = "환불은 언제 되나요"
        found = far.suggest(db, asked)
        assert "what" in found.away
        near = Recommender(trained).suggest(db, asked)
        assert (found.similar, found.faqs) == (near.similar, near.faqs)
    finally:
        server.stop()
        door.close()


def test_a_server_that_is_away_is_told_until_it_is_back(trained, db, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("web.index_line.monotonic", lambda: clock[0])
    door = OwnInquiries(trained)
    first = IndexServer({}, inquiries=door)
    first.start()
    monkeypatch.setenv("FAQDESK_INDEX", f"127.0.0.1:{first.port}")
    app = create_app(trained)
    asked = "환불은 언제 되나요"

    def suggest():
        with app.app_context():
            return desk().recommender.suggest(db, asked)

    def ready():
        return app.test_client().get("/readyz").json["failing"]

    assert suggest().away == ""
    first.stop()
    away = suggest()
    assert str(first.port) in away.away
    assert away.similar == Recommender(trained).suggest(db, asked).similar
    assert "index_away" in ready()
    told = app.test_client().get("/metrics").text
    assert 'faqdesk_trouble{what="index_away"} 1.0' in told
    again = IndexServer({}, inquiries=door, port=first.port)
    again.start()
    try:
        assert suggest().away  # not asked again so soon
        with app.app_context():
            assert desk().recommender.models().similar._own is not None

        def back():
            clock[0] += PAUSE
            return suggest().away == ""

        until(back, "the server is asked again")
        assert "index_away" not in ready()
        with app.app_context():  # its own index is let go
            assert desk().recommender.models().similar._own is None
    finally:
        again.stop()
        door.close()
