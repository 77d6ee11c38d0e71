import numpy as np
import pytest

from support.artifact import read_artifact
from support.encoder import SentenceEncoder, StaticEngine
from support.errors import TooFewLabelsError
from train.adapt import AdaptConfig, adapt_encoder, config_for
from train.encoder import EncoderConfig, fit_encoder

BASE = [f"환불 문의 {i} 번째 주문 parcel refund" for i in range(30)]
DESK = [f"{word} 번째 {number}" for word in ("환불 주문", "parcel refund") for number in range(20)]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "base"
    fit_encoder(BASE, folder=folder, config=EncoderConfig(vocabulary=200, dim=8, learned=4))
    return StaticEngine.load(folder)


def test_what_the_desk_says_together_comes_closer(base, tmp_path):
    adapt_encoder(DESK, base=base, folder=tmp_path / "1", config=AdaptConfig(learned=4))
    adapted = SentenceEncoder.load(tmp_path / "1")
    one, other, far = adapted.encode(["환불", "주문", "refund"])
    assert adapted.dim == 12
    assert one @ other > one @ far + 0.3


def test_the_folder_says_that_it_was_learned_from_the_desk(base, tmp_path):
    adapt_encoder(DESK, base=base, folder=tmp_path / "1", config=AdaptConfig(learned=4))
    config = read_artifact(tmp_path / "1", "encoder").config
    assert config["encoder_config"]["learned"] == 4
    assert config["normalized"] is True


def test_the_base_stays_as_it_is(base, tmp_path):
    before = base(["환불 주문"]).copy()
    adapt_encoder(DESK, base=base, folder=tmp_path / "1")
    np.testing.assert_array_equal(base(["환불 주문"]), before)


def test_too_few_texts_say_what_to_do(base, tmp_path):
    with pytest.raises(TooFewLabelsError, match="faqdesk import"):
        adapt_encoder(DESK[:5], base=base, folder=tmp_path / "1")


def test_a_few_texts_leave_the_base_as_it_is(base, tmp_path):
    adapt_encoder(DESK, base=base, folder=tmp_path / "1")
    adapted = SentenceEncoder.load(tmp_path / "1")
    texts = ["환불 주문", "parcel 번째", "refund"]
    np.testing.assert_allclose(
        adapted.encode(texts), SentenceEncoder(base, "").encode(texts), atol=0.02
    )


def test_more_texts_teach_more():
    learned = [config_for(texts).learned for texts in (20, 299, 300, 9_999, 10_000)]
    assert learned == [0, 0, 48, 48, 128]
