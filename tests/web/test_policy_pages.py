"""The policy pages: read by those who moderate, changed by those who lead."""

import re

import pytest

from listings.moderation import policy_store
from listings.moderation.policy_thresholds import unproven
from support import agents
from tests.conftest import ACTOR
from tests.listings.moderation.desk import add_listings
from tests.listings.moderation.model_desk import held_out, rows, write_model
from tests.web.conftest import PASSWORD

SHARE = {"problems": "10"}


@pytest.fixture
def moderator(sign_in):
    return sign_in("mo")


@pytest.fixture
def taught(space, db):
    write_model(space, db, rows())


def plain(html):
    """What a page says, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def propose(lead, **form):
    answer = lead.post("/moderation/policy/propose", data=SHARE | form)
    assert answer.status_code == 302, answer.text
    return answer.location.rpartition("/")[2]


def sliders(hide=0.5, *, but=None, **more):
    """What the tuner's form sends."""
    form = {"set": "1", **SHARE}
    for label in ("pro_ads", "counterfeit", "alcohol_tobacco", "animals"):
        form |= {f"hide-{label}-on": "1", f"hide-{label}": str(hide)}
        form |= {f"review-{label}-on": "1", f"review-{label}": "0.5"}
    form |= {"review-legal-on": "1", "review-legal": "0.3"}
    for name in but or ():
        del form[name]
    return form | more


def test_without_a_model_the_page_says_what_is_missing(lead):
    said = plain(lead.get("/moderation/policy").text)
    assert "심사 모델이 아직 없" in said
    assert "faqdesk train moderation" in said
    assert lead.get("/moderation/policy/tune").location == "/moderation/policy"
    assert lead.get("/moderation/policy/tune/piece").status_code == 409
    assert lead.post("/moderation/policy/propose").status_code == 409


@pytest.mark.usefixtures("taught")
def test_a_policy_is_proposed_tried_and_put_in_force(lead, db):
    assert "아직 정책이 없" in plain(lead.get("/moderation/policy").text)
    name = propose(lead, note="첫 정책")
    page = plain(lead.get(f"/moderation/policy/{name}").text)
    assert "정상 상품 700건 중 숨긴 것은 없어요" in page
    assert "0.43%" in page
    refused = lead.post(f"/moderation/policy/{name}/mode", data={"mode": "live", "reason": "x"})
    assert refused.status_code == 409
    lead.post(f"/moderation/policy/{name}/backtest")
    page = plain(lead.get(f"/moderation/policy/{name}").text)
    assert "200" in page
    lead.post(f"/moderation/policy/{name}/mode", data={"mode": "live", "reason": "믿을 만해요"})
    live = policy_store.in_mode(db, "live")
    assert live.version == name
    page = plain(lead.get("/moderation/policy").text)
    assert "믿을 만해요" in page
    assert "첫 정책" in page
    lead.post(f"/moderation/policy/{name}/mode", data={"mode": "off", "reason": "쉬어요"})
    assert policy_store.in_mode(db, "live") is None


def test_how_many_are_missing_is_said_on_the_page(space, db, lead):
    write_model(space, db, rows(386, 100))
    said = plain(lead.get("/moderation/policy/tune", query_string=SHARE).text)
    assert "212건" in said
    name = propose(lead)
    assert "212건" in plain(lead.get(f"/moderation/policy/{name}").text)


@pytest.mark.usefixtures("taught")
def test_sliders_show_what_they_would_hide(space, db, lead):
    def hidden(**form):
        html = lead.get("/moderation/policy/tune/piece", query_string=sliders(**form)).json["html"]
        return int(re.search(r'data-hidden="pro_ads">(\d+)', html)[1]), plain(html)

    count, said = hidden()
    assert count == 200
    assert "정상 상품 700건 중 숨긴 것은 없어요" in said
    count, said = hidden(hide=0.98)
    assert count == 0
    count, said = hidden(but=["hide-pro_ads-on"])
    assert count == 0
    page = lead.get("/moderation/policy/tune", query_string=sliders(hide=0.98)).text
    assert 'name="hide-pro_ads" min="0.5" max="1" step="0.0001" value="0.98"' in page
    assert 'data-hidden="pro_ads">0<' in page
    assert "<svg" in page
    assert 'name="hide-legal"' not in page
    assert 'name="settle-legal"' not in page
    assert "변호사" in plain(page)


def test_listings_that_would_change_are_named_with_the_worse_ones_first(space, db, lead):
    first, second = add_listings(db, space.seal(), 2)
    from listings.moderation.decisions_past import add_past

    add_past(db, space.seal(), ACTOR, first, label="pro_ads")
    add_past(db, space.seal(), ACTOR, second, label="normal", drawn=True)
    write_model(
        space, db, [held_out("pro_ads", 0.9, id=first), held_out("normal", 0.95, id=second)]
    )
    html = lead.get("/moderation/policy/tune/piece", query_string=sliders()).json["html"]
    assert html.index("thing 1 of dealer") < html.index("thing 0 of dealer")
    assert f"/moderation/listings/{first}" in html


@pytest.mark.usefixtures("taught")
def test_what_is_kept_is_what_was_shown(lead, db):
    from urllib.parse import urlencode

    form = sliders(hide=0.9, **{"rule-reporters": "5", "rule-sample_all": "2.5",
                                "strike-animals": "2", "off-": "1"})  # fmt: skip
    answer = lead.post("/moderation/policy", data={"sliders": urlencode(form), "note": "조심"})
    found = policy_store.find(db, answer.location.rpartition("/")[2])
    assert found.policy.of("animals").hide == 0.9
    assert found.policy.of("animals").settle is None
    assert found.policy.of("legal").hide is None
    assert (found.policy.rules.reporters, found.policy.rules.sample_all) == (5, 0.025)
    assert dict(found.policy.rules.strikes) == {"animals": 2.0}
    assert (found.note, found.evidence["base"]["stated"]) == ("조심", 0.1)
    page = lead.get(f"/moderation/policy/tune?from={found.version}").text
    assert 'name="rule-sample_all" value="2.5"' in page


@pytest.mark.usefixtures("taught")
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"problems": "many"}, 400),
        ({"problems": "200"}, 400),
        ({"rule-reporters": "0"}, 400),
        ({"rule-reporters": "three"}, 400),
        ({"from": "p9"}, 404),
        ({"release": "gone"}, 404),
        ({"hide-pro_ads": "2"}, 200),
        ({"hide-pro_ads": "-1"}, 200),
        ({"hide-pro_ads": "nan"}, 200),
        ({"review-legal": "'<script>"}, 200),
    ],
)
def test_what_a_form_may_not_say(lead, form, status):
    answer = lead.get("/moderation/policy/tune", query_string=sliders() | form)
    assert answer.status_code == status
    assert "'<script>" not in answer.text


@pytest.mark.usefixtures("taught")
def test_moderators_read_and_only_those_who_lead_change(lead, moderator, agent, db):
    name = propose(lead)
    for path in ("", "/tune", f"/{name}", "/tune/piece"):
        assert moderator.get(f"/moderation/policy{path}").status_code == 200
        assert agent.get(f"/moderation/policy{path}").status_code == 403
    assert "정책 제안받기" not in moderator.get("/moderation/policy").text
    for path in ("", "/propose", f"/{name}/backtest", f"/{name}/mode"):
        for client in (moderator, agent):
            form = {"mode": "shadow"}
            assert client.post(f"/moderation/policy{path}", data=form).status_code == 403
    assert len(policy_store.policies(db)) == 1
    assert policy_store.in_mode(db, "shadow") is None


def test_a_policy_made_for_another_model_says_that_it_hides_nothing(space, db, lead):
    write_model(space, db, rows(), name="old")
    name = propose(lead)
    lead.post(f"/moderation/policy/{name}/backtest")
    lead.post(f"/moderation/policy/{name}/mode", data={"mode": "live", "reason": "x"})
    assert "다른 모델" not in plain(lead.get("/moderation/policy").text)
    write_model(space, db, rows(800, 100), name="new")
    for path in ("", f"/{name}"):
        assert "다른 모델" in plain(lead.get(f"/moderation/policy{path}").text)
    other = propose(lead)
    lead.post(f"/moderation/policy/{other}/backtest")
    lead.post(f"/moderation/policy/{other}/mode", data={"mode": "live", "reason": "new model"})
    assert policy_store.in_mode(db, "live").version == other


def test_more_than_a_page_can_judge_is_a_job(space, db, lead, monkeypatch):
    from listings.moderation.decisions_past import add_past
    from web import policy_tuner
    from web.work import WORKS

    write_model(space, db, rows(50, 10))
    for listing_id in add_listings(db, space.seal(), 5):
        add_past(db, space.seal(), ACTOR, listing_id, label="normal", drawn=True)
    monkeypatch.setattr(policy_tuner, "AT_ONCE", 2)
    assert "3건은 이 모델이 아직" in plain(lead.get("/moderation/policy/tune").text)
    monkeypatch.setattr(policy_tuner, "AT_ONCE", 0)
    answer = lead.post("/moderation/policy/propose", data=SHARE | {"note": "밤에"})
    assert "/jobs/" in answer.location
    assert policy_store.policies(db) == []
    told = []
    done = WORKS["propose-policy"](
        space, db, ACTOR, {"problems": 0.1, "note": "밤에"}, lambda *said: told.append(said)
    )
    found = policy_store.find(db, done["policy"])
    assert (found.note, found.evidence["rows"]["later"]) == ("밤에", 5)
    assert told[-1][:2] == (5, 5)


def test_a_policy_without_evidence_is_shown_too(db, lead):
    stored = policy_store.store(db, ACTOR, unproven(""))
    assert lead.get(f"/moderation/policy/{stored.version}").status_code == 200
    assert lead.get("/moderation/policy/p9").status_code == 404


def test_english_too(space, db, app, sign_in):
    write_model(space, db, rows(386, 100))
    eve = agents.add(db, ACTOR, login="eve", name="Eve", role="lead", password=PASSWORD)
    agents.set_language(db, eve.id, "en")
    said = plain(sign_in("eve").get("/moderation/policy/tune", query_string=SHARE).text)
    assert "212 more unselected normal listings are missing" in said
    said = plain(sign_in("eve").get("/moderation/policy/tune", query_string=sliders()).text)
    assert "None of 386 normal listings hidden: with 95 % confidence at most 0.78%." in said
