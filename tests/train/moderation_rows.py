"""Decided listings of our own writing, enough to train a small moderation model in a test."""

import random

from listings.listing import Listing
from listings.moderation.classes import Signals
from train.moderation_voices import Example

_SAID = {
    "normal": ("의자", "책상", "자전거", "겨울 코트", "유모차", "카메라", "운동화", "전기밥솥"),
    "alcohol_tobacco": (
        "담배 한 보루",
        "수제 담금주",
        "새 양주 선물",
        "말보로 두 갑",
        "소주 한 박스",
    ),
    "animals": (
        "푸들 새끼 분양",
        "햄스터 두 마리",
        "길고양이 입양",
        "앵무새 한 쌍 분양",
        "거북이 데려가실 분",
    ),
    "pro_ads": (
        "중고폰 최고가 매입",
        "입주청소 상담 환영",
        "당일 대출 문의",
        "도매 대량구매 문의",
        "이사 견적 문의",
    ),
}
_SIGNS = ("팝니다", "급하게 정리", "직거래", "택배 가능", "네고 가능")


def examples(count: int = 160, *, seed: int = 0) -> list[Example]:
    """Half of them normal; ads are posted more often, by younger accounts."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        label = "normal" if number % 2 == 0 else draw.choice([*_SAID][1:])
        title = f"{draw.choice(_SAID[label])} {draw.choice(_SIGNS)} {draw.randrange(100)}"
        ads = label == "pro_ads"
        signals = Signals(
            account_days=draw.uniform(1, 30) if ads else draw.uniform(100, 2000),
            repeats=draw.randrange(5, 40) if ads else draw.randrange(2),
        )
        found.append(Example(Listing(title), label, signals, id=number, unselected=number % 4 == 0))
    return found
