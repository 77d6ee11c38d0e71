"""The settings page: every setting in words, only what changed is saved, nobody is overwritten."""

import html
import json
import re

import pytest

from support import agents, settings
from support.audit_trail import AuditFilters, find
from support.clock import ago
from support.database import scalar
from support.settings import RANGES, Settings
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web.settings_words import FIELDS, read, written


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def form_of(client):
    """What a browser would send back of the page as it stands."""
    page = client.get("/settings").text
    found = {}
    for name, field in FIELDS.items():
        was = re.search(rf'name="was-{name}" value="([^"]*)"', page)[1]
        found[f"was-{name}"] = html.unescape(was)
        value = written(field, getattr(Settings(), name))
        kept = json.loads(found[f"was-{name}"])
        value = written(field, tuple(kept) if isinstance(kept, list) else kept)
        if field.kind != "switch" or value:
            found[name] = value.replace("\n", "\r\n")
    return found


def save(client, form=None, **changes):
    return client.post("/settings", data=(form or form_of(client)) | changes)


def changes_of(db):
    return [(row.obj, row.detail) for row in find(db, AuditFilters(action="setting.changed")).rows]


def test_every_setting_has_its_words_and_its_value_survives_its_field():
    usual = Settings()
    assert set(FIELDS) == set(Settings.__dataclass_fields__)
    for name, field in FIELDS.items():
        value = getattr(usual, name)
        assert read(field, written(field, value)) == value
    assert read(FIELDS["holdout"], "2,5 %") == 0.025
    assert read(FIELDS["allow"], " 1588-0000 \n\n a@b.kr, 02-1 ") == ("1588-0000", "a@b.kr", "02-1")


def test_a_form_that_nobody_touched_changes_nothing(admin, db):
    before = changes_of(db)
    answer = admin.post("/settings", data=form_of(admin), follow_redirects=True)
    assert "바뀐 것이 없어요" in answer.text
    assert changes_of(db) == before


def test_only_what_changed_is_saved_with_a_line_each(admin, db):
    before = len(changes_of(db))
    answer = save(admin, top_k="4", holdout="2.5", discover_faqs="1", allow="1588-0000\r\n02-1")
    assert answer.status_code == 302
    found = settings.load(db)
    assert (found.top_k, found.holdout, found.discover_faqs) == (4, 0.025, True)
    assert found.allow == ("1588-0000", "02-1")
    lines = dict(changes_of(db)[: -before or None])
    assert lines["setting:top_k"] == {"value": 4, "before": 3}
    assert set(lines) == {f"setting:{n}" for n in ("top_k", "holdout", "discover_faqs", "allow")}
    assert "Ada" in admin.get("/settings").text
    form = form_of(admin)
    del form["discover_faqs"]
    save(admin, form)
    assert not settings.load(db).discover_faqs


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("top_k", "10"), ("top_k", "three"), ("top_k", "2.5"), ("share_right", "100"),
        ("share_right", "nan"), ("holdout", "51"), ("faq_path", "/faq"), ("desk_name", " "),
        ("faq_thresholds", "refund"), ("likely_threshold", "2"),
        ("train_hour", "24"), ("inquiries_days", "-1"), ("wrong_costs", "inf"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_said_beside_it_and_nothing_is_saved(admin, db, name, text):
    before = settings.load(db)
    answer = save(admin, **{name: text, "similar_k": "7"})
    assert answer.status_code == 400
    assert f'id="trouble-{name}"' in answer.text
    assert answer.text.count('class="trouble"') == 1
    field = re.search(rf'name="{name}"[^>]*>', answer.text)[0]
    assert f'value="{text.strip()}"' in field or f">{text}</textarea>" in answer.text or (
        text == " " and 'value=" "' in field)  # fmt: skip
    assert 'name="similar_k" value="7"' in answer.text  # what was right stays, too
    assert settings.load(db) == before


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(admin, db):
    form = form_of(admin)
    settings.change(db, ACTOR, top_k=5, similar_k=9)
    answer = save(admin, form, top_k="4", judged_weeks="6")
    assert answer.status_code == 409
    assert "쓰신 값은 그대로 두었으니" in answer.text
    assert settings.load(db).top_k == 5
    assert settings.load(db).judged_weeks == 4
    # What one left alone shows what the other made of it; saved again, one's own counts.
    assert 'name="was-top_k" value="5"' in answer.text
    assert 'name="similar_k" value="9"' in answer.text
    again = form_of(admin) | {"top_k": "4", "judged_weeks": "6"}
    assert save(admin, again).status_code == 302
    found = settings.load(db)
    assert (found.top_k, found.similar_k, found.judged_weeks) == (4, 9, 6)


def test_a_setting_goes_back_to_what_is_usual_when_saved(admin, db):
    save(admin, top_k="4")
    answer = save(admin, reset="top_k", similar_k="8")
    assert 'name="top_k" value="3"' in answer.text
    assert 'name="similar_k" value="8"' in answer.text
    assert settings.load(db).top_k == 4
    save(admin, top_k="3")
    assert settings.load(db).top_k == 3


def test_deleting_closed_inquiries_asks_first_and_says_how_many(admin, db):
    n = scalar(db, "SELECT count(*) FROM inquiries WHERE status = 'answered'")
    db.execute("UPDATE inquiries SET closed_at = ? WHERE status = 'answered'", [ago(days=40)])
    db.conn.commit()
    assert f"{n}건" in admin.get("/settings/due?days=30").json["words"]
    assert admin.get("/settings/due?days=60").json["n"] == 0
    assert admin.get("/settings/due?days=x").status_code == 400
    answer = save(admin, inquiries_days="30")
    assert answer.status_code == 200
    assert f"{n}건" in answer.text
    assert 'name="delete" value="30"' in answer.text
    assert settings.load(db).inquiries_days == 0
    assert save(admin, inquiries_days="20", delete="30").status_code == 200  # another number
    assert save(admin, inquiries_days="30", delete="30").status_code == 302
    assert settings.load(db).inquiries_days == 30
    assert save(admin, inquiries_days="35").status_code == 302  # longer deletes nothing more


def test_a_damaged_form_is_refused(admin, db):
    assert admin.post("/settings", data={"was-top_k": "{", "top_k": "4"}).status_code == 400
    assert settings.load(db).top_k == 3


def test_ranges_are_those_of_the_settings():
    for name, (low, high) in RANGES.items():
        assert settings.check(name, low) == low
        assert settings.check(name, high) == high


def test_only_admins_open_it(lead):
    assert lead.get("/settings").status_code == 403
    assert lead.post("/settings").status_code == 403
