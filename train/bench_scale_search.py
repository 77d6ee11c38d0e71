"""Suggestions on a desk of any number of past inquiries: encoding, index, search, recall."""

from support.workspace import Workspace

from .bench_scale_material import DESK
from .bench_scale_task import Task
from .bench_speed import bench_speed


def measure_search(task: Task) -> dict[str, float]:
    """Grow a desk from the material's, index it, and ask it in a process of its own."""
    found = bench_speed(
        Workspace(task.material / DESK), source="scale", sizes=[task.rows], engines=False,
        progress=task.progress,
    ).as_dict()["sizes"][0]  # fmt: skip
    return {
        "encoded_a_second": found["encoded_a_second"],
        "index_seconds": found["index_seconds"],
        "index_bytes_a_row": found["index_bytes_per_item"],
        "recall": found["recall@10"],
        "open_seconds": found["open_index_seconds"],
        "serving_mb": found["peak_mb"],
        "suggest_processor_p50": found["suggest_processor"]["p50"],
        **{
            f"{ours}_{cut}": found[theirs][cut]
            for ours, theirs in (
                ("suggest", "suggest"),
                ("dense", "dense_search"),
                ("lexical", "lexical_search"),
                ("typed", "word_search"),
            )
            for cut in ("p50", "p99")
        },
    }
