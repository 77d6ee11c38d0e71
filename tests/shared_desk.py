"""A small desk whose vectors may lie in a vector engine: answered inquiries, no classifier."""

import shutil

from support.releases import Release
from support.shipped import shipped_folder
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from train.desk import rebuild_index

THINGS = ("배송", "환불", "쿠폰", "비밀번호", "영수증", "교환", "포인트", "주소", "앱", "결제")
TROUBLES = ("이 안 돼요", " 언제 되나요", " 취소하고 싶어요", " 바꾸고 싶어요")


def fill(space: Workspace, *, n: int = 40) -> None:
    """Import n answered inquiries."""
    rows = ["id,question,answer,asked_at"]
    for i in range(n):
        words = f"{THINGS[i % 10]}{TROUBLES[i // 10 % 4]}"
        words += f" {i}번 주문" if i >= 40 else ""
        rows.append(f"q{i},{words},{THINGS[i % 10]} 답변 {i}입니다,2025-01-01T00:00:00Z")
    import_csv(space, space.home.parent / "history.csv", "\n".join(rows))


def index(space: Workspace) -> Release:
    """Build and publish the index with the shipped encoder, in the engine that is set."""
    folder = space.models / "encoder" / "shipped"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(shipped_folder(), folder)
    db = space.database()
    try:
        return rebuild_index(space, db, actor=ACTOR)
    finally:
        db.close()
