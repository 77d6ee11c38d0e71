"""Times: read in the zone they were written in, refused where no export can mean them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from support.clock import iso, parse

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-03 09:00", "2026-11-03T00:00:00Z"),
        ("2026-11-03", "2026-11-02T15:00:00Z"),
        ("2026.11.3 9:00", "2026-11-03T00:00:00Z"),
        ("2026-11-03T09:00:00Z", "2026-11-03T09:00:00Z"),
        ("2026-11-03T09:00:00+02:00", "2026-11-03T07:00:00Z"),
        ("1762160400", "2025-11-03T09:00:00Z"),
    ],
)
def test_a_zone_is_that_of_times_without_an_offset_alone(written, read):
    assert parse(written, zone=SEOUL) == read


def test_without_a_zone_a_time_is_utc():
    assert parse("2026-11-03 09:00") == "2026-11-03T09:00:00Z"


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00",
        "1969-12-31", "2101-01-01", "9999999999",
    ],
)  # fmt: skip
def test_a_year_that_no_export_means_is_refused_and_named(written):
    with pytest.raises(ValueError, match="is not between 1970 and 2100") as caught:
        parse(written, zone=SEOUL)
    assert repr(written) in str(caught.value)


@pytest.mark.parametrize("written", ["gestern", "", "²²²²²²²²²²", "2026-13-01"])
def test_what_is_no_time_is_named(written):
    with pytest.raises(ValueError, match="Cannot read"):
        parse(written)


def test_a_year_is_always_four_digits():
    assert iso(datetime(7, 1, 2, 3, 4, 5, 678, tzinfo=UTC)) == "0007-01-02T03:04:05Z"
