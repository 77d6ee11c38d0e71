"""Labelling at any number of listings: by words with one worker and two, and with pictures."""

from .bench_label import bench_label
from .bench_scale_material import MODEL, PHOTOS, read_titles
from .bench_scale_task import Task


def measure_label(task: Task) -> dict[str, float]:
    """`faqdesk label` over titles, with one worker and with two."""
    found = bench_label(
        sizes=(task.rows,), pictures=0, model=task.material / MODEL,
        titles=read_titles(task.material), workers=(1, 2), progress=task.progress,
    )  # fmt: skip
    one, two = found.text
    return {
        "seconds_1": one.seconds,
        "rows_a_second_1": one.per_second,
        "cpu_seconds_1": one.cpu_seconds,
        "seconds_2": two.seconds,
        "rows_a_second_2": two.per_second,
        "cpu_seconds_2": two.cpu_seconds,
        "peak_mb": two.peak_mb,
    }


def measure_pictures(task: Task) -> dict[str, float]:
    """`faqdesk label` over listings with a picture each, a worker a core."""
    found = bench_label(
        sizes=(), pictures=task.rows, model=task.material / MODEL,
        titles=read_titles(task.material),
        images=sorted((task.material / PHOTOS).iterdir()), progress=task.progress,
    ).pictures  # fmt: skip
    assert found is not None  # noqa: S101 - asked for
    return {
        "seconds": found.seconds,
        "rows_a_second": found.per_second,
        "cpu_seconds": found.cpu_seconds,
        "peak_mb": found.peak_mb,
    }
