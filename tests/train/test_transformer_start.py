"""Where a fine-tuning starts: folders, names, and words for what cannot be used."""

import json
from pathlib import Path

import pytest

from listings.transformer_engine import engines
from support.errors import InputError, ModelDamagedError, ModelMissingError
from tests.train.small_transformer import one_thread, rows, shape, start
from train.transformer import fit_transformer
from train.transformer_scratch import make_start
from train.transformer_start import find_start, load_start

TEXTS, LABELS = rows(60, seed=0)
HANGUL = ["▁운동화", "▁거의", "▁새것", "▁팝니다", "새것", "화", "운동"]


@pytest.fixture(autouse=True, scope="module")
def single():
    with one_thread():
        yield


def load(folder, texts=TEXTS, *, max_length=24):
    return load_start(folder, texts, num_labels=3, max_length=max_length)


def test_a_folder_wins_over_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_start(tmp_path / "klue" / "bert-base", TEXTS, shape=shape("bert"))
    assert find_start("klue/bert-base").samefile(tmp_path / "klue" / "bert-base")


@pytest.mark.parametrize(
    ("name", "hub"),
    [
        ("koelectra-small", "monologg/koelectra-small-v3-discriminator"),
        ("someone/a-model", "someone/a-model"),
    ],
)
def test_without_a_network_the_cure_is_a_folder(name, hub, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    told = []
    with pytest.raises(ModelMissingError, match=f"then name that folder instead of '{name}'"):
        fit_transformer(name, TEXTS, LABELS, progress=lambda *report: told.append(report[2]))
    assert told == [f"fetching {hub}"]


def test_a_name_that_is_none_is_told_from_a_missing_network(tmp_path):
    for name in ("koelectra-tiny", tmp_path, "/nowhere/at/all"):
        with pytest.raises(ModelMissingError, match=r"holds no config\.json"):
            find_start(name)


def test_models_that_run_their_own_code_are_refused(tmp_path):
    with pytest.raises(InputError, match="Name 'kobert' instead"):
        find_start("monologg/kobert")
    config = {"model_type": "theirs", "auto_map": {"AutoConfig": "theirs.TheirConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "theirs.py").write_text("raise SystemExit('run')")
    with pytest.raises(InputError, match="code of its own, which faqdesk never runs"):
        load(tmp_path)


def test_broken_weights_are_told(tmp_path):
    folder = start(tmp_path)
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelDamagedError, match="Fetch it again"):
        load(folder)


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_old_weights_are_read_without_running_what_they_hold(tmp_path):
    torch, _ = engines()
    folder = start(tmp_path)
    weights = load(folder).model.state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    again = load(folder).model.state_dict()
    name = "electra.embeddings.word_embeddings.weight"
    assert torch.equal(again[name], weights[name])
    torch.save({name: Touch(tmp_path / "run")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        load(folder)
    assert not (tmp_path / "run").exists()


def test_a_tokenizer_of_another_language_is_refused(tmp_path):
    folder = make_start(tmp_path, ["plain English words"] * 9, shape=shape())
    with pytest.raises(InputError, match=r"does not know \d+% of the pieces of these texts"):
        load(folder, ["무선 이어폰 정품", "아기 침대 원목"])


def test_a_vocabulary_of_another_model_is_refused(tmp_path):
    folder = start(tmp_path)
    other = make_start(tmp_path / "other", TEXTS * 2, shape=shape(vocab_size=100))
    (other / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    with pytest.raises(ModelDamagedError, match="do not belong together"):
        load(other)


def test_no_more_is_read_than_the_model_has_places_for(tmp_path):
    assert load(start(tmp_path), max_length=500).pieces.max_length == 32


def test_a_roberta_has_fewer_places_than_it_says(tmp_path):
    """KLUE's is one with the pieces of a BERT: its positions begin behind the padding's number."""
    _, transformers = engines()
    folder = start(tmp_path, "bert")
    made = transformers.RobertaConfig(
        vocab_size=250, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=34, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaForSequenceClassification(made).save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings |= {"tokenizer_class": "BertTokenizer", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    begun = load(folder, max_length=500)
    assert begun.pieces.max_length == 32
    torch, _ = engines()
    row = begun.pieces.encode(["운동화 " * 60])[0]
    begun.model(input_ids=torch.tensor([row]))  # an index out of range would raise


def test_hangul_stays_whole_in_a_vocabulary_of_lines(tmp_path):
    """KoELECTRA's folder: vocab.txt, and a setting that keeps letters as they are."""
    folder = start(tmp_path)
    (folder / "tokenizer.json").unlink()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "운동", "##화", "팝", "##니다", "Nike"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    settings = {"tokenizer_class": "ElectraTokenizer", "do_lower_case": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    begun = load(folder, ["운동화"])
    assert begun.pieces.encode(["운동화 팝니다 Nike"]) == [[2, 5, 6, 7, 8, 9, 3]]


def sentence_pieces(folder):
    """A folder as KoBERT's: pieces of SentencePiece, and XLNet's name on them."""
    engines()
    from transformers.convert_slow_tokenizer import import_protobuf

    proto = import_protobuf().ModelProto()
    special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
    letters = sorted({letter for text in TEXTS for letter in text if not letter.isspace()})
    for i, piece in enumerate([*special, "▁", *HANGUL, *letters]):
        kind = {0: 2}.get(i, 3) if piece in special else 1
        score = 0.0 if piece in special else -1.0 - len(letters) * (piece in letters)
        proto.pieces.add(piece=piece, score=score, type=kind)
    proto.trainer_spec.model_type = 1
    proto.trainer_spec.unk_id = 0
    (folder / "spiece.model").write_bytes(proto.SerializeToString())
    (folder / "tokenizer.json").unlink()
    settings = {"tokenizer_class": "XLNetTokenizer", "do_lower_case": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_pieces_of_kobert_stand_between_its_ends(tmp_path):
    folder = sentence_pieces(start(tmp_path, "bert"))
    begun = load(folder)
    rows_ = begun.pieces.encode(["거의 새것 운동화", "운동화"])
    names = [[begun.pieces.tokenizer.id_to_token(i) for i in row] for row in rows_]
    assert names[0] == ["[CLS]", "▁거의", "▁새것", "▁운동화", "[SEP]"]
    assert names[1] == ["[CLS]", "▁운동화", "[SEP]"]
    assert begun.pieces.pad_id == 1
    assert begun.model.config.pad_token_id == 1
    begun.pieces.save(tmp_path)
    _, transformers = engines()
    begun.model.config.save_pretrained(tmp_path)
    again = transformers.AutoTokenizer.from_pretrained(str(tmp_path), local_files_only=True)
    assert again("거의 새것 운동화")["input_ids"] == rows_[0]


def test_kobert_without_its_pieces_is_damaged(tmp_path):
    folder = sentence_pieces(start(tmp_path, "bert"))
    (folder / "spiece.model").unlink()
    with pytest.raises(ModelDamagedError, match=r"holds no spiece\.model"):
        load(folder)
