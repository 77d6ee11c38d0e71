"""Mapping files: documented whole, and refused with the key that is wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from support.errors import MappingError
from support.importing.mapping import Mapping, read_mapping

DOCS = Path(__file__).parents[3] / "docs" / "importing.md"


def test_the_documentation_shows_every_key(tmp_path):
    text = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "all.toml"
    path.write_text(text, encoding="utf-8")
    mapping = read_mapping(path)
    for part in (mapping.questions, mapping.answers, mapping.links, mapping.faqs, mapping.aliases):
        for field in fields(part):
            assert f"\n{field.name} = " in text
            assert getattr(part, field.name), field.name
    for field in fields(Mapping):
        assert f"\n{field.name} = " in f"\n{text}" or f"\n[{field.name}]" in text
    assert (mapping.source, mapping.timezone) == ("helpdesk", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source = [", "is not TOML"),
        ("[question]\nid = 'x'", r"holds \['question'\]"),
        ("[questions]\nbody = 'x'", r"\[questions\] holds \['body'\]"),
        ("[questions]\nid = 7", "id must be a str, got 7"),
        ("[links]\nhosts = 'x'", "hosts must be a list"),
        ("links = 1", "must be a table"),
        ("source = 7", "source must be a str, got 7"),
        ("timezone = 9", "timezone must be a str, got 9"),
        ("timezone = 'Asia/Seol'", r"m\.toml: timezone must be an IANA name .* got 'Asia/Seol'"),
        ("timezone = 'Asia'", "got 'Asia'"),
        ("timezone = '../etc/passwd'", "got '../etc/passwd'"),
        ("timezone = ''", "got ''"),
    ],
)
def test_a_wrong_mapping_names_the_key(tmp_path, text, words):
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=words):
        read_mapping(path)


def test_a_missing_mapping_is_named(tmp_path):
    with pytest.raises(MappingError, match=r"no\.toml"):
        read_mapping(tmp_path / "no.toml")


def test_without_a_mapping_the_usual_columns_are_read():
    assert (Mapping().questions.text, Mapping().questions.answer) == ("question", "answer")
