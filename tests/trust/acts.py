"""What may be killed: commands that change a desk, and jobs of its worker.

Each lays a desk, and says the words it is done by. Killed, it is begun anew with the same words;
what it leaves then is what it leaves undisturbed, where `ended` tells that in a value.
"""

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image
from sqlite_utils import Database

from listings import batches
from support import backup, releases, settings, upgrading
from support.bundle import Reader
from support.clock import ago
from support.database import scalar, write
from support.release import current
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from tests.listings.drawn import draw
from tests.listings.small_category import listings, write_csv
from tests.support.importing.test_exports import SINCE, desk
from tests.support.old_desks import counts, desk_0_1_0
from tests.support.parts import write_part
from tests.web.doors import desk_to_teach
from web import jobs

HELP = "https://help.example.com/ko/faq/"


class Act:
    """A command; a round works on a copy of the folder that `lay` filled."""

    name: ClassVar[str]
    # Calls and seconds, where a run to count them would take too long in `make test`.
    about: ClassVar[tuple[str, float] | None] = None
    already: ClassVar[str] = "\0"  # what it says where it was done before it was killed

    def lay(self, folder: Path) -> None:
        """Make the desk and whatever the command reads."""
        raise NotImplementedError

    def words(self, space: Workspace) -> list[str]:
        """The command, given in the folder that holds the desk."""
        raise NotImplementedError

    def begin(self, space: Workspace) -> None:
        """Make ready for another start; after a kill too."""

    def over(self, space: Workspace) -> bool:
        """Whether a command that never ends by itself has done what it is there for."""
        return False

    def check(self, space: Workspace) -> None:
        """Look whether everything acknowledged is there, right after a kill."""

    def ended(self, space: Workspace) -> Any:
        """What is there in the end, as a value; None: it is another each time."""


@contextmanager
def opened(space: Workspace) -> Iterator[Database]:
    """A desk's database while the block runs."""
    with closing(space.database()) as db:
        yield db


def take_in(table: Path) -> None:
    """Import a table into the desk beside it."""
    import_csv(Workspace(table.with_name("desk")), table, table.read_text(encoding="utf-8"))


class Import(Act):
    """A table of history, with customers who ask twice, taken in."""

    name = "import"

    def lay(self, folder: Path) -> None:
        space = Workspace(folder / "desk").create()
        with opened(space) as db:
            settings.change(db, ACTOR, faq_hosts=("help.example.com",))
        rows = [
            (number, f"질문 {number} 010-2938-{number:04}", f"답 {HELP}refund-{number % 9}"
             if number % 7 else "", ago(hours=5000 - number), f"c{number // 3}")
            for number in range(400)
        ]  # fmt: skip
        names = ("id", "question", "answer", "created_at", "customer")
        write_csv(folder / "history.csv", rows, *names)

    def words(self, space: Workspace) -> list[str]:
        return ["import", "history.csv"]

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            return desk(db, but=SINCE)


class Undo(Import):
    """An import taken back."""

    name = "undo"

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        take_in(folder / "history.csv")

    already = "was taken back already"

    def words(self, space: Workspace) -> list[str]:
        return ["imports", "undo", "1"]


class ImportFaqs(Act):
    """A help centre's pages taken in."""

    name = "import-faqs"

    def lay(self, folder: Path) -> None:
        Workspace(folder / "desk").create()
        rows = [(f"page-{n}", f"제목 {n}", f"본문 {n}" * 20, HELP + str(n)) for n in range(300)]
        write_csv(folder / "faqs.csv", rows, "slug", "title", "body", "url")

    def words(self, space: Workspace) -> list[str]:
        return ["import-faqs", "faqs.csv"]

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            sql = "SELECT slug, title, body, url FROM faqs ORDER BY slug"
            return [tuple(row.values()) for row in db.query(sql)]


class Train(Act):
    """Encoder, index and classifier learned, judged and put in force."""

    name = "train"
    about = ("w" * 700, 5.0)

    def lay(self, folder: Path) -> None:
        space = desk_to_teach(folder)
        with opened(space) as db:  # what is in force before
            releases.publish(space, db, write_part(space, "v0", kind="index"), actor=ACTOR)

    def words(self, space: Workspace) -> list[str]:
        return ["train"]

    def check(self, space: Workspace) -> None:
        # Never nothing: what was in force stays until the new release is.
        assert current(space.models) is not None


class Index(Act):
    """What was answered since encoded, a new index saved and put in force."""

    name = "index"
    about = ("w" * 600, 2.0)

    def __init__(self, trained: Path) -> None:
        self.trained = trained

    def lay(self, folder: Path) -> None:
        shutil.copytree(self.trained, folder / "desk")
        shutil.copy(self.trained.with_name("desk.key"), folder / "desk.key")
        space = Workspace(folder / "desk")
        rows = [f"{n},새로운 문의 {n},답변 {n} {HELP}refund,{ago(hours=n)}" for n in range(1, 301)]
        text = "id,question,answer,created_at\n" + "\n".join(rows)
        import_csv(space, folder / "new.csv", text)

    def words(self, space: Workspace) -> list[str]:
        return ["index"]

    def check(self, space: Workspace) -> None:
        assert current(space.models) is not None

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            return db.execute("SELECT item_id, vector FROM embeddings ORDER BY item_id").fetchall()


class Publish(Act):
    """A release put in force, and gone back from."""

    name = "publish"

    def lay(self, folder: Path) -> None:
        space = Workspace(folder / "desk").create()
        with opened(space) as db:
            names = [
                releases.publish(space, db, write_part(space, f"v{n}"), actor=ACTOR).name
                for n in range(3)
            ]
        (folder / "names.json").write_text(json.dumps(names))

    def names(self, space: Workspace) -> list[str]:
        found: list[str] = json.loads((space.home.parent / "names.json").read_text())
        return found

    def words(self, space: Workspace) -> list[str]:
        return ["models", "publish", self.names(space)[0]]

    def check(self, space: Workspace) -> None:
        first, _, last = self.names(space)
        live = current(space.models)
        assert live is not None
        assert live.name in (first, last)

    def ended(self, space: Workspace) -> Any:
        """What is in force, and what going back leads to from there."""
        _first, second, last = self.names(space)
        live = [current(space.models)]
        with opened(space) as db:
            live += [releases.rollback(space, db, actor=ACTOR) for _ in range(2)]
        assert [found and found.name for found in live[1:]] == [last, second]
        return self.names(space).index(live[0].name) if live[0] else None


class Prune(Publish):
    """Old models deleted."""

    name = "prune"

    def words(self, space: Workspace) -> list[str]:
        return ["models", "prune", "--keep", "0", "--delete"]

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        for path in folder.glob("desk/models/faq/v*/weights.bin"):
            assert path.is_file()

    def check(self, space: Workspace) -> None:
        live = current(space.models)
        assert live is not None
        assert live.name == self.names(space)[-1]

    def ended(self, space: Workspace) -> Any:
        return sorted(path.name for path in (space.models / "faq").iterdir())


class Upgrade(Act):
    """A desk of 0.1.0 brought up to date."""

    name = "upgrade"

    def lay(self, folder: Path) -> None:
        space = desk_0_1_0(folder)
        (folder / "before.json").write_text(json.dumps(counts(space.database_path)))

    def words(self, space: Workspace) -> list[str]:
        return ["upgrade"]

    def check(self, space: Workspace) -> None:
        # Every copy is one of before: the steps are all done or none is.
        before = json.loads((space.home.parent / "before.json").read_text())
        for copy in upgrading.backups(space.database_path):
            assert counts(copy) == before

    def ended(self, space: Workspace) -> Any:
        found = counts(space.database_path)
        return {name: n for name, n in found.items() if name != "audit"}


class Collect(Act):
    """Listings with their photos collected."""

    name = "collect"

    def lay(self, folder: Path) -> None:
        Workspace(folder / "desk").create()
        files, labels = draw(folder / "photos", 24)
        rows = [
            (f"{label} {n}", files[n % len(files)].name, f"장난감 > {label}")
            for n, label in enumerate(labels * 4)
        ]
        write_csv(folder / "goods.csv", rows, "title", "image", "category")

    def words(self, space: Workspace) -> list[str]:
        return ["collect", "files", "goods.csv", "photos"]

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            sql = "SELECT source, external_id, title, category FROM listings ORDER BY external_id"
            rows = [tuple(row.values()) for row in db.query(sql)]
        pictures = sorted((space.home / "images").rglob("*.*"))
        for picture in pictures:
            Image.open(picture).verify()
        return rows, [picture.name for picture in pictures]


class Label(Act):
    """Categories added to a table, shard by shard."""

    name = "label"
    already = "out.csv is there already"

    def __init__(self, model: Path) -> None:
        self.model = model

    def lay(self, folder: Path) -> None:
        space = Workspace(folder / "desk").create()
        self.publish(space)
        rows = [(n, title, f"{title}\n둘째 줄") for n, (title, _) in enumerate(listings(300))]
        write_csv(folder / "in.csv", rows, "id", "title", "memo")

    def publish(self, space: Workspace) -> None:
        shutil.copytree(self.model, space.models / "category" / "m1")
        with opened(space) as db:
            releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")

    def words(self, space: Workspace) -> list[str]:
        more = ["--workers", "1", "--shard-rows", "50"]
        return ["label", "in.csv", "--out", "out.csv", *more]

    def check(self, space: Workspace) -> None:
        # The output is there whole, or not at all.
        out = space.home.with_name("out.csv")
        if out.exists():
            with out.open(encoding="utf-8-sig", newline="") as file:
                assert len(list(csv.reader(file))) == 301

    def ended(self, space: Workspace) -> Any:
        folder = space.home.parent
        return {path.name: path.read_bytes() for path in folder.glob("out.csv*")}


class Backup(Act):
    """A desk with models and pictures put into one file."""

    name = "backup"

    def __init__(self, model: Path) -> None:
        self.model = model

    def lay(self, folder: Path) -> None:
        Collect().lay(folder)
        Label(self.model).publish(Workspace(folder / "desk"))
        (folder / "copies").mkdir()

    def words(self, space: Workspace) -> list[str]:
        return ["backup", "copies"]

    def check(self, space: Workspace) -> None:
        # What bears a backup's name is one.
        for made in (space.home.parent / "copies").glob("*.tar"):
            with Reader(made) as reader:
                reader.check()


class Restore(Backup):
    """A desk brought back from a backup."""

    name = "restore"
    already = "is not empty"

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        space = Workspace(folder / "desk")
        backup.make(space, actor=ACTOR, to=folder / "desk.tar")
        shutil.rmtree(space.home)

    def words(self, space: Workspace) -> list[str]:
        return ["restore", "desk.tar"]

    def ended(self, space: Workspace) -> Any:
        pictures = sorted(path.name for path in (space.home / "images").rglob("*.jpg"))
        with opened(space) as db:
            return pictures, scalar(db, "SELECT count(*) FROM listings"), current(space.models)


class ForgetPerson(Import):
    """A person forgotten, with everything they asked."""

    name = "forget"

    def lay(self, folder: Path) -> None:
        Undo().lay(folder)
        rows = [(n, f"또 {n}", f"답 {n}", ago(hours=5000 - n), "c7") for n in range(1000, 1100)]
        names = ("id", "question", "answer", "created_at", "customer")
        write_csv(folder / "more.csv", rows, *names)
        take_in(folder / "more.csv")

    def words(self, space: Workspace) -> list[str]:
        return ["forget", "--customer", "c7", "--yes"]

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            hashed = space.seal().customer("csv", "c7")
            assert scalar(db, "SELECT count(*) FROM inquiries WHERE customer = ?", [hashed]) == 0
            assert scalar(db, "SELECT count(*) FROM forgotten WHERE done_at IS NULL") == 0
            found = desk(db, but=(*SINCE, "at", "done_at"))
            told = ("forgotten", "audit_head")  # told twice, it is written down twice
            return {name: rows for name, rows in found.items() if name not in told}


class Job(Act):
    """A job of the worker's."""

    kind: ClassVar[str]
    arguments: ClassVar[dict[str, Any]] = {}

    def words(self, space: Workspace) -> list[str]:
        return ["worker"]

    def begin(self, space: Workspace) -> None:
        # As people do who see that it was interrupted.
        with opened(space) as db:
            jobs.mark_left(space, db)
            if not self._live(db.conn):
                jobs.enqueue(space, db, ACTOR, self.kind, self.arguments)

    def over(self, space: Workspace) -> bool:
        # Asked again and again: without a look at the schema.
        with closing(sqlite3.connect(space.database_path, timeout=30)) as db:
            return not self._live(db)

    def _live(self, db: sqlite3.Connection) -> bool:
        sql = "SELECT count(*) FROM jobs WHERE kind = ? AND state IN ('queued', 'running')"
        return bool(db.execute(sql, [self.kind]).fetchone()[0])

    def state(self, db: Database) -> str:
        """How the last one ended."""
        sql = "SELECT state FROM jobs WHERE kind = ? ORDER BY id DESC"
        found: str = scalar(db, sql, [self.kind])
        return found


class Batch(Job):
    """A batch of the console labelled, its rows put into the review queue."""

    name = "batch"
    about = ("w" * 350, 2.5)
    kind = "label"
    arguments: ClassVar[dict[str, Any]] = {"batch": 1}

    def __init__(self, model: Path) -> None:
        self.model = model

    def lay(self, folder: Path) -> None:
        Label(self.model).lay(folder)
        space = Workspace(folder / "desk")
        table = folder / "in.csv"
        with opened(space) as db:
            batches.create(
                space, db, ACTOR, name=table.name, options=batches.BatchOptions(),
                save=lambda path: shutil.copy(table, path),
            )  # fmt: skip

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            assert self.state(db) == "done"
            sql = "SELECT batch_id, row, guesses, reason FROM review_items ORDER BY row"
            waiting = [tuple(row.values()) for row in db.query(sql)]
        folder = space.home / "batches" / "1"
        return waiting, {path.name: path.read_bytes() for path in folder.glob("labelled*")}


class Forget(Job):
    """What was closed long ago deleted, a few hundred at a time."""

    name = "retention"
    about = ("w" * 900, 2.2)
    kind = "forget"

    def lay(self, folder: Path) -> None:
        Undo().lay(folder)
        with opened(Workspace(folder / "desk")) as db:
            settings.change(db, ACTOR, inquiries_days=30)
            with write(db):
                db.execute("UPDATE inquiries SET closed_at = opened_at WHERE status = 'answered'")

    def ended(self, space: Workspace) -> Any:
        with opened(space) as db:
            return {name: len(rows) for name, rows in desk(db).items() if name not in ("jobs",)}
