"""The threshold tuner's page on a trained desk: read by leads, put in force by admins."""

import json
import math
import re
from html import unescape

import pytest

from support import agents, settings, tuning, tuning_changes
from support.artifact import read_artifact
from support.held_out import FILE
from support.release import pointer
from support.releases import in_force
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web import tuner_page
from web.app import create_app

URL = "/models/thresholds"


@pytest.fixture
def db(trained):
    db = trained.database()
    for login, role in (("sujin", "lead"), ("ada", "admin"), ("mina", "agent")):
        agents.add(db, ACTOR, login=login, name=login.title(), role=role, password=PASSWORD)
    yield db
    db.close()


@pytest.fixture
def tuned_app(trained, db):
    return create_app(trained, WTF_CSRF_ENABLED=False)


@pytest.fixture
def lead(tuned_app):
    return signed_in(tuned_app, "sujin")


@pytest.fixture
def admin(tuned_app):
    return signed_in(tuned_app, "ada")


@pytest.fixture
def ground(trained, db):
    return tuning.ground(trained, db)


def plain(html):
    """What a page says, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def curve(html):
    """The points that the slider moves over."""
    return json.loads(unescape(re.search(r'data-curve="([^"]*)"', html)[1]))


def test_the_page_says_what_it_rests_on_and_what_each_point_of_the_curve_did(lead, ground):
    page = lead.get(URL)
    said = plain(page.text)
    assert f"답변된 문의 {len(ground.rows)}건" in said
    assert ground.release in said
    found = curve(page.text)
    assert 1 < len(found) <= 102
    for told, point in zip(found, ground.curve(), strict=False):
        assert float(told["value"]) == pytest.approx(point.threshold, abs=5e-5)
        counts = f"{point.n}건 중 {point.promise.n}건"
        assert counts in told["figures"]["shown"][1].replace("\xa0", " ")
    assert found[-1]["value"] == "1.0000"


def test_a_threshold_is_tried_beside_the_one_in_force(lead, db, ground):
    page = lead.get(f"{URL}?threshold=0.99")
    point, moved = ground.trial(0.99), tuning_changes.moved(ground, 0.99)
    said = plain(page.text).replace("\xa0", " ")
    assert f"{point.n}건 중 {point.missed}건" in said
    assert moved.n > 0
    assert f"더는 보여 주지 않음 {moved.silent_right + moved.silent_wrong}건" in said
    changes, total = tuning_changes.changes(db, ground, 0.99, limit=tuner_page.CHANGES)
    assert total == moved.n
    for change in changes:
        assert f"/inquiries/{change.inquiry_id}" in page.text
    assert page.text.count('class="good"') == sum(change.right for change in changes)


def test_what_a_wrong_one_costs_picks_the_threshold(lead, ground):
    picked = ground.pick(5)
    page = lead.get(f"{URL}?pick=1&cost=5&threshold=0.2")
    assert f'value="{picked.point.threshold:.4f}"' in page.text
    assert "여럿 중 가장 좋은 것" in plain(page.text)
    assert lead.get(f"{URL}?pick=1&cost=1000").status_code == 200


def test_one_faq_is_found_by_its_title_and_can_be_never_shown(admin, db, trained, ground):
    line = tuning.by_faq(db, ground, 3)[0]
    page = admin.get(URL, query_string={"faq": line.title})
    assert f"이 FAQ가 1위였던 문의: {line.title}" in plain(page.text)
    assert f'name="faq" value="{line.slug}"' in page.text
    assert curve(page.text)[-1]["value"] == "never"
    page = admin.get(URL, query_string={"faq": line.slug, "threshold": "never"})
    assert "보여 주지 않음" in plain(page.text)
    answer = admin.post(URL, data={"faq": line.slug, "threshold": "never"})
    assert answer.location.endswith(f"faq={line.slug}")
    assert settings.load(db).faq_thresholds == (f"{line.slug}=never",)
    assert math.isinf(tuning.ground(trained, db).now(line.slug).threshold)
    said = plain(admin.get(URL).text)
    assert "기준값을 따로 정한 FAQ" in said
    admin.post(URL, data={"faq": line.slug, "own": "1"})
    assert settings.load(db).faq_thresholds == ()


def test_what_is_put_in_force_is_audited_and_the_cost_remembered(admin, lead, db):
    answer = admin.post(URL, data={"threshold": "0.9125", "cost": "7"})
    assert answer.status_code == 302
    kept = settings.load(db)
    assert (kept.likely_threshold, kept.wrong_costs) == (0.9125, 7)
    sql = "SELECT actor FROM audit WHERE object = 'setting:likely_threshold'"
    ada = next(db.query("SELECT id FROM agents WHERE login = 'ada'"))["id"]
    assert [row["actor"] for row in db.query(sql)] == [f"agent:{ada}"]
    page = lead.get(URL)
    assert "0.9125 사람이 모든 FAQ에 정함 · Ada, 20" in plain(page.text)
    trail = "/audit?on=setting:likely_threshold"
    assert f'href="{trail}"' in admin.get(URL).text
    assert "0.9125" in plain(admin.get(trail).text)
    assert 'id="cost" inputmode="decimal" autocomplete="off" value="7"' in page.text
    admin.post(URL, data={"own": "1"})
    assert settings.load(db).likely_threshold == 0


def test_every_faq_stands_in_the_table_with_its_pick(lead, db, ground):
    lines = tuning.by_faq(db, ground, 2)
    page = plain(lead.get(f"{URL}?cost=2&all=1").text)
    assert all(line.title in page for line in lines)
    assert "놓친 추천 2개만큼" in page


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("threshold=many", 400),
        ("threshold=0", 400),
        ("threshold=2", 400),
        ("threshold=nan", 400),
        ("threshold=never", 400),
        ("cost=0", 400),
        ("cost=inf", 400),
        ("cost=x", 400),
        ("faq=nowhere", 404),
        ("threshold=0,8", 200),
    ],
)
def test_what_a_form_may_not_say(lead, words, status):
    assert lead.get(f"{URL}?{words}").status_code == status
    if status != 200:
        assert lead.get(f"{URL}/piece?{words}").status_code == status


def test_the_script_gets_exact_figures_between_two_points(lead, ground):
    found = lead.get(f"{URL}/piece?threshold=0.8765").json
    assert found["point"]["value"] == "0.8765"
    counts = f"{ground.trial(0.8765).n}건 중 {ground.trial(0.8765).promise.n}건"
    assert counts in found["point"]["figures"]["shown"][1].replace("\xa0", " ")
    assert lead.get(f"{URL}/piece").status_code == 400


def test_only_admins_put_thresholds_in_force(lead, tuned_app, db):
    assert 'id="keep"' not in lead.get(URL).text
    assert lead.post(URL, data={"threshold": "0.9"}).status_code == 403
    assert signed_in(tuned_app, "mina").get(URL).status_code == 403
    assert not settings.load(db).thresholds.any


def test_nothing_is_put_in_force_that_cannot_be_read(admin, db):
    assert admin.post(URL, data={"threshold": ""}).status_code == 400
    assert admin.post(URL, data={"threshold": "never"}).status_code == 400
    assert admin.post(URL, data={"threshold": "0.9", "faq": "nowhere"}).status_code == 404
    assert not settings.load(db).thresholds.any


def test_an_older_model_is_trained_once_more(lead, trained):
    folder = in_force(trained.models).folder(trained.models, "faq")
    (folder / FILE).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sha256"][FILE]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    path = pointer(trained.models)
    released = json.loads(path.read_text())
    released["parts"]["faq"]["hash"] = read_artifact(folder, "faq").version
    path.write_text(json.dumps(released))
    page = lead.get(URL)
    assert "한 번 더 학습하면" in plain(page.text)
    assert 'name="kind" value="train"' in page.text


def test_a_desk_that_has_not_learned_says_so(app, sign_in):
    assert "아직 지난 답변을 학습하지 않았어요" in plain(sign_in("sujin").get(URL).text)
