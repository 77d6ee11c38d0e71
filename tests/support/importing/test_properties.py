"""What holds of every file, whatever it holds."""

import io
import json
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.errors import FaqdeskError
from support.importing import json_stream, mbox
from support.importing.door import detect
from support.importing.json_stream import records

BEGIN = b"From a@b Thu Jan  1 00:00:00 2026\n"
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUIET
@given(st.binary(max_size=400))
@example(b"From a@b\nFrom: x\nDate: y\n\n")
@example(b'{"tickets": [{"id": 1}')
def test_whatever_bytes_a_file_holds_it_is_known_or_refused(tmp_path, raw):
    path = tmp_path / "any"
    path.write_bytes(raw)
    with suppress(FaqdeskError):
        assert detect([path]).format


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip
OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["id", "subject", "본문"]), VALUES, min_size=1, max_size=3),
    min_size=2, max_size=6,
)  # fmt: skip


@QUIET
@given(OBJECTS, st.sampled_from([None, 1]), st.integers(3, 60), st.booleans())
def test_objects_are_the_same_wherever_reading_stops(monkeypatch, rows, indent, chunk, page):
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    text = json.dumps({"count": 1, "tickets": rows} if page else rows, indent=indent)
    found = [record.value for record in records(io.StringIO(text))]
    assert found == [json.loads(json.dumps(row)) for row in rows]


@QUIET
@given(st.lists(st.lists(st.sampled_from(
    ["", "words", "From now on", BEGIN.decode().strip(), ">From x", "From: y", "가나다"]
), max_size=6), min_size=1, max_size=5))  # fmt: skip
def test_a_mailbox_gives_back_the_mails_it_was_made_of(tmp_path_factory, bodies):
    path = Path(tmp_path_factory.mktemp("box")) / "b.mbox"
    whole = b""
    for body in bodies:
        guarded = [f">{line}" if line.lstrip(">").startswith("From ") else line for line in body]
        whole += BEGIN + b"Subject: s\nDate: d\n\n" + "".join(f"{x}\n" for x in guarded).encode()
    path.write_bytes(whole)
    found = [raw for _, raw in mbox.mails(path, tell=lambda done: None)]
    assert [raw.split(b"\n\n", 1)[1].decode() for raw in found] == [
        "".join(f"{line}\n" for line in body) for body in bodies
    ]  # fmt: skip
