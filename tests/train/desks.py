"""A small desk whose inquiries are easy to tell apart: four FAQs, two rows a day."""

import csv
import io
import shutil
from pathlib import Path

import numpy as np

from support import faqs
from support.clock import ago
from support.faqs import Faq
from support.fasttext_voice import FastTextConfig
from support.neighbour_voice import NeighbourConfig
from support.workspace import Workspace
from tests.conftest import import_csv
from train.faq_config import FaqConfig

HELP = "https://help.example.com/ko/faq/"
TOPICS = {  # the commonest first
    "refund": ["환불", "돈", "돌려", "취소", "결제"],
    "parcel": ["배송", "택배", "송장", "도착", "언제"],
    "account": ["계정", "로그인", "비밀번호", "정지", "탈퇴"],
    "chat": ["채팅", "메시지", "답장", "차단", "알림"],
}
SHARES = (0.4, 0.3, 0.2, 0.1)
FILLER = ["안녕하세요", "문의드려요", "어떻게", "하나요", "ㅠㅠ", "빨리", "please", "감사합니다"]
CONFIG = FaqConfig(  # one of each, so that a fit takes a second
    fasttext=(FastTextConfig(dim=8, bucket=2000, num_epochs=20),),
    svm_costs=(0.6,),
    logistic_penalties=(0.15,),
    neighbours=(NeighbourConfig(top_k=50, sharpness=20),),
    factored=False,
)


def rows(n, *, seed=0, ends_days_ago=0.0):
    """(id, question, slug, created_at, answered_at): the newest row ends so many days ago."""
    generator = np.random.default_rng(seed)
    names = list(TOPICS)
    found = []
    for i in range(n):
        topic = names[int(generator.choice(len(names), p=SHARES))]
        words = [*generator.choice(TOPICS[topic], 2), *generator.choice(FILLER, 3), f"n{seed}x{i}"]
        days = ends_days_ago + (n - i) / 2
        text = " ".join(generator.permutation(words))
        found.append((f"{seed}-{i}", text, topic, ago(days=days), ago(days=days - 0.1)))
    return found


def add(space, folder, found):
    """Import rows as answered inquiries."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "question", "answer", "created_at", "answered_at"])
    for name, asked, slug, at, answered in found:
        answer = f"안내드립니다 {HELP}{slug}" if slug else "확인했습니다"
        writer.writerow([name, asked, answer, at, answered])
    import_csv(space, folder / "rows.csv", text.getvalue())


def make(folder, found):
    """A new desk with these rows."""
    space = Workspace(folder / "desk").create()
    db = space.database()
    faqs.save(
        db,
        [
            Faq(slug=slug, title=f"{words[0]} 안내", body=" ".join(words), url=HELP + slug)
            for slug, words in TOPICS.items()
        ],
    )
    db.close()
    if found:
        add(space, folder, found)
    return space


def copy(space, folder):
    """A desk's copy, to do with as a test likes."""
    shutil.copytree(space.home, folder / "copy")
    shutil.copy(space.key_path, folder / "copy.key")
    return Workspace(Path(folder / "copy"))
