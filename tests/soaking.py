"""How long a test goes on: shortly in `make test`, at length in `make soak`.

That sets FAQDESK_SOAK: 200 is the whole long run, 20 a tenth, 1000 five times as much. `make soak`
runs `tests/trust` and the files that import this one; what they `tell` stands at the end of the
run. `FAQDESK_SEED` plays a run again that drew its points at random.
"""

import os
import secrets

WHOLE = 200
SHARE = int(os.environ.get("FAQDESK_SOAK", "0")) / WHOLE  # of the long run; 0: the short one

told: list[str] = []  # what the run's last lines say


def many(short: int, long: int) -> int:
    """How many rounds, calls or seconds: `short` in `make test`, `long` in `make soak`."""
    return max(short, round(long * SHARE)) if SHARE else short


def seed() -> int:
    """What a run draws its random points by; it is told, so that the run can be played again."""
    return int(os.environ.get("FAQDESK_SEED") or secrets.randbelow(1_000_000))


def tell(line: str) -> None:
    """Have a line stand at the end of the run, after the results."""
    told.append(line)
