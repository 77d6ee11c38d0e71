"""What a batch leaves in the database, also when the desk has moved on meanwhile."""

import hashlib

import pytest

from support import agents, answering, embeddings, faqs, inquiries, settings
from support.audit import Actor
from support.clock import ago
from support.database import one, scalar
from support.errors import ImportFileError, MappingError
from support.importing.faqs import import_faqs
from support.importing.load import run_import
from support.importing.mapping import LinkRules, Mapping, QuestionColumns
from tests.conftest import ACTOR, LINKS, import_csv

HELP = "https://help.example.com"


def open_inquiry(space, path, **more):
    head = "id,subject,question,answer,created_at\n"
    row = (
        f"1,{more.get('subject', '')},{more.get('question', '환불 언제 되나요')},,{ago(hours=2)}\n"
    )
    return import_csv(space, path, head + row)


def test_an_answer_sent_here_survives_a_longer_export(space, db, seal, tmp_path):
    path = tmp_path / "q.csv"
    mapping = Mapping(questions=QuestionColumns(id="id", text="question", at="at", customer="c"))
    path.write_text(f"id,question,at,c\n1,환불 언제,{ago(hours=2)},kim\n", encoding="utf-8")
    run_import(db, seal, [path], mapping, actor=ACTOR)
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    answering.send(
        db, seal, inquiry_id=1, agent_id=mina.id, text="내일 됩니다", actor=Actor(mina.actor_name)
    )
    before = one(db, "SELECT status, answer_id, answered_at, closed_at, text FROM inquiries")
    db.execute("UPDATE messages SET source_id = 'older' WHERE role = 'customer'")
    run_import(db, seal, [path], mapping, actor=ACTOR)  # now the export has a message we have not
    assert scalar(db, "SELECT count(*) FROM messages") == 3
    after = one(db, "SELECT status, answer_id, answered_at, closed_at, text FROM inquiries")
    assert after == before
    assert [past.inquiry_id for past in inquiries.search_words(db, "내일")] == [1]
    assert inquiries.past_answers(db, [1])[1].answer == "내일 됩니다"
    assert scalar(db, "SELECT count(*) FROM originals") == 0


def test_the_subjects_own_words_are_kept_sealed_with_the_first_message(space, db, seal, tmp_path):
    open_inquiry(space, tmp_path / "h.csv", subject="010-7777-6666 으로 연락주세요")
    shown = inquiries.get(db, 1, seal)
    assert "[전화번호]" in shown.subject
    assert "010-7777-6666 으로" in shown.messages[0].text


def test_ids_made_up_from_words_cannot_be_guessed_back(space, db, tmp_path):
    question, answer = "제 번호 010-1234-5678", "네"
    import_csv(space, tmp_path / "h.csv", f"question,answer\n{question},{answer}\n")
    kept = scalar(db, "SELECT source_id FROM inquiries")
    guess = hashlib.sha256("\0".join(("", question, answer, "")).encode()).hexdigest()
    assert kept not in guess
    assert (
        import_csv(space, tmp_path / "h.csv", f"question,answer\n{question},{answer}\n").inquiries
        == 0
    )


def test_an_id_that_is_a_telephone_number_is_kept_as_a_hash(space, db, tmp_path):
    text = "id,question,answer\n010-1234-5678,질문,답변\n"
    import_csv(space, tmp_path / "h.csv", text)
    assert "1234" not in scalar(db, "SELECT source_id FROM inquiries")
    assert import_csv(space, tmp_path / "h.csv", text).inquiries == 0


def test_a_changed_text_is_encoded_anew(space, db, seal, tmp_path):
    import_csv(space, tmp_path / "h.csv", "id,question,answer\n1,환불 언제,곧\n")
    db.execute("INSERT INTO embeddings (item_id, encoder_version, vector) VALUES (1, 'e', x'00')")
    db.execute("DELETE FROM messages WHERE role = 'customer'")
    import_csv(space, tmp_path / "h.csv", "id,question,answer\n1,배송 언제,곧\n")
    assert embeddings.missing(db, "e") == [1]


def test_links_change_the_settings_only_once_rows_are_stored(space, db, seal, tmp_path):
    other = Mapping(links=LinkRules(hosts=("other.example.org",)))
    with pytest.raises(ImportFileError):
        run_import(db, seal, [tmp_path / "none.csv"], other, actor=ACTOR)
    path = tmp_path / "wrong.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(MappingError):
        run_import(db, seal, [path], other, actor=ACTOR)
    assert settings.load(db).faq_hosts == ()


def test_a_second_sources_hosts_join_those_of_the_first(space, db, seal, tmp_path):
    import_csv(space, tmp_path / "h.csv", "question,answer\nq,a\n")
    path = tmp_path / "other.csv"
    path.write_text("question,answer\nq2,a2\n", encoding="utf-8")
    other = Mapping(source="other", links=LinkRules(hosts=("other.example.org",)))
    run_import(db, seal, [path], other, actor=ACTOR)
    assert settings.load(db).faq_hosts == (*LINKS.hosts, "other.example.org")


def test_a_discovered_faq_has_the_plain_address_of_its_page(space, db, seal, tmp_path):
    rows = (
        f"1,{HELP}/ko/faq/refund?utm_source=x&email=kim@example.com#top\n"
        '2,"<a href=""/ko/faq/login"">여기</a>"\n'
        f"3,https://out.example.org/?url={HELP.replace(':', '%3A')}/ko/faq/scam\n"
    )
    path = tmp_path / "h.csv"
    path.write_text("question,answer\n" + rows, encoding="utf-8")
    mapping = Mapping(links=LinkRules(hosts=LINKS.hosts, discover=True))
    run_import(db, seal, [path], mapping, actor=ACTOR)
    assert {faq.slug: faq.url for faq in faqs.listed(db)} == {
        "refund": f"{HELP}/ko/faq/refund",
        "login": f"{HELP}/faq/login",
        "scam": f"{HELP}/faq/scam",
    }


def test_a_file_of_faqs_changes_only_the_columns_it_has(space, db, tmp_path):
    path = tmp_path / "faqs.csv"
    path.write_text(f"slug,title,body,category,url\na,가,본문,분류,{HELP}/x\n", encoding="utf-8")
    import_faqs(db, path, Mapping(links=LINKS), actor=ACTOR)
    path.write_text("slug,title\na,새 제목\nb,나\n", encoding="utf-8")
    import_faqs(db, path, Mapping(), actor=ACTOR)
    kept = faqs.get(db, "a")
    assert (kept.title, kept.body, kept.category, kept.url) == (
        "새 제목",
        "본문",
        "분류",
        f"{HELP}/x",
    )
    assert faqs.get(db, "b").url == f"{HELP}/faq/b"


def test_dry_run_and_import_agree_on_unknown_links(space, db, tmp_path):
    rows = "".join(f"{n},q{n},{HELP}/ko/faq/page\n" for n in range(600))
    path, text = tmp_path / "h.csv", "id,question,answer\n" + rows
    dry = import_csv(space, path, text, dry_run=True)
    assert dry.unknown_links == import_csv(space, path, text).unknown_links == {"page": 600}
