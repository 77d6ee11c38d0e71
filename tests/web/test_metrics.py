"""`/metrics`: who may read it, and that it says what the desk holds."""

import re

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from support import answering
from support.clock import from_iso
from support.database import scalar
from tests.web.conftest import ACTOR, stubbed_app
from tests.web.doors import ROOT, problem
from web import tokens
from web.app import create_app

OWN_JOB = 'job="faqdesk"'  # Prometheus gives that name, the desk does not


def read(text):
    """Samples by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def rules():
    """The alerts that `deploy/` holds."""
    file = yaml.safe_load((ROOT / "deploy/prometheus-rules.yml").read_text())
    return [rule for group in file["groups"] for rule in group["rules"]]


def test_it_says_what_the_desk_holds(app, agent, db, space, ids):
    agent.get(f"/inquiries/{ids['o1']}")
    text = "https://help.example.com/ko/faq/code-missing"
    seal, me = space.seal(), scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    answering.send(db, seal, inquiry_id=ids["o1"], agent_id=me, text=text, actor=ACTOR)
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    found = read(answer.text)
    assert found["faqdesk_inquiries", "open"] == 3
    assert found["faqdesk_inquiries", "answered"] == 6
    assert found["faqdesk_outbox", "copied"] == 1
    assert found["faqdesk_suggestions_day", "likely"] == 1
    assert found["faqdesk_suggested_faqs_day", "accepted"] == 1
    assert found["faqdesk_suggested_faqs_day", "passed_over"] == 1
    assert found["faqdesk_degraded",] == 0
    for queue in ("jobs", "webhooks", "answers"):
        assert found["faqdesk_queue_length", queue] == 0
        assert found["faqdesk_queue_age_seconds", queue] == 0
    assert found["faqdesk_database_bytes",] > 0
    assert found["faqdesk_disk_free_bytes",] > 0
    # What an alert watches is there before it first happens.
    for name in ("outbox", "webhooks_day", "jobs", "jobs_day"):
        assert found[f"faqdesk_{name}", "failed"] == 0
    assert found["faqdesk_trouble", "answers_failed"] == 0
    assert "faqdesk_release_trained_timestamp_seconds" not in answer.text  # nothing was trained
    rule = "/inquiries/<int(max=9223372036854775807):inquiry_id>"
    assert found["faqdesk_http_requests_total", "GET", rule, "200"] == 1
    assert found["faqdesk_http_request_seconds_count", rule] == 1


def test_it_says_how_old_the_release_is_and_what_the_index_holds(trained):
    db = trained.database()
    made = scalar(db, "SELECT created_at FROM releases ORDER BY created_at DESC LIMIT 1")
    answered = scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL")
    db.close()
    client = create_app(trained).test_client()
    client.get("/sign-in")
    found = read(client.get("/metrics").text)
    assert found["faqdesk_release_trained_timestamp_seconds",] == from_iso(made).timestamp()
    assert 0 < found["faqdesk_index_inquiries",] <= answered
    assert found["faqdesk_degraded",] == 0


def test_mistakes_of_ours_are_counted_as_such(app, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setitem(app.view_functions, "health.healthz", lambda: 1 / 0)
    assert app.test_client().get("/healthz").status_code == 500
    found = read(app.test_client().get("/metrics").text)
    assert found["faqdesk_http_requests_total", "GET", "/healthz", "500"] == 1


def test_the_alert_rules_watch_what_there_is(app):
    """Every name and every value of a label in them is one that `/metrics` gives."""
    app.test_client().get("/sign-in")
    there = app.test_client().get("/metrics").text + "faqdesk_release_trained_timestamp_seconds "
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 5
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        for name in re.findall(r"faqdesk_\w+", rule["expr"]):
            assert f"{name}{{" in there or f"{name} " in there, rule["alert"]
        for label, value in re.findall(r'(\w+)="([^"]+)"', rule["expr"].replace(OWN_JOB, "")):
            assert f'{label}="{value}"' in there, rule["alert"]


def test_no_name_and_no_word_of_anybody_is_in_it(app, agent):
    agent.get("/search?q=비밀스러운말")
    agent.get("/nothing/비밀스러운길")
    text = app.test_client().get("/metrics").text
    for word in ("비밀", "mina", "Mina", "%EB"):
        assert word not in text


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        ("203.0.113.7", "localhost", {}),
        ("127.0.0.1", "desk.example.com", {}),  # another's name that was bent to this machine
        ("127.0.0.1", "localhost.evil.example", {}),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", "localhost", {"Forwarded": "for=1.2.3.4"}),
        ("127.0.0.1", "localhost", {"Authorization": "Bearer fd_wrong"}),
    ],
)
def test_others_need_a_token(app, db, address, host, headers):
    client, base = app.test_client(), {"REMOTE_ADDR": address}

    def ask(**more):
        return client.get(
            "/metrics", base_url=f"https://{host}", headers=headers | more, environ_base=base
        )

    if "Authorization" not in headers:
        problem(ask(), 401)
        _, other = tokens.create(db, ACTOR, name="bot", scopes=("suggest",))
        problem(ask(Authorization=f"Bearer {other}"), 401)
    _, secret = tokens.create(db, ACTOR, name="prometheus", scopes=("metrics",))
    assert ask(Authorization=f"Bearer {secret}").status_code == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000"])
def test_the_machine_itself_needs_none(app, host):
    address = "::1" if "[" in host else "127.0.0.1"
    answer = app.test_client().get(
        "/metrics", base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address}
    )
    assert answer.status_code == 200


def test_behind_a_proxy_the_one_who_asks_counts(space, recommender):
    app = stubbed_app(space, recommender, PROXIES=1)
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https",
               "X-Forwarded-Host": "desk.example.com"}  # fmt: skip
    problem(app.test_client().get("/metrics", headers=headers), 401)
    answer = app.test_client().get("/sign-in", headers=headers)
    assert "Secure" in answer.headers["Set-Cookie"]
    # Without a proxy before us nobody is believed.
    plain = stubbed_app(space, recommender).test_client().get("/sign-in", headers=headers)
    assert "Secure" not in plain.headers["Set-Cookie"]
