"""The page of releases: what is in force, how each was judged, and who may move them."""

from types import SimpleNamespace

import numpy as np
import pytest

from support import agents, releases
from support.database import scalar
from support.releases import current
from tests.conftest import ACTOR
from tests.support.parts import write_part
from tests.web.conftest import PASSWORD, signed_in
from train.compare import Answers, compare, verdict
from train.judgement import Judgement
from train.reliability import reliability_bins
from web import model_words


def answers(right, n=60):
    first = np.arange(n) < right
    return Answers(first, first, np.full(n, 0.75), first, np.ones(n, bool))


def judgement(ours, theirs):
    """A candidate right first in so many of 60, beside one in force right in so many."""
    ours = answers(ours)
    found = compare(ours, answers(theirs) if theirs else None)
    worse, why = verdict(found, margin=0.05, same=False)
    bins = tuple(reliability_bins(ours.probability.tolist(), ours.first.tolist()))
    return Judgement("2026-10-20T00:00:00Z", 60, 2, found, None, found, worse, why, (), bins)


def judged_releases(space, db):
    """Two that were in force, one after the other, and a candidate that was worse."""
    names = []
    for number, (ours, theirs) in enumerate(((30, None), (36, 30), (21, 36))):
        part = write_part(space, f"v{number}")
        about = {"judgement": judgement(ours, theirs).as_dict(), "recipe": {"faq": {"seed": 7}}}
        if number < 2:
            names.append(releases.publish(space, db, part, actor=ACTOR, **about).name)
        else:
            names.append(releases.store(space, db, part, actor=ACTOR, **about).name)
    return names


@pytest.fixture
def three(space, db):
    return judged_releases(space, db)


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def live(space):
    return current(space.models).name


def test_a_desk_without_releases_can_learn(lead):
    page = lead.get("/models").text
    assert "아직" in page
    assert 'action="/jobs"' in page
    assert 'value="train"' in page


def test_each_release_is_told_with_its_figures(lead, three):
    page = lead.get("/models").text
    places = [page.index(name) for name in reversed(three)]
    assert places == sorted(places)
    for words in ("사용 중", "후보", "이전에 사용", "cli:test", "더 나빠졌어요"):
        assert words in page
    assert "60건 중 60.0%에서 첫 번째 FAQ가 맞았어요. 당시 쓰던 모델은 50.0%" in page
    assert "+10.0%p" in page
    assert "/publish" not in page  # a lead looks
    assert "/schedule" not in page


def test_one_release_is_shown_whole(lead, three):
    page = lead.get(f"/models/{three[2]}").text
    for words in ("35.0%", "60.0%", "-25.0%p", "faq.seed", "당시 모델만 맞은 문의 15건", "v2"):
        assert words in page
    assert "말한 확률 75%: 60건 중 21건 맞음" in page  # a point of the curve says its numbers
    assert lead.get("/models/nothing").status_code == 404


def test_an_admin_moves_releases_and_a_lead_does_not(admin, lead, space, db, three):
    form = {"live": three[1]}
    for path in (f"/models/{three[2]}/publish", "/models/rollback/desk"):
        assert lead.post(path, data=form).status_code == 403
    assert live(space) == three[1]
    insisted = form | {"force": "1", "reason": "Chat is closed."}
    assert admin.post(f"/models/{three[2]}/publish", data=insisted).status_code == 302
    assert live(space) == three[2]
    assert f"이제 {three[2]} 모델을 사용해요" in admin.get("/models").text
    assert admin.post("/models/rollback/desk", data=form).status_code == 409  # it moved since
    assert live(space) == three[2]
    admin.post("/models/rollback/desk", data={"live": three[2]})
    assert live(space) == three[1]
    who = scalar(db, "SELECT actor FROM audit WHERE action = 'release.rolled_back'")
    assert who.startswith("agent:")
    assert admin.post("/models/rollback/nothing", data=form).status_code == 400
    assert admin.post("/models/nothing/publish", data=form).status_code == 404


def test_a_second_press_that_was_checked_in_time_goes_back_no_further(
    admin, space, three, monkeypatch
):
    """Another's rollback comes between what the page looks at and the move itself."""
    form = {"live": three[1]}

    def overtaken(workspace, db, **asked):
        monkeypatch.undo()
        releases.rollback(workspace, db, actor=ACTOR)
        return releases.rollback(workspace, db, **asked)

    monkeypatch.setattr(releases, "rollback", overtaken)
    assert admin.post("/models/rollback/desk", data=form).status_code == 409
    assert live(space) == three[0]


def test_models_of_categories_have_a_section_of_their_own(admin, space, db, three):
    assert "상품 카테고리용" not in admin.get("/models").text
    part = write_part(space, "c0", kind="category")
    name = releases.store(space, db, part, actor=ACTOR, line="category").name
    page = admin.get("/models").text
    assert "상품 카테고리용" in page
    assert "평가하지 않았어요." in page
    admin.post(f"/models/{name}/publish", data={"live": ""})
    assert current(space.models, line="category").name == name
    assert live(space) == three[1]


@pytest.mark.parametrize(("line", "words"), [("desk", "문의 3건"), ("category", "상품 3건")])
def test_what_was_judged_is_named_as_it_is(app, line, words):
    group = {"wins": 3, "losses": 1, "ties": 9}
    with app.test_request_context(headers={"Accept-Language": "ko"}):
        assert words in model_words.won(SimpleNamespace(line=line), group)
