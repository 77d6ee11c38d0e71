import pytest

from support.artifact import read_artifact
from support.errors import JobCancelledError, ModelMissingError, TooFewLabelsError
from train.encoder import EncoderConfig, fit_encoder, import_encoder

TEXTS = [f"환불 문의 {i} 번째 주문" for i in range(30)]
CONFIG = EncoderConfig(vocabulary=200, dim=8, learned=4)


def test_the_folder_says_what_made_it(tmp_path):
    written = fit_encoder([*TEXTS, "", "  "], folder=tmp_path / "1", config=CONFIG)
    config = read_artifact(tmp_path / "1", "encoder").config
    assert config["dim"] == 8
    assert config["normalized"] is True
    assert len(config["data_hash"]) == 64
    assert written.metrics["texts"] == 30


def test_too_few_texts_say_what_to_do(tmp_path):
    with pytest.raises(TooFewLabelsError, match="faqdesk import"):
        fit_encoder(TEXTS[:3], folder=tmp_path / "1", config=CONFIG)


def test_cancelling_leaves_nothing(tmp_path):
    def cancel(done, total, message):
        if message.startswith("writing"):
            raise JobCancelledError("cancelled")

    with pytest.raises(JobCancelledError):
        fit_encoder(TEXTS, folder=tmp_path / "1", config=CONFIG, progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_is_refused(tmp_path):
    with pytest.raises(ModelMissingError, match="cannot load"):
        import_encoder(str(tmp_path / "nothing"), tmp_path / "1")


def test_a_config_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match="dim"):
        EncoderConfig(dim=1, learned=1)
