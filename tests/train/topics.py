"""Two small files to learn from and to be judged on: texts that are words of their topic."""

import random
from pathlib import Path

WORDS = {
    "refund": "refund money back card charge twice paid return",
    "shipping": "parcel courier late track deliver lost address",
    "account": "password sign login locked email account code",
}
OUTSIDE = "weather sun moon rain music football"
METRICS = {
    "accuracy", "accuracy_at_threshold", "hit@3", "hit@5", "ece", "coverage", "share_right",
    "coverage_3", "share_right_3", "oos_recall",
}  # fmt: skip


def write_sets(folder: Path) -> tuple[Path, Path]:
    """Sixty rows to learn from and some to judge: words of three topics, a few of none."""
    generator = random.Random(0)

    def line(label: str, words: str) -> str:
        return f"{' '.join(generator.choices(words.split(), k=5))},{label}\n"

    for name, count in (("a", 20), ("b", 8)):
        rows = [line(label, words) for label, words in WORDS.items() for _ in range(count)]
        rows += [line("", OUTSIDE) for _ in range(count // 4)]
        (folder / f"{name}.csv").write_text("text,label\n" + "".join(rows), "utf-8")
    return folder / "a.csv", folder / "b.csv"
