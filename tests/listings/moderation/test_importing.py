"""Handled reports and decisions from files: taken over once, closed as they were, nothing lost."""

import json

import pytest

from listings.moderation.cases import of_listing, reports, standing
from listings.moderation.decisions_past import past_decisions
from listings.moderation.importing import import_past
from listings.moderation.policy_act import act
from listings.moderation.reporters import Record, records
from listings.moderation.sample import base_rate
from listings.store import Collected, ListingStore
from support.database import scalar
from support.errors import ImportFileError, InputError, MappingError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, put, verdict

DECISIONS = """listing_id,label,reason,at,sampled
a1,pro_ads,업자 계정,2026-05-03T10:00:00Z,0
a2,normal,직접 쓰던 물건,2026-05-04 09:00,1
a3,animals,강아지 분양,,
"""
REPORTS = """id,listing_id,reporter,label,words,at
r1,a1,kim,pro_ads,업자예요,2026-05-03T09:00:00Z
r2,a1,lee,,연락처 010-1234-5678,2026-05-03T09:30:00Z
r3,a1,kim,pro_ads,또 올렸어요,2026-05-09T09:00:00Z
r4,a4,park,counterfeit,가품 같아요,2026-05-09T09:00:00Z
"""


@pytest.fixture
def ids(db, seal):
    items = [
        Collected(source="market", external_id=f"a{n}", title=f"물건 {n}") for n in range(1, 6)
    ]
    return ListingStore(db, seal).save(items).ids


@pytest.fixture
def files(tmp_path):
    def write(decisions=DECISIONS, said=REPORTS, encoding="utf-8"):
        first, second = tmp_path / "decisions.csv", tmp_path / "reports.csv"
        first.write_text(decisions, encoding=encoding)
        second.write_text(said, encoding=encoding)
        return {"decisions": first, "reports": second}

    return write


def run(db, seal, **options):
    return import_past(db, seal, source="market", actor=ACTOR, **options)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_reports_are_closed_by_the_decision_that_came_after_them(db, seal, ids, files, encoding):
    report = run(db, seal, **files(encoding=encoding))
    assert (report.decisions, report.drawn, report.reports, report.waiting) == (3, 1, 4, 2)
    assert report.labels == {"pro_ads": 1, "normal": 1, "animals": 1}
    case = of_listing(db, ids[0])
    assert [found.waiting for found in reports(db, case.id)] == [False, False, True]
    assert (case.state, case.hidden) == ("open", False)
    assert standing(db, case.id)["at"] == "2026-05-03T10:00:00Z"
    assert base_rate(db).n == 1
    assert {past.listing_id: past.label for past in past_decisions(db)} == {
        ids[0]: "pro_ads", ids[1]: "normal", ids[2]: "animals"
    }  # fmt: skip
    words = [found.words for found in reports(db, case.id)]
    assert "1234" not in "".join(words)
    assert of_listing(db, ids[3]).state == "open"


def test_a_second_import_adds_nothing(db, seal, ids, files):
    paths = files()
    run(db, seal, **paths)
    before = list(db.query("SELECT * FROM moderation_reports"))
    again = run(db, seal, **paths)
    assert (again.decisions, again.decided_already, again.reports) == (0, 3, 0)
    assert again.reports_there == 4
    assert list(db.query("SELECT * FROM moderation_reports")) == before


def test_killed_half_way_the_next_import_goes_on(db, seal, ids, files, monkeypatch):
    monkeypatch.setattr("listings.moderation.importing.BATCH", 1)

    def stop(done, total, message):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(db, seal, **files(), progress=stop)
    report = run(db, seal, **files())
    assert (report.decisions, report.decided_already) == (1, 2)
    assert scalar(db, "SELECT count(*) FROM moderation_reports") == 4


def test_rows_that_cannot_be_used_say_why_and_the_others_are_taken(db, seal, ids, files):
    lines = ("a1,사기,0", "a2,normal,maybe", ",normal,0", "zz,normal,0", "a5,normal,1")
    decisions = "\n".join(("listing_id,label,sampled", *lines, ""))
    report = run(db, seal, **files(decisions, "listing_id,label,at\na3,pro_ads,someday\n"))
    assert (report.decisions, report.rejected) == (1, 5)
    said = " | ".join(item.reason for item in report.rejections)
    for part in ("--label '사기=...'", "drawn is 1 or 0", "names no listing", "'zz'", "'someday'"):
        assert part in said


def test_what_a_file_calls_a_class_can_be_named(db, seal, ids, tmp_path):
    file = tmp_path / "past.jsonl"
    rows = [{"item_id": "a1", "판정": "짝퉁", "무작위": True}, {"item_id": "a2", "판정": "정상"}]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    labels = {"짝퉁": "counterfeit", "정상": "normal"}
    report = run(db, seal, decisions=file, labels=labels)
    assert report.labels == {"counterfeit": 1, "normal": 1}
    assert report.drawn == 1
    with pytest.raises(InputError, match="No class 'fake'"):
        run(db, seal, decisions=file, labels={"짝퉁": "fake"})


def test_what_cannot_be_read_at_all_is_an_error_with_a_cure(db, seal, ids, tmp_path):
    with pytest.raises(InputError, match="Give a file"):
        run(db, seal)
    with pytest.raises(ImportFileError):
        run(db, seal, decisions=tmp_path / "gone.csv")
    file = tmp_path / "other.csv"
    file.write_text("name,colour\nx,red\n")
    with pytest.raises(MappingError, match="no column 'listing_id'"):
        run(db, seal, reports=file)


def test_a_report_without_an_id_is_the_same_when_it_comes_again(db, seal, ids, tmp_path):
    file = tmp_path / "reports.csv"
    file.write_text("listing_id,reporter\na1,010-1234-5678\n")
    assert run(db, seal, reports=file).reports == 1
    assert run(db, seal, reports=file).reports_there == 1
    row = next(iter(db.query("SELECT * FROM moderation_reports")))
    assert "1234" not in json.dumps(row)


def told(db, ids):
    """All that an import left behind, whichever way it went."""
    rows = db.query(
        "SELECT c.listing_id, r.external_id, r.at, d.label FROM moderation_reports r "
        "JOIN moderation_cases c ON c.id = r.case_id "
        "LEFT JOIN moderation_decisions d ON d.id = r.closed_by ORDER BY 1, 2"
    )
    found = [tuple(row.values()) for row in rows]
    return found, [of_listing(db, key).state for key in ids[:4]]


@pytest.mark.parametrize("order", [("decisions", "reports"), ("reports", "decisions")])
def test_it_is_all_the_same_which_file_comes_first(db, seal, ids, files, order):
    paths = files()
    first, then = (run(db, seal, **{name: paths[name]}) for name in order)
    assert (first.reports + then.reports, first.reports_there + then.reports_there) == (4, 0)
    assert told(db, ids) == (
        [
            (ids[0], "market:r1", "2026-05-03T09:00:00Z", "pro_ads"),
            (ids[0], "market:r2", "2026-05-03T09:30:00Z", "pro_ads"),
            (ids[0], "market:r3", "2026-05-09T09:00:00Z", None),
            (ids[3], "market:r4", "2026-05-09T09:00:00Z", None),
        ],
        ["open", "closed", "closed", "open"],
    )
    who = seal.customer("market", "lee")
    assert records(db, [who])[who] == Record(1, 0)
    again = run(db, seal, **paths)
    assert (again.reports, again.reports_there) == (0, 4)


def test_a_report_for_lawyers_waits_where_only_the_machine_decided(db, seal, ids, tmp_path):
    put(db, a_policy())
    act(db, [(ids[0], verdict(pro_ads=0.95))])
    file = tmp_path / "reports.csv"
    file.write_text("id,listing_id,label,at\n1,a1,legal,2026-05-01\n2,a1,pro_ads,2026-05-01\n")
    assert (run(db, seal, reports=file).waiting, of_listing(db, ids[0]).state) == (1, "open")


def test_times_that_name_no_zone_are_of_the_one_that_is_told(db, seal, ids, tmp_path):
    file = tmp_path / "past.csv"
    file.write_text("listing_id,label,at\na1,pro_ads,2026-05-03 10:00\n")
    run(db, seal, decisions=file)
    assert scalar(db, "SELECT at FROM moderation_decisions") == "2026-05-03T01:00:00Z"
    file.write_text("listing_id,label,at\na2,pro_ads,2026-05-03 10:00\n")
    run(db, seal, decisions=file, timezone="UTC")
    assert scalar(db, "SELECT max(at) FROM moderation_decisions") == "2026-05-03T10:00:00Z"
    with pytest.raises(InputError, match="No time zone 'Seoul'"):
        run(db, seal, decisions=file, timezone="Seoul")


@pytest.mark.parametrize(
    "row",
    ["a1,call 010-1234-5678,2026-05-01,0", "a1,normal,010-1234-5678,0", "a1,normal,,010-1234-5678",
     "010-1234-5678,normal,,0", f"a1,{'x' * 77}010-1234-5678,2026-05-01,0",
     "a1,normal,2099-01-01,0"],
)  # fmt: skip
def test_why_a_row_is_rejected_quotes_no_personal_data(db, seal, ids, tmp_path, row):
    file = tmp_path / "past.csv"
    file.write_text(f"listing_id,label,at,sampled\n{row}\n")
    report = run(db, seal, decisions=file)
    assert (report.decisions, report.rejected) == (0, 1)
    said = report.rejections[0].reason
    assert "010" not in said
    assert len(said) < 400
    file.write_text("010-1234-5678,label\na,b\n")
    with pytest.raises(MappingError, match="no column 'listing_id'") as error:
        run(db, seal, decisions=file)
    assert "1234" not in str(error.value)
