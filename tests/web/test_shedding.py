"""What a busy desk lets go, and how it says so."""

import pytest

from web import backlog, shedding
from web.shedding import ALWAYS, AUTOMATIC, COSTLY, DRAFTS, Rank, rank


@pytest.fixture
def waiting(monkeypatch):
    """Let requests have waited so many seconds for their turn."""
    monkeypatch.setattr(backlog, "catching_up", lambda: False)
    return lambda seconds: monkeypatch.setattr(backlog, "waited", lambda: seconds)


def test_the_endpoints_that_are_named_are_there_and_each_has_one_rank(app):
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    named = [*ALWAYS, *AUTOMATIC, *COSTLY, *DRAFTS]
    assert set(named) <= there
    assert len(named) == len(set(named))


def test_what_agents_do_is_dearer_than_what_they_look_at_and_that_than_what_scripts_ask(app):
    found = {
        (rule.endpoint, method): rank(rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods
    }
    assert found["inquiry.send", "POST"] == max(found[one] for one in found if one[0] not in ALWAYS)
    assert found["webhooks.receive", "POST"] is Rank.ACT
    assert found["inquiry.save_draft", "POST"] is Rank.DRAFT
    assert found["inquiry.show", "GET"] is Rank.PAGE
    assert found["api.list_faqs", "GET"] is found["search.show", "GET"] is Rank.PROGRAM
    assert found["inquiry.find_faqs", "GET"] is found["embed.suggest", "POST"] is Rank.AUTOMATIC
    patience = [shedding.PATIENCE[one] for one in sorted(shedding.PATIENCE)]
    assert patience == sorted(set(patience))


# Where each is asked, of the least to the dearest.
ASKED = (
    ("GET", "/inbox/state"),
    ("GET", "/search?q=a"),
    ("GET", "/"),
    ("POST", "/inquiries/{id}/draft"),
    ("POST", "/inquiries/{id}/send"),
    ("GET", "/healthz"),
)


@pytest.mark.parametrize("place", range(len(ASKED)))
def test_the_least_is_let_go_first(agent, ids, waiting, place):
    """A wait too long for one is too long for all that are less, and for none that is more."""
    if place == len(ASKED) - 1:
        waiting(3600.0)
    else:
        waiting(shedding.PATIENCE[Rank(place)] + 0.1)
    shed = []
    for method, path in ASKED:
        answer = agent.open(path.format(id=ids["o1"]), method=method, json={}, headers={
            "Accept": "application/json"})  # fmt: skip
        shed.append(answer.status_code == 503)
        if shed[-1]:
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json["status"] == 503
    assert shed == [number <= place for number in range(len(ASKED) - 1)] + [False]


def test_nothing_is_asked_of_the_database_for_what_is_let_go(agent, waiting, monkeypatch):
    waiting(3600.0)

    def asked():
        raise AssertionError("it was asked")

    monkeypatch.setattr("web.database.desk", asked)
    for language, words in (("ko", "붐벼요"), ("en", "The desk is busy")):
        page = agent.get("/answered", headers={"Accept-Language": language})
        assert page.status_code == 503
        assert words in page.text
        assert f'http-equiv="refresh" content="{page.headers["Retry-After"]}"' in page.text


def test_a_form_that_is_let_go_shows_what_was_typed_and_is_not_sent_again_by_itself(
    agent, ids, waiting
):
    waiting(3600.0)
    typed = {"text": "안녕하세요 <b>"}
    page = agent.post(f"/inquiries/{ids['o1']}/send", data=typed, headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert "안녕하세요 &lt;b&gt;</textarea>" in page.text
    assert "refresh" not in page.text


def test_a_process_that_has_just_begun_lets_nothing_go(agent, waiting, monkeypatch):
    waiting(3600.0)
    monkeypatch.setattr(backlog, "catching_up", lambda: True)
    assert agent.get("/").status_code == 200
