"""A real category model, small enough to train in a test, and listings to label with it."""

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from listings.listing import Listing
from train.category import CategoryConfig, fit_category

THINGS = {
    "패션 > 신발": ("운동화", "구두", "슬리퍼", "부츠"),
    "패션 > 의류": ("패딩", "셔츠", "청바지", "원피스"),
    "디지털 > 휴대폰": ("갤럭시", "아이폰", "스마트폰", "공기계"),
    "가구 > 거실": ("소파", "테이블", "책장", "거실장"),
}
BRANDS = ("나이키", "삼성", "애플", "한샘", "자라")
SIGNS = ("급처", "팝니다", "새상품", "택포", "네고 가능")


def listings(count: int, *, seed: int = 0) -> list[tuple[str, str]]:
    """Titles with their categories; a tenth names nothing that tells."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        path = draw.choice(list(THINGS))
        thing = draw.choice(THINGS[path]) if draw.random() < 0.9 else "물건"
        found.append((f"{draw.choice(BRANDS)} {thing} {number} {draw.choice(SIGNS)}", path))
    return found


@pytest.fixture(scope="session")
def category_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder, read only."""
    return train(tmp_path_factory.mktemp("category") / "model")


def train(folder: Path, *, texts: tuple[str, ...] = ("linear",)) -> Path:
    """Train the model."""
    rows = listings(240)
    fit_category(
        [Listing(title) for title, _ in rows],
        [path for _, path in rows],
        folder=folder,
        config=CategoryConfig(texts=texts, image=None),
    )
    return folder


def write_csv(path: Path, rows: Iterable[Sequence[object]], *names: str) -> Path:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
