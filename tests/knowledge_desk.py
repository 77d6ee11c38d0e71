"""A desk whose inquiries speak of four things; one of them has an FAQ that answers link.

Read with the shipped encoder, so that likeness is real and nothing has to be trained.
"""

import shutil

from support import faqs
from support.audit import Actor
from support.database import write
from support.releases import publish
from support.shipped import shipped_folder
from support.workspace import Workspace
from tests.conftest import import_csv

HELP = "https://help.example.com/ko/faq/"
TOPICS = {
    "refund": [
        "환불은 언제 되나요?",
        "환불 며칠 걸리나요?",
        "환불이 아직 안 됐어요",
        "환불 언제 들어와요?",
        "환불금은 언제 입금되나요?",
        "환불 요청했는데 언제 되나요",
    ],
    "code": [
        "인증번호가 안 와요",
        "인증번호 문자가 오지 않아요",
        "인증번호를 못 받았어요",
        "인증번호가 계속 안 와요",
        "문자로 인증번호가 안 옵니다",
    ],
    "delivery": [
        "택배가 아직 안 왔어요",
        "택배 배송이 너무 늦어요",
        "택배는 언제 도착하나요",
        "택배가 어디쯤 왔나요",
    ],
    "name": [
        "닉네임을 바꾸고 싶어요",
        "닉네임 변경은 어떻게 하나요",
        "닉네임 바꾸는 방법 알려주세요",
    ],
    "odd": ["오늘 날씨가 참 좋네요", "사자와 호랑이가 싸우면 누가 이기나요?"],
}
ANSWERS = {
    "refund": f"3일 걸립니다. {HELP}refund",
    "code": "스팸함을 확인해 주세요.",
    "delivery": "송장 번호로 조회해 주세요.",
    "name": "설정에서 바꿀 수 있습니다.",
    "odd": "감사합니다.",
}


def make(space: Workspace, folder, topics=TOPICS) -> dict[str, list[str]]:
    """Take the inquiries in: the source ids of each topic's."""
    lines, ids = ["id,question,answer,created_at"], {}
    for topic, questions in topics.items():
        for number, question in enumerate(questions, 1):
            moment = f"2026-01-{len(lines):02d}T03:04:05Z"
            ids.setdefault(topic, []).append(f"{topic}-{number}")
            lines.append(f"{topic}-{number},{question},{ANSWERS[topic]},{moment}")
    db = space.database()
    faqs.save(db, [faqs.Faq(slug="refund", title="환불 안내", url=HELP + "refund", body="3일")])
    db.close()
    import_csv(space, folder / "history.csv", "\n".join(lines))
    return ids


def use_shipped_encoder(space: Workspace) -> None:
    """Put a release of the shipped encoder alone in force."""
    shutil.copytree(shipped_folder(), space.models / "encoder" / "shipped")
    db = space.database()
    publish(space, db, {"encoder": "shipped"}, actor=Actor("cli:test"))
    db.close()


def topic_of(db, inquiry_id: int) -> str:
    """What an inquiry speaks of."""
    sql = "SELECT source_id FROM inquiries WHERE id = ?"
    return str(db.conn.execute(sql, [inquiry_id]).fetchone()[0]).partition("-")[0]


def forget(db, inquiry_ids) -> None:
    """Take inquiries away, as retention does."""
    with write(db):
        for inquiry_id in inquiry_ids:
            for sql in (
                "DELETE FROM labels WHERE inquiry_id = ?",
                "UPDATE inquiries SET answer_id = NULL WHERE id = ?",
                "DELETE FROM messages WHERE inquiry_id = ?",
                "DELETE FROM inquiries WHERE id = ?",
            ):
                db.execute(sql, [inquiry_id])
