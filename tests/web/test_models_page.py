"""The page of releases: what is in force, how each was judged, and who may move them."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from support import agents, releases, replays, settings
from support.artifact import write_artifact
from support.clock import now
from support.database import one, scalar
from support.releases import current
from support.replays import Pair, Told
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


def replayed(db, release, against):
    """What both said of the five answered inquiries: one of each outcome."""
    rows = db.query("SELECT id FROM inquiries WHERE status = 'answered' ORDER BY id")
    ids = [row["id"] for row in rows]
    code, refund = (lambda band, right, slug=slug: Told(slug, band, 0.7, right)
                    for slug in ("code-missing", "refund"))  # fmt: skip
    told = [
        (code("likely", True), refund("likely", False)),
        (refund("likely", False), code("likely", True)),
        (refund("silent", True), refund("likely", True)),
        (code("likely", False), refund("likely", False)),
        (refund("likely", True), refund("likely", True)),
    ]
    pairs = [Pair(number, *both) for number, both in zip(ids, told, strict=True)]
    figures = {
        "wins": 1, "losses": 1, "n": 5, "in_scope": 5, "swayed": 2,
        "differences": {"hit@1": {"mean": 0.0, "low": -0.4, "high": 0.4}},
    }  # fmt: skip
    return replays.keep(
        db, ACTOR, release=release, against=against, way="unseen", since="2026-10-01T00:00:00Z",
        figures=figures, worse=False, pairs=pairs,
    ), ids  # fmt: skip


def shown_ids(page):
    return [int(found) for found in re.findall(r'href="/inquiries/(\d+)"', page)]


def test_the_inquiries_on_which_two_differ_are_listed_and_filtered(lead, db, three):
    replay, ids = replayed(db, three[2], three[1])
    page = lead.get(f"/models/{three[2]}").text
    assert "한쪽만 맞은 문의 2건 중 1건에서 이 모델이 맞았어요" in page
    assert "그중 2건은 추천을 보면서 답했으니" in page
    assert "답이 다른 문의 4건 보기" in page
    where = f"/models/{three[2]}/differences"
    page = lead.get(where).text
    assert set(shown_ids(page)) == {*ids[:4]}  # the fifth is the same to both
    assert set(shown_ids(page)[:2]) == {*ids[:2]}  # those that one alone has right come first
    assert "어느 쪽도 미리 배우지 않았어요" in page
    for outcome, number in (("won", 0), ("lost", 1), ("band", 2), ("other", 3)):
        assert shown_ids(lead.get(f"{where}?outcome={outcome}").text) == [ids[number]]
    lost = lead.get(f"{where}?outcome=lost&replay={replay}").text
    lost = lost[lost.index("<ol") :]
    assert lost.index("환불을 받고 싶어요") < lost.index("틀림") < lost.index("맞음")
    assert "보여 주지 않음, 70%" in lead.get(f"{where}?outcome=band").text
    assert shown_ids(lead.get(f"{where}?faq=no-show").text) == [ids[3]]  # it was sent there
    assert "이렇게 다른 문의는 없어요" in lead.get(f"{where}?faq=nothing").text
    assert "이렇게 다른 문의는 없어요" in lead.get(f"{where}?page=2").text
    assert lead.get(f"{where}?outcome=same").status_code == 400
    assert lead.get(f"{where}?replay=99").status_code == 404
    assert lead.get("/models/nothing/differences").status_code == 404


def test_an_faq_renamed_since_is_called_by_its_name_of_today(lead, db, three):
    replayed(db, three[2], three[1])
    db["faq_aliases"].insert({"alias": "old-name", "slug": "refund"})
    db.execute("UPDATE replay_answers SET ours = 'old-name' WHERE outcome = 'other'")
    page = lead.get(f"/models/{three[2]}/differences?outcome=other").text
    assert "old-name" not in re.sub(r'value="old-name"', "", page)
    assert page.count("환불을 받고 싶어요") >= 2


def test_without_a_replay_one_is_begun_in_the_background(lead, space, db, three):
    page = lead.get(f"/models/{three[2]}").text
    assert "아직 비교하지 않았어요" in page
    assert "아직 비교하지 않았어요" in lead.get(f"/models/{three[2]}/differences").text
    assert lead.post(f"/models/{three[2]}/replay").status_code == 302
    row = one(db, "SELECT kind, arguments, state FROM jobs ORDER BY id DESC LIMIT 1")
    assert row == {
        "kind": "replay", "arguments": f'{{"release": "{three[2]}"}}', "state": "queued",
    }  # fmt: skip
    assert lead.post(f"/models/{three[2]}/replay").status_code == 409  # it waits already
    assert "비교하고 있어요" in lead.get(f"/models/{three[2]}").text
    assert lead.post(f"/models/{three[1]}/replay").status_code == 400  # it is in force


def test_a_worse_one_is_refused_with_its_figures_until_somebody_says_why(admin, space, db, three):
    where, form = f"/models/{three[2]}/publish", {"live": three[1]}
    page = admin.get(f"/models/{three[2]}").text
    assert "사용 중인 모델보다 나빠요" in page
    assert 'name="reason"' in page
    refused = admin.post(where, data=form)
    assert refused.status_code == 409
    assert "차이는 -25.0%p" in refused.text
    assert 'name="reason"' in refused.text
    silent = admin.post(where, data=form | {"force": "1", "reason": "  "})
    assert silent.status_code == 400
    assert "이유를 적어 주세요" in silent.text
    assert live(space) == three[1]
    why = "환불이 더 급해요. 문의는 010-1234-5678"
    assert admin.post(where, data=form | {"force": "1", "reason": why}).status_code == 302
    assert live(space) == three[2]
    kept = one(db, "SELECT detail FROM audit WHERE action = 'release.published' "
                   "ORDER BY id DESC LIMIT 1")["detail"]  # fmt: skip
    assert "환불이 더 급해요" in kept
    assert "1234-5678" not in kept  # masked, as everything that is kept
    page = admin.get("/models").text
    assert "나쁜데도 사용 시작: 환불이 더 급해요" in page
    admin.post("/models/rollback/desk", data={"live": three[2], "reason": "되돌려요."})
    assert "되돌림: 되돌려요." in admin.get("/models").text


def test_going_back_by_publishing_is_refused_where_the_newer_one_proved_better(
    admin, space, db, three
):
    """The one in force was judged beside the older one: what it won, the older one lost."""
    where, form = f"/models/{three[0]}/publish", {"live": three[1]}
    page = admin.get(f"/models/{three[0]}").text
    assert "지금 사용하는 모델은 첫 번째 FAQ를 더 자주 맞혔어요: +10.0%p" in page
    assert 'name="reason"' in page
    assert admin.post(where, data=form).status_code == 409
    assert live(space) == three[1]
    admin.post("/models/rollback/desk", data=form)  # one click, and nothing asked
    assert live(space) == three[0]


@pytest.mark.parametrize(
    ("way", "low", "refused"),
    [("unseen", 0.02, True), ("refitted", 0.02, True), ("learned", 0.02, False),
     ("unseen", -0.01, False)],
)  # fmt: skip
def test_a_replay_made_for_the_one_in_force_counts_the_other_way_round(
    admin, space, db, way, low, refused
):
    names = [releases.publish(space, db, write_part(space, f"v{n}"), actor=ACTOR).name
             for n in range(2)]  # fmt: skip
    figures = {"differences": {"hit@1": {"mean": 0.1, "low": low, "high": 0.2}}}
    replays.keep(
        db, ACTOR, release=names[1], against=names[0], way=way, since="2026-10-01T00:00:00Z",
        figures=figures, worse=False, pairs=[],
    )  # fmt: skip
    answer = admin.post(f"/models/{names[0]}/publish", data={"live": names[1]})
    assert answer.status_code == (409 if refused else 302)
    assert live(space) == names[1 if refused else 0]


def test_two_are_compared_side_by_side(lead, db, three):
    page = lead.get("/models/compare").text
    assert f'<option value="{three[2]}" selected>' in page
    assert f'<option value="{three[1]}" selected>' in page
    assert "35 % (60건 중 21건, 23–49 %)" in page.replace("\xa0", " ").replace("⁠", "")
    assert "같은 문의로 비교" not in page
    replayed(db, three[2], three[1])
    for pair in (f"a={three[2]}&b={three[1]}", f"a={three[1]}&b={three[2]}"):
        assert "같은 문의로 비교" in lead.get(f"/models/compare?{pair}").text
    assert "그런 모델이 없어요" in lead.get(f"/models/compare?a=nothing&b={three[1]}").text


def test_there_is_nothing_to_compare_on_a_new_desk(lead):
    assert "아직 모델이 두 개가 안 돼요" in lead.get("/models/compare").text


def test_the_schedule_is_an_admin_s(admin, lead, db):
    assert lead.post("/models/schedule", data={"days": "7", "hour": "3"}).status_code == 403
    assert "직접 시작할 때만 학습해요" in lead.get("/models").text
    assert admin.post("/models/schedule", data={"days": "7", "hour": "3"}).status_code == 302
    rules = settings.load(db)
    assert (rules.train_every_days, rules.train_hour) == (7, 3)
    page = admin.get("/models").text
    assert "매주 학습해요." in page
    assert '<option value="7" selected>매주</option>' in page
    assert '<option value="3" selected>03:00</option>' in page
    assert admin.post("/models/schedule", data={"days": "x", "hour": "3"}).status_code == 400
    assert admin.post("/models/schedule", data={"days": "7", "hour": "24"}).status_code == 400
    assert settings.load(db) == rules


@pytest.mark.parametrize(
    ("state", "result", "words"),
    [
        ("done", {"release": "r", "published": True}, "사용을 시작했어요."),
        ("done", {"release": "r", "published": False}, "후보로 남았어요."),
        ("failed", {"error": "There is hardly any text."}, "There is hardly any text."),
    ],
)
def test_the_last_training_is_told(lead, db, state, result, words):
    row = {"kind": "train", "state": state, "created_by": "agent:1", "created_at": now()}
    db["jobs"].insert(row | {"result": json.dumps(result)})
    assert words in lead.get("/models").text


def test_a_training_at_work_is_followed_here(lead, db):
    row = {"kind": "train", "state": "running", "created_by": "agent:1", "created_at": now()}
    more = {"message": "judging: calibration", "log": "a line", "done": 3, "total": 10}
    job = db["jobs"].insert(row | more).last_pk
    page = lead.get("/models").text
    assert f'data-poll="/jobs/{job}/state"' in page
    assert "평가: 기준을 고르는 중" in page
    assert "a line" in page
    assert f'action="/jobs/{job}/cancel"' in page
    assert lead.get(f"/jobs/{job}/state").json["jobs"][0]["message"] == "평가: 기준을 고르는 중"


def write(space, db, kind, config, metrics, *, line):
    """Publish a release of one model folder that holds no weights to speak of."""

    def files(folder):
        (folder / "weights.bin").write_bytes(b"w")

    folder = space.models / kind / "d1"
    write_artifact(folder, kind=kind, config=config, files=files, metrics=metrics)
    return releases.publish(space, db, {kind: "d1"}, actor=ACTOR, line=line).name


def test_what_a_model_learned_from_is_told_of_every_line(lead, space, db):
    data = {"train": 1500, "validation": 303, "first": "2025-06-10T01:00:00Z",
            "last": "2026-11-14T01:00:00Z"}  # fmt: skip
    config = {"labels": ["a", "b"], "data_hash": "3a568645aa73ffff"}
    desk = write(space, db, "faq", config, data, line="desk")
    config = {"labels": ["x", "y", "z"], "counts": {"x": 3, "y": 4}}
    listings = write(space, db, "category", config, {}, line="category")
    page = lead.get("/models").text
    assert "문의 1,803건, FAQ 2개, 2026. 11. 14.까지" in page
    assert "상품 7건, 카테고리 3개" in page
    page = lead.get(f"/models/{desk}").text
    assert "2025. 6. 10.부터" in page
    assert "3a568645aa73<" in page
    assert "상품 7건, 카테고리 3개" in lead.get(f"/models/{listings}").text
    (space.models / "category" / "d1" / "config.json").write_text("{", encoding="utf-8")
    assert "카테고리 3개" not in lead.get("/models").text
