"""Whatever file is handed in: an error of ours with a cure, or a report that accounts for each row.

Exports of every helpdesk that is read, bent in every way; tables of hostile words; tables of
listings; masks and texts on the way.
"""

import csv
import gzip
import io
import json
import random
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listings.collect_files import collect_files
from listings.tables import open_source
from support.database import scalar
from support.errors import FaqdeskError
from support.html import to_plain_text
from support.importing.door import Options, import_export
from support.links import LinkPattern, LinkReader
from support.redact import Redactor
from support.text import normalize
from tests import soaking
from tests.conftest import ACTOR
from tests.support.importing import exports
from tests.trust import hostile_words

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def mails():
    return b"\n\n".join(b"From a@b Thu Jan  1 00:00:00 2026\n" + bytes(mail) for mail in MAILS)


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


MAILS = [as_bytes(mail) for mail in exports.MAILS]
FILES = {
    "tickets.json": json.dumps(exports.ZENDESK_TICKETS, ensure_ascii=False).encode(),
    "tickets.ndjson": "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in exports.FRESHDESK
    ).encode(),
    "chat.json": json.dumps(exports.CHATWOOT).encode(),
    "zammad.json": json.dumps(exports.ZAMMAD, ensure_ascii=False).encode("cp949", "replace"),
    "scout.json": json.dumps(exports.HELP_SCOUT).encode("utf-16"),
    "threads.csv": exports.FREESCOUT_THREADS.encode(),
    "box.mbox": mails(),
    "one.eml": MAILS[0],
    "pairs.csv": "question,answer\n환불 언제,곧\n로그인이 안 돼요,네\n".encode(),
}
ENDS = (".json", ".csv", ".ndjson", ".zip", ".gz", ".xlsx", ".mbox", ".eml", ".txt", "", ".tsv")


def zipped(raw, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return packed.getvalue()


def bent(raw, chance):
    """Bytes, changed in a few places: cut, doubled, swapped, with hostile words put in."""
    for _ in range(chance.randint(1, 4)):
        at, more = chance.randint(0, len(raw)), chance.randint(0, 40)
        way = chance.choice(
            ("cut", "drop", "put", "flip", "twice", "pack", "slip", "recode", "big")
        )
        if way == "cut":
            raw = raw[:at]
        elif way == "drop":
            raw = raw[:at] + raw[at + more :]
        elif way == "put":
            raw = raw[:at] + chance.choice(hostile_words.WORDS) + raw[at:]
        elif way == "flip" and raw:
            raw = raw[: at - 1] + bytes([chance.randrange(256)]) + raw[at:]
        elif way == "twice":
            raw = raw[:at] + raw[max(at - more, 0) :]
        elif way == "pack":
            raw = gzip.compress(raw)
        elif way == "slip":
            raw = zipped(raw, chance.choice(("../../x.json", "/x.csv", "a/b.ndjson", ".", "a\\b")))
        elif way == "recode":
            with suppress(UnicodeError):
                raw = raw.decode().encode(chance.choice(("utf-16-le", "cp949", "utf-32", "euc-kr")))
        else:
            raw = raw[:at] + chance.choice((b"a", b" ", b"9", b"[", b'"')) * 20_000 + raw[at:]
    return raw


@pytest.fixture
def run(space, db, tmp_path):
    def run(name, raw, **options):
        path = tmp_path / name
        path.write_bytes(raw)
        return import_export(db, space.seal(), [path], actor=ACTOR, options=Options(**options))

    return run


@settings(
    max_examples=soaking.many(40, 3000), deadline=None, database=None, suppress_health_check=QUIET
)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**48), st.sampled_from(ENDS))
def test_a_bent_export_is_read_or_refused_and_leaves_the_desk_whole(run, db, name, seed, end):
    chance = random.Random(seed)
    try:
        report = run(f"x{end}", bent(FILES[name], chance))
    except FaqdeskError:
        pass
    else:
        assert report.rejected >= len(report.rejections)
        assert report.inquiries + report.already_there <= report.rows
    assert not db.conn.in_transaction
    assert scalar(db, "PRAGMA foreign_key_check") is None


CELLS = hostile_words.raw.map(lambda cell: cell.decode("utf-8", "replace")) | st.just("환불 언제")


@settings(
    max_examples=soaking.many(30, 1500), deadline=None, database=None, suppress_health_check=QUIET
)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_each_row_of_a_table_is_stored_known_or_rejected_with_a_reason(run, rows):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("question", "answer"))
    writer.writerows(rows)
    given_rows = list(csv.reader(io.StringIO(out.getvalue().replace("\0", ""), newline="")))[1:]
    filled = [row for row in given_rows if row]  # an empty line is no row
    try:
        report = run("t.csv", out.getvalue().encode("utf-8", "replace"))
    except FaqdeskError:
        return
    told = report.inquiries + report.already_there + report.rejected + report.repeats
    assert told == len(filled), (report, filled)
    assert all(rejection.reason for rejection in report.rejections)


@settings(
    max_examples=soaking.many(30, 1500), deadline=None, database=None, suppress_health_check=QUIET
)
@given(
    st.binary(max_size=300) | st.sampled_from(sorted(FILES)).map(FILES.__getitem__),
    st.integers(0, 2**48),
    st.sampled_from((".csv", ".jsonl", ".xlsx", ".parquet", ".csv.gz", ".tsv", ".json", ".tar")),
)
def test_a_table_of_listings_is_read_or_refused(space, db, tmp_path, raw, seed, end):
    path = tmp_path / f"x{end}"
    path.write_bytes(bent(raw, random.Random(seed)))
    with suppress(FaqdeskError):
        source = open_source(path)
        for block in source.blocks(5, lambda *_: None):
            source.keep(block, tmp_path / "block")
    with suppress(FaqdeskError):
        collect_files(db, space.seal(), space.home / "images", [path], actor=ACTOR)
    assert not db.conn.in_transaction


LINKS = LinkReader(
    [LinkPattern(hosts=("help.example.com",), path="/{locale}/faq/{slug}", relative=True)]
)
KNOWN = (
    "<a href='", "https://help.example.com/ko/faq/x%", "&#55296;", "&#x110000;", "<!--", "]]>",
    "010-1234-5678", "９００１０１－１２３４５６７", "a＠b.kr", "<![CDATA[", "\ud800", "</",
)  # fmt: skip
HOSTILE = st.lists(hostile_words.plain | CELLS | st.sampled_from(KNOWN), max_size=8).map("".join)


@settings(max_examples=soaking.many(80, 20_000), deadline=None, database=None)
@given(HOSTILE)
def test_words_on_their_way_in_are_read_masked_and_stay_so(text):
    """Never an error; once done, doing it again changes nothing; what can be stored comes out."""
    plain = to_plain_text(text)
    assert all(isinstance(link, str) for link in plain.links)
    for link in (*plain.links, text):
        LINKS.slug(link)
    words = normalize(plain.text)
    assert normalize(words) == words
    masked = Redactor(()).redact(words).text
    assert Redactor(()).redact(masked).text == masked
    masked.encode("utf-8", "surrogatepass")
