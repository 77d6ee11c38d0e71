"""A folder to start from where no pretrained weights are at hand: random weights, own tokenizer.

Nothing is known to such a model before it is trained: expect less than from a linear model on a few
thousand rows. It serves measuring, tests, and those with millions of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from listings.transformer_engine import Pieces, engines, save_classifier

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large a model is."""

    kind: str = "electra"  # or "bert"
    vocab_size: int = 35_000
    embedding_size: int = 128  # of ELECTRA alone
    hidden_size: int = 256
    num_layers: int = 12
    num_heads: int = 4
    intermediate_size: int = 1024
    max_length: int = 512

    def config(self, transformers: Any, *, num_labels: int) -> Any:
        """The configuration of transformers."""
        common = {
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.num_layers,
            "num_attention_heads": self.num_heads,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_length,
            "num_labels": num_labels,
            "pad_token_id": 0,
        }
        if self.kind == "bert":
            return transformers.BertConfig(**common)
        return transformers.ElectraConfig(embedding_size=self.embedding_size, **common)


SHAPES = {
    "koelectra-small": Shape(),
    "klue-roberta-small": Shape(
        kind="bert", vocab_size=32_000, hidden_size=768, num_layers=6, num_heads=12,
        intermediate_size=3072,
    ),
    "kobert": Shape(
        kind="bert", vocab_size=8_002, hidden_size=768, num_layers=12, num_heads=12,
        intermediate_size=3072,
    ),
}  # fmt: skip


def make_start(
    folder: Path, texts: Sequence[str], *, shape: Shape | None = None, seed: int = 0
) -> Path:
    """Write a folder that `fit_transformer` can start from.

    Args:
        folder: is made.
        texts: the tokenizer learns its pieces from these.
        shape: how large; KoELECTRA-small's by default.
        seed: of the weights.

    Returns:
        The folder.
    """
    shape = shape or SHAPES["koelectra-small"]
    torch, transformers = engines()
    tokenizer = _learn_pieces(texts, shape.vocab_size)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = shape.config(transformers, num_labels=2)
        config.vocab_size = max(tokenizer.get_vocab_size(), len(_SPECIAL))
        model = transformers.AutoModelForSequenceClassification.from_config(config)
    save_classifier(model, folder)
    special = dict(
        zip(
            ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"),
            _SPECIAL,
            strict=True,
        )
    )
    Pieces(tokenizer, special=special, pad_id=0, max_length=shape.max_length).save(folder)
    return folder


def _learn_pieces(texts: Sequence[str], vocab_size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token=_SPECIAL[1]))
    # Stripping accents would take Hangul syllables apart and not put them together again.
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=list(_SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    ends = [(piece, tokenizer.token_to_id(piece)) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    return tokenizer
