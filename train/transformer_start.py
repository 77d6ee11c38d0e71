"""Where a fine-tuning starts: weights and tokenizer of a known name, a hub name, or a folder.

Weights of a name are fetched from the hub where there is a network. Code that a model brings along
is never run. Only `train/` fetches; serving reads folders.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listings.transformer_engine import Pieces, engines, quiet
from support.errors import InputError, ModelDamagedError, ModelMissingError

from .progress import Progress, silent
from .transformer_pieces import load_pieces, share_unknown

# Short names of what people use for Korean, and of two small ones for other languages.
KNOWN = {
    "koelectra-small": "monologg/koelectra-small-v3-discriminator",
    "koelectra-base": "monologg/koelectra-base-v3-discriminator",
    "kcelectra": "beomi/KcELECTRA-base",
    "kobert": "skt/kobert-base-v1",
    "klue-bert": "klue/bert-base",
    "klue-roberta-small": "klue/roberta-small",
    "klue-roberta-base": "klue/roberta-base",
    "klue-roberta-large": "klue/roberta-large",
    "electra-small": "google/electra-small-discriminator",
    "multilingual-bert": "google-bert/bert-base-multilingual-cased",
}
# Their tokenizers are Python files beside the weights.
FOREIGN_CODE = {"monologg/kobert": "kobert", "monologg/distilkobert": "kobert"}
_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_PICKLED = "pytorch_model.bin"
_MOST_UNKNOWN = 0.5  # of the pieces of the texts; a tokenizer of another language has more


@dataclass(frozen=True, slots=True)
class Start:
    """A classifier with a fresh last layer, and what cuts texts for it."""

    model: Any
    pieces: Pieces


def find_start(name_or_folder: str | Path, *, progress: Progress = silent) -> Path:
    """The folder that holds the weights; those of a name are fetched unless they are here.

    Args:
        name_or_folder: a folder, a key of `KNOWN`, or a name on the hub such as `klue/bert-base`.
        progress: told what is fetched.

    Raises:
        InputError: the model runs code of its own.
        ModelMissingError: there is no such model, or no network to fetch it from.
    """
    folder = Path(name_or_folder)
    if (folder / "config.json").is_file():
        return folder
    name = KNOWN.get(str(name_or_folder), str(name_or_folder))
    if name in FOREIGN_CODE:
        raise InputError(
            f"{name} cuts texts by code of its own, which faqdesk never runs. "
            f"Name {FOREIGN_CODE[name]!r} instead ({KNOWN[FOREIGN_CODE[name]]})."
        )
    if isinstance(name_or_folder, Path) or folder.is_absolute() or name.count("/") != 1:
        raise ModelMissingError(
            f"No transformer in {name_or_folder}: it holds no config.json. Name a folder that "
            f"transformers wrote, a model on the hub such as klue/bert-base, or one of "
            f"{', '.join(KNOWN)}."
        )
    progress(0, 1, f"fetching {name}")
    # Its own bars would write across ours.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        found = Path(snapshot_download(name, allow_patterns=_FILES))
        if not list(found.glob("*.safetensors")):
            found = Path(snapshot_download(name, allow_patterns=[*_FILES, _PICKLED]))
    except (OSError, ValueError, HfHubHTTPError, HFValidationError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelMissingError(
            f"{name} is not on this machine and cannot be fetched ({reason}). Where there is a "
            f"network, fetch it once and bring the folder here; then name that folder "
            f"instead of {str(name_or_folder)!r}."
        ) from error
    return found


def load_start(folder: Path, texts: Sequence[str], *, num_labels: int, max_length: int) -> Start:
    """Read weights and tokenizer; the last layer is drawn at random, so seed torch before.

    Args:
        folder: from `find_start`.
        texts: some of those to be learned, to see that the tokenizer can read them.
        num_labels: outputs.
        max_length: pieces read of a text, as far as the model reaches.

    Raises:
        InputError: it runs code of its own, is no text model, or its tokenizer cannot read the
            texts.
        ModelDamagedError: the files cannot be read.
    """
    torch, transformers = engines()
    try:
        with quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False
            )
            pieces = load_pieces(folder, config, max_length=_reach(config, max_length))
            config.num_labels = num_labels
            config.problem_type = "single_label_classification"
            config.pad_token_id = pieces.pad_id
            # Old weights come as a pickle; torch reads tensors alone from it, no code.
            model = transformers.AutoModelForSequenceClassification.from_pretrained(
                str(folder), config=config, local_files_only=True, trust_remote_code=False,
                ignore_mismatched_sizes=True, weights_only=True, dtype=torch.float32,
            )  # fmt: skip
    except (InputError, ModelDamagedError):
        raise
    except Exception as error:  # transformers, safetensors, tokenizers and torch raise their own
        if "trust_remote_code" in str(error):
            raise InputError(
                f"The model in {folder} brings code of its own, which faqdesk never runs. Name "
                f"one that transformers knows by itself, such as {', '.join(KNOWN)}."
            ) from error
        raise ModelDamagedError(
            f"The transformer in {folder} cannot be read ({error}). Fetch it again, or name a "
            f"folder that save_pretrained of transformers wrote."
        ) from error
    if len(pieces.tokenizer.get_vocab()) > model.config.vocab_size:
        raise ModelDamagedError(
            f"The tokenizer in {folder} has {len(pieces.tokenizer.get_vocab())} pieces, its model "
            f"knows {model.config.vocab_size}. They do not belong together: fetch the folder again."
        )
    unknown = share_unknown(pieces, texts)
    if unknown > _MOST_UNKNOWN:
        raise InputError(
            f"The tokenizer in {folder} does not know {unknown:.0%} of the pieces of these texts. "
            f"Name a model of their language, for Korean koelectra-small."
        )
    return Start(model, pieces)


def _reach(config: Any, max_length: int) -> int:
    """How many pieces the model can read, no more than asked for."""
    places = getattr(config, "max_position_embeddings", None) or max_length
    if "roberta" in str(config.model_type):
        places -= int(config.pad_token_id or 0) + 1  # its positions begin behind the padding's
    return min(max_length, int(places))
