"""Check 14: values are bound, names are ours, and what people type ends."""

import re
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest

from listings.similar.holding import holding
from support import archive, audit_trail, faqs, inquiries, inquiry_map, read_limit, tagging
from support.archive import Filters
from support.audit_trail import AuditFilters
from support.errors import InputError, SlowReadError
from support.read_limit import within
from tests.trust.sql_words import Source
from tests.web.api_asker import Asker
from tests.web.conftest import signed_in
from tests.web.console_pages import addresses
from tests.web.furnished import furnish

ROOT = Path(__file__).parents[2]
PACKAGES = ("support", "listings", "train", "web", "data")
ASKS = re.compile(r"\b(execute\w*|query|one|scalar|table|rows_where)\(")
# Functions in which the words come from elsewhere, and why they are ours all the same.
LOOKED_AT = {
    ("support/archive.py", "find"): "`plan` joins fixed words; asked with hostile ones below",
    ("support/archive.py", "count"): "likewise",
    ("support/archive.py", "among"): "likewise",
    ("support/archive_filters.py", "_some"): "one of the statements written down in `_sets`",
    ("support/audit_trail.py", "find"): "`_where` joins fixed words; asked below too",
    ("support/audit_trail.py", "_looked_to"): "likewise",
    ("support/backup.py", "counts"): "the names of the desk's own tables, as SQLite lists them",
    ("support/clock_steps.py", "mend"): "the statements that stand above the call",
    ("support/database.py", "write_if_free"): "a helper: its callers are looked at",
    ("support/database.py", "one"): "a helper: its callers are looked at",
    ("support/database.py", "scalar"): "a helper: its callers are looked at",
    ("support/database.py", "insert"): "a helper: its callers are looked at",
    (
        "support/faq_changes.py",
        "insert",
    ): "`name` is typed as one of three tables, and a key of _KEY",
    ("support/faq_changes.py", "update"): "likewise",
    ("support/faq_changes.py", "delete"): "likewise",
    ("support/faq_changes.py", "row_by_key"): "likewise",
    ("support/faq_undo.py", "_put_back"): "the table of a change that the desk wrote down itself",
    ("support/worklist.py", "_first"): "conditions of _WHERE and _FRESH, by its callers",
    ("support/migrations.py", "_run"): "scripts of migrations",
}
HOSTILE = (
    "'", '"', "`", "]", "[", ";", "--", "/*", "\x00", "%", "_", "\\", ":words", "?", "?1", "@a",
    "$a",
    "' OR '1'='1", '" OR "1"="1', "]; DROP TABLE faqs; --", "'); DELETE FROM faqs; --",
    '"words" : x', "x*", "^x", "x NEAR y", "{x y}", "x AND", "NOT x", "(", "- x", "title:x",
    "1e999", "-1", "9" * 40, "\ud800", "İ", "ﷺ" * 50, "a\nb", "💥",
)  # fmt: skip


# ---- the source


def test_every_statement_is_in_our_own_words():
    n, wrong, seen = 0, [], set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not ASKS.search(path.read_text("utf-8")):
                continue
            source, name = Source(path), str(path.relative_to(ROOT))
            for node, words in source.statements():
                n += 1
                if source.ours(words):
                    continue
                key = (name, source.within(words))
                seen.add(key)
                if key not in LOOKED_AT:
                    wrong.append(f"{name}:{node} {key[1]}")
    assert not wrong, "\n".join(wrong)
    assert n > 900  # the search for statements finds them
    assert seen == set(LOOKED_AT)  # what is not needed any more goes


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("def f(db, name): db.execute(f'SELECT {name}')", False),
        ("def _f(db, name): db.execute(f'SELECT {name}')\n_f(db, request.args['x'])", False),
        ("def _f(db, name): db.execute(f'SELECT {name}')\n_f(db, 'title')", True),
        ("def f(db, a): db.execute('SELECT ' + a)", False),
        ("def f(db, a): db.execute('SELECT %s' % a)", False),
        ("def f(db, a): db.execute('SELECT {}'.format(a))", False),
        ("def f(db, a):\n sql = 'SELECT 1'\n sql += a\n db.execute(sql)", False),
        ("def f(db, a):\n for b in a: db.table(b).insert({})", False),
        ("def f(db):\n for a in ('x', 'y'): db.table(a).insert({})", True),
        ("def f(db, ids): db.execute(f'SELECT {places(ids)}', ids)", True),
        ("def f(db, ids): db.execute(f'SELECT {_COLUMNS}', ids)", True),
    ],
)
def test_the_reader_of_sources_tells_them_apart(tmp_path, code, ours):
    (tmp_path / "code.py").write_text(code)
    source = Source(tmp_path / "code.py")
    ((_, words),) = source.statements()
    assert source.ours(words) == ours


# ---- hostile words, wherever words are taken


@pytest.fixture(scope="module")
def lived(tmp_path_factory, model_desk):
    import shutil

    from support.workspace import Workspace

    folder = tmp_path_factory.mktemp("sql")
    shutil.copytree(model_desk.home, folder / "desk")
    shutil.copy(model_desk.key_path, folder / "desk.key")
    space = Workspace(folder / "desk")
    db = space.database()
    furnish(space, db)
    yield space, db
    db.close()


def schema_and_counts(db):
    schema = [tuple(row.values()) for row in db.query("SELECT name, sql FROM sqlite_master")]
    kept = ("faqs", "inquiries", "messages", "agents", "listings", "inquiry_tags")
    return schema, {name: db.table(name).count for name in kept}


def test_hostile_words_find_nothing_and_break_nothing(lived):
    _, db = lived
    before = schema_and_counts(db)
    for word in HOSTILE:
        text = word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # as web takes it
        for looks in (
            lambda w: archive.find(db, Filters(words=w)),
            lambda w: archive.count(db, Filters(words=w)),
            lambda w: archive.among(db, [1, 2], Filters(words=w)),
            lambda w: inquiries.search_words(db, w),
            lambda w: inquiry_map.hits(db, w),
            lambda w: faqs.search(db, w),
            lambda w: tagging.known(db, w),
            lambda w: holding(db, w),
            lambda w: audit_trail.find(db, AuditFilters(words=w)),
        ):
            looks(text)
        for name in ("agent", "faq", "category", "channel", "language", "tag", "source"):
            assert archive.find(db, replace(Filters(), **{name: text})).rows == (), (name, word)
            assert archive.count(db, replace(Filters(), **{name: text})) == (0, False)
        for name in ("actor", "action", "obj"):
            assert audit_trail.find(db, replace(AuditFilters(), **{name: text})).rows == ()
        for kind in (Filters, AuditFilters):
            for name in ("since", "until"):
                with pytest.raises(InputError):
                    kind(**{name: text})
        with pytest.raises(InputError):
            Filters(suggested=text)
    assert schema_and_counts(db) == before
    names = {one.name for one in fields(Filters)}
    assert names == {
        "words",
        "since",
        "until",
        "agent",
        "faq",
        "category",
        "channel",
        "language",
        "tag",
        "source",
        "suggested",
    }  # fmt: skip - a new one is asked for above


# Every name of a question in an address that the console or the API reads.
ASKED = (
    *("q", "words", "who", "what", "on", "since", "until", "agent", "faq", "category", "channel"),
    *(
        "language",
        "tag",
        "suggested",
        "period",
        "page",
        "after",
        "cursor",
        "limit",
        "sort",
        "order",
    ),
    *("state", "scope", "label", "kind", "only", "case", "listing", "look", "ids", "done"),
    *("source", "external_id", "action", "tree", "top_k", "reason", "batch", "path", "mode"),
)


def test_no_address_breaks_on_hostile_questions(lived):
    from web.app import create_app

    space, db = lived
    app = create_app(space, WTF_CSRF_ENABLED=False)
    client, asker = signed_in(app, "ada"), Asker(app, db)
    before = schema_and_counts(db)
    shortened = ('"]; DROP TABLE faqs; --', "'\x00' OR '1'='1", "9" * 40)
    seen = 0
    for page in addresses(app, db):
        if page.path.startswith(("/models/thresholds", "/api/v1/export")):
            continue  # the drawn desk has no model of its own; an export has a test of its own
        for place, word in enumerate(shortened):
            if place and not page.path.startswith(("/answered", "/search", "/audit", "/api")):
                continue
            path = page.path.partition("?")[0]
            words = dict.fromkeys(ASKED, word)
            program = path.startswith("/api/")
            if program:  # an unknown question is refused there: each by itself
                for name in ("q", "cursor", "source", "category"):
                    got = asker.client.get(path, query_string={name: word},
                                           headers=asker.headers)  # fmt: skip
                    assert got.status_code < 500, (page.path, name, word)
                    got.close()
                continue
            got = client.get(path, query_string=words)
            assert got.status_code < 500 or got.status_code == 503, (page.path, word)
            got.close()
            seen += 1
    assert seen > 90
    assert schema_and_counts(db) == before


# ---- an end to what is read


LOOKS = {
    "archive.find": lambda db: archive.find(db, Filters(words="환불")),
    "archive.count": lambda db: archive.count(db, Filters(words="환불")),
    "archive.among": lambda db: archive.among(db, [1], Filters(words="환불")),
    "search_words": lambda db: inquiries.search_words(db, "환불"),
    "hits": lambda db: inquiry_map.hits(db, "환불"),
    "faqs": lambda db: faqs.search(db, "환불"),
    "tags": lambda db: tagging.known(db, "환불"),
    "listings": lambda db: holding(db, "가방"),
    "audit": lambda db: audit_trail.find(db, AuditFilters(words="환불")),
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_takes_too_long_is_broken_off(lived, monkeypatch, look):
    _, db = lived
    LOOKS[look](db)
    monkeypatch.setattr(read_limit, "SECONDS", -1.0)
    monkeypatch.setattr(read_limit, "STEPS", 1)
    with pytest.raises(SlowReadError, match="narrow it down"):
        LOOKS[look](db)
    monkeypatch.undo()
    LOOKS[look](db)  # the connection is as good as before


def test_only_what_is_broken_off_is_called_so(lived):
    _, db = lived
    with pytest.raises(sqlite3.OperationalError, match="no such table"), within(db):
        db.execute("SELECT * FROM nothing_of_this_name")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(SlowReadError), within(db, seconds=0.0):
        db.execute(endless)


def test_a_page_and_a_program_are_told_in_words(lived, monkeypatch):
    from web.app import create_app

    space, db = lived
    app = create_app(space)
    client, asker = signed_in(app, "ada"), Asker(app, db)
    monkeypatch.setattr(read_limit, "SECONDS", -1.0)
    monkeypatch.setattr(read_limit, "STEPS", 1)
    page = client.get("/answered?words=환불")
    assert page.status_code == 400
    assert "broken off" in page.text
    assert asker.get("/inquiries", words="환불").status_code == 400


def test_programs_get_so_many_rows_at_once(lived):
    from web.app import create_app

    space, db = lived
    asker = Asker(create_app(space), db)
    for path in ("/inquiries", "/faqs", "/listings", "/labels", "/verdicts", "/imports"):
        assert asker.get(path, limit=200).status_code == 200
        for limit in (201, 10**9, 0, -1):
            assert asker.get(path, limit=limit).status_code == 422, path
