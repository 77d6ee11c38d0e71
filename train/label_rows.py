"""Listings for timing: titles as people write them, made of words of ours or of a file's titles.

A title is perturbed: a word dropped, two swapped, a letter doubled or lost, a number of its own, so
that hardly two are the same. Pictures are drawn: JPEG files with edges, noise and colours, as slow
to decode as photos of their size.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

_THINGS: Final = {
    "패션 > 신발 > 운동화": ("운동화", "에어맥스", "러닝화", "스니커즈", "조던"),
    "패션 > 신발 > 구두": ("구두", "로퍼", "하이힐", "더비슈즈", "워커"),
    "패션 > 신발 > 샌들": ("샌들", "슬리퍼", "크록스", "쪼리"),
    "패션 > 여성 > 원피스": ("원피스", "롱원피스", "미니원피스", "니트원피스"),
    "패션 > 여성 > 코트": ("여성 코트", "트렌치코트", "핸드메이드 코트", "무스탕"),
    "패션 > 남성 > 셔츠": ("남성 셔츠", "남방", "옥스포드 셔츠", "체크셔츠"),
    "패션 > 남성 > 패딩": ("패딩", "롱패딩", "숏패딩", "구스다운"),
    "패션 > 가방 > 백팩": ("백팩", "책가방", "노트북 가방", "등산배낭"),
    "패션 > 가방 > 지갑": ("지갑", "반지갑", "카드지갑", "장지갑"),
    "디지털 > 휴대폰 > 갤럭시": ("갤럭시 S23", "갤럭시 노트", "갤럭시 폴드", "갤럭시 플립"),
    "디지털 > 휴대폰 > 아이폰": ("아이폰 14", "아이폰 13 미니", "아이폰 SE", "아이폰 프로"),
    "디지털 > 컴퓨터 > 노트북": ("노트북", "맥북 에어", "그램", "게이밍 노트북"),
    "디지털 > 컴퓨터 > 부품": ("그래픽카드", "메인보드", "램 16기가", "SSD 1테라", "CPU"),
    "디지털 > 컴퓨터 > 모니터": ("모니터", "27인치 모니터", "게이밍 모니터", "4K 모니터"),
    "디지털 > 음향 > 이어폰": ("이어폰", "에어팟", "버즈", "블루투스 이어폰"),
    "디지털 > 음향 > 스피커": ("스피커", "사운드바", "블루투스 스피커", "앰프"),
    "디지털 > 카메라": ("카메라", "미러리스", "렌즈", "필름카메라", "삼각대"),
    "디지털 > 게임": ("닌텐도 스위치", "플스5", "엑스박스", "게임 타이틀", "패드"),
    "가전 > 주방 > 냉장고": ("냉장고", "김치냉장고", "양문형 냉장고", "미니 냉장고"),
    "가전 > 주방 > 조리": ("에어프라이어", "전자레인지", "인덕션", "전기밥솥", "오븐"),
    "가전 > 생활 > 청소기": ("청소기", "로봇청소기", "무선청소기", "물걸레 청소기"),
    "가전 > 생활 > 세탁기": ("세탁기", "건조기", "통돌이 세탁기", "드럼세탁기"),
    "가전 > 계절 > 냉방": ("에어컨", "선풍기", "서큘레이터", "이동식 에어컨"),
    "가전 > 계절 > 난방": ("히터", "온풍기", "전기장판", "가습기"),
    "가구 > 침실 > 침대": ("침대", "매트리스", "이층침대", "퀸 사이즈 침대"),
    "가구 > 침실 > 옷장": ("옷장", "행거", "서랍장", "붙박이장"),
    "가구 > 거실 > 소파": ("소파", "리클라이너", "3인용 소파", "빈백"),
    "가구 > 거실 > 테이블": ("테이블", "식탁", "거실장", "좌식 테이블"),
    "가구 > 서재 > 책상": ("책상", "컴퓨터 책상", "모션데스크", "책상 의자"),
    "가구 > 서재 > 책장": ("책장", "선반", "수납장", "전면책장"),
    "육아 > 이동": ("유모차", "카시트", "아기띠", "웨건"),
    "육아 > 장난감": ("레고", "장난감", "블록", "미끄럼틀", "인형"),
    "육아 > 옷": ("아기옷", "바디수트", "우주복", "아동복"),
    "취미 > 운동 > 자전거": ("자전거", "로드 자전거", "전동킥보드", "MTB"),
    "취미 > 운동 > 골프": ("골프채", "드라이버", "아이언 세트", "골프백"),
    "취미 > 캠핑": ("텐트", "타프", "캠핑 의자", "버너", "침낭"),
    "취미 > 악기": ("기타", "전자피아노", "우쿨렐레", "드럼", "바이올린"),
    "취미 > 책": ("소설책", "문제집", "만화책 전권", "전공서적", "동화책"),
}
_BRANDS: Final = (
    "나이키", "아디다스", "뉴발란스", "삼성", "엘지", "애플", "소니", "이케아", "한샘", "다이슨",
    "샤오미", "유니클로", "자라", "노스페이스", "캐논", "보쉬", "쿠쿠", "코베아", "야마하",
)  # fmt: skip
_SIGNS: Final = (
    "급처", "팝니다", "새상품", "택포", "네고 가능", "미개봉", "정품", "풀박스", "A급", "직거래",
    "사용감 있음", "거의 새것", "가격 내림", "오늘만", "일괄", "하자 없음", "선물용", "이사 정리",
)  # fmt: skip


def made_titles(count: int, *, seed: int = 0) -> list[tuple[str, str]]:
    """Titles of our own words, each with its category."""
    draw = random.Random(seed)
    paths = list(_THINGS)
    found = []
    for _ in range(count):
        path = draw.choice(paths)
        words = [draw.choice(_BRANDS), draw.choice(_THINGS[path]), str(draw.randrange(10, 999))]
        words += draw.sample(_SIGNS, draw.randrange(1, 4))
        found.append((" ".join(words), path))
    return found


def perturbed(titles: Sequence[str], count: int, *, seed: int) -> Iterator[tuple[str, int]]:
    """So many titles, and the place of the one that each was made of."""
    draw = random.Random(seed)
    for number in range(count):
        place = draw.randrange(len(titles))
        words = titles[place].split()
        turn = draw.random()
        at = draw.randrange(len(words)) if words else 0
        if turn < 0.2 and len(words) > 2:
            del words[at]
        elif turn < 0.4 and len(words) > 1:
            words[at - 1], words[at] = words[at], words[at - 1]
        elif turn < 0.6 and words and len(words[at]) > 2:
            letter = draw.randrange(1, len(words[at]))
            words[at] = words[at][:letter] + words[at][letter - draw.randrange(2) :][1:]
        words.append(str(number))
        yield " ".join(words), place


def draw_pictures(
    folder: Path, labels: Sequence[int], *, size: tuple[int, int] = (640, 480), seed: int = 0
) -> list[Path]:
    """Write a JPEG file for each label; those of one label have shapes and colours in common."""
    paths = []
    random_ = np.random.default_rng(seed)
    for number, label in enumerate(labels):
        tone = np.random.default_rng(label).integers(40, 216, (4, 3))
        small = random_.integers(-40, 40, (30, 40, 3)) + tone[0]
        picture = Image.fromarray(small.clip(0, 255).astype(np.uint8)).resize(size)
        pen = ImageDraw.Draw(picture)
        for part in range(1, 4):
            left, top = (int(random_.integers(0, side // 2)) for side in size)
            box = (left, top, left + size[0] // (part + 1), top + size[1] // 3)
            colour = tuple(int(value) for value in tone[part])
            (pen.ellipse if (label >> part) % 2 else pen.rectangle)(box, fill=colour)
        noise = random_.integers(-12, 12, (size[1], size[0], 3))
        pixels = (np.asarray(picture, np.int16) + noise).clip(0, 255).astype(np.uint8)
        path = folder / f"{number:06d}.jpg"
        Image.fromarray(pixels).save(path, "JPEG", quality=88)
        paths.append(path)
    return paths
