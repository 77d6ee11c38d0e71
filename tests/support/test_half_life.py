"""The setting for how fast votes fade reaches the list of similar past answers."""

from support import settings
from support.clock import ago
from support.encoder import SentenceEncoder
from support.similar import SimilarInquiries
from tests.conftest import ACTOR, import_csv
from tests.web.conftest import BigramEngine


def test_a_setting_lets_votes_fade(space, db, tmp_path):
    rows = ["id,question,answer,created_at,answered_at"]
    for name, days in (("old", 730), ("new", 1)):
        at = ago(days=days)
        rows.append(f"{name},배송이 언제 오나요,{name} answer,{at},{at}")
    import_csv(space, tmp_path / "rows.csv", "\n".join(rows))
    db.execute("UPDATE messages SET helpful = 2 WHERE text = 'old answer'")
    similar = SimilarInquiries(SentenceEncoder(BigramEngine(), "bigrams"))
    similar.remember(db, [row["id"] for row in db.query("SELECT id FROM inquiries")])

    def first():
        return similar.similar(db, "배송이 언제 오나요")[0].answer

    assert first() == "old answer"
    settings.change(db, ACTOR, answer_half_life_days=365)
    assert first() == "new answer"
    settings.change(db, ACTOR, answer_half_life_days=3650)
    assert first() == "old answer"
