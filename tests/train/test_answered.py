from tests.conftest import import_csv
from train.answered import answered

HISTORY = """id,question,answer,created_at,answered_at
1,late parcel,see https://help.example.com/ko/faq/parcel soon,2026-01-01,2026-01-02
2,no answer yet,,2026-01-03T00:00:00Z,
3,money back,we pay within three days,2026-01-04T00:00:00Z,2026-01-06T00:00:00Z
"""


def test_answered_inquiries_come_with_what_was_said_by_then(space, db, tmp_path):
    import_csv(space, tmp_path / "history.csv", HISTORY)
    found = answered(db)
    assert [item.text for item in found] == ["late parcel", "money back"]
    assert found[0].said("2027") == "see soon"  # the address is the label
    assert found[1].said("2026-01-05") == ""
    assert [item.text for item in answered(db, before="2026-01-05")] == ["late parcel"]
