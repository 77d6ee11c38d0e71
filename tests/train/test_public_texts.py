"""Nothing that a benchmark measures on is learned from; shown on a small folder of such shapes."""

from dataclasses import fields

import pytest

from support.errors import ImportFileError
from support.shipped import shipped_folder
from train.public_card import left_out_table, sources_table
from train.public_sources import LEFT_OUT, SOURCES
from train.public_texts import PublicTexts, key, measured_texts, read_public


def strings(value):
    """Every text in what was read."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings(one)
    elif hasattr(value, "one"):
        yield from (value.one, value.other)


@pytest.fixture(scope="module")
def public(public_folder):
    return read_public(public_folder)


def test_no_tested_text_is_read_labelled_or_not(public):
    read = [text for f in fields(PublicTexts) for text in strings(getattr(public, f.name))]
    assert len(read) > 8_000
    assert [text for text in read if "secret" in text.lower()] == []


def test_what_is_not_excluded_is_read(public):
    assert set(public.plain) == {source.name for source in SOURCES}
    assert all(public.plain.values())
    assert [(pair.one, pair.score) for pair in public.graded] == [("가을 하늘", 0.5)]
    assert {"비가 온다", "날이 젖다", "맑다"} <= set(public.plain["kornlu"])
    assert sum(len(group) == 10 for group in public.groups) == 802
    assert ("창문 열기", "창문 열어줘") in public.groups
    assert ("언제 와", "언제 오니") in public.groups
    assert [title for title, _ in public.petitions] == [
        "제목 2017-08",
        "제목 2019-04",
        "제목 2019-05",
    ]
    assert public.questions == [("old mail", "It is gone")]
    assert public.dropped == {
        "kornlu": 1, "sae4k": 2, "question_pair": 1, "banking77": 1, "thunderbird": 1
    }  # fmt: skip


def test_only_listed_files_are_opened_to_learn_from(public_folder, monkeypatch):
    import train.public_texts as module

    monkeypatch.setattr(module, "measured_texts", lambda root: ())
    opened = set()
    real = module._open
    monkeypatch.setattr(module, "_open", lambda path: opened.add(path) or real(path))
    read_public(public_folder)
    listed = {
        public_folder / "support" / source.name / name
        for source in SOURCES
        for name in source.files
    }
    assert opened == listed


def test_every_tested_set_is_known(public_folder):
    tested = set(map(key, measured_texts(public_folder)))
    for text in ("SECRET 시험 둘", "SECRET 가설", "SECRET 999 말투 9", "SECRET oos_test",
                 "SECRET 2019-08", "SECRET 둘째", "SECRET test", "SECRET end"):  # fmt: skip
        assert key(text) in tested, text


def test_a_missing_set_is_named(tmp_path):
    (tmp_path / "support").mkdir()
    with pytest.raises(ImportFileError, match=r"sts-train\.tsv is not there"):
        read_public(tmp_path)


def test_the_shipped_card_lists_what_the_code_lists():
    card = (shipped_folder() / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert sources_table() in card
    assert left_out_table() in card


def test_the_shipped_licence_names_every_source():
    text = (shipped_folder() / "LICENSE").read_text(encoding="utf-8")
    assert "Attribution-ShareAlike 4.0 International" in text
    assert [source.name for source in SOURCES if source.origin not in text] == []


def test_nothing_is_both_read_and_left_out():
    whole = {f"{source.name}/{name}" for source in SOURCES for name in source.files}
    assert whole.isdisjoint(left.place for left in LEFT_OUT)
