"""The ground: workspace, key, settings, audit trail, people, FAQs."""

import os
import stat

import pytest

from support import agents, faqs, settings
from support.audit import record
from support.clock import parse
from support.database import scalar, write
from support.errors import ConflictError, InputError, NotFoundError, SettingError, WorkspaceError
from support.faqs import Faq
from support.seal import Seal
from support.workspace import Workspace
from tests.conftest import ACTOR


def test_a_workspace_is_made_once_and_kept(space, db):
    db["settings"].insert({"key": "x", "value": "1", "changed_at": "", "changed_by": ""})
    before = space.key_path.read_text()
    space.create()
    assert space.key_path.read_text() == before
    assert scalar(space.database(), "SELECT count(*) FROM settings") == 1


def test_database_and_key_are_their_owners_alone(space):
    for path in (space.database_path, space.key_path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_what_is_missing_is_named_with_its_cure(tmp_path, space):
    with pytest.raises(WorkspaceError, match="faqdesk init"):
        Workspace(tmp_path / "nowhere").database()
    space.key_path.unlink()
    with pytest.raises(WorkspaceError, match="FAQDESK_KEY_FILE"):
        space.seal()
    space.key_path.write_text("c2hvcnQ=")
    space.key_path.chmod(0o600)
    with pytest.raises(WorkspaceError, match="damaged"):
        space.seal()


def test_a_newer_or_foreign_database_is_refused(space, db):
    row = {"migration_set": "faqdesk", "name": "m999_future", "applied_at": "2030"}
    db["_sqlite_migrations"].insert(row)
    with pytest.raises(WorkspaceError, match="newer faqdesk"):
        space.database()
    space.database_path.write_bytes(b"not a database at all, not at all" * 100)
    for beside in space.home.glob("desk.db-*"):
        beside.unlink()
    with pytest.raises(WorkspaceError, match="Cannot open"):
        space.database()


def test_a_seal_opens_only_with_its_own_key(tmp_path):
    one, other = Seal.create(tmp_path / "a.key"), Seal.create(tmp_path / "b.key")
    sealed = one.close_up("비밀입니다")
    assert one.open_up(sealed) == "비밀입니다"
    with pytest.raises(WorkspaceError, match="another desk"):
        other.open_up(sealed)
    assert one.customer("s", "c1") == one.customer("s", "c1") != other.customer("s", "c1")
    assert one.customer("s", "") == ""


def test_settings_are_checked_stored_and_audited(db):
    settings.change(db, ACTOR, share_right="0.9", allow="1588-0000, a@b.kr", discover_faqs="yes")
    found = settings.load(db)
    assert found.allow == ("1588-0000", "a@b.kr")
    assert (found.share_right, found.discover_faqs) == (0.9, True)
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'setting.changed'") == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"share_right": 1.5}, "share_right must lie between 0 and 1, got 1.5"),
        ({"top_k": 99}, r"top_k must lie in \[1, 9\], got 99"),
        ({"colour": "red"}, "No setting 'colour'"),
        ({"discover_faqs": "perhaps"}, "discover_faqs cannot be 'perhaps'"),
        ({"faq_path": "/faq"}, "slug"),
        ({"faq_path": "faq/{slug}"}, "faq_path cannot be 'faq/{slug}'.* begins with /"),
        ({"faq_path": "/{locale}/{locale}/{slug}"}, "faq_path"),
    ],
)
def test_a_wrong_setting_changes_nothing(db, values, words):
    with pytest.raises(SettingError, match=words):
        settings.change(db, ACTOR, desk_name="neu", **values)
    assert settings.load(db).desk_name == "faqdesk"


def test_a_stored_value_that_is_refused_by_now_counts_as_its_default(db):
    settings.change(db, ACTOR, desk_name="우리", top_k=5)
    # `channels` was a setting once.
    for key, value in (("channels", '["email"]'), ("faq_path", '"faq/{slug}"')):
        db["settings"].insert({"key": key, "value": value, "changed_at": "", "changed_by": ""})
    found = settings.load(db)
    assert found.faq_path == "/{locale}/faq/{slug}"
    assert (found.desk_name, found.top_k) == ("우리", 5)
    assert settings.change(db, ACTOR, faq_path="/help/{slug}").faq_path == "/help/{slug}"
    assert settings.load(db).faq_path == "/help/{slug}"


def test_the_audit_trail_only_grows(db):
    record(db, ACTOR, "thing.done", "x:1")
    for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'me'"):
        with pytest.raises(Exception, match="append-only"):
            db.execute(statement)


def test_a_transaction_is_all_or_nothing_even_nested(db):
    def fails_late():
        with write(db):
            record(db, ACTOR, "one", "x:1")
            with write(db):
                record(db, ACTOR, "two", "x:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_late()
    assert scalar(db, "SELECT count(*) FROM audit") == 0


def test_people_sign_in_with_their_password_alone(db):
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="lead", password="long enough 1")
    assert agents.authenticate(db, "MINA", "long enough 1") == mina
    assert agents.authenticate(db, "mina", "wrong password") is None
    assert agents.authenticate(db, "nobody", "long enough 1") is None
    agents.set_active(db, ACTOR, mina.id, active=False)
    assert agents.authenticate(db, "mina", "long enough 1") is None


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"login": "mina"}, ConflictError),
        ({"role": "king"}, InputError),
        ({"password": "short"}, InputError),
        ({"login": "a b"}, InputError),
    ],
)
def test_who_cannot_be_added(db, values, error):
    usual = {"login": "jun", "name": "", "role": "agent", "password": "long enough 1"}
    agents.add(db, ACTOR, **usual | {"login": "mina"})
    with pytest.raises(error):
        agents.add(db, ACTOR, **usual | values)


def test_faqs_are_found_inside_korean_words_and_from_the_first_syllable(db):
    saved = faqs.save(
        db,
        [
            Faq(slug="pw", title="비밀번호를 잊었어요", title_en="Forgot password", url="u"),
            Faq(slug="refund", title="환불받고싶어요", url="u", body="비밀번호는 필요 없습니다"),
        ],
    )
    assert saved == (2, 0)
    assert [faq.slug for faq in faqs.search(db, "비밀번호")] == ["pw", "refund"]  # title first
    assert [faq.slug for faq in faqs.search(db, "환불")] == ["refund"]
    assert [faq.slug for faq in faqs.search(db, "환")] == ["refund"]
    assert [faq.slug for faq in faqs.search(db, "passw")] == ["pw"]
    assert len(faqs.search(db, " ")) == 2
    assert faqs.search(db, '"*(:') == [] or faqs.search(db, '"*(:')  # never a syntax error
    assert faqs.save(db, [Faq(slug="pw", title="비밀번호", url="u")]) == (0, 1)
    assert [faq.slug for faq in faqs.search(db, "잊었")] == []
    with pytest.raises(NotFoundError, match="import-faqs"):
        faqs.get(db, "none")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-03T08:15:00Z", "2026-11-03T08:15:00Z"),
        ("2026-11-03T17:15:00+09:00", "2026-11-03T08:15:00Z"),
        ("2023-01-01 02:21:46 +0000", "2023-01-01T02:21:46Z"),
        ("2026.8.1 9:30", "2026-08-01T09:30:00Z"),
        ("1735689600", "2025-01-01T00:00:00Z"),
        ("1735689600000", "2025-01-01T00:00:00Z"),
        ("2026-11-03", "2026-11-03T00:00:00Z"),
    ],
)
def test_times_as_exports_write_them(written, read):
    assert parse(written) == read


def test_a_wrong_time_is_named():
    with pytest.raises(ValueError, match="gestern"):
        parse("gestern")
