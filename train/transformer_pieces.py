"""Reads the tokenizer of a model to be fine-tuned, and mends what is known to go wrong with one.

KoBERT was trained with SentencePiece pieces between [CLS] and [SEP]; its folder names XLNet's
tokenizer, which writes both at the end, pads on the left with a fourth type and takes Hangul apart.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from listings.transformer_engine import Pieces, engines
from support.errors import InputError, ModelDamagedError

_SENTENCE_PIECES = ("spiece.model", "sentencepiece.bpe.model")
_UNIGRAM = 1  # as sentencepiece_model.proto numbers its kinds
_CONTROL, _USER = 3, 4
_SAMPLE = 500  # texts


def load_pieces(folder: Path, config: Any, *, max_length: int) -> Pieces:
    """The tokenizer of a folder.

    Args:
        folder: of the model.
        config: of the model, as transformers reads it.
        max_length: pieces a text.

    Raises:
        InputError: it runs code of its own.
        ModelDamagedError: it cannot be read.
    """
    named = _named_class(folder, config)
    if named.startswith(("XLNet", "KoBERT")) and str(config.model_type) != "xlnet":
        return _sentence_pieces(folder, max_length=max_length)
    _, transformers = engines()
    found = transformers.AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    tokenizer = getattr(found, "backend_tokenizer", None)
    if tokenizer is None:
        raise InputError(
            f"The tokenizer in {folder} ({type(found).__name__}) is none of the quick ones. "
            f"Save it as tokenizer.json, or name another model."
        )
    special = {name: str(piece) for name, piece in found.special_tokens_map.items()
               if isinstance(piece, str)}  # fmt: skip
    pad_id = found.pad_token_id if found.pad_token_id is not None else config.pad_token_id
    if pad_id is None:
        pad_id = found.eos_token_id or 0  # what is padded is masked: any piece will do
    longest = min(max_length, int(min(found.model_max_length, 1 << 20)))
    again = Tokenizer.from_str(tokenizer.to_str())
    return Pieces(again, special=special, pad_id=int(pad_id), max_length=longest)


def share_unknown(pieces: Pieces, texts: Sequence[str]) -> float:
    """The share of pieces that the tokenizer does not know, over the first 500 texts."""
    unknown = pieces.tokenizer.token_to_id(pieces.special.get("unk_token", "[UNK]"))
    if unknown is None:  # pieces of bytes write anything
        return 0.0
    rows = pieces.encode(texts[:_SAMPLE])
    return sum(row.count(unknown) for row in rows) / max(1, sum(map(len, rows)))


def _named_class(folder: Path, config: Any) -> str:
    path = folder / "tokenizer_config.json"
    named = None
    if path.is_file():
        named = json.loads(path.read_text(encoding="utf-8")).get("tokenizer_class")
    return str(named or getattr(config, "tokenizer_class", None) or "")


def _sentence_pieces(folder: Path, *, max_length: int) -> Pieces:
    """SentencePiece pieces between [CLS] and [SEP], as KoBERT was trained."""
    path = next((folder / name for name in _SENTENCE_PIECES if (folder / name).is_file()), None)
    if path is None:
        raise ModelDamagedError(
            f"{folder} holds no {_SENTENCE_PIECES[0]}, which its tokenizer is made of. "
            f"Fetch the model again."
        )
    engines()
    from transformers.convert_slow_tokenizer import import_protobuf

    model = import_protobuf().ModelProto()  # type: ignore[no-untyped-call]
    model.ParseFromString(path.read_bytes())
    if model.trainer_spec.model_type != _UNIGRAM:
        raise InputError(
            f"{path} is not of SentencePiece's kind `unigram`. Save its tokenizer as "
            f"tokenizer.json, or name another model."
        )
    unknown = int(model.trainer_spec.unk_id)
    vocabulary = [(piece.piece, piece.score) for piece in model.pieces]
    names = [piece for piece, _ in vocabulary]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=False))
    charsmap = model.normalizer_spec.precompiled_charsmap
    folding = [normalizers.Precompiled(charsmap)] if charsmap else [normalizers.NFKC()]
    tokenizer.normalizer = normalizers.Sequence(folding)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    special = {
        "unk_token": names[unknown], "pad_token": "[PAD]", "cls_token": "[CLS]",
        "sep_token": "[SEP]", "mask_token": "[MASK]",
    }  # fmt: skip
    missing = [piece for piece in special.values() if piece not in names]
    if missing:
        raise ModelDamagedError(
            f"{path} knows no {', '.join(missing)}: it is not the tokenizer of a BERT. Fetch the "
            f"model again."
        )
    tokenizer.add_special_tokens(
        [AddedToken(p.piece, normalized=False) for p in model.pieces if p.type in (_CONTROL, _USER)]
    )
    ends = [(piece, names.index(piece)) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    pad_id = names.index("[PAD]")
    return Pieces(tokenizer, special=special, pad_id=pad_id, max_length=max_length)
