"""Check 12: no name leads out of its folder, at any door; no archive writes elsewhere."""

import io
import json
import random
import re
import stat
import tarfile
import warnings
import zipfile
from contextlib import suppress

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from listings import batch_pictures, collect_archive
from listings.batch_pictures import place, unpack
from listings.collect_archive import pictures_in, plain_name
from listings.label_pictures import PictureFolder
from support import names, releases
from support.artifact import write_artifact
from support.errors import FaqdeskError, ImportFileError, InputError, ModelDamagedError
from support.importing import pieces
from support.release import current
from tests import soaking
from tests.conftest import ACTOR
from web.app import create_app
from web.cli import faqdesk

PICTURE = b"\xff\xd8picture"
OUT = [
    "../evil", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "..\\evil", "C:\\evil", "C:evil",
    "a\0b", "a\nb", " a", "a ", ".hidden", "-rf", "_a", "A", "É", "모델", "a" * 65, "~root",
    "$HOME", "%2e%2e", "a%2fb", "a:b", "a*", "a?", "\u202eexe", "．．", "／etc", "a\ud800",
]  # fmt: skip
FINE = ["a", "0", "20261122-093814-ab12", "v1.2_3-x", "a" * 64, "a..b", "con", "a."]


# Names


@pytest.mark.parametrize("name", OUT)
def test_what_is_no_plain_name_is_refused(name, tmp_path):
    with pytest.raises(InputError):
        names.checked(name, "a model")
    with pytest.raises(InputError):
        names.inside(tmp_path, "faq", name, what="a model")


@pytest.mark.parametrize("name", FINE)
def test_plain_names_stay_below_their_folder(name, tmp_path):
    assert names.inside(tmp_path, "faq", name, what="a model") == tmp_path / "faq" / name


@given(st.text(max_size=80))
def test_whatever_passes_for_a_name_is_one_part_of_a_path(name):
    if names.NAME.fullmatch(name):
        assert name.isascii()
        assert not set(name) & set("/\\\0:\n ")
        assert name not in (".", "..")
        assert len(name) <= 64


def test_a_link_that_leads_out_is_not_followed_and_one_that_stays_is(tmp_path):
    root = tmp_path / "models"
    (root / "faq" / "real").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "faq" / "out").symlink_to(tmp_path / "outside")
    (root / "faq" / "in").symlink_to("real")
    (root / "loop").symlink_to("loop")
    assert names.inside(root, "faq", "in", what="a model")
    with pytest.raises(InputError, match="leads out"):
        names.inside(root, "faq", "out", what="a model")
    linked = tmp_path / "linked"
    linked.symlink_to(root)
    assert names.inside(linked, "faq", "real", what="a model")


@pytest.fixture
def outside(space, tmp_path):
    """A whole model beside the models' folder: what a way out of it would lead to."""
    made = tmp_path / "desk" / "evil"
    files = {"files": lambda folder: (folder / "a").write_text("b")}
    write_artifact(made, kind="faq", config={}, metrics={}, **files)
    return "../../evil"


def test_a_release_that_names_another_folder_is_damaged(space, outside):
    for content in (
        {"release": "r", "parts": {"faq": {"version": outside}}},
        {"release": "r", "parts": {"faq": {"version": str(space.home / "evil")}}},
        {"release": "r", "parts": {"../evil": {"version": "a"}}},
        {"release": "../r", "parts": {}},
        {"release": "r", "parts": {"faq": {"version": ".."}}},
    ):
        (space.models / "current").write_text(json.dumps(content))
        with pytest.raises(ModelDamagedError):
            current(space.models)


@pytest.mark.parametrize("name", [*OUT[:12], "../../evil"])
def test_no_door_of_releases_takes_a_name_that_leads_out(name, space, db, outside):
    with pytest.raises(FaqdeskError):
        releases.store(space, db, {"faq": name}, actor=ACTOR)
    with pytest.raises(FaqdeskError):
        releases.put_in_force(space, db, name, actor=ACTOR)
    row = {"name": "r1", "line": "desk", "created_at": "", "created_by": "", "judgement": "{}",
           "recipe": "{}", "no_classifier": ""}  # fmt: skip
    parts = {"faq": {"version": name, "hash": "x"}}
    db["releases"].insert(row | {"parts": json.dumps(parts)})
    with pytest.raises(FaqdeskError):
        releases.put_in_force(space, db, "r1", actor=ACTOR)
    assert not (space.models / "current").exists()


def test_no_command_and_no_page_takes_one(space, monkeypatch, outside):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    runner = CliRunner()
    for name in ("../../evil", "/etc/passwd", "..", "a\\..\\b"):
        for words in (["publish", name], ["show", name]):
            done = runner.invoke(faqdesk, ["models", *words])
            assert done.exit_code, words
    client = create_app(space).test_client()
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in rule.methods]
    texts = [
        (rule.rule, argument)
        for rule in rules
        for argument, converter in rule._converters.items()
        if type(converter).__name__ in ("UnicodeConverter", "PathConverter")
    ]
    assert texts
    secret = (space.key_path).read_bytes()
    for rule, argument in texts:
        mark = f"<path:{argument}>" if f"<path:{argument}>" in rule else f"<{argument}>"
        start, _, end = rule.partition(mark)
        if "<" in start + end:
            continue  # a second name that the test would have to make up
        for evil in ("..%2f..%2fdesk.key", "..%5c..%5cdesk.key", "%2e%2e", "....//", "%00", "C:"):
            answer = client.get(f"{start}{evil}{end}")
            assert answer.status_code < 500, (rule, evil)
            assert secret not in answer.data


def test_a_cell_names_only_pictures_in_its_folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(PICTURE)
    (tmp_path / "secret.jpg").write_bytes(PICTURE)
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "own.jpg").symlink_to("a.jpg")
    (folder / "up").symlink_to("..")
    (tmp_path / "photos-other").mkdir()
    (tmp_path / "photos-other" / "a.jpg").write_bytes(PICTURE)
    found = PictureFolder(str(folder), confined=True)
    for cell in ("a.jpg", "./a.jpg", str(folder / "a.jpg"), "own.jpg", "x/../a.jpg"):
        assert found.find(cell)[0], cell
    for cell in (
        "../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "up/secret.jpg",
        "../photos-other/a.jpg", "/etc/passwd", "a.jpg\0", "file:///etc/passwd", "..",
        "http://127.0.0.1/a.jpg", "a.jpg/../../secret.jpg",
    ):  # fmt: skip
        assert not found.find(cell)[0], cell


# Archives


EVIL = [
    "../evil.jpg", "../../evil.jpg", "a/../../evil.jpg", "/tmp/evil.jpg", "//tmp/evil.jpg",
    "C:\\evil.jpg", "c:/evil.jpg", "D:evil.jpg", "..\\evil.jpg", "a\\..\\..\\evil.jpg",
    "\\\\host\\share\\evil.jpg", "\\evil.jpg", "a/..",
]  # fmt: skip


def packed(kind, entries):
    """An archive of names and what they hold; of a tar file also the type of a member."""
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data, mode in entries:
                info = zipfile.ZipInfo("x")
                info.filename = name
                info.external_attr = mode << 16
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # a name that is there already
                    archive.writestr(info, data, zipfile.ZIP_DEFLATED)
        return file.getvalue()
    with tarfile.open(fileobj=file, mode="w:gz" if kind == "tar.gz" else "w") as archive:
        for name, data, mode in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if stat.S_ISLNK(mode):
                info.type, info.linkname, info.size = tarfile.SYMTYPE, data.decode(), 0
            elif stat.S_ISCHR(mode):
                info.type, info.devmajor, info.devminor, info.size = tarfile.CHRTYPE, 1, 8, 0
            elif stat.S_ISFIFO(mode):
                info.type, info.size = tarfile.FIFOTYPE, 0
            elif stat.S_ISSOCK(mode):  # stands for a hard link here: tar has no sockets
                info.type, info.linkname, info.size = tarfile.LNKTYPE, data.decode(), 0
            archive.addfile(info, io.BytesIO(data[: info.size]))
    return file.getvalue()


def unpacked(kind, entries, folder):
    """What is there after unpacking: by the path in the folder of pictures, what it holds."""
    own = folder / "batch"
    own.mkdir(parents=True)
    place(own, f"x.{kind}").write_bytes(packed(kind, entries))
    unpack(own)
    top = own / "pictures"
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


KINDS = ("zip", "tar", "tar.gz")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_an_archive_lands_elsewhere(kind, tmp_path):
    before = {path for path in tmp_path.parent.rglob("*") if path.is_file()}
    entries = [(name, b"evil", 0o644) for name in EVIL]
    found = unpacked(kind, [*entries, ("good/a.jpg", PICTURE, 0o644)], tmp_path / "x")
    assert found == {"a.jpg": PICTURE}
    new = {path for path in tmp_path.parent.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(tmp_path / "x" / "batch" / "pictures") for path in new)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK],
    ids=["symlink", "device", "fifo", "hard link"],
)  # fmt: skip
def test_links_and_devices_are_passed_over_and_nothing_is_written_through_them(
    kind, mode, tmp_path
):
    target = tmp_path / "target"
    target.mkdir()
    entries = [
        ("a/link.jpg", str(target / "x.jpg").encode(), mode | 0o777),
        ("a/folder.jpg", str(target).encode(), mode | 0o777),
        ("a/folder.jpg/b.jpg", PICTURE, 0o644),
        ("a/good.jpg", PICTURE, 0o644),
    ]
    found = unpacked(kind, entries, tmp_path / "x")
    assert found == {"good.jpg": PICTURE, "folder.jpg/b.jpg": PICTURE}
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_meet_keep_the_first_and_end_nothing(kind, tmp_path):
    entries = [
        ("p/a.jpg", b"first", 0o644), ("p/a.jpg", b"second", 0o644), ("p//./a.jpg", b"3", 0o644),
        ("p/caf\u00e9.jpg", b"joined", 0o644), ("p/cafe\u0301.jpg", b"apart", 0o644),
        ("p/A.JPG", b"large", 0o644), ("p/b.jpg", b"file", 0o644), ("q/b.jpg", b"other", 0o644),
    ]  # fmt: skip
    found = unpacked(kind, entries, tmp_path)
    assert found["p/a.jpg"] == b"first"
    assert found["p/caf\u00e9.jpg"] == b"joined"
    assert found["p/A.JPG"] in (b"large", b"first")  # as this system tells letters apart
    assert len(found) in (4, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_where_a_folder_should_be_ends_nothing_elsewhere(kind, tmp_path):
    entries = [("a.jpg", b"1", 0o644), ("a.jpg/b.jpg", b"2", 0o644), ("c.jpg", b"3", 0o644)]
    assert unpacked(kind, entries, tmp_path) == {"a.jpg": b"1", "c.jpg": b"3"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_of_far_too_many_files_is_refused(kind, tmp_path, monkeypatch):
    for module in (collect_archive, batch_pictures):
        monkeypatch.setattr(module, "MOST_FILES", 20)
    few = [(f"{number}.jpg", PICTURE, 0o644) for number in range(20)]
    assert len(unpacked(kind, few, tmp_path / "few")) == 20
    many = [*few, ("more.txt", b"", 0o644)]
    with pytest.raises(ImportFileError, match="More than 20 files"):
        unpacked(kind, many, tmp_path / "many")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_that_grows_as_no_photos_do_is_refused(kind, tmp_path, monkeypatch):
    for module in (collect_archive, batch_pictures):
        monkeypatch.setattr(module, "SPARE", 1 << 20)
    zeros = [(f"{number}.jpg", bytes(1 << 20), 0o644) for number in range(4)]
    with pytest.raises(ImportFileError, match="far more than pictures do"):
        unpacked(kind, zeros, tmp_path)
    assert not (tmp_path / "batch" / "pictures").exists()


def test_an_import_s_archive_holds_no_more_files_than_exports_do(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "MOST_INSIDE", 5)
    path = tmp_path / "export.zip"
    entries = [(f"../{number}.csv", b"a,b\n1,2\n", 0o644) for number in range(6)]
    path.write_bytes(packed("zip", entries))
    with pytest.raises(ImportFileError, match="holds 6 files"), pieces.unpacked([path], ""):
        pass
    path.write_bytes(packed("zip", entries[:5]))
    with pieces.unpacked([path], "") as files:
        inside = {file.parent.parent for file in files}
        assert len(files) == 5
        assert len(inside) == 1
        assert not list(tmp_path.glob("*.csv"))


@given(st.text(alphabet=st.sampled_from("./\\:Cc~a\0 \u202e%-é가"), max_size=24))
def test_whatever_a_member_is_called_its_path_stays_inside(name):
    found = plain_name(f"{name}.jpg")
    if found:
        parts = found.split("/")
        assert ".." not in parts
        assert "" not in parts
        assert not found.startswith("/")
        assert "\0" not in found
        assert not re.match("[A-Za-z]:", found)


def test_random_archives_never_write_elsewhere(tmp_path):
    """Names of every odd kind, in every kind of archive: what is there lies inside."""
    chance = random.Random(soaking.seed())
    parts = ["..", ".", "", "a", "B", "사진", "x" * 60, "C:", "\u202e", "caf\u00e9", " ", "-", "~"]
    rounds = soaking.many(20, 3_000)
    for number in range(rounds):
        entries = []
        for _ in range(chance.randrange(1, 9)):
            name = "/".join(chance.choices(parts, k=chance.randrange(1, 5)))
            entries.append((name + chance.choice(["", "/"]) + "n.jpg", PICTURE, 0o644))
        home = tmp_path / str(number)
        with suppress(InputError, ImportFileError):
            unpacked(chance.choice(KINDS), entries, home / "in")
        outside = [path for path in home.rglob("*.jpg") if not path.is_symlink()]
        assert all((home / "in" / "batch") in path.parents for path in outside)
        assert [path.name for path in home.iterdir()] == ["in"]
    soaking.tell(f"archives: {rounds} of odd names, none wrote elsewhere")


def test_a_folder_or_archive_that_is_collected_shows_no_links(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    folder = tmp_path / "photos"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "a.jpg").write_bytes(PICTURE)
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "up").symlink_to("..")
    assert [name for name, _ in pictures_in(folder)] == ["in/a.jpg"]
    path = tmp_path / "a.tar"
    entries = [(name, b"evil", 0o644) for name in EVIL]
    entries += [("l.jpg", str(tmp_path / "secret.jpg").encode(), stat.S_IFLNK)]
    entries += [("h.jpg", str(tmp_path / "secret.jpg").encode(), stat.S_IFSOCK)]
    path.write_bytes(packed("tar", [*entries, ("b.jpg", PICTURE, 0o644)]))
    found = {name: read() for name, read in pictures_in(path)}
    assert found == {"b.jpg": PICTURE}
