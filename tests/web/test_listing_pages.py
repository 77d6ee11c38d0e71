"""The pages of listings without a browser: one listing, review, batches, categories."""

import io
import os
import shutil
import time

import pytest

from listings.categories import add_paths, map_paths
from listings.category_figures import Confused, Figures, Told, figures
from listings.labels import label_of
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import agents, releases
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.listings.conftest import photo
from tests.listings.review_queue import BAGS, SHOES, TREE, fill
from tests.listings.small_category import category_model, write_csv
from tests.web.conftest import PASSWORD, signed_in
from web import categories_page, job_run, listing_words

__all__ = ["category_model"]

JSON = {"Accept": "application/json"}


@pytest.fixture
def labeller(app, db):
    agents.add(db, ACTOR, login="hana", name="최하나", role="labeller", password=PASSWORD)
    return signed_in(app, "hana")


@pytest.fixture
def model(space, db, category_model):
    (space.models / "category").mkdir(exist_ok=True)
    shutil.copytree(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")


def asked(client, **values):
    return client.post("/listings/suggest", json=values, headers=JSON)


def test_three_categories_with_what_speaks_for_them(app, labeller, model):
    html = asked(labeller, title="나이키 운동화 010-1234-5678").json["html"]
    assert html.count('<li class="guess') == 3
    assert "<strong>신발</strong>" in html.split("</li>")[0]
    assert "<mark>운동화</mark>" in html
    assert "판단 근거: 글" in html
    assert "010-1234" not in html
    assert "아직 판단할 내용이 없어요" in asked(labeller, title=" ").json["html"]
    assert "사람이 확인해야" not in html
    app.extensions["faqdesk"].categories.classifier().threshold = None  # sure of nothing
    assert "사람이 확인해야" in asked(labeller, title="운동화").json["html"]


def test_without_a_model_the_page_says_so(labeller, lead):
    assert "아직 카테고리 모델이 없어요" in labeller.get("/listings/new").text
    assert "faqdesk train category" not in labeller.get("/listings/new").text
    assert "faqdesk train category" in lead.get("/listings/new").text
    answer = asked(labeller, title="운동화")
    assert answer.status_code == 503
    assert "faqdesk train category" in answer.json["detail"]


def test_another_model_in_force_is_followed(labeller, lead, model, space, db):
    assert asked(labeller, title="운동화").status_code == 200
    (space.models / "current-category").write_text("{", "utf-8")
    assert "damaged" in asked(labeller, title="운동화").json["detail"]


@pytest.mark.parametrize("body", [[], 7, "x", {"title": {"a": 1}, "pictures": "no"}])
def test_hostile_questions_never_break_it(labeller, model, body):
    answer = labeller.post("/listings/suggest", json=body, headers=JSON)
    assert answer.status_code in (200, 400)


def add(client, data, name="a.png"):
    body = {"picture": (io.BytesIO(data), name)}
    return client.post("/listings/pictures", data=body, headers=JSON)


def test_a_picture_stays_with_who_dropped_it_and_not_for_long(labeller, lead, space):
    answer = add(labeller, photo(1, size=900))
    name = answer.json["name"]
    assert answer.status_code == 201
    shown = labeller.get(f"/listings/pictures/{name}")
    assert shown.mimetype == "image/jpeg"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    shown.close()
    assert lead.get(f"/listings/pictures/{name}").status_code == 404
    (kept,) = (space.home / "uploads").glob("*/*.jpg")
    assert kept.stat().st_size < 100_000
    assert labeller.post(f"/listings/pictures/{name}/remove").status_code == 204
    assert not kept.exists()
    old = add(labeller, photo(2)).json["name"]
    (kept,) = (space.home / "uploads").glob("*/*.jpg")
    os.utime(kept, (time.time() - 4000,) * 2)
    add(lead, photo(3))
    assert labeller.get(f"/listings/pictures/{old}").status_code == 404


def test_what_is_no_picture_is_refused(labeller, space):
    assert add(labeller, b"<svg onload=alert(1)>", "a.svg").status_code == 400
    assert "a.png" in add(labeller, photo(1)[:200]).json["detail"]
    assert labeller.post("/listings/pictures", headers=JSON).status_code == 400
    for name in ("..%2f..%2fdesk.db", "a" * 32, "../../../desk.db"):
        assert labeller.get(f"/listings/pictures/{name}").status_code == 404
    assert not list((space.home / "uploads").glob("*/*.jpg"))


def test_the_review_page_shows_a_row_and_takes_a_decision(labeller, db, space):
    first, second, _ = fill(db, space.seal())
    page = labeller.get("/review").text
    assert "loafers or a purse" in page
    assert page.count('data-key="Digit') == 3
    answer = labeller.post(f"/review/{first}/decide", data={"rank": "2"}, headers=JSON)
    assert "leather tote" in answer.json["html"]
    listing_id = scalar(db, "SELECT listing_id FROM review_items WHERE id = ?", [first])
    assert label_of(db, listing_id, tree=TREE) == (BAGS, "hand")
    plain = labeller.post(f"/review/{second}/decide?reason=unsure", data={"path": SHOES})
    assert plain.headers["Location"] == "/review?reason=unsure"
    answer = labeller.post(f"/review/{first}/decide", data={"rank": "1"}, headers=JSON)
    assert answer.status_code == 409
    assert "leather tote" in labeller.post("/review/undo", headers=JSON).json["html"]
    labeller.post("/review/undo")
    assert labeller.post("/review/undo", headers=JSON).status_code == 409
    for bad in ("0", "9", "x", "²", "99999999999999999999", "9" * 5000):
        answer = labeller.post(f"/review/{first}/decide", data={"rank": bad}, headers=JSON)
        assert answer.status_code == 400
    assert scalar(db, "SELECT count(*) FROM listing_labels WHERE undone_at IS NULL") == 0


def test_a_list_with_numbers_that_are_none_accepts_the_others(labeller, db, space):
    first, *_ = fill(db, space.seal())
    items = [str(first), "99999999999999999999", "9" * 5000, "-1", "²"]
    assert labeller.post("/review/list", data={"item": items}).status_code == 302
    assert "1" in labeller.get("/review/list").text
    assert scalar(db, "SELECT count(*) FROM review_decisions") == 1
    assert labeller.get("/review?batch=99999999999999999999").status_code == 200


def test_categories_are_found_as_one_types(labeller, db):
    add_paths(db, TREE, [SHOES, BAGS, "Men > Shoes", "Shoelaces"])
    found = labeller.get("/review/categories", query_string={"tree": TREE, "q": "sho"})
    assert [item["text"] for item in found.json["found"]] == ["Men > Shoes", "Shoelaces", SHOES]
    found = labeller.get("/review/categories", query_string={"tree": TREE, "q": "women sho"})
    assert [item["title"] for item in found.json["found"]] == ["Shoes"]
    assert labeller.get("/review/categories?tree=none").json == {"found": []}


def test_pictures_of_listings_are_shown_to_who_is_signed_in(app, labeller, agent, db, space):
    item = Collected(source="s", external_id="1", title="a", pictures=("a.png",))
    (listing_id,) = ListingStore(db, space.seal()).save([item]).ids
    from listings.pictures import store

    for picture_id, _, _ in wanted_pictures(db, [listing_id]):
        set_picture(db, picture_id, store(space.home / "images", photo(1), name="a.png"))
    db.conn.commit()
    sha = scalar(db, "SELECT sha256 FROM listing_pictures")
    shown = labeller.get(f"/review/pictures/{sha}.jpg")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in shown.headers["Cache-Control"]
    shown.close()
    assert agent.get(f"/review/pictures/{sha}.jpg").status_code == 403
    assert app.test_client().get(f"/review/pictures/{sha}.jpg").status_code == 302
    assert labeller.get(f"/review/pictures/{'0' * 64}.jpg").status_code == 404


def test_tasks_go_out_and_come_back(labeller, lead, db, space):
    fill(db, space.seal())
    assert labeller.post("/review/tasks.json").status_code == 400
    why = {"reason": "밖에서 분류"}
    tasks = labeller.post("/review/tasks.json", data=why)
    assert tasks.headers["Content-Disposition"] == "attachment; filename=label-studio.json"
    assert len(tasks.json) == 3
    assert labeller.post("/review/tasks.json?control=x", data=why).status_code == 400
    assert "<Taxonomy" in labeller.get(f"/review/interface.xml?tree={TREE}").text
    body = {"file": (io.BytesIO(tasks.data), "t.json"), "tree": TREE}
    assert lead.post("/review/tasks", data=body).status_code == 302
    assert "작업 3건" in lead.get("/review").text
    assert lead.post("/review/tasks", data={"file": (io.BytesIO(b"{"), "t")}).status_code == 400


def test_a_batch_from_upload_to_download(labeller, model, space, db, tmp_path):
    path = write_csv(tmp_path / "창고.csv", [("운동화", "가구 > 거실")] * 3, "title", "category")
    body = {"file": (path.open("rb"), "창고.csv"), "compare": "category", "top": "2"}
    page = labeller.post("/batches", data=body).headers["Location"]
    job = one(db, "SELECT * FROM jobs")
    assert (job["kind"], job["state"]) == ("label", "queued")
    assert labeller.get(page + "/state").json["jobs"][0]["live"]
    assert labeller.post(page + "/again").status_code == 409
    assert labeller.post(page + "/delete").status_code == 409
    job_run.run(space, job["id"])
    assert one(db, "SELECT state, result FROM jobs")["state"] == "done"
    shown = labeller.get(page).text
    assert "창고.csv" in shown
    assert "일치 0건, 불일치 3건" in shown
    taken = labeller.get(page + "/files/result")
    assert "attachment" in taken.headers["Content-Disposition"]
    assert taken.text.splitlines()[1].startswith("운동화,가구 > 거실,신발,")
    taken.close()
    assert "다름" in labeller.get("/review?batch=1").text
    assert "검수할 행 3건" in labeller.get("/batches").text
    waiting = [row["id"] for row in db.query("SELECT id FROM review_items ORDER BY id")]
    db.execute("UPDATE review_items SET wanted = 1")
    for number in waiting[:2]:
        labeller.post(f"/review/{number}/decide", data={"rank": "1"})
    assert "검수할 행 1건" in labeller.get("/batches").text
    assert '<option value="1"' in labeller.get("/review").text
    labeller.post(f"/review/{waiting[2]}/decide", data={"rank": "1"})
    assert "검수할 행" not in labeller.get("/batches").text
    assert '<option value="1"' not in labeller.get("/review").text
    assert '<option value="1" selected' in labeller.get("/review?batch=1").text
    assert labeller.get(page + "/files/desk.db").status_code == 404
    assert labeller.post(page + "/again", data={"restart": "1"}).status_code == 302
    labeller.post(page + "/cancel")
    assert labeller.post(page + "/delete").status_code == 302
    assert "파일 삭제됨" in labeller.get("/batches").text
    assert labeller.get(page + "/files/result").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"named": "../desk.db"}, {"named": "none.csv"}, {"top": "many"}, {"file": "x"}],
)
def test_a_batch_that_cannot_be_is_refused(labeller, model, db, body):
    if "file" in body:
        body = {"file": (io.BytesIO(b"x"), "notes.doc")}
    assert labeller.post("/batches", data=body).status_code == 400
    assert scalar(db, "SELECT count(*) FROM label_batches") == 0


def test_a_batch_without_a_model_is_refused(labeller, db):
    body = {"file": (io.BytesIO(b"title\nx\n"), "a.csv")}
    assert labeller.post("/batches", data=body, headers=JSON).status_code == 503
    assert scalar(db, "SELECT count(*) FROM label_batches") == 0


def test_the_tree_with_its_counts_and_mappings(labeller, lead, db, space):
    items = [
        Collected(source="s", external_id=str(n), title=f"t{n}", category=path, tree=TREE)
        for n, path in enumerate((SHOES, SHOES, BAGS))
    ]
    ListingStore(db, space.seal()).save(items)
    page = labeller.get("/categories").text
    assert '<th scope="row" class="depth-1">Women</th><td>3</td>' in page
    assert '<th scope="row" class="depth-2">Shoes</th><td>2</td>' in page
    assert 'method="post" action="/categories/' not in page
    body = {"file": (io.BytesIO(b"path\nMen > Hats\n"), "a.csv"), "tree": "other"}
    assert lead.post("/categories/tree", data=body).status_code == 302
    assert labeller.get("/categories/tree.csv?tree=other").text == (
        "\ufeffpath,listings\r\nMen,0\r\nMen > Hats,0\r\n"
    )
    rows = b"from,to\nMen > Hats,Women > Bags\nMen,\n"
    body = {"file": (io.BytesIO(rows), "m.csv"), "from": "other", "to": TREE}
    lead.post("/categories/mapping", data=body)
    assert "해당 없음" in labeller.get(f"/categories/mapping?from=other&to={TREE}").text
    taken = labeller.get(f"/categories/mapping.csv?from=other&to={TREE}").text
    assert taken == "\ufefffrom,to\r\nMen,\r\nMen > Hats,Women > Bags\r\n"
    map_paths(db, ACTOR, "other", TREE, {"Men": BAGS})
    body = {"file": (io.BytesIO(taken.encode()), "m.csv"), "from": "other", "to": TREE}
    assert lead.post("/categories/mapping", data=body).status_code == 302
    assert labeller.get(f"/categories/mapping.csv?from=other&to={TREE}").text == taken
    body = {"file": (io.BytesIO(b"from,to\na,Nowhere\n"), "m.csv"), "from": "x", "to": TREE}
    assert lead.post("/categories/mapping", data=body).status_code == 400
    assert labeller.get("/categories/mapping?from=x&to=y").status_code == 404


@pytest.mark.parametrize(
    ("learned", "tree", "shown"),
    [("", "ours", True), ("ours", "ours", True), ("ours", "theirs", False)],
)
def test_figures_are_shown_with_the_tree_they_were_measured_in(
    labeller, model, db, monkeypatch, learned, tree, shown
):
    for name in ("ours", "theirs"):
        add_paths(db, name, [SHOES, BAGS])
    confused = (Confused(SHOES, BAGS, 1, ()),)
    found = Figures("m1", learned, {SHOES: Told(4, 3, 4)}, confused, (), "")
    monkeypatch.setattr(categories_page, "figures", lambda folder: found)
    page = labeller.get(f"/categories?tree={tree}").text
    assert ("3/4" in page) == ("3위 안" in page) == ("1건 혼동" in page) == shown


def test_a_model_s_figures_know_its_tree(tmp_path):
    (tmp_path / "config.json").write_text('{"tree": "ours"}', "utf-8")
    assert figures(tmp_path).tree == "ours"
    assert figures(tmp_path / "nothing").tree == ""


def test_a_training_is_begun_once(lead, db):
    answer = lead.post("/categories/train", data={"tree": TREE, "image": ""})
    assert answer.headers["Location"] == "/jobs/1"
    assert one(db, "SELECT kind FROM jobs") == {"kind": "train-category"}
    assert lead.post("/categories/train", data={"image": ""}).status_code == 409
    assert lead.post("/categories/train", data={"image": "rm"}).status_code == 400
    assert lead.post("/categories/review").status_code == 409  # there is no model to look with


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "> 99%"),
        (0.996, "> 99%"),
        (0.994, "99%"),
        (0.006, "1%"),
        (0.004, "< 1%"),
        (0.0, "< 1%"),
    ],
)
def test_a_probability_is_never_certainty_or_nothing(app, probability, words):
    with app.test_request_context():
        assert listing_words.chance(probability) == words


def test_what_was_counted_may_be_all_or_none(app):
    with app.test_request_context():
        said = [listing_words.rate(part, 1000) for part in (0, 1, 500, 999, 1000)]
    assert said == ["0%", "< 1%", "50%", "> 99%", "100%"]


@pytest.mark.parametrize(
    ("amount", "currency", "korean", "english"),
    [(15000, "KRW", "15,000원", "15,000 won"), (3050, "GBP", "£30.50", "£30.50"),
     (3000, "JPY", "JP¥3,000", "¥3,000")],
)  # fmt: skip
def test_a_price_is_told_in_its_everyday_unit(app, amount, currency, korean, english):
    for language, words in (("ko", korean), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert listing_words.price(amount, currency) == words
