"""Takes a table through plan, do and join with work that needs no model."""

from pathlib import Path

from listings.shards import Done, Receipt, do, join, plan
from listings.table_run import layout_of
from listings.tables import SHARE, TEXT, Added, Layout, open_source

NAMES = [("path", TEXT), ("probability", SHARE)]


def work(rows, lines):
    """Adds the line of each row, and a third."""
    return Done([Added("path", TEXT, [str(line) for line in lines]),
                 Added("probability", SHARE, [0.3333] * len(lines))])  # fmt: skip


def layout_for(source, out):
    def make(shape):
        # As `work` names them, whatever the table calls its own.
        found = layout_of(source, out, shape, NAMES).as_dict()
        return Layout.from_dict(found | {"added": NAMES})

    return make


def run(path: Path, out: Path, *, size: int = 2) -> list[Receipt]:
    """Turn one table into another with two columns more; returns the receipts."""
    source = open_source(path)
    folder = out.with_name("run")
    folder.mkdir()
    layout, shards = plan(source, folder, layout=layout_for(source, out), size=size)
    receipts = [do(shard, layout, work) for shard in shards]
    join(shards, layout, out)
    return receipts


def problems(receipts):
    return [(found.line, found.reason) for item in receipts for found in item.problems]
