"""The one door to transformers in this package, and with it to torch; both load only when called.

A classifier is a folder that transformers reads: weights as safetensors, a tokenizer.json. No code
that a folder brings along is ever run. Knows nothing of listings or labels.
"""

import contextlib
import importlib
import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from support.errors import ModelDamagedError
from support.torch_engine import import_torchvision

Rows = Sequence[Sequence[int]]  # a text as the numbers of its pieces, special ones included
_TOKENS = 4_096  # a batch, padding included: more make nothing quicker on two cores


def engines() -> tuple[Any, Any]:
    """The modules torch and transformers."""
    # Its threads would be forked into workers, and it says so on every run.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import_torchvision()
    return importlib.import_module("torch"), importlib.import_module("transformers")


@contextlib.contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Keep transformers from drawing bars and tables of what it loads."""
    logging = transformers.utils.logging
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


class Pieces:
    """Cuts texts into numbered pieces.

    Args:
        tokenizer: cuts, and adds the special pieces at both ends.
        special: what the special pieces are called, such as {"pad_token": "[PAD]"}.
        pad_id: fills short rows of a batch.
        max_length: pieces a text, special ones included; what is beyond is not read.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, special: dict[str, str], pad_id: int, max_length: int
    ) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length)
        self.tokenizer = tokenizer
        self.special = special
        self.pad_id = pad_id
        self.max_length = max_length

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The pieces of each text, at most `max_length`."""
        # A Mac writes Hangul taken apart; vocabularies hold whole syllables.
        composed = [unicodedata.normalize("NFC", text) for text in texts]
        return [encoding.ids for encoding in self.tokenizer.encode_batch(composed)]

    def save(self, folder: Path) -> None:
        """Write it so that transformers reads the very same cutting."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        # This class takes tokenizer.json as it is; those of BERT or XLNet build another one.
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", **self.special}
        settings["model_max_length"] = self.max_length  # type: ignore[assignment]
        _write_json(folder / "tokenizer_config.json", settings)

    @classmethod
    def load(cls, folder: Path, *, pad_id: int) -> "Pieces":
        """Read what `save` wrote."""
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        special = {name: str(piece) for name, piece in settings.items() if name.endswith("_token")}
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        max_length = int(settings["model_max_length"])
        return cls(tokenizer, special=special, pad_id=pad_id, max_length=max_length)


def pad(rows: Rows, pad_id: int, *, multiple: int = 1) -> tuple[npt.NDArray[np.int64], ...]:
    """(n, width) numbers of pieces, and (n, width) 1 where there is one.

    Args:
        rows: at least one.
        pad_id: fills what is short.
        multiple: the width is rounded up to it; 8 fits a GPU's blocks.
    """
    width = -(-max(map(len, rows)) // multiple) * multiple
    ids = np.full((len(rows), width), pad_id, np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask


def score_rows(
    model: Any, rows: Rows, *, pad_id: int, precision: Any = None, tokens: int = _TOKENS
) -> npt.NDArray[np.float32]:
    """Log-probabilities of a classifier, batches sorted by length.

    Args:
        model: of transformers; it is asked in evaluation mode and left so.
        rows: pieces of each text.
        pad_id: fills short rows.
        precision: a torch type to compute in; that of the weights where None.
        tokens: a batch holds at most so many places.

    Returns:
        (n, labels) float32.
    """
    torch, _ = engines()
    model.eval()
    device = next(model.parameters()).device
    found = np.empty((len(rows), model.config.num_labels), np.float32)
    with torch.inference_mode(), torch.autocast(device.type, precision, enabled=bool(precision)):
        for batch in _by_length(rows, tokens):
            ids, mask = pad([rows[i] for i in batch], pad_id)
            logits = model(
                input_ids=torch.from_numpy(ids).to(device),
                attention_mask=torch.from_numpy(mask).to(device),
            ).logits
            found[batch] = torch.log_softmax(logits.float(), dim=1).cpu().numpy()
    return found


def load_classifier(folder: Path, *, device: str | None = None) -> Any:
    """A classifier of transformers in evaluation mode, float32.

    Args:
        folder: holds config.json and model.safetensors.
        device: such as `cpu`; a GPU where there is one by default.

    Raises:
        ModelDamagedError: the folder cannot be read.
    """
    torch, transformers = engines()
    try:
        with quiet(transformers):
            model = transformers.AutoModelForSequenceClassification.from_pretrained(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
            )
    except Exception as error:  # safetensors, huggingface_hub and torch raise their own
        raise ModelDamagedError(
            f"The transformer in {folder} cannot be read ({error}). "
            f"Train it again: faqdesk train category --text transformer"
        ) from error
    return model.to(device or best_device(torch)).eval()


def save_classifier(model: Any, folder: Path) -> None:
    """Write config.json and model.safetensors, as `load_classifier` reads them."""
    _, transformers = engines()
    with quiet(transformers):
        model.save_pretrained(str(folder))


def best_device(torch: Any) -> str:
    """`cuda` where there is a GPU that torch can use, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def _by_length(rows: Rows, tokens: int) -> Iterator[npt.NDArray[np.int64]]:
    """Positions, longest first, each batch within `tokens` places but never empty."""
    lengths = np.array([len(row) for row in rows], np.int64)
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + max(1, tokens // max(1, int(lengths[order[start]])))
        yield order[start:stop]
        start = stop


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
