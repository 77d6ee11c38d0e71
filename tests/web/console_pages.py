"""Every page of the console that somebody signed in can open, as the application's own map has it.

A new page is in the list by itself; one whose address holds something must say here where that
comes from, or the list cannot be made.
"""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Database

from support.database import scalar

# Where the parts of an address come from: of an endpoint, else by name. SQL of one value.
OF_ENDPOINT = {
    "models_page": {"name": "SELECT name FROM releases WHERE line = 'desk' ORDER BY rowid DESC"},
    "replays_page": {"name": "SELECT name FROM releases WHERE line = 'desk' ORDER BY rowid DESC"},
    "policy_page": {"name": "SELECT version FROM moderation_policies ORDER BY id DESC"},
    "connections_page": {"name": "SELECT name FROM connections ORDER BY id"},
    "listings_page": {"name": "SELECT 'none.png'"},
    "similar_page": {"name": "SELECT 'none'"},
    "faqs_page": {"name": "SELECT 'csv'"},
    "replies_page": {"name": "SELECT 'csv'"},
}
BY_NAME = {
    "inquiry_id": "SELECT id FROM inquiries WHERE status = 'open' AND joined_to IS NULL",
    "gap_id": "SELECT id FROM gaps WHERE state = 'open' ORDER BY n DESC",
    "reply_id": "SELECT id FROM saved_replies ORDER BY id",
    "agent_id": "SELECT id FROM agents ORDER BY id",
    "job_id": "SELECT id FROM jobs ORDER BY id DESC",
    "batch_id": "SELECT id FROM label_batches ORDER BY id DESC",
    "listing_id": "SELECT listing_id FROM moderation_cases ORDER BY id",
    "seller": "SELECT seller FROM listings WHERE seller <> '' ORDER BY id",
    "slug": "SELECT slug FROM labels GROUP BY slug ORDER BY count(*) DESC",
    "faq_id": "SELECT slug FROM faqs ORDER BY id",
    "import_id": "SELECT id FROM imports ORDER BY id DESC",
    "which": "SELECT 'none'",
    "table": "SELECT 'none'",
    "sha256": "SELECT '0'",
    "attachment_id": "SELECT 0",
    "token": "SELECT 'none'",
}
HELPDESK = "https://acme.zendesk.com"  # that may show the sidebar, where the desk names it
# Pages that look different with something asked of them.
MORE = {
    "connections-mail": "/connections/-/new?kind=smtp",
    "inbox-undelivered": "/?scope=undelivered",
    "search-found": "/search?q=%ED%99%98%EB%B6%88",
    "inquiry-answered": "/inquiries/{answered}",
    "sidebar-connect": f"/sidebar?parent={HELPDESK}",
}
FILES = ("static", "bootstrap.static")


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A page by a name that can be a file's, and where it is."""

    name: str
    path: str


def addresses(app: Flask, db: Database) -> list[ConsolePage]:
    """Every address that can be looked at, HTML or not."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in FILES:
            continue
        blueprint = rule.endpoint.partition(".")[0]
        values = {}
        for name in rule.arguments:
            sql = OF_ENDPOINT.get(blueprint, {}).get(name) or BY_NAME.get(name)
            assert sql, f"{rule.endpoint}: say in {__name__} which {name!r} to look at"
            value = scalar(db, sql + " LIMIT 1" if " FROM " in sql else sql)
            values[name] = value
        assert None not in values.values(), f"{rule.endpoint}: the desk has none of {values}"
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        name = rule.endpoint.replace("_page.", "-").replace(".", "-").removesuffix("-show")
        found.append(ConsolePage(name, path))
    answered = scalar(db, "SELECT max(id) FROM inquiries WHERE answer_id IS NOT NULL")
    found += [ConsolePage(name, path.format(answered=answered)) for name, path in MORE.items()]
    return sorted(found, key=lambda page: page.name)


def pages(app: Flask, db: Database, client: FlaskClient) -> list[ConsolePage]:
    """The addresses that are a whole page of HTML to whoever `client` is; no two are the same."""
    found = []
    for page in addresses(app, db):
        answer = client.get(page.path)
        if answer.mimetype == "text/html" and answer.status_code == 200 and "<html" in answer.text:
            found.append(page)
        answer.close()
    return found
