"""Words, pictures and hashes find each their own; together they say why."""

import numpy as np
import pytest

from listings.similar.index import ListingIndex, Parts
from listings.similar.likeness import Curve, Likeness, together
from listings.similar.looks import Look, PictureLook
from support.errors import InputError

TEXTS = {
    1: "Oak dining table, four chairs, collect from Leeds",
    2: "Dining table in oak with four chairs. Collect Leeds",
    3: "Child's bicycle 16 inch, red, stabilisers",
    4: "아이폰 7 128기가 블랙 팝니다",
    5: "아이폰 8 64기가 화이트 팝니다",
    6: "Mystery box",
}
HASH = 0x123456789ABCDEF0
PICTURE = {1: [(0, 0)], 3: [(0, 1), (1, 2)], 6: [(0, 3), (1, 1)]}  # position and which motif


def motif(number):
    vector = np.zeros(4, np.float32)
    vector[number] = 1
    return vector


def word_vector(text):
    """Counts of letters: small, real, and near for texts that are."""
    counts = np.zeros(26, np.float32)
    for letter in text.lower():
        counts[(ord(letter) * 7) % 26] += 1
    return counts / np.linalg.norm(counts)


def look(key, *, text=None, pictures=None):
    text = TEXTS[key] if text is None else text
    shown = PICTURE.get(key, []) if pictures is None else pictures
    views = tuple(
        PictureLook(position, motif(number), HASH if number == 1 else None)
        for position, number in shown
    )
    return Look(key, text, word_vector(text) if text else None, views)


@pytest.fixture
def index():
    def read(ids):
        return [TEXTS[key] for key in ids]

    made = ListingIndex(Parts.empty(26, 4), read)
    made.add([look(key) for key in TEXTS])
    return made


def test_words_find_a_listing_worded_anew_and_show_what_is_shared(index):
    first = index.similar(look(1), ways=("text",))[0]
    assert first.listing_id == 2
    reason = first.reasons[0]
    assert reason.by == "text"
    assert {"dining", "chairs", "leeds"} <= set(reason.words)
    assert first.probability == pytest.approx(reason.probability)


def test_codes_part_two_products_of_one_make(index):
    asked = Look(-1, "아이폰 7 128 기가 블랙", word_vector("아이폰 7 128 기가 블랙"))
    found = {match.listing_id: match.probability for match in index.similar(asked)}
    assert found[4] > 0.6 > found.get(5, 0)


def test_a_picture_says_which_of_which(index):
    found = index.similar(look(3), ways=("picture", "hash"))
    assert [match.listing_id for match in found] == [6]
    by = {reason.by: reason for reason in found[0].reasons}
    assert (by["picture"].picture, by["picture"].other_picture) == (0, 1)
    assert by["picture"].score == pytest.approx(1)
    assert (by["hash"].bits, by["hash"].other_picture) == (0, 1)


def test_ways_are_fused_and_either_is_enough(index):
    same_words = index.similar(look(-1, text=TEXTS[6], pictures=[]), ways=("text",))[0]
    both = index.similar(look(-1, text=TEXTS[6], pictures=[(0, 1)]))
    assert both[0].listing_id == 6
    assert both[0].probability > same_words.probability
    assert 3 in [match.listing_id for match in both]  # by its picture alone
    assert together((0.5, 0.5)) == 0.75
    assert together(()) == 0


def test_allow_apart_and_itself(index):
    assert [m.listing_id for m in index.similar(look(3), allow=np.array([1, 2]))] == []
    assert index.similar(look(3), apart=[6], ways=("hash",)) == []
    assert all(m.listing_id != 1 for m in index.similar(look(1), at_least=0))
    assert len(index.similar(look(1), at_least=0, top_k=1)) == 1


def test_replaced_and_removed_listings_take_their_pictures_along(index):
    index.add([look(6, pictures=[(0, 2)])])
    assert [m.listing_id for m in index.similar(look(3), ways=("hash",))] == []
    found = index.similar(look(3), ways=("picture",))
    assert found[0].reasons[0].picture == 1
    index.remove(np.array([6, 77]))
    assert index.similar(look(3), ways=("picture", "hash")) == []
    assert len(index) == 5


def test_a_picture_that_everybody_shows_is_no_evidence(index):
    many = [look(100 + n, text="Sofa bed", pictures=[(0, 1)]) for n in range(25)]
    TEXTS.update({100 + n: "Sofa bed" for n in range(25)})
    index.add(many)
    assert index.similar(look(3), ways=("hash",)) == []
    # Nor as a vector; the listing's other picture speaks on.
    assert index.similar(look(3), ways=("picture",)) == []
    other = look(7, text="Lamp", pictures=[(0, 1), (1, 3)])
    assert [m.listing_id for m in index.similar(other, ways=("picture",))] == [6]


def test_a_snapshot_finds_the_same(index, tmp_path):
    before = [(m.listing_id, round(m.probability, 3)) for m in index.similar(look(3))]
    index.parts.snapshot(tmp_path)
    again = ListingIndex(Parts.load(tmp_path), lambda ids: [TEXTS[key] for key in ids])
    assert [(m.listing_id, round(m.probability, 3)) for m in again.similar(look(3))] == before
    assert len(again) == len(index)


def test_an_empty_index_and_one_without_pictures_find_nothing():
    empty = ListingIndex(Parts.empty(26), lambda ids: [])
    assert empty.similar(look(3)) == []
    empty.add([look(3)])
    assert empty.similar(look(6), ways=("picture",)) == []
    assert [m.listing_id for m in empty.similar(look(6), ways=("hash",))] == [3]


def test_refuses_what_cannot_be(index):
    with pytest.raises(ValueError, match="only once"):
        index.add([look(1), look(1)])
    with pytest.raises(ValueError, match="position"):
        index.add([look(1, pictures=[(32, 1)])])
    with pytest.raises(InputError, match="slope"):
        Curve(0, 1)
    assert Likeness().text_score(words=1, codes=None, meaning=1) == pytest.approx(1)
