"""Archives of pictures that come with a batch: ZIP and tar files as systems make them."""

import io
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest

from listings import batch_pictures
from listings.batch_pictures import place, unpack
from support.errors import ImportFileError, InputError, JobCancelledError

DATA = b"\xff\xd8 as good as a picture here"


def zipped(own, members):
    with zipfile.ZipFile(place(own, "photos.zip"), "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def files(own):
    """What was unpacked, without what only leads there."""
    folder = own / "pictures"
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_a_folder_in_an_archive_may_be_named_or_not(tmp_path):
    zipped(tmp_path, {"fall/a.jpg": DATA, "fall/more/b.PNG": DATA, "fall/words.txt": b"no"})
    unpack(tmp_path)
    assert files(tmp_path) == ["a.jpg", "more/b.PNG"]
    for name in ("a.jpg", "fall/a.jpg", "more/b.PNG", "fall/more/b.PNG"):
        assert (tmp_path / "pictures" / name).read_bytes() == DATA
    assert not list(tmp_path.glob("archive*"))
    unpack(tmp_path)  # there is nothing left to do


def test_several_folders_stay_as_they_are(tmp_path):
    zipped(tmp_path, {"a/1.jpg": DATA, "b/1.jpg": DATA})
    unpack(tmp_path)
    assert files(tmp_path) == ["a/1.jpg", "b/1.jpg"]


def test_a_tar_file_is_unpacked_too(tmp_path):
    with tarfile.open(place(tmp_path, "Photos.TAR.GZ"), "w:gz") as archive:
        member = tarfile.TarInfo("a.jpg")
        member.size = len(DATA)
        archive.addfile(member, io.BytesIO(DATA))
    unpack(tmp_path)
    assert files(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_without_the_flag_of_utf_8_are_read(tmp_path, encoding):
    """As Korean Windows and macOS write them."""
    path = place(tmp_path, "p.zip")
    letters = "사진.jpg".encode(encoding)
    stand_in = b"x" * (len(letters) - 4) + b".jpg"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(stand_in.decode(), DATA)
    path.write_bytes(path.read_bytes().replace(stand_in, letters))
    unpack(tmp_path)
    assert files(tmp_path) == ["사진.jpg"]


def test_letters_that_were_taken_apart_are_joined(tmp_path):
    zipped(tmp_path, {unicodedata.normalize("NFD", "가을.jpg"): DATA})
    unpack(tmp_path)
    assert files(tmp_path) == ["가을.jpg"]


def test_nothing_is_written_elsewhere(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    zipped(own, {"../out.jpg": DATA, "/abs.jpg": DATA, "__MACOSX/._a.jpg": DATA, "a.jpg": DATA})
    unpack(own)
    assert files(own) == ["a.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_cut_short_it_is_unpacked_again(tmp_path):
    zipped(tmp_path, {"a.jpg": DATA, "b.jpg": DATA})

    def stop(done, total, message):
        if done:
            raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        unpack(tmp_path, stop)
    assert not (tmp_path / "pictures").exists()
    unpack(tmp_path)
    assert files(tmp_path) == ["a.jpg", "b.jpg"]


def test_what_is_no_archive_or_holds_no_picture_is_refused(tmp_path):
    with pytest.raises(InputError, match="no archive of pictures"):
        place(tmp_path, "photos.rar")
    zipped(tmp_path, {"words.txt": b"no"})
    with pytest.raises(InputError, match="no picture in the archive"):
        unpack(tmp_path)
    Path(place(tmp_path, "p.zip")).write_bytes(b"nothing of the kind")
    with pytest.raises(ImportFileError, match="to its end"):
        unpack(tmp_path)


def test_a_damaged_member_is_told(tmp_path):
    zipped(tmp_path, {"a.jpg": DATA, "b.jpg": DATA})
    path = place(tmp_path, "p.zip")
    path.write_bytes(path.read_bytes().replace(DATA, DATA[::-1], 1))
    with pytest.raises(ImportFileError, match="to its end"):
        unpack(tmp_path)
    assert not (tmp_path / "pictures").exists()


def test_too_large_a_picture_is_left_out_and_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_pictures, "MAX_BYTES", 2000)
    monkeypatch.setattr(batch_pictures, "SPARE", 0)
    zipped(tmp_path, {"large.jpg": b"x" * 2001, "a.jpg": DATA})
    unpack(tmp_path)
    assert files(tmp_path) == ["a.jpg"]
    other = tmp_path / "other"
    other.mkdir()
    with zipfile.ZipFile(place(other, "p.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"{number}.jpg", b"x" * 2000)
    monkeypatch.setattr(batch_pictures, "MAX_GROWTH", 5)
    with pytest.raises(ImportFileError, match="far more"):
        unpack(other)
