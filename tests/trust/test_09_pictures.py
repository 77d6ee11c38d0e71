"""Check 9: a picture from a stranger is decoded where it can do nothing, or is no picture.

What is kept or shown is drawn anew, so that nothing but the picture is left of it.
"""

import io
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from werkzeug.datastructures import FileStorage

from listings.moderation.take_in import take_in
from listings.picture_batches import read_batches, read_square
from listings.pictures import open_picture, read_picture, store
from listings.store import Collected
from support import attachment_fetch, picture_decoder, picture_worker
from support.errors import FaqdeskError, PictureError
from tests import soaking
from tests.trust import hostile_pictures as made
from tests.trust import sources
from web.listing_uploads import write_small

ROOT = Path(__file__).parents[2]
KINDS = ("JPEG", "PNG", "WEBP")


@pytest.fixture
def fresh():
    """Workers of the test alone."""
    picture_decoder._end_all()
    yield
    picture_decoder._end_all()


@pytest.fixture
def taken_over(fresh, monkeypatch):
    """Workers that do what pictures tell them to."""
    script = Path(__file__).with_name("hostile_worker.py")
    monkeypatch.setattr(picture_decoder, "SCRIPT", script)


def decoded(data, **options):
    return picture_decoder.decode(data, name="it", **options)


def works():
    """Whether the next picture is decoded as if nothing had been."""
    found = decoded(made.saved(made.drawn(), "PNG"))
    return (found.width, found.height) == (64, 48) and found.data[:3] == bytes((220, 20, 20))


# What comes in


@pytest.mark.parametrize("name", made.usual())
def test_usual_pictures_come_out_as_plain_pixels(name):
    found = read_picture(made.usual()[name], name=name)
    assert (found.mode, found.size, found.info) == ("RGB", (64, 48), {})
    apart = ImageChops.difference(found, made.drawn())
    assert max(high for _, high in apart.resize((8, 6)).getextrema()) < 60


@pytest.mark.parametrize("name", made.not_for_us())
def test_what_is_no_jpeg_png_or_webp_is_refused_whatever_it_is_called(name, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(made.not_for_us()[name])
    with pytest.raises(PictureError, match=r"photo\.jpg is (no|a broken) picture"):
        open_picture(path)


def test_a_wrong_ending_misleads_nobody(tmp_path):
    for kind, ending in zip(KINDS, ("png", "webp", "jpg"), strict=True):
        path = tmp_path / f"photo.{ending}"
        path.write_bytes(made.saved(made.drawn(), kind))
        assert open_picture(path).size == (64, 48)


@pytest.mark.parametrize("name", made.bombs())
def test_bombs_are_refused_soon_and_by_the_same_worker(name):
    assert works()
    worker = picture_decoder._idle[-1]
    with pytest.raises(PictureError, match=r"pixels|broken|no picture"):
        decoded(made.bombs()[name], at_least=224, side=224, square=True)
    assert works()
    assert picture_decoder._idle[-1] is worker, "it died of the bomb"


def test_a_file_that_is_too_large_is_not_even_handed_over(tmp_path, fresh):
    with pytest.raises(PictureError, match="bytes; at most"):
        decoded(bytes(picture_decoder.MAX_BYTES + 1))
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(picture_decoder.MAX_BYTES + 1)
    with pytest.raises(PictureError, match="bytes; at most"):
        open_picture(path)
    assert not picture_decoder._idle


def test_the_largest_that_is_allowed_is_decoded_within_the_limits():
    large = made.saved(
        Image.new("RGBA", (8000, 8000)), "PNG", compress_level=1, exif=made.marked_exif()[:0]
    )
    assert decoded(large, side=224, square=True).data == bytearray(b"\xff" * 224 * 224 * 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_film_the_first_picture_is_seen(kind):
    found = read_picture(made.frames(kind), name="film")
    assert found.size == (16, 16)
    assert max(abs(a - b) for a, b in zip(found.getpixel((8, 8)), (0, 255, 90), strict=True)) < 30


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1), (100_000, 9)])
def test_ribbons_are_brought_to_size(size, tmp_path):
    data = made.saved(Image.new("RGB", size), "PNG")
    path = tmp_path / "ribbon.png"
    path.write_bytes(data)
    assert read_square(path, 64).shape == (64, 64, 3)
    assert max(read_picture(data, name="ribbon").size) <= 1280
    with pytest.raises(PictureError, match="are the least"):
        store(tmp_path, data, name="ribbon")


def test_sixteen_bits_and_grey_with_alpha_are_brought_to_eight():
    deep = made.saved(Image.new("I;16", (8, 8), 32_768), "PNG")
    assert read_picture(deep, name="deep").getpixel((4, 4)) == (128, 128, 128)
    clear = made.saved(Image.new("LA", (8, 8), (0, 0)), "PNG")
    assert read_picture(clear, name="clear").getpixel((4, 4)) == (255, 255, 255)


def test_damaged_pictures_are_pictures_or_refused_and_never_an_end():
    """Cut short, and with bytes changed: whatever the decoder makes of them."""
    chance = random.Random(soaking.seed())
    whole = [made.saved(made.drawn((200, 150)), kind) for kind in KINDS]
    whole += [made.marked(kind) for kind in KINDS]
    assert works()
    worker, refused = picture_decoder._idle[-1], 0
    rounds = soaking.many(300, 60_000)
    for _ in range(rounds):
        data = bytearray(chance.choice(whole))
        if chance.random() < 0.4:
            del data[chance.randrange(len(data)) :]
        for _ in range(chance.choice((0, 1, 3, 20)) if data else 0):
            data[chance.randrange(len(data))] = chance.randrange(256)
        words = ""
        try:
            found = decoded(bytes(data), at_least=32, side=32, square=True)
            assert len(found.data) == 32 * 32 * 3
        except PictureError as error:
            words = str(error)
            refused += 1
        assert not words or (words.startswith("it ") and words.isprintable())
    assert 0 < refused < rounds
    assert picture_decoder._idle[-1] is worker, "a damaged picture ended the worker"
    soaking.tell(f"pictures: {rounds} damaged ones, {refused} refused, no worker died of one")


# What goes out


def doors():
    """Everything that keeps or shows a stranger's picture: takes bytes, gives bytes."""

    def kept(data, space):
        return (space / store(space, data, name="x").file).read_bytes()

    def uploaded(data, space):
        write_small(FileStorage(io.BytesIO(data), filename="x.jpg"), space / "small.jpg")
        return (space / "small.jpg").read_bytes()

    def attached(data, space):
        return attachment_fetch.drawn(data)

    return {"kept": kept, "uploaded": uploaded, "attached": attached}


@pytest.mark.parametrize("door", doors())
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_or_shown_is_the_picture_the_right_way_up_and_nothing_else(
    kind, door, tmp_path
):
    data = made.marked(kind)
    assert data.count(made.MARK) >= 5, "the test's picture says it in many ways"
    out = doors()[door](data, tmp_path)
    assert made.MARK not in out
    with Image.open(io.BytesIO(out)) as found:
        assert (found.format, found.size) == ("JPEG", (48, 64)), "turned as it was held"
        top, bottom = found.getpixel((24, 4)), found.getpixel((24, 60))
        assert top[0] > 180 > 80 > top[2]
        assert bottom[2] > 180 > 80 > bottom[0]
        assert dict(found.getexif()) == {}
        assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_listing_that_a_program_hands_over_is_kept_without_its_broken_pictures(space, db):
    pictures = [("a.jpg", made.marked("JPEG")), ("b.jpg", made.bombs()["png of 400 million"])]
    pictures += [("c.jpg", made.not_for_us()["gif and html"])]
    item = Collected(source="api", external_id="1", title="A bag")
    _, wrong = take_in(space, db, item, pictures)
    assert [word.split()[0] for word in wrong] == ["b.jpg", "c.jpg"]
    (only,) = (space.home / "images").rglob("*.jpg")
    assert made.MARK not in only.read_bytes()


def test_in_a_batch_the_broken_ones_are_told_and_the_rest_is_read(tmp_path):
    every = {**made.usual(), **made.bombs(), **made.not_for_us()}
    paths = []
    for number, data in enumerate(every.values()):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(data)
    batches = list(read_batches(paths, side=16))
    assert sum(len(batch.pixels) for batch in batches) == len(made.usual())
    assert sum(len(batch.broken) for batch in batches) == len(every) - len(made.usual())


# Where it is decoded


@pytest.mark.parametrize("act", ["crash", "leave", "spin", "huge", "none"])
def test_a_picture_that_breaks_the_decoder_is_none_and_the_next_is_decoded(act, taken_over):
    with pytest.raises(PictureError, match="breaks what decodes"):
        decoded(act.encode())
    assert works()
    if act == "crash":  # and of one that has decoded before
        with pytest.raises(PictureError, match="breaks what decodes"):
            decoded(act.encode())
        assert works()


def test_a_picture_that_takes_too_long_is_given_up(taken_over, monkeypatch):
    monkeypatch.setattr(picture_decoder, "SECONDS", 0.5)
    with pytest.raises(PictureError, match="takes more than"):
        decoded(b"sleep")
    monkeypatch.undo()
    assert works()


def test_pixels_of_another_size_than_asked_for_are_not_taken(taken_over):
    with pytest.raises(PictureError, match="gave something else"):
        decoded(b"other", side=8, square=True)


def test_a_reason_is_cut_and_kept_on_one_line(taken_over):
    with pytest.raises(PictureError) as caught:
        decoded(b"words")
    assert len(str(caught.value)) < 2 * picture_worker.MOST_WORDS
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("act", ["read", "write", "grow", "connect", "memory", "start"])
def test_a_decoder_that_is_taken_over_can_do_nothing(act, taken_over):
    with pytest.raises(PictureError, match="was stopped: "):
        decoded(act.encode())
    assert not Path("/tmp/faqdesk-was-here").exists()


def test_a_decoder_knows_none_of_our_surroundings(taken_over, monkeypatch):
    monkeypatch.setenv("FAQDESK_INDEX_TOKEN", "secret")
    with pytest.raises(PictureError) as caught:
        decoded(b"secrets")
    assert "PATH" in str(caught.value)
    assert "FAQDESK" not in str(caught.value)


def test_a_worker_has_no_file_but_its_socket_and_its_limits_are_hard():
    assert works()
    pid = picture_decoder._idle[-1].pid
    limits = Path(f"/proc/{pid}/limits").read_text()
    for name in ("file size", "open files", "processes", "core file size"):
        line = next(line for line in limits.splitlines() if line.startswith(f"Max {name}"))
        assert line.removeprefix(f"Max {name}").split()[:2] == ["0", "0"], line
    space = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert int(space.split()[3]) == int(space.split()[4]) < picture_worker.MEMORY + (512 << 20)
    files = {path.name: os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    assert files.pop("0").startswith("socket:")
    assert set(files.values()) <= {"/dev/null"}


def test_workers_end_with_whoever_started_them():
    code = (
        "import os\nfrom support import picture_decoder as d\n"
        "try: d.decode(b'', name='x')\nexcept Exception: pass\n"
        "print(d._idle[0].pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    gone = Path(f"/proc/{done.stdout.strip()}")
    edge = time.monotonic() + 30
    while gone.exists() and time.monotonic() < edge:
        time.sleep(0.02)
    assert not gone.exists()


def test_a_fork_has_workers_of_its_own():
    """Two processes that talk over one socket would get each other's pictures."""
    assert works()
    mine = picture_decoder._idle[-1].pid
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if not picture_decoder._idle and works() else 2
            picture_decoder._end_all()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert works()
    assert picture_decoder._idle[-1].pid == mine


def test_that_no_worker_can_be_started_is_not_the_pictures_fault(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(picture_decoder, "SCRIPT", tmp_path / "gone.py")
    with pytest.raises(FaqdeskError, match="cannot be started") as caught:
        works()
    assert not isinstance(caught.value, PictureError)


def test_nothing_else_of_ours_decodes_pictures():
    """Only the worker opens pictures; the bench that is named measures pictures that it drew."""
    opens = set()
    for path, name, _ in sources.calls():
        if name in ("Image.open", "PIL.Image.open", "ImageFile.Parser"):
            opens.add(path)
        last = name.rpartition(".")[2]
        assert last not in ("imread", "imdecode", "read_image", "decode_image"), path
    assert opens == {"support/picture_worker.py", "train/bench_label.py"}
