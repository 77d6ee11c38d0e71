"""Label Studio's tasks: what we write, what others write, and there and back again."""

import json
from xml.etree import ElementTree

import pytest

from listings import review
from listings.label_studio import export_tasks, interface
from listings.label_studio_import import import_tasks, read_tasks
from listings.labels import label_of
from listings.review_decisions import decide
from support.database import scalar
from support.errors import InputError
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.listings.review_queue import BAGS, COATS, SHOES, TREE, fill, person


@pytest.fixture
def queue(db, seal):
    return fill(db, seal)


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.fixture
def elsewhere(tmp_path):
    space = Workspace(tmp_path / "elsewhere").create()
    db = space.database()
    yield space, db
    db.close()


def exported(db, images, **options):
    return json.loads(json.dumps(list(export_tasks(db, images, **options))))


def test_a_task_as_label_studio_reads_it(db, images, queue, mina):
    decide(db, ACTOR, mina, queue[0], rank=2)
    task = exported(db, images)[0]
    assert task["data"]["title"] == "loafers or a purse"
    assert task["predictions"][0] == {
        "model_version": "m1",
        "score": 0.4,
        "result": [
            {
                "type": "taxonomy",
                "from_name": "category",
                "to_name": "title",
                "value": {"taxonomy": [["Women", "Shoes"]]},
            }
        ],
    }
    said = task["annotations"][0]
    assert said["completed_by"] == {"email": "mina"}
    assert said["result"][0]["value"] == {"taxonomy": [["Women", "Bags"]]}
    choices = exported(db, images, control="choices")[0]
    assert choices["annotations"][0]["result"][0]["value"] == {"choices": [BAGS]}
    with pytest.raises(InputError, match="No control"):
        exported(db, images, control="rating")


@pytest.mark.parametrize("control", ["taxonomy", "choices"])
def test_there_and_back_again(db, seal, images, queue, mina, elsewhere, control):
    decide(db, ACTOR, mina, queue[0], rank=2)
    decide(db, ACTOR, mina, queue[1])
    tasks = exported(db, images, control=control)
    here = import_tasks(db, seal, ACTOR, tasks, tree=TREE, people={"mina": mina})
    assert (here.labels, here.known, here.queued, here.listings) == (0, 1, 0, 0)
    space, other = elsewhere
    found = import_tasks(other, space.seal(), ACTOR, tasks, tree=TREE, people={})
    assert (found.tasks, found.listings, found.labels, found.queued) == (3, 3, 1, 2)
    title = "SELECT id FROM listings WHERE title = 'loafers or a purse'"
    assert label_of(other, scalar(other, title), tree=TREE) == (BAGS, "hand")
    (item, *_) = review.waiting(other, 1, review.Queue(), limit=9)
    assert [guess.path for guess in item.guesses] == [BAGS, SHOES, COATS]
    assert item.guesses[0].probability == 0.97
    assert item.given == SHOES
    again = import_tasks(other, space.seal(), ACTOR, tasks, tree=TREE, people={})
    assert (again.labels, again.known, again.listings, again.queued) == (0, 1, 0, 0)


def test_what_people_said_elsewhere_settles_our_rows(db, seal, images, queue, mina):
    task = exported(db, images)[2]
    result = {"type": "taxonomy", "value": {"taxonomy": [["Women", "Hats"]]}}
    task["annotations"] = [{"completed_by": {"email": "Mina"}, "result": [result]}]
    found = import_tasks(db, seal, ACTOR, [task], tree=TREE, people={"mina": mina})
    assert (found.labels, found.rejected) == (1, [])
    item = review.get(db, queue[2])
    assert item.state == "decided"
    assert label_of(db, item.listing_id, tree=TREE) == ("Women > Hats", "hand")


def test_a_task_of_another_desk_is_not_taken_for_ours(db, seal, images, queue):
    task = exported(db, images)[0]
    task["data"]["title"] = "something else"
    result = {"type": "choices", "value": {"choices": ["Women > Bags"]}}
    task["annotations"] = [{"completed_by": 7, "result": [result]}]
    found = import_tasks(db, seal, ACTOR, [task], tree=TREE, people={})
    assert (found.listings, found.labels) == (1, 1)
    assert review.get(db, queue[0]).state == "open"


def other_task(number, title, path=None):
    said = [{"result": [{"value": {"choices": [path]}}]}] if path else []
    return {"id": number, "data": {"title": title, "price": 3}, "annotations": said}


def test_projects_that_count_alike_do_not_write_over_each_other(db, seal):
    first = [other_task(1, "rubber boots", SHOES), other_task(2, "canvas tote", BAGS)]
    second = [other_task(1, "leather tote", BAGS), other_task(2, "canvas tote", BAGS)]
    import_tasks(db, seal, ACTOR, first, tree=TREE, people={})
    found = import_tasks(db, seal, ACTOR, second, tree=TREE, people={})
    assert (found.listings, found.labels, found.known) == (1, 1, 1)
    labels = {
        row["title"]: label_of(db, row["id"], tree=TREE)
        for row in db.query("SELECT * FROM listings")
    }
    assert labels == {
        "rubber boots": (SHOES, "hand"),
        "canvas tote": (BAGS, "hand"),
        "leather tote": (BAGS, "hand"),
    }
    again = import_tasks(db, seal, ACTOR, first + second, tree=TREE, people={})
    assert (again.listings, again.labels, again.known) == (0, 0, 4)


def test_our_tasks_are_known_after_their_listings_were_cleaned(db, seal, images, queue, mina):
    tasks = exported(db, images)
    db.execute("UPDATE listings SET collected_title = title, title = title || ' cleaned'")
    known = import_tasks(db, seal, ACTOR, tasks, tree=TREE, people={})
    since = import_tasks(db, seal, ACTOR, exported(db, images), tree=TREE, people={})
    assert known.listings == since.listings == known.queued == 0
    assert scalar(db, "SELECT count(*) FROM listings") == len(queue)


def test_what_was_said_of_a_row_that_left_the_queue_is_kept(db, seal, images, queue, mina):
    task = exported(db, images)[0]
    task["annotations"] = [{"completed_by": "mina", "result": [
        {"value": {"choices": [BAGS]}}]}]  # fmt: skip
    db.execute("UPDATE review_items SET state = 'dropped'")
    found = import_tasks(db, seal, ACTOR, [task], tree=TREE, people={"mina": mina})
    assert (found.labels, found.rejected) == (1, [])
    item = review.get(db, queue[0])
    assert (item.state, label_of(db, item.listing_id, tree=TREE)) == ("dropped", (BAGS, "hand"))


def test_a_task_that_is_refused_half_way_counts_for_nothing(db, seal):
    task = other_task(1, "boots", SHOES)
    deep = " > ".join("abcdefghijklmn")  # no path has so many levels
    task["annotations"].append({"result": [{"value": {"choices": [deep]}}]})
    found = import_tasks(db, seal, ACTOR, [task, other_task(2, "tote")], tree=TREE, people={})
    assert (found.tasks, found.listings, found.labels, found.queued) == (2, 1, 0, 1)
    assert found.rejected[0].startswith("1: ")
    assert scalar(db, "SELECT count(*) FROM listing_labels") == 0


def test_broken_tasks_do_not_stop_the_rest(db, seal):
    tasks = [
        3, {}, {"data": []}, {"data": {}},
        {"data": {"title": "a"}, "annotations": 7, "predictions": [{"score": "x"}, None]},
        {"data": {"title": "b", "faqdesk": {"item": 10**30}}, "annotations": [{"result": [7]}]},
        {"data": {"text": "c"}, "annotations": [
            {"result": [{"value": {"taxonomy": [["A", "B"]]}}]}]},
    ]  # fmt: skip
    found = import_tasks(db, seal, ACTOR, tasks, tree=TREE, people={})
    assert (found.tasks, found.listings, found.labels, found.queued) == (7, 3, 1, 2)
    assert len(found.rejected) == 4
    for data in (b"{", b"{}", b"\xff", b"[" * 900 + b"]" * 900):
        with pytest.raises(InputError):
            read_tasks(data, "a.json")


@pytest.mark.parametrize("listing", [[1], 2**70, "x", None, {}, 0, 1.5])
def test_a_listing_that_is_no_id_is_of_another_desk(db, seal, images, queue, listing):
    task = exported(db, images)[0]
    task["data"]["faqdesk"]["listing"] = listing
    found = import_tasks(db, seal, ACTOR, [task, *exported(db, images)[1:]], tree=TREE, people={})
    assert (found.tasks, found.listings, found.rejected) == (3, 1, [])


def test_half_an_emoji_is_read_as_what_no_letter_is(db, seal):
    tasks = read_tasks(b'[{"data": {"title": "shoes \\ud83d"}}]', "a.json")
    found = import_tasks(db, seal, ACTOR, tasks, tree=TREE, people={})
    assert (found.listings, found.rejected) == (1, [])
    assert scalar(db, "SELECT title FROM listings") == "shoes \ufffd"


def test_the_labelling_interface_has_every_category():
    tree = ElementTree.fromstring(interface([SHOES, BAGS, "Men & Boys > <Suits>"]))
    taxonomy = tree.find("Taxonomy")
    assert [node.get("value") for node in taxonomy] == ["Men & Boys", "Women"]
    assert [node.get("value") for node in taxonomy[1]] == ["Bags", "Shoes"]
    flat = ElementTree.fromstring(interface([SHOES, BAGS], control="choices"))
    assert [node.get("value") for node in flat.find("Choices")] == [BAGS, SHOES]
