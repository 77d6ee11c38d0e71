"""The learning loop on a real product's support forum: 18 months that arrive month by month.

Reads the folder `support/thunderbird` of the public data; nothing of it stays. Nothing is chosen by
the months that are judged, the last three (the forum's test part) among them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from support.errors import ImportFileError
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.workspace import Workspace

from .bench_forum import ACTOR, MAPPING, MIN_EXAMPLES
from .faq_config import FaqConfig
from .loop import simulate
from .loop_report import LoopReport
from .progress import Progress, silent


def bench_loop(
    data: Path,
    *,
    every: int = 3,
    months: int = 18,
    seed: int = 0,
    progress: Progress = silent,
) -> LoopReport:
    """Import the forum, then play its last months again.

    Args:
        data: the folder that holds `support/thunderbird`.
        every: months from one training to the next; each takes minutes.
        months: how many to play.
        seed: of the trainings.
        progress: told done, total and a message; may raise.

    Raises:
        ImportFileError: the data is not there.
    """
    folder = data / "support" / "thunderbird"
    files = [folder / "questions.csv.gz", folder / "answers.csv.gz"]
    if not files[0].exists():
        raise ImportFileError(
            f"No public data in {folder}. Name the folder that holds support/: --data DIR"
        )
    with TemporaryDirectory() as home:
        space = Workspace(Path(home) / "desk").create()
        db = space.database()
        import_faqs(db, folder / "help_pages.csv.gz", MAPPING, actor=ACTOR)
        import_aliases(db, folder / "localized_slugs.csv", MAPPING, actor=ACTOR)
        run_import(db, space.seal(), files, MAPPING, actor=ACTOR, progress=progress)
        config = FaqConfig(min_examples=MIN_EXAMPLES, seed=seed)
        report = simulate(space, db, months=months, every=every, config=config, progress=progress)
        db.close()
    return report
