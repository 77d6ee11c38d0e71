"""One process's similar listings: opened once, never old, with an index server or without."""

import threading

import numpy as np
import pytest

from support import index_pb2 as messages
from support.errors import InputError, NotFoundError
from support.grpc_index import LISTINGS
from support.release import current
from tests.conftest import ACTOR
from tests.listings import drawn
from tests.web.doors import faqdesk, until
from tests.web.drawn_listings import BAG, BAG_AGAIN, LAMP, jpeg, sell
from web.index_line import PAUSE
from web.index_server import IndexServer
from web.similar_desk import SimilarDesk
from web.similar_follow import OwnListings, SimilarFollower
from web.similar_remote import RemoteListings, fused


def nothing(*told):
    """Hears of no progress."""


@pytest.fixture
def shop(space, db):
    """A bag sold twice, photographed once, and a lamp."""
    ids = [
        sell(space, db, 1, "mina", BAG, photos=[(1, 0), (2, 0)]),
        sell(space, db, 2, "kim", BAG_AGAIN, photos=[(3, 0), (1, 0)]),
        sell(space, db, 3, "lee", LAMP, photos=[(4, 0)]),
    ]
    SimilarDesk(space).index(db, progress=nothing)
    return ids


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "lamp.jpg"
    path.write_bytes(jpeg(4))
    return path


@pytest.fixture
def server(space, shop):
    found = IndexServer({}, listings=OwnListings(space))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def published(space, db, shop):
    """Publishes a space of pictures, as `faqdesk train similar` does elsewhere."""

    def publish():
        from support import releases
        from support.artifact import write_artifact
        from train.picture_space import fit_space

        pixels, groups = drawn.photographed(30)
        made = fit_space(np.stack(pixels), groups, dim=12, filters=8)
        folder = space.models / "similar" / "s1"
        write_artifact(folder, kind="similar", config={}, files=made.save, metrics={})
        releases.publish(space, db, {"similar": "s1"}, actor=ACTOR, line="similar")

    return publish


def ids(found):
    return [match.listing_id for match in found.matches if match.probability > 0.5]


def test_it_is_opened_at_first_use_and_once(space, shop, monkeypatch):
    follower = SimilarFollower(space, server="")
    assert follower._desk is None
    opened = []

    def look():
        opened.append(follower.desk())

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert len({id(desk) for desk in opened}) == 1
    found = follower.to_listing(shop[0])
    assert ids(found) == [shop[1]]
    assert {reason.by for reason in found.matches[0].reasons} == {"text", "hash"}
    assert found.away == ""


def test_words_and_pictures_speak_together(space, shop, picture):
    follower = SimilarFollower(space, server="")
    assert ids(follower.to(LAMP)) == [shop[2]]
    assert ids(follower.to(pictures=[picture])) == [shop[2]]
    both = follower.to(BAG, [picture])
    assert set(ids(both)) == set(shop)
    with pytest.raises(InputError, match="Nothing to look for"):
        follower.to(" ")
    with pytest.raises(NotFoundError, match="999"):
        follower.to_listing(999)


def test_a_listing_added_by_another_process_is_found(space, db, shop):
    follower = SimilarFollower(space, server="")
    assert ids(follower.to_listing(shop[0])) == [shop[1]]
    later = sell(space, db, 4, "park", BAG + "!")
    assert faqdesk(space, "similar", "watch").returncode == 0
    assert later in ids(follower.to_listing(shop[0]))


def test_an_index_saved_by_another_process_takes_its_place(space, db, shop):
    follower = SimilarFollower(space, server="")
    before = follower.desk()
    assert follower.desk() is before
    assert faqdesk(space, "similar", "index").returncode == 0
    assert follower.to_listing(shop[0]).matches  # while the newer one is opened
    until(lambda: follower.desk() is not before, "the newer index is in place")
    assert ids(follower.to_listing(shop[0])) == [shop[1]]


def test_a_new_picture_space_is_followed_once_it_has_described_the_desk(space, db, shop, published):
    follower = SimilarFollower(space, server="")
    before = follower.desk()
    published()
    assert current(space.models, line="similar") is not None
    # It has seen no picture yet: the old index sees more, and stays.
    assert ids(follower.to_listing(shop[0])) == [shop[1]]
    until(lambda: not follower._opening.locked(), "it looked")
    assert follower.desk() is before
    SimilarDesk(space).index(db, progress=nothing)
    until(lambda: follower.desk() is not before, "the new space is in use")
    found = follower.to_listing(shop[0]).matches[0]
    assert {reason.by for reason in found.reasons} == {"text", "hash", "picture"}


def test_an_index_server_follows_what_is_published_too(space, db, shop, published):
    served = OwnListings(space)
    before = served.desk()
    published()
    SimilarDesk(space).index(db, progress=nothing)
    until(lambda: served.desk() is not before, "the new space is in use")
    found = served.by_listing(shop[0])[0]
    assert "picture" in {reason.by for reason in found.reasons}


def test_a_damaged_space_leaves_the_one_in_use(space, db, shop, published):
    follower = SimilarFollower(space, server="")
    before = follower.desk()
    published()
    SimilarDesk(space).index(db, progress=nothing)
    (space.models / "similar" / "s1" / "space.safetensors").write_bytes(b"broken")
    follower.desk()
    until(lambda: not follower._opening.locked(), "it looked")
    assert follower.desk() is before
    assert ids(follower.to_listing(shop[0])) == [shop[1]]


def test_with_a_server_this_process_opens_no_index(space, shop, server, picture):
    follower = SimilarFollower(space, server=f"127.0.0.1:{server.port}")
    own = SimilarFollower(space, server="")
    assert follower.to_listing(shop[0]) == own.to_listing(shop[0])
    assert follower.to(LAMP) == own.to(LAMP)
    assert ids(follower.to(BAG, [picture])) == ids(own.to(BAG, [picture]))
    with pytest.raises(NotFoundError, match="999"):
        follower.to_listing(999)
    assert follower._desk is None


def test_the_place_of_a_picture_among_several_is_kept(space, shop, server, tmp_path, picture):
    bag = tmp_path / "bag.jpg"
    bag.write_bytes(jpeg(1))
    remote = RemoteListings(f"127.0.0.1:{server.port}", deadline=60)
    found = {match.listing_id: match for match in remote.by_look(pictures=[picture, bag])}
    assert (found[shop[2]].reasons[0].picture, found[shop[0]].reasons[0].picture) == (0, 1)
    assert found[shop[1]].reasons[0].other_picture == 1
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError):
        remote.by_look(pictures=[broken])


def test_while_the_server_is_away_the_desks_own_index_answers(space, shop, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("web.index_line.monotonic", lambda: clock[0])
    first = IndexServer({}, listings=SimilarDesk(space))
    first.start()
    port = first.port
    follower = SimilarFollower(space, server=f"127.0.0.1:{port}")
    assert follower.to_listing(shop[0]).away == ""
    first.stop()
    found = follower.to_listing(shop[0])
    assert ids(found) == [shop[1]]
    assert str(port) in found.away
    again = IndexServer({}, listings=SimilarDesk(space), port=port)
    again.start()
    try:
        assert follower.to_listing(shop[0]).away != ""  # not asked again so soon
        clock[0] += PAUSE

        def back():
            clock[0] += PAUSE
            return follower.to_listing(shop[0]).away == ""

        until(back, "the server is asked again")
    finally:
        again.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [("FAQDESK_INDEX_TOKEN", "another"), ("FAQDESK_INDEX_CA", "/nowhere.pem")],
)
def test_a_server_that_refuses_is_as_one_that_is_away(space, shop, monkeypatch, name, value):
    server = IndexServer({}, listings=SimilarDesk(space), token="secret")
    server.start()
    monkeypatch.setenv(name, value)
    try:
        found = SimilarFollower(space, server=f"127.0.0.1:{server.port}").to_listing(shop[0])
    finally:
        server.stop()
    assert ids(found) == [shop[1]]
    assert name in found.away


def test_a_setting_names_the_server(space, monkeypatch):
    assert SimilarFollower(space).server == ""
    monkeypatch.setenv("FAQDESK_INDEX", " localhost:8050 ")
    assert SimilarFollower(space).server == "localhost:8050"


def test_what_several_questions_find_is_put_together_by_hand():
    from listings.similar.looks import Match, Reason

    words = Match(7, 0.5, (Reason("text", 0.6, 0.5, words=("oak",)),))
    near = Match(7, 0.4, (Reason("picture", 0.8, 0.4, 0, 1), Reason("hash", 0.9, 0.2, 0, 1, 6)))
    nearer = Match(7, 0.6, (Reason("picture", 0.9, 0.6, 1, 0),))
    other = Match(8, 0.7, (Reason("picture", 0.9, 0.7, 0, 0),))
    first, second = fused([[words], [near, other], [nearer]])
    assert (first.listing_id, second.listing_id) == (7, 8)
    assert first.probability == pytest.approx(1 - 0.5 * 0.4)  # words .5, the surer picture .6
    assert [reason.by for reason in first.reasons] == ["picture", "text", "hash"]
    assert first.reasons[0].picture == 1


def test_options_travel(space, shop, server):
    request = messages.ByTextRequest(text=BAG, options=messages.Options(top_k=1, ways=["text"]))
    follower = SimilarFollower(space, server=f"127.0.0.1:{server.port}")
    remote = follower._line.door()
    answer = remote._channel.call(f"{LISTINGS}/ByText", request, messages.Matches)
    assert len(answer.matches) == 1
    assert len(follower.to(BAG, top_k=1, ways=("text",), at_least=0.3).matches) == 1
    assert follower.to(BAG, top_k=5, ways=("hash",)).matches == ()
