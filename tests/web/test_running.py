"""`faqdesk serve` as it is run for good: over https, behind a proxy, counted."""

import http.client
import os
import signal
import ssl

import pytest

from support.database import scalar
from tests.web.conftest import stubbed_app
from tests.web.doors import (
    Visitor,
    answers,
    fetch,
    free_port,
    logged,
    members,
    running,
    serving,
    until,
)
from tests.web.test_cli import shell
from tests.web.test_metrics import read
from tests.web.test_serve import workers
from train.bench_certificate import self_signed

__all__ = ["shell"]


def fetch_https(port, path, chain):
    context = ssl.create_default_context(cafile=chain)
    connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def answers_https(port, chain):
    try:
        return fetch_https(port, "/healthz", chain)[0] == 200
    except OSError:
        return False


def test_with_a_certificate_it_speaks_https_and_its_cookies_stay_there(space, tmp_path):
    chain, key = self_signed(tmp_path / "tls")
    port = free_port()
    words = ["serve", "--port", str(port), "--cert", str(chain), "--key", str(key)]
    with running(space, *words) as process:
        until(lambda: answers_https(port, chain) or process.poll() is not None, "it answers")
        assert process.poll() is None, (space.home / "errors").read_text()
        status, headers, _ = fetch_https(port, "/sign-in", chain)
        assert status == 200
        assert "Secure" in headers["Set-Cookie"]
        # Each web process tells what all of them counted.
        for _ in range(8):
            fetch_https(port, "/healthz", chain)
        found = read(fetch_https(port, "/metrics", chain)[2])
        assert found["faqdesk_http_requests_total", "GET", "/sign-in", "200"] == 1
        assert found["faqdesk_http_requests_total", "GET", "/healthz", "200"] >= 9
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    [told] = [line["address"] for line in logged(space) if line["event"] == "serving"]
    assert told == f"https://127.0.0.1:{port}"


def test_a_certificate_that_will_not_do_is_a_clear_message(shell, tmp_path):
    chain, key = self_signed(tmp_path / "one")
    _, other = self_signed(tmp_path / "two")
    (tmp_path / "empty").touch()
    for words in ((chain, other), (tmp_path / "empty", key), (key, chain)):
        said = shell.refuses("serve", "--cert", words[0], "--key", words[1])
        assert said.startswith(f"faqdesk: Cannot serve with {words[0]}")
    assert shell.refuses("serve", "--cert", chain, code=2)


def test_behind_a_proxy_its_word_counts(space):
    with serving(space, "--workers", "1", "--proxies", "1") as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        sent = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        connection.request("GET", "/sign-in", headers=sent)
        assert "Secure" in connection.getresponse().headers["Set-Cookie"]
        connection.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.mark.parametrize(
    ("proxies", "claimed", "told"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "10.1.1.1, 203.0.113.7", "203.0.113.7"),  # what a visitor wrote themselves comes first
        (2, "10.1.1.1, 203.0.113.7, 192.0.2.1", "203.0.113.7"),
        (1, "", "192.0.2.9"),
        (0, "203.0.113.7", "192.0.2.9"),
    ],
)
def test_the_audit_trail_holds_the_address_that_the_last_proxy_saw(
    space, recommender, db, proxies, claimed, told
):
    visitor = Visitor(stubbed_app(space, recommender, PROXIES=proxies), "192.0.2.9")
    headers = {"X-Forwarded-For": claimed, "Forwarded": "for=10.1.1.1", "X-Real-IP": "10.1.1.1"}
    visitor.sign_in("mina", "wrong", headers=headers if claimed else {})
    audited = "SELECT address FROM audit WHERE action = 'sign_in.failed'"
    assert scalar(db, audited) == told
    # A wrong password counts against that address, not against one that somebody made up.
    assert len(list(db.query("SELECT DISTINCT address FROM sign_in_attempts"))) == 1


def test_who_takes_a_web_process_s_place_counts_on_in_its_files(space, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def web_process(group):
        found = [pid for pid in members(group) if pid != group and pid not in workers(group)]
        return found[0] if len(found) == 1 else None

    def asked(port):
        return read(fetch(port, "/metrics")[2]).get(
            ("faqdesk_http_requests_total", "GET", "/sign-in", "200")
        )

    with serving(space, "--workers", "1") as (port, process):
        for times in (1, 2, 3):
            first = until(lambda: web_process(process.pid), "there is one web process")
            until(lambda: answers(port), "it answers")
            assert fetch(port, "/sign-in")[0] == 200
            assert asked(port) == times
            os.kill(first, signal.SIGKILL)
            until(lambda first=first: web_process(process.pid) not in (None, first), "another")
        [folder] = tmp_path.glob(".faqdesk-metrics-*")
        assert sorted(path.name for path in folder.iterdir()) == [
            "0.lock", "counter_0.db", "histogram_0.db",
        ]  # fmt: skip
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert not folder.exists()
