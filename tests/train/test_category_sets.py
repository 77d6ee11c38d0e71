"""Sets of labelled listings as their sources write them, in small."""

import csv
import io
import json
import tarfile

import pytest
from PIL import Image

from listings.listing import Listing
from support.errors import ImportFileError
from train.category_sets import PUBLIC, CategoryRow, CategorySet, load_files, stem, without_words


def pack(path, names):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    with tarfile.open(path, "w") as tar:
        for name in names:
            info = tarfile.TarInfo(f"images/{name}")
            info.size = len(file.getvalue())
            tar.addfile(info, io.BytesIO(file.getvalue()))


def table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets") / "listings"
    for name in ("gumtree", "korean_shop_titles", "fashion_products", "clothing"):
        (root / name).mkdir(parents=True)
    ads = [
        {
            "title": f"Thing {i}", "description": "As new", "price": "2.50", "dup_group": i // 2,
            "cat1": "Home", "category": "Home / Chairs" if i < 60 else "Home / Rare",
            "images": [f"{i}.jpg"] if i % 2 else [], "split": "train",
        }
        for i in range(64)
    ]  # fmt: skip
    (root / "gumtree" / "listings.jsonl").write_text(
        "".join(json.dumps(ad) + "\n" for ad in ads), "utf-8"
    )
    pack(root / "gumtree" / "images.tar", [f"{i}.jpg" for i in range(1, 64, 2)])
    rows = [["title", "broad", "fine_slug", "fine", "split"]]
    rows += [["책상", "Interior", "desk", "책상", "train"], ["사과", "Food", "f", "과일", "test"]]
    table(root / "korean_shop_titles" / "gmarket_38.csv", rows)
    rows = [["id", "articleType", "productDisplayName", "split", "has_image"]]
    rows += [[i, "Shirts", f"Acme Blue Shirt {i}", "train", i % 2] for i in range(12)]
    rows += [[20, "Shirts", "Acme Tie Shirts", "test", 1], [21, "Ties", "Acme Tie", "test", 1]]
    table(root / "fashion_products" / "styles.csv", rows)
    pack(root / "fashion_products" / "images.tar", ["1.jpg", "20.jpg"])
    rows = [["image", "label", "sender_id", "kids", "small_split", "small_label"]]
    rows += [["a", "T-Shirt", 7, "False", "train", "t-shirt"]]
    rows += [["b", "T-Shirt", 8, "False", "validation", "t-shirt"]]
    rows += [["c", "Hat", 9, "False", "test", "hat"], ["d", "Other", 9, "False", "", ""]]
    table(root / "clothing" / "images.csv", rows)
    pack(root / "clothing" / "images.tar", ["a.jpg", "b.jpg", "c.jpg"])
    return root.parent


def test_repeated_ads_never_stand_on_both_sides(data, tmp_path):
    found = PUBLIC["gumtree"](data, tmp_path)
    sides = [{row.group for row in part} for part in (found.train, found.test)]
    assert all(sides)
    assert not sides[0] & sides[1]
    assert len(found.train) + len(found.test) == 64
    shown = next(row for row in found.train if row.listing.pictures)
    assert shown.listing.pictures[0].is_file()
    assert (shown.path, shown.listing.price, shown.listing.description) == ("Home", 250, "As new")


def test_only_paths_with_enough_training_ads_are_kept(data, tmp_path):
    found = PUBLIC["gumtree-paths"](data, tmp_path)
    assert {row.path for row in (*found.train, *found.test)} == {"Home > Chairs"}


def test_official_parts_are_kept(data, tmp_path):
    korean = PUBLIC["gmarket"](data, tmp_path)
    assert [row.path for row in korean.train] == ["Interior > 책상"]
    assert [row.path for row in korean.test] == ["Food > 과일"]
    clothes = PUBLIC["clothing"](data, tmp_path)
    assert [row.group for row in clothes.train] == [7, 8]
    assert [row.path for row in clothes.test] == ["hat"]
    assert clothes.test[0].listing.text == ""
    assert clothes.test[0].listing.pictures[0].is_file()


def test_class_words_are_taken_out_of_titles_with_pictures(data, tmp_path):
    whole = PUBLIC["fashion"](data, tmp_path)
    assert (len(whole.train), len(whole.test)) == (12, 1)
    assert whole.test[0].listing.title == "Acme Tie Shirts"
    bare = PUBLIC["fashion-no-class-words"](data, tmp_path)
    assert (len(bare.train), len(bare.test)) == (6, 1)
    assert bare.test[0].listing.title == "Acme"
    assert bare.train[0].listing.title == "Acme Blue 1"


@pytest.mark.parametrize(
    ("title", "words", "left"),
    [
        ("Blue T-Shirts, large", ["Tshirt"], "Blue large"),
        ("Two watches and a watch", ["Watches"], "Two and a"),
        ("Party dresses", ["Dresses"], "Party"),
        ("Glass accessories", ["Accessory"], "Glass"),
        ("Bus pass", ["Bu"], "Bus pass"),
    ],
)
def test_words_go_in_singular_and_plural(title, words, left):
    assert without_words(title, words) == left


def test_endings():
    assert [stem(word) for word in ("Ties", "bags", "brush", "brushes", "gas")] == [
        "ties"[:-1], "bag", "brush", "brush", "gas",
    ]  # fmt: skip


def test_a_validation_part_is_cut_from_the_training_rows_alone(data, tmp_path):
    whole = PUBLIC["gumtree"](data, tmp_path)
    found = whole.cut(seed=0, validate=True)
    rows = {row.listing.title for row in (*found.train, *found.test)}
    assert rows == {row.listing.title for row in whole.train}
    assert not {row.group for row in found.train} & {row.group for row in found.test}
    small = whole.cut(seed=0, limit=20)
    assert len(small.train) <= 20
    assert len(whole.cut(seed=0, limit=1000).train) == len(whole.train)


def test_a_user_s_own_files_are_read_with_their_pictures(tmp_path):
    row = {"title": "Desk", "category": "Home > Desks", "description": "Oak", "images": ["a.jpg"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    (tmp_path / "b.csv").write_text("title,category,images\nHat,Hats,b.jpg|c.jpg\n", "utf-8")
    found = load_files(tmp_path / "a.jsonl", tmp_path / "b.csv", tmp_path / "pictures")
    assert found.train[0].listing.pictures == (tmp_path / "pictures" / "a.jpg",)
    assert found.train[0].listing.text == "Desk\nOak"
    assert [path.name for path in found.test[0].listing.pictures] == ["b.jpg", "c.jpg"]
    assert found.train[0].group != found.test[0].group


def test_groups_and_listings_of_pictures_alone_are_read(tmp_path):
    lines = ["title,category,images,group", "Hat,Hats,,x", ",Hats,a.jpg,y", "Old hat,Hats,,x"]
    (tmp_path / "a.csv").write_text("\n".join([*lines, "Cap,Hats,,"]) + "\n", "utf-8")
    (tmp_path / "b.csv").write_text("title,category,group\nHat again,Hats,x\n", "utf-8")
    found = load_files(tmp_path / "a.csv", tmp_path / "b.csv")
    groups = [row.group for row in found.train]
    assert groups[0] == groups[2] == found.test[0].group
    assert len({*groups}) == 3
    assert found.train[1].listing.text == ""


def test_kin_of_who_is_judged_is_left_out():
    rows = [CategoryRow(Listing(f"hat {n}"), "ab"[n % 2], n) for n in range(40)]
    kin = tuple(CategoryRow(Listing("other"), "c", n) for n in range(40))
    found = CategorySet("people", tuple(rows), (), kin=kin).cut(seed=0, validate=True)
    assert found.test
    assert {row.group for row in found.kin} == {row.group for row in found.train}


def test_what_cannot_be_read_is_said_with_its_line(tmp_path):
    (tmp_path / "c.csv").write_text("title,category\n,Hats\n", "utf-8")
    with pytest.raises(ImportFileError, match=r"c\.csv, line 2: no title and no images"):
        load_files(tmp_path / "c.csv", tmp_path / "c.csv")
    (tmp_path / "a.csv").write_text("title,category\nHat,Hats\nCoat,\n", "utf-8")
    with pytest.raises(ImportFileError, match=r"a\.csv, line 3: no category"):
        load_files(tmp_path / "a.csv", tmp_path / "a.csv")
    with pytest.raises(ImportFileError, match=r"lacks gmarket_38\.csv.*--data DIR"):
        PUBLIC["gmarket"](tmp_path, tmp_path)
