"""What makes the sample's desk look lived in: who has what in hand, replies they keep, the map."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlite_utils import Database

import data
from support import holding, saved_replies, snoozing, tagging
from support.audit import Actor
from support.clock import iso
from support.database import scalar
from support.workspace import Workspace

# Of the open inquiries: whose queue, or until how many hours from now, and tags.
_KEPT: Final = {"open-004": "taeyang", "open-012": "hana"}
_LATER: Final = {"open-006": 20}
_TAGS: Final = {
    "open-004": ("정산",),
    "open-008": ("사기", "급함"),
    "open-011": ("환불",),
    "open-020": ("급함",),
}
# Title, words, category: what the sample's team has typed too often to type it again.
_REPLIES: Final = (
    (
        "확인 중 안내",
        "담당 부서에서 확인하고 있습니다. 확인되는 대로 이 문의로 답변드리겠습니다. 보통 영업일 "
        "기준 하루가 걸립니다.",
        "공통",
    ),
    (
        "화면 갈무리 요청",
        "정확히 확인하려면 오류가 나온 화면이 필요합니다. 화면을 갈무리해 이 문의에 덧붙여 주세요. "
        "휴대폰 기종과 앱 버전도 함께 알려 주시면 더 빨리 볼 수 있습니다.",
        "공통",
    ),
    (
        "앱 다시 설치",
        "앱을 지우고 다시 설치한 뒤 로그인해 주세요. 대화와 거래 내역은 계정에 있어 사라지지 "
        "않습니다.",
        "앱 사용",
    ),
    (
        "경찰 신고 안내",
        "먼저 가까운 경찰서나 경찰청 사이버범죄 신고시스템에 신고해 주세요. 접수 번호를 알려 "
        "주시면 수사에 필요한 자료를 경찰에 보내겠습니다.",
        "안전거래",
    ),
    (
        "Asking for a screenshot",
        "Could you add a screenshot of what you see, and tell us your phone model and app version? "
        "With these we can look into it right away.",
        "공통",
    ),
)

Progress = Callable[[int, int, str], None]


def prepare_queue(db: Database, actor: Actor) -> None:
    """Saved replies, and a few open inquiries in hand, put away and tagged; once."""
    if scalar(db, "SELECT 1 FROM saved_replies"):
        return
    person = "SELECT id FROM agents WHERE login = ?"
    for name, login in _KEPT.items():
        agent_id = scalar(db, person, [login])
        if agent_id is not None and (found := _open(db, name)):
            holding.keep(db, Actor(f"agent:{agent_id}"), found, agent_id)
    for name, hours in _LATER.items():
        if found := _open(db, name):
            snoozing.snooze(db, actor, found, iso(datetime.now(UTC) + timedelta(hours=hours)))
    for name, tags in _TAGS.items():
        if found := _open(db, name):
            tagging.change(db, actor, found, add=tags)
    for title, body, category in _REPLIES:
        language = "ko" if any("가" <= letter <= "힣" for letter in title) else "en"
        saved_replies.create(
            db, actor, title=title, body=body, category=category, language=language
        )


def prepare_knowledge(space: Workspace, db: Database, progress: Progress) -> None:
    """What no FAQ answers, and all inquiries on a map; once."""
    if not scalar(db, "SELECT 1 FROM gaps"):
        from train.gaps import find_gaps

        find_gaps(space, db, progress=progress)
    if not scalar(db, "SELECT 1 FROM maps"):
        from train.inquiry_map import make_map

        make_map(space, db, progress=progress)


def _open(db: Database, source_id: str) -> int | None:
    sql = "SELECT id FROM inquiries WHERE source = ? AND source_id = ? AND status = 'open'"
    found = scalar(db, sql, [data.SOURCE, source_id])
    return None if found is None else int(found)
