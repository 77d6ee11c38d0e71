"""Check 19: a model, index or engine that is missing or damaged hides nothing and silences nothing.

What the machine would have decided goes to people, the console and /readyz say what is amiss, and
as soon as the files are whole again they are used, without a restart.
"""

import json
import random
import shutil
from contextlib import closing

import pytest

from listings.categorise import KIND as CATEGORY
from listings.following import CategoryFollower
from listings.listing import Listing
from listings.moderation import judging
from listings.moderation.cases import of_listing
from listings.moderation.classes import LEGAL, PROBLEMS
from listings.moderation.model import KIND
from listings.moderation.moderator import Moderator
from listings.moderation.policy import Policy, Rules, Thresholds
from listings.store import Collected, ListingStore
from support import release_state, releases
from support.database import scalar
from support.recommender import Recommender
from support.release import pointer
from support.workspace import Workspace
from tests import soaking
from tests.conftest import ACTOR
from tests.listings.moderation.desk import put
from tests.listings.moderation.model_desk import rows, write_model
from tests.listings.small_category import category_model
from tests.train.moderation_rows import examples
from web import worker_state

__all__ = ["category_model"]

# What somebody, or a disk, may do to a folder that is in force, and to the file that names it.
DAMAGE = {
    "gone": lambda folder, file: shutil.rmtree(folder),
    "empty": lambda folder, file: [each.unlink() for each in folder.iterdir() if each.is_file()],
    "pointer gone": lambda folder, file: file.unlink(),
    "pointer torn": lambda folder, file: file.write_text('{"release": "r", "pa'),
    "pointer to a lost release": lambda folder, file: file.write_text(
        json.dumps({"release": "lost", "parts": {folder.parent.name: {"version": "lost"}}})
    ),
}


def each_file(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def missing(name):
    return lambda folder, file: (folder / name).unlink()


def damaged(name):
    def change(folder, file):
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return change


def drawn(ways, short):
    """Some of the ways by chance; all of them in a long run."""
    return random.sample(sorted(ways.items()), min(len(ways), soaking.many(short, len(ways))))


def kept(space, tmp_path):
    """The models as they are, to be put back."""
    shutil.copytree(space.models, tmp_path / "kept", copy_function=shutil.copy2)
    return tmp_path / "kept"


def put_back(space, kept):
    """As a backup is copied over what is damaged, times of files and all."""
    shutil.copytree(kept, space.models, dirs_exist_ok=True, copy_function=shutil.copy)


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch):
    monkeypatch.setattr(release_state, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr("listings.following.LOOK_SECONDS", 0.0)


def likeliest(moderator, listing):
    """What a listing is found to be, where that is likelier than not."""
    (found,) = moderator.judge([listing])
    return next((label for label, p in found.probabilities.items() if p > 0.6), "")


@pytest.fixture
def market(tmp_path):
    """A desk whose policy is live and hides, and a listing that it would hide."""
    space = Workspace(tmp_path / "market").create()
    db = space.database()
    write_model(space, db, rows())
    moderator = Moderator.of_desk(space)
    bad = next(
        example.listing.title
        for example in examples()
        if example.label in PROBLEMS and likeliest(moderator, example.listing) == example.label
    )
    at = {label: Thresholds(hide=0.5, review=0.1) for label in PROBLEMS}
    at[LEGAL] = Thresholds(review=1.0)
    quiet = Rules(sample_all=0.0, sample_hidden=0.0)
    put(db, Policy(model=moderator.version, thresholds=at, rules=quiet))
    yield space, db, bad
    db.close()


def judged(space, db, follower, title, number):
    """A new listing judged by what is in force: the action, and whether it was hidden."""
    item = Collected(source="market", external_id=f"{number}", title=title, seller=f"s{number}")
    (listing_id,) = ListingStore(db, space.seal()).save([item]).ids
    (done,) = judging.judge(space, db, [listing_id], moderator=follower.held())
    case = of_listing(db, listing_id)
    return done.choice.action, done.decision_id is not None, case is not None and case.state


def test_without_its_model_whole_nothing_is_hidden_and_people_look(market, tmp_path):
    space, db, bad = market
    follower, safe = judging.follow(space), kept(space, tmp_path)
    folder = space.models / KIND / "m1"
    assert judged(space, db, follower, bad, 0)[:2] == ("hide", True)
    ways = DAMAGE | {f"without {name}": missing(name) for name in each_file(folder)}
    ways |= {f"damaged {name}": damaged(name) for name in each_file(folder)}
    for number, (name, harm) in enumerate(drawn(ways, 8), 1):
        harm(folder, pointer(space.models, KIND))
        fresh = judging.follow(space)  # as a process that starts now
        assert judged(space, db, fresh, bad, f"{number}-a") == ("review", False, "open"), name
        assert fresh.held().trouble, name
        put_back(space, safe)
        assert judged(space, db, fresh, bad, f"{number}-b")[:2] == ("hide", True), name


def test_what_is_amiss_is_told_on_the_console_by_readyz_and_status(market):
    from tests.web.doors import faqdesk

    space, db, _ = market
    assert release_state.amiss(space.models, db) == []
    shutil.rmtree(space.models / KIND / "m1")
    assert worker_state.troubles(space, db) == ("models_amiss",)
    told = faqdesk(space, "status", "--json")
    assert "faqdesk train moderation" in json.loads(told.stdout)["amiss"][0]


def test_a_damaged_category_model_says_so_and_comes_back(space, db, category_model, tmp_path):
    folder = space.models / CATEGORY / "c1"
    shutil.copytree(category_model, folder)
    releases.publish(space, db, {CATEGORY: "c1"}, actor=ACTOR, line=CATEGORY)
    safe, follower = kept(space, tmp_path), CategoryFollower(space.models)
    for name, harm in drawn(DAMAGE | {f"damaged {n}": damaged(n) for n in each_file(folder)}, 4):
        harm(folder, pointer(space.models, CATEGORY))
        fresh = CategoryFollower(space.models)
        assert fresh.followed().classifier is None, name
        assert "faqdesk train category" in fresh.followed().missing, name
        put_back(space, safe)
        assert fresh.classifier().predict([Listing("나이키 운동화")]), name
    assert follower.classifier()


def test_suggestions_lose_a_part_at_most_and_find_it_again(trained, tmp_path):
    """Encoder, index and classifier: each file of each missing or damaged, one after the other."""
    space, safe = trained, kept(trained, tmp_path)
    release = releases.current(space.models)
    text = "인증번호가 안 와요"
    with closing(space.database()) as db:
        recommender = Recommender(space)
        whole = recommender.suggest(db, text)
        assert whole.degraded == ""
        for kind in release.parts:
            folder = release.folder(space.models, kind)
            files = each_file(folder)
            ways = DAMAGE if kind == "index" else {"gone": DAMAGE["gone"]}
            ways |= {f"damaged {name}": damaged(name) for name in files if name.suffix != ".json"}
            ways |= {"no manifest": missing("manifest.json"), "no config": missing("config.json")}
            for name, harm in drawn(ways, 3):
                harm(folder, pointer(space.models))
                fresh = Recommender(space)  # as a process that starts now
                found = fresh.suggest(db, text)
                silent_or_told = found.degraded or not found.faqs
                assert silent_or_told, (kind, name)
                assert release_state.amiss(space.models, db) or found.degraded, (kind, name)
                if kind == "index" and not name.startswith("pointer"):
                    # Vectors are in the database: as many past answers are found, to the last.
                    assert [a.inquiry_id for a in found.similar] == [
                        a.inquiry_id for a in whole.similar
                    ], name
                put_back(space, safe)
                again = fresh.suggest(db, text)
                assert again.degraded == "", (kind, name)
                assert [f.faq.slug for f in again.faqs] == [f.faq.slug for f in whole.faqs]


def test_an_index_older_than_the_database_finds_what_came_since(trained):
    """The newest answer is found by the snapshot's tail, and one that is gone is not."""
    from support import embeddings

    space = trained
    with closing(space.database()) as db:
        similar = Recommender(space).models().similar
        text = "주문한 자전거 바퀴가 휘어서 왔어요 교환할래요"
        sql = "SELECT id FROM inquiries WHERE status = 'answered' ORDER BY id DESC LIMIT 1"
        inquiry = scalar(db, sql)
        db.execute("UPDATE messages SET text = ? WHERE inquiry_id = ? AND role = 'customer'",
                   [text, inquiry])  # fmt: skip
        db.execute("UPDATE inquiries SET text = ? WHERE id = ?", [text, inquiry])
        embeddings.forget(db, inquiry)
        db.conn.commit()
        similar.remember(db, [inquiry])
        old = Recommender(space).models().similar  # the snapshot is of before
        assert old.similar(db, text, top_k=1)[0].inquiry_id == inquiry
        embeddings.forget(db, inquiry)
        db.conn.commit()
        assert inquiry not in [found.inquiry_id for found in old.similar(db, text, top_k=3)]
