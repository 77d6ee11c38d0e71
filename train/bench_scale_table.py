"""What `faqdesk bench scale` measures at each size: where each measurement lives, and its figures.

Nothing is imported here that costs memory: a measurement's module is loaded in the process that
measures.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quantity:
    """One figure of a measurement."""

    key: str
    words: str  # with its unit
    grows: bool = True  # its growth is worth a law; a share is not
    digits: int = 0  # after the point


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing to do at each size, in a process of its own."""

    name: str
    title: str
    rows: str  # what is counted
    made_of: str  # what is real of it and what is made up
    place: str  # module:function, of this package
    quantities: tuple[Quantity, ...]
    paged: bool = False  # its figures are those of pages, `name p50` and `name p95`
    desk: bool = False  # it needs the imported desk of its size


_MEMORY: Final = Quantity("peak_mb", "peak memory of all processes, MB")
_CPU: Final = Quantity("cpu_seconds", "processor seconds", digits=1)

MEASUREMENTS: Final = (
    Measurement(
        "import", "Import", "answered inquiries",
        "A CSV of perturbed inquiries through `faqdesk import` into an empty desk; then `faqdesk "
        "backup` of it.",
        "bench_scale_desk:measure_import",
        (
            Quantity("seconds", "import, s", digits=1),
            Quantity("rows_a_second", "inquiries imported a second", grows=False),
            _CPU,
            _MEMORY,
            Quantity("database_mb", "desk.db, MB", digits=1),
            Quantity("database_bytes_a_row", "desk.db, bytes an inquiry", grows=False),
            Quantity("backup_seconds", "backup, s", digits=1),
            Quantity("backup_mb", "backup, MB", digits=1),
        ),
        desk=True,
    ),
    Measurement(
        "train", "Training", "answered inquiries",
        "`faqdesk train` on the imported desk: encoder, index, classifier. Copies of one inquiry "
        "are held out from the others: what is learned is worth nothing, what it costs is.",
        "bench_scale_desk:measure_train",
        (Quantity("seconds", "training, s", digits=1), _CPU, _MEMORY),
        desk=True,
    ),
    Measurement(
        "search", "Suggestions and the index of past inquiries", "past inquiries",
        "A desk grown in bulk from real inquiries and perturbed copies, asked in process on one "
        "core. Recall counts every neighbour within the tenth's distance, as copies are equally "
        "near.",
        "bench_scale_search:measure_search",
        (
            Quantity("encoded_a_second", "inquiries encoded a second", grows=False),
            Quantity("index_seconds", "index build, vectors and words, s", digits=1),
            Quantity("index_bytes_a_row", "index on disk, bytes an inquiry", grows=False),
            Quantity("recall", "recall@10 of its vectors", grows=False, digits=3),
            Quantity("suggest_p50", "suggestion p50, ms", digits=2),
            Quantity("suggest_p99", "suggestion p99, ms", digits=2),
            Quantity("suggest_processor_p50", "suggestion p50, processor ms", digits=2),
            Quantity("dense_p50", "vector search p50, ms", digits=2),
            Quantity("dense_p99", "vector search p99, ms", digits=2),
            Quantity("lexical_p50", "word search p50, ms", digits=2),
            Quantity("lexical_p99", "word search p99, ms", digits=2),
            Quantity("typed_p50", "search of typed words (SQLite) p50, ms", digits=2),
            Quantity("typed_p99", "search of typed words (SQLite) p99, ms", digits=2),
            Quantity("open_seconds", "opening the index, s", digits=2),
            Quantity("serving_mb", "memory of the process that suggests, MB"),
            Quantity("peak_mb", "peak memory of the one that encodes and builds, MB"),
        ),
    ),
    Measurement(
        "vectors", "Vectors alone", "vectors",
        "Made up: unit vectors of 256 numbers in clusters of about fifty, as things for sale are "
        "many of a kind. No two are equally near, so recall counts ids.",
        "bench_scale_vectors:measure_vectors",
        (
            Quantity("build_seconds", "build, s", digits=1),
            Quantity("build_cpu_seconds", "build, processor s", digits=1),
            Quantity("bytes_a_vector", "on disk, bytes a vector", grows=False),
            Quantity("held_bytes_a_vector", "resident after 500 searches, bytes a vector",
                     grows=False),
            Quantity("recall", "recall@10", grows=False, digits=3),
            Quantity("p50", "search p50, ms", digits=2),
            Quantity("p99", "search p99, ms", digits=2),
            Quantity("processor_p50", "search p50, processor ms", digits=2),
            Quantity("exact_p50", "exact scan p50, ms", digits=2),
            Quantity("peak_mb", "peak memory of the process that has them built, MB"),
        ),
    ),
    Measurement(
        "label", "Labelling by words", "listings",
        "Made-up titles, each with a number of its own, through `faqdesk label` from CSV to CSV; a "
        "linear model.",
        "bench_scale_label:measure_label",
        (
            Quantity("seconds_1", "one worker, s", digits=1),
            Quantity("rows_a_second_1", "listings a second, one worker", grows=False),
            Quantity("seconds_2", "two workers, s", digits=1),
            Quantity("rows_a_second_2", "listings a second, two workers", grows=False),
            Quantity("peak_mb", "peak memory, two workers, MB"),
        ),
    ),
    Measurement(
        "pictures", "Labelling with pictures", "listings with one picture",
        "Drawn JPEG files of 640 x 480 through `faqdesk label`, one worker a core; MobileNetV2 at "
        "224 pixels and words.",
        "bench_scale_label:measure_pictures",
        (
            Quantity("seconds", "labelling, s", digits=1),
            Quantity("rows_a_second", "listings a second", grows=False, digits=1),
            _CPU,
            _MEMORY,
        ),
    ),
    Measurement(
        "pages", "Pages and the suggestion API", "answered inquiries",
        "The sample's desk grown in bulk, with labels, tags, suggestions, an audit trail, a map "
        "and 1,500 that wait, behind `faqdesk serve`; one person clicks, and one program asks, "
        "while nobody else does.",
        "bench_scale_pages:measure_pages",
        (Quantity("serving_mb", "memory of the web processes, MB"),),
        paged=True,
    ),
)  # fmt: skip

BY_NAME: Final = {measurement.name: measurement for measurement in MEASUREMENTS}
