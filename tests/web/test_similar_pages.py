"""Similar listings and returning sellers as moderators meet them."""

import io
import re
import shutil
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from listings.similar import alerts as watch_alerts
from listings.similar.apart import kept_apart
from listings.similar.group_evidence import evidence
from listings.similar.holding import holding
from support.database import scalar
from support.workspace import Workspace
from tests.web.drawn_listings import BAG, BAG_AGAIN, LAMP, jpeg, sell, seller_of, suspend
from web.app import MAX_BODY
from web.similar_follow import SimilarFollower
from web.watching import watch

GROUPS, SIMILAR = "/moderation/groups", "/moderation/similar"
HOSTILE = "<script>alert(1)</script> Leather bag \"'><img src=x onerror=alert(2)>"


@pytest.fixture
def mo(sign_in):
    return sign_in("mo")


@pytest.fixture(scope="module")
def watched(model_desk, tmp_path_factory):
    """A suspended seller's bag, reworded by two new accounts, and a lamp; all of it watched."""
    space = copied(model_desk, tmp_path_factory.mktemp("watched"))
    with closing(space.database()) as db:
        bad = sell(space, db, 1, "bad", BAG, photos=[(1, 0), (2, 0)])
        suspend(db, bad)
        ids = [
            bad,
            sell(space, db, 2, "new", BAG_AGAIN, photos=[(3, 0), (1, 0)]),
            sell(space, db, 3, "newer", BAG + "!", photos=[(1, 0)]),
            sell(space, db, 4, "lee", LAMP, photos=[(4, 0)]),
        ]
        watch(space, db)
    return space, ids


@pytest.fixture
def space(request, model_desk, watched, tmp_path):
    """A desk without listings; with `shop`, the one that was watched."""
    return copied(watched[0] if "shop" in request.fixturenames else model_desk, tmp_path)


@pytest.fixture
def shop(watched):
    return list(watched[1])


def copied(desk, folder):
    shutil.copytree(desk.home, folder / "desk")
    shutil.copy(desk.key_path, folder / "desk.key")
    return Workspace(folder / "desk")


def seen(page):
    return re.search(r'name="seen" value="([^"]+)"', page)[1]


def post(client, path, **data):
    return client.post(path, data=data, follow_redirects=True)


# ---- what is like it


def test_a_listing_is_shown_with_what_is_like_it_and_why(mo, shop):
    page = mo.get(f"{SIMILAR}?listing={shop[1]}").text
    assert page.index(f"{shop[0]}번") < page.index("다른 물건")
    assert "같은 사진 (이쪽 사진 2, 저쪽 사진 1)" in page
    assert "<mark>Florence</mark>" in page
    assert "이용 정지" in page
    assert LAMP not in page


def test_words_and_pictures_are_asked_by_a_form(mo, shop, space):
    page = post(mo, SIMILAR, q="green glass lamp shade brass").text
    assert f"listing={shop[3]}" in page
    assert "<mark>" in page
    page = post(mo, SIMILAR, q="", picture=(io.BytesIO(jpeg(4)), "lamp.jpg")).text
    assert f"listing={shop[3]}" in page
    (kept,) = re.findall(r'name="kept" value="([0-9a-f]{32})"', page)
    picture = mo.get(f"{SIMILAR}/uploads/{kept}.jpg")
    assert picture.mimetype == "image/jpeg"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    picture.close()
    both = post(mo, SIMILAR, q=BAG, kept=kept).text
    assert all(f"listing={key}" in both for key in shop)
    alone = post(mo, SIMILAR, q=BAG, kept=kept, look="words").text
    assert f'listing={shop[3]}"' not in alone
    (space.home / "uploads").joinpath(
        next((space.home / "uploads").iterdir()).name, f"{kept}.jpg"
    ).unlink()
    assert "다시 골라" in mo.get(f"{SIMILAR}?picture={kept}").text


def test_a_few_words_are_found_where_they_stand(mo, db, space, shop):
    assert "같은 낱말" not in mo.get(f"{SIMILAR}?q=Brass").text
    page = mo.get(f"{SIMILAR}?q=Brass").text
    assert "<mark>Brass</mark>" in page
    assert f"listing={shop[3]}" in page
    assert shop[3] not in holding(db, "brass leather")
    odd = sell(space, db, 8, "kim", "50%_off \\ sale")
    assert holding(db, "%_O") == [odd]
    assert holding(db, "\\ 50%") == [odd]
    assert holding(db, "_") == [odd]
    assert holding(db, " ") == []
    assert holding(db, "FLORENCE leather") == [shop[2], shop[1], shop[0]]
    assert holding(db, "florence", limit=1) == [shop[2]]


def test_a_number_names_a_listing_and_what_is_no_picture_is_told(mo, shop):
    answer = mo.post(SIMILAR, data={"q": f" {shop[0]} "})
    assert answer.headers["Location"].endswith(f"{SIMILAR}?listing={shop[0]}")
    page = post(mo, SIMILAR, q="", picture=(io.BytesIO(b"no picture"), "broken.jpg")).text
    assert "broken.jpg" in page
    many = [(io.BytesIO(jpeg(1)), f"{n}.jpg") for n in range(11)]
    assert "10" in post(mo, SIMILAR, q="", picture=many).text


def test_a_picture_as_cameras_make_them_is_taken(mo, shop):
    """Larger than what a form of words may be."""
    noise = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    assert file.tell() > MAX_BODY
    file.seek(0)
    page = post(mo, SIMILAR, q="", picture=(file, "noise.png"))
    assert page.status_code == 200
    assert 'name="kept"' in page.text


def test_pictures_are_shown_to_their_owner_alone(mo, shop, sign_in):
    page = post(mo, SIMILAR, q="", picture=(io.BytesIO(jpeg(4)), "lamp.jpg")).text
    (kept,) = re.findall(r'name="kept" value="([0-9a-f]{32})"', page)
    assert sign_in("sujin").get(f"{SIMILAR}/uploads/{kept}.jpg").status_code == 404


def test_not_the_same_is_said_and_taken_back(mo, db, shop):
    bag, again = shop[0], shop[1]
    page = post(mo, f"{SIMILAR}/apart", listing=bag, other=again).text
    assert "다른 물건으로 표시한 상품" in page
    assert kept_apart(db, bag) == {again}
    assert mo.post(f"{SIMILAR}/apart", data={"listing": again, "other": bag}).status_code == 409
    post(mo, f"{SIMILAR}/together", listing=bag, other=again)
    assert kept_apart(db, bag) == set()
    assert mo.post(f"{SIMILAR}/together", data={"listing": bag, "other": again}).status_code == 409
    assert scalar(db, "SELECT count(*) FROM audit WHERE action LIKE 'listings.%ed'") == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("listing=x", 400),
        ("listing=-1", 400),
        ("listing=99999999999999999999999", 400),
        ("listing=999", 200),
        ("look=smell&q=bag", 200),
        ("picture=../../etc/passwd", 200),
        ("q=" + "a" * 3000, 200),
        ("undo=x", 200),
        ("q=%00%01", 200),
        ("q=!!!", 200),
    ],
)
def test_wrong_questions_are_answered_calmly(mo, shop, query, status):
    assert mo.get(f"{SIMILAR}?{query}").status_code == status


@pytest.mark.parametrize("path", ["apart", "together"])
@pytest.mark.parametrize(
    ("listing", "other", "status"),
    [
        ("1", "1", 400),
        ("1", "999", (404, 409)),
        ("", "1", 400),
        ("1", "x", 400),
        ("9" * 30, "1", 400),
    ],
)
def test_wrong_pairs_are_refused(mo, shop, db, path, listing, other, status):
    answer = mo.post(f"{SIMILAR}/{path}", data={"listing": listing, "other": other})
    assert answer.status_code in (status if isinstance(status, tuple) else (status,))
    assert scalar(db, "SELECT count(*) FROM listing_apart") == 0


def test_a_listing_that_is_not_described_yet_says_so(mo, space, db, shop):
    key = sell(space, db, 9, "kim", "원목 책장")
    assert "아직 비교할 수 없어요" not in mo.get(f"{SIMILAR}?listing={key}").text
    db.conn.execute("UPDATE listings SET removed = 'rule' WHERE id = ?", [key])
    db.conn.commit()
    assert "아직 비교할 수 없어요" in mo.get(f"{SIMILAR}?listing={key}").text


def test_an_index_server_that_is_away_is_told_calmly(app, mo, space, shop):
    away = SimilarFollower(space, server="127.0.0.1:9")
    desk = app.extensions["faqdesk"]
    app.extensions["faqdesk"] = replace(desk, similar=away)
    page = mo.get(f"{SIMILAR}?listing={shop[1]}")
    assert page.status_code == 200
    assert "색인 서버가 응답하지 않아요" in page.text
    assert "같은 사진" in page.text
    assert "127.0.0.1" not in page.text


# ---- groups


def test_groups_are_listed_by_what_was_noticed(mo, shop):
    page = mo.get(GROUPS).text
    assert f"{GROUPS}/{shop[0]}" in page
    assert "정지된 판매자의 상품과 비슷" in page
    assert "묶음 1개" in page
    assert "묶음 1개" in mo.get(f"{GROUPS}?kind=sanctioned").text
    assert "해당하는 묶음이 없어요" in mo.get(f"{GROUPS}?kind=catalogue").text
    assert mo.get(f"{GROUPS}?kind=smell").status_code == 400
    assert mo.get(f"{GROUPS}?page=77").status_code == 200
    assert mo.get(f"{GROUPS}?page=-x").status_code == 200


def test_a_group_shows_its_accounts_with_sanctions_and_each_link(mo, db, shop):
    page = mo.get(f"{GROUPS}/{shop[1]}").text
    assert page.count("이용 정지") >= 1
    assert "counterfeit bags" in page
    assert "같은 사진 (이쪽 사진 1, 저쪽 사진 2)" in page  # as of the lower number: 1 and 2
    assert seller_of(db, shop[0])[:8] in page
    assert "이 묶음에 1건" in page
    assert mo.get(f"{GROUPS}/{shop[3]}").text.count("이어진 다른 상품이 없어요") == 1
    assert mo.get(f"{GROUPS}/999").status_code == 404


def test_a_group_is_confirmed_as_it_was_shown_and_that_is_taken_back(mo, space, db, shop):
    page = mo.get(f"{GROUPS}/{shop[0]}").text
    stale = seen(page)
    done = post(mo, f"{GROUPS}/{shop[0]}/confirm", seen=stale).text
    assert "확정 되돌리기" in done
    assert evidence(db, shop[0]).confirmed
    audit = re.search(r'name="done" value="(\d+)"', done)[1]
    post(mo, f"{GROUPS}/undo", done=audit)
    assert not evidence(db, shop[0]).confirmed
    assert scalar(db, "SELECT count(*) FROM listing_links WHERE confirmed") == 0
    assert mo.post(f"{GROUPS}/undo", data={"done": audit}).status_code == 409
    sell(space, db, 7, "newest", BAG, photos=[(1, 0)])
    watch(space, db)
    late = mo.post(f"{GROUPS}/{shop[0]}/confirm", data={"seen": stale})
    assert late.status_code == 409
    assert "그사이 묶음이 바뀌었어요" in late.text
    assert not evidence(db, shop[0]).confirmed


def test_a_listing_and_an_account_are_split_off_and_put_back(mo, db, shop):
    bad, new, newer, _ = shop
    before = evidence(db, bad)
    page = mo.get(f"{GROUPS}/{bad}").text
    done = post(mo, f"{GROUPS}/{bad}/split", seen=seen(page), listing=newer).text
    assert evidence(db, bad).listing_ids == (bad, new)
    assert "빼낸 것 되돌리기" in done
    assert "사람이 빼낸 상품" in done
    audit = re.search(r'name="done" value="(\d+)"', done)[1]
    post(mo, f"{GROUPS}/undo", done=audit)
    assert evidence(db, bad) == before
    page = mo.get(f"{GROUPS}/{bad}").text
    post(mo, f"{GROUPS}/{bad}/split", seen=seen(page), seller=seller_of(db, new))
    assert evidence(db, bad).listing_ids == (bad, newer)
    assert [part.listing_id for part in evidence(db, bad).parted] == [new]
    post(mo, f"{GROUPS}/{bad}/join", listing=new)
    assert evidence(db, bad) == before
    assert mo.post(f"{GROUPS}/{bad}/join", data={"listing": new}).status_code == 409


def test_an_old_undo_leaves_what_was_done_since(mo, db, shop):
    """The same pairs, but of a later split or confirmation: they are not this act's."""
    bad, _, newer, _ = shop
    for act, said in (("split", {"listing": newer}), ("confirm", {})):
        numbers = []
        for _ in range(2):
            page = mo.get(f"{GROUPS}/{bad}").text
            done = post(mo, f"{GROUPS}/{bad}/{act}", seen=seen(page), **said).text
            numbers.append(re.search(r'name="done" value="(\d+)"', done)[1])
            if len(numbers) == 1:
                post(mo, f"{GROUPS}/undo", done=numbers[0])
        stands = evidence(db, bad)
        assert mo.post(f"{GROUPS}/undo", data={"done": numbers[0]}).status_code == 409
        assert evidence(db, bad) == stands
        assert 'name="done"' not in mo.get(f"{GROUPS}/{bad}?done={numbers[0]}").text
        post(mo, f"{GROUPS}/undo", done=numbers[1])
        assert evidence(db, bad) != stands


def test_wrong_splits_are_refused(mo, db, shop):
    page = mo.get(f"{GROUPS}/{shop[0]}").text
    path, now = f"{GROUPS}/{shop[0]}/split", seen(page)
    assert mo.post(path, data={"listing": shop[1]}).status_code == 409
    assert mo.post(path, data={"seen": now, "listing": shop[3]}).status_code == 400
    assert mo.post(path, data={"seen": now, "listing": "x"}).status_code == 400
    assert mo.post(path, data={"seen": now, "seller": "nobody"}).status_code == 404
    assert mo.post(path, data={"seen": now, "seller": ""}).status_code == 404
    assert mo.post(f"{GROUPS}/999/split", data={"seen": now}).status_code == 404
    alone = mo.get(f"{GROUPS}/{shop[3]}").text
    assert 'name="seen"' not in alone
    assert mo.post(f"{GROUPS}/undo", data={"done": "1"}).status_code == 404
    assert mo.post(f"{GROUPS}/undo", data={"done": "x"}).status_code == 400
    assert scalar(db, "SELECT count(*) FROM listing_apart") == 0


def test_an_undo_takes_no_other_act_back(mo, db, shop):
    """The trail holds other things that were done; none of them is undone by its number."""
    rows = db.conn.execute("SELECT id FROM audit").fetchall()
    for (number,) in rows:
        assert mo.post(f"{GROUPS}/undo", data={"done": number}).status_code == 404
    huge = f"{GROUPS}/{shop[0]}?done={'9' * 40}"
    assert mo.get(huge).status_code == 200


# ---- alerts


def test_alerts_are_decided_and_taken_back(mo, db, shop):
    page = mo.get(f"{GROUPS}/alerts").text
    assert "정지된 판매자의 상품과 비슷" in page
    assert "판매자 정지 사유: counterfeit bags" in page
    first, *rest = watch_alerts.alerts(db, kind="sanctioned")
    post(mo, f"{GROUPS}/alerts/{first.id}", said="wrong", kind="sanctioned")
    assert first.id not in {one.id for one in watch_alerts.alerts(db)}
    dismissed = mo.get(f"{GROUPS}/alerts?state=dismissed").text
    assert f"{GROUPS}/alerts/{first.id}" in dismissed
    assert mo.post(f"{GROUPS}/alerts/{first.id}", data={"said": "right"}).status_code == 409
    post(mo, f"{GROUPS}/alerts/{first.id}", said="undo", state="dismissed")
    post(mo, f"{GROUPS}/alerts/{first.id}", said="right")
    assert watch_alerts.get(db, first.id).state == "confirmed"
    assert len(rest) == 1
    for path, data, status in (
        (f"{GROUPS}/alerts/999", {"said": "right"}, 404),
        (f"{GROUPS}/alerts/{first.id}", {"said": "perhaps"}, 400),
        (f"{GROUPS}/alerts/{first.id}", {}, 400),
    ):
        assert mo.post(path, data=data).status_code == status
    assert mo.get(f"{GROUPS}/alerts?state=lost").status_code == 400
    assert mo.get(f"{GROUPS}/alerts?kind=smell").status_code == 400


def test_an_alert_is_settled_by_its_case_and_waits_again_when_that_is_undone(mo, db, shop):
    from listings.moderation import cases, decisions
    from tests.conftest import ACTOR

    first = watch_alerts.alerts(db, kind="sanctioned")[0]
    mo_id = scalar(db, "SELECT id FROM agents WHERE login = 'mo'")
    case = cases.of_listing(db, first.listing_id)
    decision = decisions.decide(db, ACTOR, mo_id, case.id, label="counterfeit", reason="again")
    form = f'action="{GROUPS}/alerts/{first.id}"'
    assert form not in mo.get(f"{GROUPS}/alerts").text
    assert form in mo.get(f"{GROUPS}/alerts?state=decided").text
    assert "정지된 판매자의 상품과 비슷</span>" in mo.get(GROUPS).text  # of the other alert
    decisions.undo(db, ACTOR, decision)
    assert form in mo.get(f"{GROUPS}/alerts").text


def test_an_alert_about_two_that_differ_waits_no_longer(mo, db, shop):
    first = watch_alerts.alerts(db, kind="sanctioned")[0]
    form = f'action="{GROUPS}/alerts/{first.id}"'
    pair = {"listing": first.listing_id, "other": first.other_id}
    post(mo, f"{SIMILAR}/apart", **pair)
    assert form not in mo.get(f"{GROUPS}/alerts").text
    assert form in mo.get(f"{GROUPS}/alerts?state=decided").text
    post(mo, f"{SIMILAR}/together", **pair)
    assert form in mo.get(f"{GROUPS}/alerts").text


# ---- all of them


def test_a_lead_has_the_desk_watch_at_once(sign_in, db):
    lead = sign_in("sujin")
    assert "지금 살피기" in lead.get(GROUPS).text
    answer = lead.post(f"{GROUPS}/watch")
    assert "/jobs/" in answer.headers["Location"]
    assert scalar(db, "SELECT kind FROM jobs") == "watch"
    assert lead.post(f"{GROUPS}/watch").status_code == 409  # one waits already
    mo = sign_in("mo")
    assert "지금 살피기" not in mo.get(GROUPS).text
    assert mo.post(f"{GROUPS}/watch").status_code == 403


def test_a_desk_that_has_read_nothing_says_so(mo, space, db):
    key = sell(space, db, 1, "kim", LAMP)
    for path in (GROUPS, f"{SIMILAR}?listing={key}", f"{SIMILAR}?q=lamp"):
        assert "아직 상품을 읽지 않았어요" in mo.get(path).text, path


def test_an_empty_desk_says_so(mo):
    for path in (GROUPS, f"{GROUPS}/alerts", SIMILAR, f"{SIMILAR}?q=bag"):
        page = mo.get(path)
        assert page.status_code == 200, path
        assert "empty" in page.text


def test_what_sellers_write_is_never_read_as_a_page(mo, space, db):
    one = sell(space, db, 1, "a", HOSTILE)
    sell(space, db, 2, "b", HOSTILE + "!", description="<b onclick=alert(3)>bag</b>")
    suspend(db, one, why="<img src=x onerror=alert(4)>")
    watch(space, db)
    for path in (f"{SIMILAR}?listing={one}", GROUPS, f"{GROUPS}/{one}", f"{GROUPS}/alerts"):
        page = mo.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "onclick=" not in page.replace("onclick=alert(3)&gt;", ""), path
    hostile = mo.get(SIMILAR, query_string={"q": HOSTILE}).text
    assert "<script>alert" not in hostile


def test_only_those_who_moderate_come_in(sign_in, shop):
    paths = (GROUPS, f"{GROUPS}/{shop[0]}", f"{GROUPS}/alerts", SIMILAR)
    for login, status in (("mina", 403), ("mo", 200), ("sujin", 200)):
        for path in paths:
            assert sign_in(login).get(path).status_code == status, (login, path)
    acts = (f"{GROUPS}/{shop[0]}/confirm", f"{GROUPS}/{shop[0]}/split", f"{GROUPS}/undo",
            f"{GROUPS}/alerts/1", f"{SIMILAR}/apart", f"{SIMILAR}/together", SIMILAR)  # fmt: skip
    for path in acts:
        assert sign_in("mina").post(path).status_code == 403, path


def test_a_forged_form_does_nothing(guarded_app, db, shop):
    from tests.web.conftest import signed_in

    client = signed_in(guarded_app, "mo")
    for path in (f"{SIMILAR}/apart", f"{GROUPS}/{shop[0]}/confirm", f"{GROUPS}/alerts/1"):
        assert client.post(path, data={"listing": shop[0], "other": shop[1]}).status_code == 400
    assert scalar(db, "SELECT count(*) FROM listing_apart") == 0
