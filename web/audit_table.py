"""The audit trail as a table: what each row of an export says."""

import json
from typing import Any, Final

from support.audit_trail import AuditRow

COLUMNS: Final = (
    *("id", "at", "actor", "name", "address", "action", "object", "person", "automatic"),
    *("detail", "release", "threshold", "policy"),
)


def told(row: AuditRow) -> tuple[Any, ...]:
    """One act, a value a column."""
    return (
        *(row.id, row.at, row.actor, row.name, row.address, row.action, row.obj, row.person),
        *(int(row.automatic), json.dumps(row.detail, ensure_ascii=False), row.release),
        *("" if row.threshold is None else row.threshold, row.policy),
    )
