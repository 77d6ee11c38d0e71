"""Tables with pictures, from files to the desk."""

import io
import json
import tarfile

import pytest

from listings.collect_fetch import PictureFetcher
from listings.collect_files import collect_files
from listings.collect_run import recent_runs
from listings.stored import get, summary
from support.audit import Actor
from support.errors import ImportFileError, MappingError

ACTOR = Actor("cli:test")


@pytest.fixture
def collect(db, seal, images, tmp_path):
    def run(*paths, **options):
        return collect_files(db, seal, images, list(paths), actor=ACTOR, **options)

    return run


def table(folder, text, name="listings.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def tar_of(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_a_table_in_any_usual_encoding(collect, db, images, tmp_path, encoding):
    text = "상품번호,제목,가격,카테고리\n1,원목 책상,12만원,가구 > 책상\n2,의자,무료나눔,가구\n"
    [report] = collect(table(tmp_path, text, encoding=encoding))
    assert (report.seen, report.added, report.state) == (2, 2, "done")
    assert report.columns["title"] == ["제목"]
    found = get(db, images, 1)
    assert (found.listing.title, found.listing.price) == ("원목 책상", 120_000)
    assert found.listing.category == "가구 > 책상"


def test_json_lines_with_columns_that_come_late(collect, db, images, tmp_path):
    lines = [{"title": "Desk"}, {"title": "Lamp", "images": ["l.jpg"], "price": 5}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    [report] = collect(table(tmp_path, text, name="a.jsonl"), currency="gbp")
    assert report.columns["images"] == ["images"]
    assert (get(db, images, 2).listing.price, get(db, images, 2).currency) == (500, "GBP")


def test_broken_rows_are_named_with_their_line_and_stop_nothing(collect, db, tmp_path):
    text = (
        "id,title,category\n1,Desk,Home\n2,Chair\n3,,Home\n4,Lamp,Home 010-1234-5678 x\n5,Sofa,\n"
    )
    [report] = collect(table(tmp_path, text))
    assert (report.seen, report.added, report.rejected) == (5, 3, 2)
    assert [(item.line, item.reason) for item in report.rejections] == [
        (3, "2 columns where the first line names 3"),
        (4, "neither title nor description"),
    ]


def test_the_same_file_again_adds_nothing(collect, db, tmp_path):
    path = table(tmp_path, "title\nDesk\nLamp\nDesk\n")
    first, again = collect(path)[0], collect(path)[0]
    # Two rows that say the same are one listing.
    assert (first.added, first.unchanged) == (2, 1)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)


def test_killed_half_way_it_goes_on_where_it_was(collect, db, tmp_path):
    class Killed(BaseException):
        pass

    def kill(done, total, message):
        if done >= 500:
            raise Killed

    text = "id,title\n" + "".join(f"{n},Thing {n}\n" for n in range(1, 801))
    path = table(tmp_path, text)
    with pytest.raises(Killed):
        collect(path, progress=kill)
    assert summary(db)["listings"] == 500
    [report] = collect(path)
    assert (report.resumed_at, report.seen, report.added) == (501, 300, 300)
    assert summary(db)["listings"] == 800
    assert [run["state"] for run in recent_runs(db)] == ["done"]


def test_a_file_that_changed_is_read_from_its_beginning(collect, db, tmp_path):
    path = table(tmp_path, "id,title\n1,Desk\n")
    collect(path)
    table(tmp_path, "id,title\n1,Oak desk\n2,Lamp\n")
    [report] = collect(path)
    assert (report.added, report.changed) == (1, 1)


def test_pictures_come_from_folders_archives_and_addresses(
    collect, db, images, tmp_path, photos, shop_api
):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(photos(1))
    (folder / "more" / "b.jpg").write_bytes(photos(2))
    archive = tar_of(tmp_path / "p.tar.gz", {"x/c.jpg": photos(3), "x/d.jpg": photos(4)})
    rows = [
        ["1", "photos/a.jpg"],  # the folder is photos itself
        ["2", "more/b.jpg|c.jpg"],
        ["3", "x/d.jpg"],
        ["4", f"{shop_api.base}/images/5.jpg"],
        ["5", "nowhere.jpg"],
        ["6", "../../../etc/passwd.jpg"],
        ["7", "a.jpg"],
    ]
    text = "id,title,images\n" + "".join(f"{key},Thing {key},{cell}\n" for key, cell in rows)
    fetcher = PictureFetcher(private=True, delay=0)
    [report] = collect(table(tmp_path, text), folder, archive, fetcher=fetcher)
    assert [len(get(db, images, key).listing.pictures) for key in range(1, 8)] == [
        0, 2, 1, 1, 0, 0, 1,
    ]  # fmt: skip
    assert (report.pictures, report.picture_problems) == (5, 3)
    assert "in none of the folders" in get(db, images, 5).problems[0]
    # What was missing is looked for again the next time.
    (folder / "nowhere.jpg").write_bytes(photos(6))
    collect(table(tmp_path, text), folder)
    assert len(get(db, images, 5).listing.pictures) == 1
    assert get(db, images, 5).problems == ()


def test_a_path_that_a_listing_writes_in_full_is_found_by_its_end(
    collect, db, images, tmp_path, photos
):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(photos(1))
    path = table(tmp_path, "id,title,image\n1,Desk,C:\\data\\photos\\a.jpg\n")
    collect(path, tmp_path / "photos")
    assert len(get(db, images, 1).listing.pictures) == 1


def test_a_broken_picture_is_noted_and_stops_nothing(collect, db, images, tmp_path, photos):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"no picture at all")
    (folder / "b.jpg").write_bytes(photos(1))
    path = table(tmp_path, "id,title,image\n1,Desk,a.jpg\n2,Lamp,b.jpg\n")
    [report] = collect(path, folder)
    assert (report.pictures, report.picture_problems) == (1, 1)
    assert "no picture of a known kind" in get(db, images, 1).problems[0]


def test_a_picture_whose_name_is_a_telephone_number_is_found_and_not_remembered(
    collect, db, images, tmp_path, photos
):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "010-1234-5678.jpg").write_bytes(photos(1))
    collect(table(tmp_path, "id,title,image\n1,Desk,010-1234-5678.jpg\n"), folder)
    assert len(get(db, images, 1).listing.pictures) == 1
    [row] = db.query("SELECT origin, problem FROM listing_pictures")
    assert "1234" not in row["origin"] + row["problem"]


def test_a_folder_brings_its_tables(collect, db, tmp_path, photos):
    folder = tmp_path / "all"
    folder.mkdir()
    table(folder, "id,title,image\n1,Desk,a.jpg\n", name="one.csv")
    table(folder, '{"id": 2, "title": "Lamp"}\n', name="two.jsonl")
    (folder / "a.jpg").write_bytes(photos(1))
    reports = collect(folder)
    assert [report.query for report in reports] == ["one.csv", "two.jsonl"]
    assert summary(db)["pictures"] == 1


def test_what_cannot_be_used_is_refused_by_name(collect, tmp_path, photos):
    with pytest.raises(ImportFileError, match=r"No file .*gone\.csv"):
        collect(tmp_path / "gone.csv")
    with pytest.raises(ImportFileError, match="no table of listings among"):
        collect(tar_of(tmp_path / "p.tar.gz", {"a.jpg": photos(1)}))
    with pytest.raises(ImportFileError, match="holds no row"):
        collect(table(tmp_path, "title\n", name="empty.csv"))
    with pytest.raises(MappingError, match="No column looks like a title"):
        collect(table(tmp_path, "a,b\n1,2\n", name="odd.csv"))
