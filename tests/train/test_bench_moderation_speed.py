"""Verdicts are timed with every voice, on words and on pictures."""

from dataclasses import replace

import pytest

from tests.train.moderation_rows import examples
from train.bench_moderation_speed import bench_moderation_speed


def test_every_kind_of_listing_is_timed() -> None:
    sample = [(row.listing, row.label) for row in examples(80)]
    described = [(replace(one, description="상태 좋아요"), label) for one, label in sample]
    found = bench_moderation_speed(described, rows=3, learned=40)
    assert found["listings"] == 3
    assert found["voices"] == ["linear", "encoder", "fasttext", "rules", "network"]
    for name in ("text", "long_text", "text_and_picture"):
        assert 0 < found[name]["median_ms"] <= found[name]["p99_ms"]
        assert found[name]["cpu_median_ms"] > 0
    assert found["long_text"]["characters"] > 300 > found["text"]["characters"]
    assert found["text_and_picture"]["characters"] == pytest.approx(found["text"]["characters"])
