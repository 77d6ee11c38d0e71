"""A small marketplace under moderation: listings of two sellers, people, and a policy in force."""

from listings.moderation import backtest, policy_store
from listings.moderation.classes import LEGAL, PROBLEMS, Verdict
from listings.moderation.policy import Policy, Rules, Thresholds
from listings.moderation.policy_evidence import BaseRate, Judged
from listings.moderation.reports import receive
from listings.store import Collected, ListingStore
from support import agents
from support.clock import now
from tests.conftest import ACTOR

MODEL = "20261101-aaaa"
PROVEN = {"measured": {"may_hide": True}, "settle": {"threshold": 0.7}}
PAST = "2026-01-01T00:00:00Z"


def add_listings(db, seal, count=3, *, seller="dealer", category="Phones"):
    """Listings that were there long before anything was decided; gives their ids."""
    items = [
        Collected(
            source="market",
            external_id=f"{seller}-{number}",
            title=f"thing {number} of {seller}",
            seller=seller,
            category=category,
        )
        for number in range(count)
    ]
    ids = ListingStore(db, seal).save(items).ids
    for listing_id in ids:
        db.table("listings").update(listing_id, {"updated_at": PAST, "collected_at": PAST})
    return ids


def person(db, login, *, role="moderator"):
    """Somebody who can sign in, could one hash to it; gives their id."""
    found = agents.add(db, ACTOR, login=login, name=login.title(), role=role)
    db.table("agents").update(found.id, {"password_hash": "none that opens"})
    return found.id


def verdict(*, model=MODEL, **probabilities):
    """A verdict; what is left of 1 is normal."""
    return Verdict({"normal": 1 - sum(probabilities.values()), **probabilities}, model=model)


def thresholds(*, hide=0.9, settle=0.7, review=0.5):
    found = {label: Thresholds(hide=hide, settle=settle, review=review) for label in PROBLEMS}
    found[LEGAL] = Thresholds(review=0.3)
    return found


def a_policy(*, rules=None, **options):
    """One that hides from .9 on, settles from .7 on and draws no sample."""
    return Policy(
        model=MODEL,
        thresholds=thresholds(),
        rules=rules or Rules(sample_all=0.0, sample_hidden=0.0),
        **options,
    )


def put(db, policy, mode="live", *, evidence=PROVEN):
    """Store a policy, try it on one past decision, and put it in a mode."""
    stored = policy_store.store(db, ACTOR, policy, evidence=evidence)
    row = Judged(verdict=verdict(pro_ads=0.95), truth="pro_ads", unselected=False)
    tried = backtest.backtest([row], policy, BaseRate(stated=0.1))
    backtest.keep(db, ACTOR, stored, tried)
    return policy_store.set_mode(db, ACTOR, stored.id, mode)


def report(db, seal, listing_id, who, *, label="pro_ads", words="", model=MODEL):
    return receive(db, seal, ACTOR, listing_id, reporter=who, label=label, words=words, model=model)


def edit(db, listing_id):
    """As a seller's change of words is seen: what was said of the listing was said of another."""
    sql = "UPDATE listings SET revision = revision + 1, revised_at = ?, updated_at = ? WHERE id = ?"
    db.execute(sql, [now(), now(), listing_id])


def trust(db, seal, store_ids, agent_id, who, *, right=True):
    """Give reporters a record: a report of each on a listing of its own, decided by a person."""
    from listings.moderation.decisions import decide

    for listing_id, name in zip(store_ids, who, strict=True):
        got = report(db, seal, listing_id, name)
        label = "pro_ads" if right else "normal"
        decide(db, ACTOR, agent_id, got.case_id, label=label, reason="looked at it")


def state(db):
    """All that undoing must restore, as one value: what was undone and the audit trail left out."""

    def rows(sql):
        return db.conn.execute(sql).fetchall()

    from listings.moderation.reporters import records
    from listings.moderation.sanctions import sanctions, strikes

    sellers = [row[0] for row in rows("SELECT DISTINCT seller FROM listings ORDER BY 1")]
    reporters = [row[0] for row in rows("SELECT DISTINCT reporter FROM moderation_reports")]
    return {
        "cases": rows(
            "SELECT id, state, hidden, opened_at, priority FROM moderation_cases ORDER BY id"
        ),
        "reports": rows("SELECT id, label, braked, closed_by FROM moderation_reports ORDER BY id"),
        "signs": rows("SELECT id, kind, weight, closed_by FROM moderation_signs ORDER BY id"),
        "decisions": rows(
            "SELECT id, label, action, replaced_by FROM moderation_decisions "
            "WHERE undone_at IS NULL ORDER BY id"
        ),
        "appeals": rows("SELECT id, state, settled_by, reason FROM appeals ORDER BY id"),
        "records": sorted(records(db, reporters).items()),
        "strikes": {seller: [s.decision_id for s in strikes(db, seller)] for seller in sellers},
        "sanctions": {
            seller: [(s.id, s.active, s.fallen) for s in sanctions(db, seller)]
            for seller in sellers
        },
    }
