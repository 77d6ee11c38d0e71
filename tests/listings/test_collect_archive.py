"""Pictures out of folders and tar files, and nothing else out of them."""

import gzip
import io
import os
import tarfile

import pytest

from listings import collect_archive
from listings.collect_archive import is_archive, pictures_in
from support.errors import ImportFileError, PictureError


def add(archive, name, data=b"picture", **values):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for key, value in values.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(data))


def found(path):
    return {name: read() for name, read in pictures_in(path)}


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_pictures_of_a_tar_file_by_name(tmp_path, kind):
    path = tmp_path / f"photos.{kind}"
    with tarfile.open(path, f"w:{kind.removeprefix('tar').removeprefix('.')}") as archive:
        add(archive, "./a/1.jpg", b"one")
        add(archive, "2.PNG", b"two")
        add(archive, "notes.txt")
    assert found(path) == {"a/1.jpg": b"one", "2.PNG": b"two"}
    assert is_archive(path)


def test_what_is_no_plain_file_or_leads_outside_is_passed_over(tmp_path):
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "../outside.jpg")
        add(archive, "a/../../outside.jpg")
        add(archive, "..\\outside.jpg")
        add(archive, "/absolute.jpg", b"inside")
        add(archive, "link.jpg", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(archive, "hard.jpg", b"", type=tarfile.LNKTYPE, linkname="good.jpg")
        add(archive, "device.jpg", b"", type=tarfile.CHRTYPE)
        add(archive, "pipe.jpg", b"", type=tarfile.FIFOTYPE)
        add(archive, "folder.jpg", b"", type=tarfile.DIRTYPE)
        add(archive, "good.jpg", b"good")
    assert found(path) == {"good.jpg": b"good"}
    assert sorted(os.listdir(tmp_path)) == ["photos.tar"]


def test_a_member_that_is_too_large_is_refused_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(collect_archive, "MAX_BYTES", 100)
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "large.jpg", b"x" * 101)
        add(archive, "small.jpg", b"x" * 100)
    read = dict.fromkeys(("large.jpg", "small.jpg"))
    for name, reader in pictures_in(path):
        if name == "large.jpg":
            with pytest.raises(PictureError, match=r"photos\.tar:large\.jpg has 101 bytes"):
                reader()
        else:
            read[name] = len(reader())
    assert read["small.jpg"] == 100


def test_a_bomb_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(collect_archive, "SPARE", 1 << 20)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        add(archive, "zeros.txt", bytes(8 << 20))
        add(archive, "a.jpg")
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(plain.getvalue()))
    assert path.stat().st_size < 100_000
    with pytest.raises(ImportFileError, match="far more than pictures do"):
        found(path)


@pytest.mark.parametrize("cut", [0.1, 0.6])
def test_a_damaged_archive_is_refused_by_name(tmp_path, cut):
    path = tmp_path / "photos.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for number in range(20):
            add(archive, f"{number}.jpg", os.urandom(3000))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(ImportFileError, match=r"Cannot read .*photos\.tar\.gz to its end"):
        found(path)


def test_a_folder_s_pictures_with_those_below_and_without_links(tmp_path):
    inside, outside = tmp_path / "photos", tmp_path / "secret"
    (inside / "b").mkdir(parents=True)
    outside.mkdir()
    (inside / "1.jpg").write_bytes(b"one")
    (inside / "b" / "2.webp").write_bytes(b"two")
    (inside / "table.csv").write_text("title\n")
    (outside / "3.jpg").write_bytes(b"three")
    (inside / "link.jpg").symlink_to(outside / "3.jpg")
    (inside / "away").symlink_to(outside)
    assert found(inside) == {"1.jpg": b"one", "b/2.webp": b"two"}
