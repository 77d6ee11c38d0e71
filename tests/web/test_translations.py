"""Every sentence of the console is there in Korean, and what is read is what was written."""

from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import web

ROOT = Path(web.__file__).parent
PO = ROOT / "translations/ko/LC_MESSAGES/messages.po"


def catalog():
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def sentences():
    with (ROOT / "translations/babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    found = extract_from_dir(ROOT.parent, methods, options, keywords)
    return {message for _, _, message, _, _ in found}


def test_every_sentence_is_translated_and_none_is_left_over():
    translated = {message.id for message in catalog() if message.id and message.string}
    assert translated == sentences()
    assert not [message.id for message in catalog() if message.fuzzy]


def test_placeholders_agree():
    read = catalog()
    wrong = [(message.id, error) for message in read for error in message.check(read)]
    assert wrong == []


def test_what_is_read_is_what_was_written():
    fresh = BytesIO()
    write_mo(fresh, catalog())
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    fresh.seek(0)
    assert compiled == {message.id: message.string for message in read_mo(fresh) if message.id}
