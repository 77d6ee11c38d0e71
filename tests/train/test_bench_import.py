"""The benchmark of imports: the export that it writes, and a real `faqdesk import` of it."""

import json

from support.importing.door import detect
from train.bench_import import bench_import, write_export

PAIRS = [
    ("환불은 언제 되나요? 010-2938-4471", "사흘 안에 됩니다."),
    ("로그인이 안 돼요", "다시 해 보세요."),
]


def test_the_export_is_one_of_zendesks_and_as_large_as_asked(tmp_path):
    path = tmp_path / "tickets.json"
    count = write_export(path, 200_000, PAIRS)
    assert 200_000 <= path.stat().st_size < 210_000
    assert len(json.loads(path.read_text(encoding="utf-8"))["tickets"]) == count
    assert detect([path]).format == "zendesk"


def test_an_import_is_watched_to_its_end():
    found = bench_import(1, PAIRS)
    assert found.messages == 3 * found.conversations > 300
    assert found.rejected == 0
    assert found.peak_mb > 20
    assert len(found.tenths) == 10
    assert found.bar > 1  # the bar has moved
    assert json.dumps(found.as_dict())
