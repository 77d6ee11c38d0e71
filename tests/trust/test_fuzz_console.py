"""Whatever is sent to any page, to the API, the doors and the sidebar: never an error of ours.

Every route that takes a body is asked as an admin, or with a token of every scope, on a desk with
something on every page.
"""

import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.routing import BuildError

from support.database import scalar, write
from tests import soaking
from tests.conftest import ACTOR
from tests.trust import hostile_words
from tests.web.conftest import signed_in
from tests.web.console_pages import BY_NAME, OF_ENDPOINT
from tests.web.furnished import furnish
from web import costly, tokens

EXAMPLES = soaking.many(2, 120)  # bodies for each route
NEEDS_A_MODEL = {
    *("listings_page.suggest", "tuner_page.put", "api.suggest", "api.categorise_listing"),
    *("embed.suggest", "api.judge_listing", "batches_page.start"),
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def desk(space, db, recommender, monkeypatch):
    recommender.silence = "no_model"  # it knows FAQs by heart that are gone before long
    monkeypatch.setattr(costly, "COSTLY", {})  # nobody asks for so much in a minute
    furnish(space, db)
    # Its classifiers are folders with words in them, as pages list them; none can be asked.
    shutil.rmtree(space.models / "faq")
    return db


def arguments(db, rule):
    """Parts of an address that are there, where the console's pages know them."""
    known = BY_NAME | OF_ENDPOINT.get(rule.endpoint.partition(".")[0], {})
    found = {}
    for name in rule.arguments:
        value = scalar(db, known[name]) if name in known else None
        number = "<int" in rule.rule and f":{name}>" in rule.rule
        found[name] = value if value is not None else 1 if number else "nothing"
    return found


def routes(app, methods):
    return [
        rule
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)
        if rule.methods & methods and not rule.rule.startswith("/static")
    ]


def again(db, client):
    """Whatever was done to her, the admin is one and signed in."""
    with write(db):
        db.execute("UPDATE agents SET active = 1, role = 'admin', language = 'ko' "
                   "WHERE login = 'ada' OR id = (SELECT max(id) FROM agents)")  # fmt: skip
    return signed_in(client.application, "ada")


class Poster:
    """Posts to one route after another as an admin who stays one."""

    def __init__(self, app, db):
        app.config["PROPAGATE_EXCEPTIONS"] = False
        self.app, self.db, self.n = app, db, 0
        self.client = signed_in(app, "ada")
        _, secret = tokens.create(db, ACTOR, name="t", scopes=("admin",), per_minute=100_000)
        self.bearer = {"Authorization": f"Bearer {secret}"}

    def hostile(self, rule):
        """A function that posts to a route whatever hypothesis makes up."""
        [method] = rule.methods & UNSAFE
        names = hostile_words.names_in(self.app.view_functions[rule.endpoint])

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(hostile_words.bodies(names), st.booleans(), st.booleans())
        def post(made, there, as_json):
            values = arguments(self.db, rule) if there else dict.fromkeys(rule.arguments, 1)
            try:
                path = self.app.url_map.bind("localhost").build(rule.endpoint, values)
            except BuildError:
                return
            head = {"Accept": "application/json"} if as_json else {}
            if path.startswith("/api/"):
                head |= self.bearer
            answer = self.client.open(
                path, method=method, data=made[1], content_type=made[0], headers=head
            )
            answer.close()
            self.n += 1
            assert answer.status_code < 500 or (  # no model is there to ask: said so
                answer.status_code == 503 and rule.endpoint in NEEDS_A_MODEL
            ), f"{method} {path} {made} {values}"
            if answer.status_code in (401, 403) or "sign-in" in answer.headers.get("Location", ""):
                self.client = again(self.db, self.client)
            if answer.status_code == 429:
                with write(self.db):
                    self.db.execute("DELETE FROM sign_in_attempts")

        return post


def test_no_body_is_an_error_of_ours(app, desk):
    poster, wrong = Poster(app, desk), []
    asked = routes(app, UNSAFE)
    for rule in asked:
        try:
            poster.hostile(rule)()
        except (Exception, BaseExceptionGroup) as error:
            wrong.append(f"{rule.endpoint}: {error}")
    soaking.tell(f"forms: {poster.n:,} bodies over {len(asked)} routes, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
    assert poster.n > 150
