"""The setting of the vector engine: what it takes, and what it refuses with the cure."""

import pytest

from support import vector_engine
from support.errors import SettingError

SERVER = {"FAQDESK_VECTORS": "https://vectors.example.com:19530", "FAQDESK_VECTORS_TOKEN": "a:b"}


@pytest.mark.parametrize("words", ["", " ", "faiss", "FAISS"])
def test_the_embedded_engine_is_the_default(words):
    assert vector_engine.place({}) is None
    assert vector_engine.place({"FAQDESK_VECTORS": words}) is None


def test_a_milvus_of_this_machine_needs_nothing_one_elsewhere_token_and_tls(tmp_path):
    own = vector_engine.place({"FAQDESK_VECTORS": "http://127.0.0.1:19530/"})
    assert (own.uri, own.token) == ("http://127.0.0.1:19530", "")
    there = vector_engine.place(SERVER)
    assert (there.uri, there.token, there.certificate) == (
        "https://vectors.example.com:19530", "a:b", "",
    )  # fmt: skip
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    given = SERVER | {"FAQDESK_VECTORS_CA": str(tmp_path / "ca.pem")}
    assert vector_engine.place(given).certificate == str(tmp_path / "ca.pem")


def test_a_file_is_for_one_process(tmp_path):
    given = {"FAQDESK_VECTORS": str(tmp_path / "vectors.db")}
    assert vector_engine.place(given).uri == str(tmp_path / "vectors.db")
    with pytest.raises(SettingError, match=r"one process opens at a time.*localhost:19530"):
        vector_engine.place(given, processes=True)


@pytest.mark.parametrize(
    ("named", "more", "why"),
    [
        ("milvus", {}, "FAQDESK_VECTORS=milvus names no engine.*faiss"),
        ("redis://localhost:6379", {}, "names no engine"),
        ("http://", {}, "names no engine"),
        ("http://localhost:99999", {}, "names no engine|port"),
        ("http://localhost:19530/other", {}, "more than a host and a port"),
        ("http://vectors.example.com:19530", {}, "lacks a secret that callers show and TLS"),
        ("https://vectors.example.com:19530", {}, "lacks a secret"),
        ("http://10.0.0.5:19530", {"FAQDESK_VECTORS_TOKEN": "a:b"}, "lacks TLS.*FAQDESK_VECTORS"),
        ("https://v.example.com", {"FAQDESK_VECTORS_TOKEN": "a", "FAQDESK_VECTORS_CA": "/no.pem"},
         "/no.pem cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_or_lets_strangers_in_is_refused(named, more, why):
    with pytest.raises(SettingError, match=why):
        vector_engine.place({"FAQDESK_VECTORS": named, **more})


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(SettingError, match=r"may hold no password.*TOKEN") as told:
        vector_engine.place({"FAQDESK_VECTORS": "https://root:hunter2@vectors.example.com"})
    assert "hunter2" not in str(told.value)
