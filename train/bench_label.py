"""How quick labelling by the batch is, end to end from file to file, and what memory it takes.

Each figure is of a `faqdesk label` of its own, begun as a shell would: start, model, reading, every
core, writing. Memory is the sum of the peaks of all its processes.
"""

import csv
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from listings.listing import Listing
from support.errors import FaqdeskError

from .bench_command import Measured, measure_command
from .category import CategoryConfig, fit_category
from .image import fit_image_model
from .image_config import ImageConfig
from .image_engine import engines
from .image_nets import build_net
from .label_rows import draw_pictures, made_titles, perturbed
from .progress import Progress, silent

SIDE = 224  # pixels that the picture model reads
_LEARNED = 4_000  # titles that a model of our own learns from
_SEEN = 160  # pictures that it learns from: its speed does not depend on what it learned
_MINUTES = 0.5  # of its picture model's training
_PLAIN = 60  # pictures that plain PyTorch looks at


@dataclass(frozen=True, slots=True)
class TextRun:
    """One run over titles."""

    rows: int
    seconds: float  # from the command's start to its end
    cpu_seconds: float  # of all its processes
    peak_mb: float
    workers: int | None = None  # None: one a core

    @property
    def per_second(self) -> float:
        """Rows a second, end to end."""
        return self.rows / self.seconds


@dataclass(frozen=True, slots=True)
class PictureRun:
    """A run over listings with a picture each, and plain PyTorch beside it."""

    rows: int
    size: tuple[int, int]  # of a picture on disk
    seconds: float
    cpu_seconds: float
    peak_mb: float
    plain_rows: int
    plain_seconds: float

    @property
    def per_second(self) -> float:
        """Listings a second, end to end."""
        return self.rows / self.seconds

    @property
    def plain_per_second(self) -> float:
        """Listings a second of eager PyTorch, one by one."""
        return self.plain_rows / self.plain_seconds


@dataclass(frozen=True, slots=True)
class LabelSpeed:
    """What was measured."""

    model: str
    labels: int
    cores: int
    load: float  # of the machine when it began: others at work make all of it slower
    text: list[TextRun]
    pictures: PictureRun | None

    @property
    def growth(self) -> float | None:
        """Peak memory of the largest run beside that of the smallest; None for one run alone."""
        if len(self.text) < 2:
            return None
        runs = sorted(self.text, key=lambda run: run.rows)
        return runs[-1].peak_mb / runs[0].peak_mb

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        found: dict[str, Any] = {**asdict(self), "growth": self.growth}
        for run, row in zip(self.text, found["text"], strict=True):
            row["per_second"] = run.per_second
        if self.pictures:
            found["pictures"] |= {
                "per_second": self.pictures.per_second,
                "plain_per_second": self.pictures.plain_per_second,
                "ratio": self.pictures.per_second / self.pictures.plain_per_second,
            }
        return _rounded(found)  # type: ignore[no-any-return]

    def table(self) -> str:
        """For people."""
        lines = [
            f"{self.model}, {self.labels} categories, {self.cores} cores, load {self.load:.1f}",
            f"{'rows':>10}  {'rows/s':>8}  {'seconds':>8}  {'CPU s':>7}  {'peak MB':>8}",
        ]
        lines += [
            f"{run.rows:10,}  {run.per_second:8,.0f}  {run.seconds:8.1f}  {run.cpu_seconds:7.1f}"
            f"  {run.peak_mb:8,.0f}"
            for run in self.text
        ]
        if self.growth is not None:
            lines.append(f"peak memory of the largest beside the smallest: {self.growth:.2f}")
        if run := self.pictures:
            wide, high = run.size
            lines.append(
                f"{run.rows:,} listings with a JPEG of {wide} x {high}, read at {SIDE}: "
                f"{run.per_second:.1f} a second ({run.cpu_seconds:.1f} CPU s, "
                f"{run.peak_mb:,.0f} MB); eager PyTorch one by one {run.plain_per_second:.1f}: "
                f"{run.per_second / run.plain_per_second:.1f} times"
            )
        return "\n".join(lines)


def bench_label(
    *,
    sizes: Sequence[int] = (100_000, 1_000_000),
    pictures: int = 1_000,
    model: Path | None = None,
    titles: Sequence[tuple[str, str]] | None = None,
    images: Sequence[Path] = (),
    texts: tuple[str, ...] = ("linear",),
    workers: Sequence[int | None] = (None,),
    seed: int = 0,
    progress: Progress = silent,
) -> LabelSpeed:
    """Measure labelling of made rows.

    Args:
        sizes: numbers of rows, each a run.
        pictures: listings with a picture each; 0: none.
        model: a category model's folder; None: one is trained from the titles.
        titles: to learn from and to perturb, with their categories; None: made of words of ours.
        images: picture files to look at; without any, some are drawn.
        texts: text models of the model that is trained.
        workers: how many processes label the rows; each size is a run of each. None: one a core.
        seed: of all that is drawn.
        progress: told done, total and a message; may raise.
    """
    titles = list(titles or made_titles(_LEARNED, seed=seed))
    names = [title for title, _ in titles]
    steps = 1 + len(sizes) + (2 if pictures else 0)
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="faqdesk-bench-") as name:
        folder = Path(name)
        if model is None:
            progress(0, steps, "training a model")
            model = train_model(folder, titles, texts, sees=bool(pictures), seed=seed)
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        runs = []
        for number, size in enumerate(sizes, 1):
            progress(number, steps, f"{size:,} rows")
            table = _write_rows(folder / "rows.csv", names, size, seed)
            for count in workers:
                found = _label(table, model, *(("--workers", str(count)) if count else ()))
                runs.append(TextRun(size, found.seconds, found.cpu_seconds, found.peak_mb, count))
            table.unlink()
        seen = None
        if pictures:
            progress(len(sizes) + 1, steps, f"{pictures:,} pictures")
            seen = _look(folder, model, pictures, images, seed)
    voices = "+".join([*config["texts"], *(["pictures"] if config.get("image") else [])])
    cores = len(os.sched_getaffinity(0))
    return LabelSpeed(voices, len(config["labels"]), cores, load, runs, seen)


def train_model(
    folder: Path,
    titles: Sequence[tuple[str, str]],
    texts: tuple[str, ...] = ("linear",),
    *,
    sees: bool,
    seed: int = 0,
) -> Path:
    """Train a model of categories in a folder, with pictures that are drawn where it `sees`."""
    paths = sorted({path for _, path in titles})
    listings = [Listing(title) for title, _ in titles]
    if sees:
        shown = folder / "learned"
        shown.mkdir()
        labels = [paths.index(path) for _, path in titles[:_SEEN]]
        for place, file in enumerate(draw_pictures(shown, labels, seed=seed)):
            listings[place] = Listing(titles[place][0], pictures=(file,))

    def fit_image(files: Any, labels: Any, groups: Any, tell: Progress) -> Any:
        config = ImageConfig(side=SIDE)
        return fit_image_model(
            "mobilenet_v2", files, labels, groups=groups, config=config, minutes=_MINUTES,
            seed=seed, progress=tell,
        )  # fmt: skip

    fit_category(
        listings,
        [path for _, path in titles],
        folder=folder / "model",
        config=CategoryConfig(texts=texts, image="mobilenet_v2" if sees else None, seed=seed),
        fit_image=fit_image,
    )
    return folder / "model"


def _write_rows(path: Path, titles: Sequence[str], count: int, seed: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "price"])
        for number, (title, _) in enumerate(perturbed(titles, count, seed=seed)):
            writer.writerow([number, title, 1000 * (number % 97)])
    return path


def _look(folder: Path, model: Path, count: int, images: Sequence[Path], seed: int) -> PictureRun:
    if not images:
        shown = folder / "photos"
        shown.mkdir()
        images = draw_pictures(shown, [number % 13 for number in range(count)], seed=seed + 1)
    table = folder / "photos.csv"
    files = [images[number % len(images)].absolute() for number in range(count)]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "file"])
        # Without words: where they serve alone, because pictures did not help, nobody looks.
        writer.writerows(["", path] for path in files)
    found = _label(table, model, "--image-column", "file")
    plain = files[:_PLAIN]
    seconds = _plain_pytorch(plain)
    with Image.open(files[0]) as first:
        size = first.size
    return PictureRun(
        count, size, found.seconds, found.cpu_seconds, found.peak_mb, len(plain), seconds
    )


def _plain_pytorch(files: Sequence[Path]) -> float:
    """Seconds that MobileNetV2 takes as most people would first write it down."""
    torch, torchvision = engines()
    net = build_net("mobilenet_v2", outputs=13, side=SIDE, dropout=0.2).eval()
    prepare = torchvision.transforms.Compose(
        [
            torchvision.transforms.Resize((SIDE, SIDE)),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    def look(file: Path) -> None:
        with Image.open(file) as picture:
            pixels = prepare(picture.convert("RGB"))
        with torch.no_grad():
            net(pixels[None]).softmax(1).topk(3)

    for file in files[:3]:  # what the first ones take is not what the others do
        look(file)
    started = time.perf_counter()
    for file in files:
        look(file)
    return time.perf_counter() - started


def _label(table: Path, model: Path, *more: str) -> Measured:
    """Run `faqdesk label` as a shell would."""
    out = table.with_name("labelled.csv")
    words = ["label", str(table), "--out", str(out), "--model", str(model.absolute()), "--json"]
    found = measure_command([*words, *more])
    rows = json.loads(found.said)["rows"]
    with out.open("rb") as file:
        written = sum(1 for _ in file) - 1
    if written != rows:
        raise FaqdeskError(f"{rows} rows were to be written, {written} were.")
    out.unlink()
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(np.format_float_positional(value, 4, fractional=False))
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
