"""Check 4: getting in is tried slowly, whatever address one claims; nobody is told who is here."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from support import agents, connections, invitations, second_factor
from support.connection_access import Access
from support.database import scalar, write
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, stubbed_app
from tests.web.doors import Visitor
from web import attempts, sessions
from web.attempts import AT_ALL, ATTEMPTS, FROM_ADDRESS, UNKNOWN, place_of

ATTACKER = "203.0.113.7"
# What somebody writes who wants to be somebody else each time.
CLAIMS = [
    {"X-Forwarded-For": "10.0.0.{n}"},
    {"X-Forwarded-For": "10.0.0.{n}, 10.1.0.{n}"},
    {"Forwarded": 'for=10.0.0.{n};proto=https, for="[2001:db8::{n}]"'},
    {"X-Real-IP": "10.0.0.{n}", "X-Client-IP": "10.0.0.{n}", "True-Client-IP": "10.0.0.{n}"},
    {"CF-Connecting-IP": "10.0.0.{n}", "X-Cluster-Client-IP": "10.0.0.{n}", "Via": "1.1 p{n}"},
    {"X-Forwarded-For": "unknown, 10.0.0.{n}", "X-Forwarded-Host": "h{n}", "X-Remote-Addr": "h{n}"},
]


def tries(app, address, *, claim=None, times=ATTEMPTS + 1, login="guess"):
    """The statuses of some wrong passwords, each with another claim about who asks."""
    found = []
    for n in range(times):
        headers = {name: value.format(n=n) for name, value in (claim or {}).items()}
        answer = Visitor(app, address).sign_in(login.format(n=n), "wrong", headers=headers)
        found.append(answer.status_code)
    return found


@pytest.fixture(autouse=True)
def _cheap_hash(monkeypatch, db):
    """What is counted here are attempts; a hash that is slow on purpose would only cost time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(agents, "_hasher", quick)
    monkeypatch.setattr(agents, "_NOBODY", quick.hash("nobody at all"))
    with write(db):
        db.execute("UPDATE agents SET password_hash = ?", [quick.hash(PASSWORD)])


@pytest.fixture
def live(space, recommender):
    """The console without a proxy, with its forms' tokens."""
    return stubbed_app(space, recommender)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: "+".join(claim))
def test_no_header_makes_somebody_else_of_who_asks(live, claim):
    assert tries(live, ATTACKER, claim=claim) == [401] * ATTEMPTS + [429]


@pytest.mark.parametrize("proxies", [1, 2])
def test_behind_proxies_only_what_they_wrote_counts(space, recommender, proxies):
    app = stubbed_app(space, recommender, PROXIES=proxies)
    seen = ", ".join([ATTACKER] + ["192.0.2.1"] * (proxies - 1))
    spoofed = {"X-Forwarded-For": "10.9.9.{n}, 10.8.8.{n}, " + seen, "X-Forwarded-Proto": "https"}
    more = spoofed | {"Forwarded": "for=10.9.9.{n}", "X-Real-IP": "10.9.9.{n}"}
    more["X-Forwarded-For"] = more["X-Forwarded-For"].replace("10.9", "fe80::{n}, 10.9")

    def asked(headers, n):
        filled = {name: value.format(n=n) for name, value in headers.items()}
        filled["X-Forwarded-Proto"] = ", ".join(["https"] * proxies)
        client = app.test_client()
        base = {"REMOTE_ADDR": "192.0.2.9"}
        page = client.get("/sign-in", headers=filled, environ_base=base).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        filled["Referer"] = "https://localhost/sign-in"
        data = {"login": "guess", "password": "wrong", "csrf_token": token}
        answer = client.post("/sign-in", data=data, headers=filled, environ_base=base)
        return answer.status_code

    got = [asked(more if n % 2 else spoofed, n) for n in range(ATTEMPTS + 1)]
    assert got == [401] * ATTEMPTS + [429]


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),  # a line has 2**64 of them
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002:0000:0000:0000:0001"),
        ("2001:db8:1:2::1", "[2001:db8:1:2::9]:4711"),
        ("2001:db8:1:2::1", "2001:db8:1:2::9%eth0"),
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("203.0.113.7", "::ffff:cb00:7107"),
        ("203.0.113.7", "203.0.113.7:50123"),
        ("203.0.113.7", " 203.0.113.7 "),
        ("203.0.113.7", "2002:cb00:7107:1::1"),  # 6to4 gives each address of IPv4 65,536 networks
        ("rubbish", "0203.0.113.7"),
    ],
)
def test_however_an_address_is_spelt_it_is_one(one, same):
    assert place_of(one) == place_of(same)


def test_other_lines_are_others():
    lines = ["2001:db8:1:2::1", "2001:db8:1:3::1", "203.0.113.7", "203.0.113.8", "::1", "rubbish"]
    assert len({place_of(address) for address in lines}) == len(lines)


def test_a_whole_network_of_ipv6_is_one_attacker(live, db):
    for n in range(ATTEMPTS):
        address = f"2001:db8:1:2:{n:x}::{n + 1:x}"
        assert Visitor(live, address).sign_in("mina", "wrong").status_code == 401
    assert Visitor(live, "2001:db8:1:2:abcd::1").sign_in("mina").status_code == 429
    assert Visitor(live, "2001:db8:1:3::1").sign_in("mina").status_code == 302
    seen = {
        row["address"]
        for row in db.query("SELECT address FROM audit WHERE action = 'sign_in.failed'")
    }
    assert len(seen) == ATTEMPTS  # the trail holds each as it was


def answer_of(app, login, password):
    answer = Visitor(app).sign_in(login, password)
    headers = [(n, v) for n, v in answer.headers if n not in ("X-Request-Id", "Set-Cookie")]
    cookies = [value.partition("=")[0] for value in answer.headers.getlist("Set-Cookie")]
    page = re.sub(r'(value|data-csrf|content)="[^"]*"', "", answer.text)
    return answer.status_code, [h for h in headers if h[0] != "Content-Length"], cookies, page


@pytest.fixture
def nobodies(db):
    """Logins that do not let in, and the password that each is tried with."""
    yuna = next(agent.id for agent in agents.listed(db) if agent.login == "yuna")
    agents.set_active(db, ACTOR, yuna, active=False)
    agents.add(db, ACTOR, login="imported", name="From an export", role="agent")
    return [
        ("mina", "wrong password"), ("nobody", PASSWORD), ("yuna", PASSWORD), ("yuna", "wrong"),
        ("imported", PASSWORD), ("imported", ""), ("", ""), ("x" * 64, "y" * 5000), ("MINA\0", "z"),
    ]  # fmt: skip


def test_who_does_not_get_in_is_told_the_same_whoever_they_are(live, nobodies):
    said = [answer_of(live, *tried) for tried in nobodies]
    assert said[0][0] == 401
    assert all(one == said[0] for one in said)


def test_who_does_not_get_in_costs_the_same_work(live, nobodies, monkeypatch, db):
    done = []

    class Counted(PasswordHasher):
        def verify(self, hash, password):
            # m, t, p and the lengths of salt and hash are what its time depends on.
            done.append((re.sub(r"\$[^$]+\$([^$]+)$", "", hash), len(hash)))
            return super().verify(hash, password)

    hasher = Counted(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(agents, "_hasher", hasher)
    monkeypatch.setattr(agents, "_NOBODY", hasher.hash("nobody at all"))
    works = []
    for login, password in nobodies:
        done.clear()
        rows = (
            scalar(db, "SELECT count(*) FROM audit"),
            scalar(db, "SELECT count(*) FROM sign_in_attempts"),
        )
        Visitor(live, f"10.0.{len(works)}.1").sign_in(login, password)
        after = (
            scalar(db, "SELECT count(*) FROM audit"),
            scalar(db, "SELECT count(*) FROM sign_in_attempts"),
        )
        works.append((tuple(done), after[0] - rows[0], after[1] - rows[1]))
    assert len(works[0][0]) == 1
    assert set(works) == {works[0]}


def test_waiting_is_told_alike_for_who_is_here_and_who_is_not(live, db, space):
    for login in ("mina", "nobody"):
        rows = [
            {
                "login": space.seal().customer("login", login),
                "address": f"10.1.{n}.1",
                "at": attempts.now(),
            }
            for n in range(AT_ALL)
        ]
        db["sign_in_attempts"].insert_all(rows)
    said = {answer_of(live, login, PASSWORD)[0::3] for login in ("mina", "nobody")}
    assert {status for status, _ in said} == {429}
    assert len(said) == 1


def known_browser(app, login="mina", address="198.51.100.1"):
    visitor = Visitor(app, address)
    assert visitor.sign_in(login).status_code == 302
    visitor.post("/sign-out", {})
    return visitor


def test_nobody_locks_another_out_of_a_browser_that_was_let_in_before(live, db, space):
    mina = known_browser(live)
    # Somebody fails at the login from everywhere, and at the address that mina's office shares.
    counted = space.seal().customer("login", "mina")
    rows = [
        {"login": counted, "address": f"10.1.{n}.1", "at": attempts.now()} for n in range(AT_ALL)
    ]
    rows += [{"login": "x", "address": "198.51.100.1", "at": attempts.now()}] * FROM_ADDRESS
    db["sign_in_attempts"].insert_all(rows)
    assert Visitor(live, "198.51.100.1").sign_in("mina").status_code == 429
    assert Visitor(live, "192.0.2.1").sign_in("mina").status_code == 429
    assert mina.sign_in("mina").status_code == 302


def test_the_proof_of_a_browser_is_worth_a_few_attempts_at_one_login_and_no_session(live, db):
    mina = known_browser(live)
    stolen = mina.client.get_cookie("faqdesk-known").value
    thief = Visitor(live, ATTACKER)
    thief.client.set_cookie("faqdesk-known", stolen)
    assert thief.get("/").status_code == 302  # asked to sign in
    got = [thief.sign_in("mina", "wrong").status_code for _ in range(ATTEMPTS + 1)]
    assert got == [401] * ATTEMPTS + [429]
    # At another login it is nobody's, and forged or of another desk it is nothing.
    assert thief.sign_in("sujin", "wrong").status_code == 401
    counted = "SELECT count(*) FROM sign_in_attempts WHERE address = ?"
    assert scalar(db, counted, [ATTACKER]) == 1
    for value in ("", "x", "e30=", stolen[:-8] + "AAAAAAA=", "A" * 3000):
        forger = Visitor(live, "192.0.2.77")
        forger.client.set_cookie("faqdesk-known", value)
        assert forger.sign_in("mina", "wrong").status_code == 401


def test_an_office_behind_one_address_signs_in_whatever_a_few_of_it_mistype(live, db):
    """Twenty at one address for the first time; four never find their password."""
    for n in range(20):
        agents.add(db, ACTOR, login=f"agent{n}", name=f"A{n}", role="agent", password=PASSWORD)
    for n in range(4):
        assert tries(live, ATTACKER, login=f"agent{n}") == [401] * ATTEMPTS + [429]
    for n in range(4, 20):
        office = Visitor(live, ATTACKER)
        assert office.sign_in(f"agent{n}", "wrong").status_code == 401
        assert office.sign_in(f"agent{n}").status_code == 302


def test_one_address_does_not_try_many_logins_one_after_the_other(live):
    got = tries(live, ATTACKER, login="guess{n}", times=FROM_ADDRESS + 1)
    assert got == [401] * FROM_ADDRESS + [429]
    assert Visitor(live, ATTACKER).sign_in("mina").status_code == 429
    assert Visitor(live, "203.0.113.8").sign_in("mina").status_code == 302


def test_two_processes_count_together(space, recommender):
    two = [stubbed_app(space, recommender) for _ in range(2)]
    got = [Visitor(two[n % 2], ATTACKER).sign_in("g", "wrong").status_code for n in range(11)]
    assert got == [401] * ATTEMPTS + [429]


def test_many_at_once_over_many_connections_get_no_more(space):
    def one(_):
        db = space.database()
        try:
            sessions.sign_in(
                db, space.seal(), login="g", password="x", address=ATTACKER, user_agent=""
            )
            return "failed"
        except attempts.TooManyAttemptsError:
            return "waits"
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(one, range(ATTEMPTS + 6)))
    assert got.count("failed") == ATTEMPTS


@pytest.fixture
def with_factor(db, space):
    """Mina has a second factor; its recovery codes."""
    import time

    import pyotp

    begun = second_factor.begin(db, space.seal(), 1)
    code = pyotp.TOTP(begun.secret).at(time.time())
    return second_factor.confirm(db, space.seal(), ACTOR, 1, code)


def test_a_password_that_fits_is_no_failure_of_its_address(live, db, with_factor):
    """However many look for their phone, or mistype its code, those beside them sign in."""
    for _ in range(AT_ALL + 1):
        asked = Visitor(live, ATTACKER).sign_in("mina")
        assert asked.status_code == 200
    half = re.search(r'name="half" value="([^"]+)"', asked.text)[1]
    for form in ({"half": half}, {"half": half, "code": "000000"}):
        Visitor(live, ATTACKER).post("/sign-in", form)
    place = "SELECT count(*) FROM sign_in_attempts WHERE address = ?"
    assert scalar(db, place, [ATTACKER]) == 0
    assert scalar(db, place, ["code"]) == 1


@pytest.mark.parametrize("field", ["code", "recovery"])
def test_codes_of_the_second_factor_are_tried_a_few_times_from_anywhere_at_all(
    live, with_factor, field
):
    got = []
    for n in range(ATTEMPTS + 1):
        visitor = Visitor(live, f"10.7.{n}.1")
        page = visitor.sign_in("mina")
        assert page.status_code == 200
        half = re.search(r'name="half" value="([^"]+)"', page.text)[1]
        wrong = "000000" if field == "code" else f"aaaa-bbbb-cc{n:02}"
        got.append(visitor.post("/sign-in", {"half": half, field: wrong}).status_code)
    assert got == [401] * ATTEMPTS + [429]
    # The right one too waits now, and so does one that is given with the password.
    visitor = Visitor(live, "10.8.1.1")
    form = {"login": "mina", "password": PASSWORD, "recovery": with_factor[0]}
    assert visitor.post("/sign-in", form).status_code == 429


def test_the_password_is_tried_a_few_times_by_who_sits_at_an_open_browser(live):
    mina = Visitor(live)
    mina.sign_in("mina")
    form = {"old": "wrong", "new": "a new long one", "again": "a new long one"}
    got = []
    for n in range(ATTEMPTS + 1):
        mina.base = {"REMOTE_ADDR": f"10.7.{n}.1"}  # a phone changes address
        got.append(mina.post("/account/password", form).status_code)
    assert got == [400] * ATTEMPTS + [429]
    assert mina.post("/account/second-factor", {"password": PASSWORD}).status_code == 429
    # Nobody is locked out of signing in by it.
    assert Visitor(live, "10.8.0.1").sign_in("mina").status_code == 302


def test_links_of_invitations_are_tried_a_few_times(live, db):
    _, token = invitations.invite(db, ACTOR, login="new", name="New", role="agent")
    visitor = Visitor(live, ATTACKER)
    got = [visitor.get(f"/join/{'x' * 20}{n}").status_code for n in range(ATTEMPTS + 1)]
    assert got == [404] * ATTEMPTS + [429]
    assert visitor.get(f"/join/{token}").status_code == 429
    assert Visitor(live, "192.0.2.1").get(f"/join/{token}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/faqs"), ("POST", "/embed/renew"), ("GET", "/metrics"),
        ("POST", "/api/v1/webhooks/z"), ("POST", "/api/v1/webhooks/none"),
    ],
)  # fmt: skip
def test_who_gives_secrets_that_are_nobodys_waits(live, db, space, method, path):
    access = Access(address="https://z.example", secret="s" * 32, user="a", token="t")
    connections.connect(db, space.seal(), ACTOR, name="z", kind="zendesk", access=access)
    kind = path.split("/")[1]
    what = "webhook" if "webhooks" in path else "sidebar" if kind == "embed" else "token"
    for _ in range(UNKNOWN - 2):
        attempts.unknown(db, what, ATTACKER)
    client, base = live.test_client(), {"REMOTE_ADDR": ATTACKER}

    def asked(n):
        headers = {"Authorization": f"Bearer fd_{n}", "X-Forwarded-For": f"10.0.0.{n}"}
        return client.open(path, method=method, headers=headers, environ_base=base)

    got = [asked(n) for n in range(3)]
    assert [answer.status_code for answer in got] == [401, 401, 429]
    assert 0 < int(got[-1].headers["Retry-After"]) <= 900
    rows = scalar(db, "SELECT count(*) FROM sign_in_attempts")
    asked(3)
    assert scalar(db, "SELECT count(*) FROM sign_in_attempts") == rows  # and costs no write


def test_a_live_token_is_never_locked_out_by_others_at_its_address(live, db):
    from web import tokens

    _, secret = tokens.create(db, ACTOR, name="bot", scopes=("admin",))
    for _ in range(UNKNOWN):
        attempts.unknown(db, "token", ATTACKER)
    headers = {"Authorization": f"Bearer {secret}"}
    asked = live.test_client().get(
        "/api/v1/faqs", headers=headers, environ_base={"REMOTE_ADDR": ATTACKER}
    )
    assert asked.status_code == 200


def test_asking_without_any_token_is_not_counted(live, db):
    for _ in range(3):
        assert live.test_client().get("/api/v1/faqs").status_code == 401
    assert scalar(db, "SELECT count(*) FROM sign_in_attempts") == 0


def test_what_is_kept_names_no_login(live, db):
    Visitor(live).sign_in("Correct Horse Battery", "oops")
    assert "orse" not in str(list(db.query("SELECT * FROM sign_in_attempts")))
