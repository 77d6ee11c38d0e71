"""What `/metrics` tells of the desk itself: looked up in its database when it is asked for."""

import shutil
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from sqlite_utils import Database

from support import embeddings, inquiries
from support.clock import ago, from_iso
from support.database import scalar
from support.models import Models
from support.workspace import Workspace

from . import worker_state

if TYPE_CHECKING:
    from prometheus_client import Metric

# Name, what it says, the label, and the SQL that gives its values and how many.
_COUNTED: Final = (
    ("jobs", "Jobs, by how far they got.", "state",
     "SELECT state, count(*) FROM jobs GROUP BY state"),
    ("jobs_day", "Jobs that ended within a day.", "state",
     "SELECT state, count(*) FROM jobs WHERE finished_at > :day GROUP BY state"),
    ("outbox", "Sent answers, by how far they got.", "state",
     "SELECT iif(given_up, 'given_up', state), count(*) FROM outbox GROUP BY 1"),
    ("webhooks_day", "Webhooks that came within a day.", "state",
     "SELECT state, count(*) FROM webhook_deliveries WHERE received_at > :day GROUP BY state"),
    ("suggestions_day", "What was suggested within a day.", "band",
     "SELECT band, count(*) FROM suggestions WHERE at > :day GROUP BY band"),
    ("silences_day", "Why nothing was suggested, within a day.", "reason",
     "SELECT reason, count(*) FROM suggestions WHERE at > :day AND band = 'silent' GROUP BY 1"),
    ("suggested_faqs_day", "What became of FAQs suggested within a day.", "outcome",
     "SELECT coalesce(f.outcome, 'undecided'), count(*) FROM suggestions s "
     "JOIN suggestion_faqs f ON f.suggestion_id = s.id WHERE s.at > :day GROUP BY 1"),
)  # fmt: skip
# Told as 0 where there is none: an alert cannot watch what is absent.
_ALWAYS: Final = {
    "jobs": ("queued", "running", "failed"),
    "jobs_day": ("done", "failed"),
    "outbox": ("queued", "delivered", "failed"),
    "webhooks_day": ("done", "failed"),
    "suggestions_day": ("likely", "possible", "silent"),
}


class State:
    """A collector of Prometheus: every figure of one desk at this moment."""

    def __init__(
        self, workspace: Workspace, db: Database, models: Models, *, index_away: str = ""
    ) -> None:
        """Take a desk, a connection, the models in force, and why its index server is away."""
        self._workspace = workspace
        self._db = db
        self._models = models
        self._index_away = index_away

    def collect(self) -> "Iterator[Metric]":
        """Every figure."""
        yield from self._release()
        yield from self._worker()
        yield _by("inquiries", "Inquiries.", "status", inquiries.counts(self._db))
        for name, words, label, sql in _COUNTED:
            found = dict.fromkeys(_ALWAYS.get(name, ()), 0) | _pairs(self._db, sql)
            yield _by(name, words, label, found)
        size = self._workspace.database_path.stat().st_size
        yield _one("database_bytes", "Size of desk.db.", size)
        free = shutil.disk_usage(self._workspace.home).free
        yield _one("disk_free_bytes", "Room left on the desk's disk.", free)

    def _release(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        models, release = self._models, self._models.release
        about = GaugeMetricFamily(
            "faqdesk_info", "Version and release in force.", labels=("version", "release")
        )
        about.add_metric((version("faqdesk"), release.name if release else ""), 1)
        yield about
        yield _one(
            "degraded", "1: a part of the release cannot be used.", bool(models.degraded)
        )  # fmt: skip
        if release is not None:
            sql = "SELECT created_at FROM releases WHERE name = ?"
            made = scalar(self._db, sql, [release.name])
            if made:
                words = "When the release in force was trained, as a Unix time."
                yield _one("release_trained_timestamp_seconds", words, from_iso(made).timestamp())
        similar = models.similar
        indexed = embeddings.count(self._db, similar.encoder.version) if similar else 0
        yield _one("index_inquiries", "Answered inquiries that similar ones are found in.", indexed)

    def _worker(self) -> "Iterator[Metric]":
        silent = worker_state.seconds_silent(self._workspace)
        if silent is not None:
            words = "How long the worker has given no sign of life."
            yield _one("worker_silent_seconds", words, silent)
        queues = worker_state.queues(self._db)
        lengths = {queue.name: queue.waiting for queue in queues}
        yield _by("queue_length", "What waits for the worker and is due.", "queue", lengths)
        ages = {queue.name: queue.seconds for queue in queues}
        yield _by("queue_age_seconds", "How long the oldest has waited.", "queue", ages)
        found = worker_state.troubles(self._workspace, self._db)
        troubles = {name: int(name in found) for name in worker_state.TROUBLES}
        troubles["index_away"] = int(bool(self._index_away))  # known to this web process alone
        yield _by("trouble", "1: what /readyz tells too.", "what", troubles)


def _pairs(db: Database, sql: str) -> dict[str, int]:
    values: dict[str, Any] = {"day": ago(days=1)} if ":day" in sql else {}
    return {str(name): int(n) for name, n in db.conn.execute(sql, values)}


def _one(name: str, words: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"faqdesk_{name}", words, value=float(value))


def _by(name: str, words: str, label: str, found: Mapping[str, float]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"faqdesk_{name}", words, labels=(label,))
    for value, n in found.items():
        family.add_metric((value,), n)
    return family
