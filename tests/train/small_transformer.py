"""A transformer of two layers, and listings in two languages whose words give them away."""

import contextlib
import random
from dataclasses import replace

from listings.transformer_engine import engines
from train.transformer import fit_transformer
from train.transformer_config import TransformerConfig
from train.transformer_scratch import Shape, make_start

GOODS = {
    "Clothing > Shoes": ["운동화", "구두", "sneakers", "boots"],
    "Electronics > Phones": ["휴대폰", "충전기", "handset", "charger"],
    "Leisure > Books": ["소설책", "동화책", "novel", "textbook"],
}
PRAISE = ["거의 새것", "상태 좋은", "깨끗한", "barely used", "brand new", "clean", "급하게"]
CONFIG = TransformerConfig(
    num_epochs=8, batch_size=16, learning_rate=3e-3, max_length=24, validation=0.2, patience=3
)


@contextlib.contextmanager
def one_thread():
    """Steps this small are done sooner than a second thread is awake, on a busy machine by far."""
    torch, _ = engines()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shape(kind="electra", **changes):
    small = {
        "vocab_size": 250, "embedding_size": 16, "hidden_size": 32, "num_layers": 2,
        "num_heads": 2, "intermediate_size": 64, "max_length": 32,
    }  # fmt: skip
    return Shape(kind=kind, **small | changes)


def rows(count, *, seed):
    """Texts, and the label of each."""
    generator = random.Random(seed)
    labels = [generator.choice(list(GOODS)) for _ in range(count)]
    texts = [
        f"{generator.choice(PRAISE)} {generator.choice(GOODS[label])} 팝니다\n"
        f"{generator.choice(PRAISE)} {generator.randrange(100)}"
        for label in labels
    ]
    return texts, labels


def start(folder, kind="electra"):
    """A folder of random weights and a tokenizer learned from the rows."""
    return make_start(folder / f"start-{kind}", rows(200, seed=0)[0], shape=shape(kind))


def learned(folder, kind="electra"):
    """A model that tells the goods apart.

    One in six starts from random weights this small never tells two of the labels apart, and
    which do depends on how a machine adds; four starts that all fail say that nothing is learned.
    """
    texts, labels = rows(80, seed=1)
    for seed in range(4):
        model = fit_transformer(
            start(folder / str(seed), kind),
            *rows(200, seed=0),
            config=replace(CONFIG, num_epochs=20, patience=20, seed=seed),
            device="cpu",
        )
        found = model.log_scores(texts).argmax(1)
        if sum(model.labels[i] == label for i, label in zip(found, labels, strict=True)) > 72:
            break
    return model
