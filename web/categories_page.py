"""Categories: the tree with its counts, how well each is told, mapping tables, and training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings import categories, labels, stored, tree_files
from listings.category_figures import Figures, figures
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError
from support.scratch import scratch

from . import jobs, listing_words
from .auth import LABELLING, LEADS, actor, requires
from .database import db, desk
from .i18n import gettext as _

bp = Blueprint("categories_page", __name__, url_prefix="/categories")

PAIRS = 20  # confused pairs that are shown
# Picture models that are offered, with the CPU minutes each may take.
PICTURE_MODELS = {"": 0.0, "patches": 5.0, "mobilenet_v2": 20.0}


@bp.get("")
@requires(*LABELLING)
def show() -> ResponseReturnValue:
    """Show a tree."""
    trees = categories.trees(db())
    tree = _tree(trees)
    followed = desk().categories.followed()
    found = figures(followed.folder) if followed.folder else None
    # What a model was measured at says nothing of another tree's categories of the same name.
    told = found if found and found.tree in ("", tree) else None
    return render_template(
        "categories.html",
        trees=trees,
        tree=tree,
        rows=_rows(tree, told) if tree else [],
        figures=found,
        told=told is not None and bool(told.categories),
        pairs=_pairs(told),
        mappings=tree_files.mappings(db()),
        total=scalar(db(), "SELECT count(*) FROM listings WHERE removed = ''"),
        busy={job.kind for job in jobs.listed(db()) if job.live},
        picture_models=PICTURE_MODELS,
        missing=followed.missing,
        sources=listing_words.SOURCES,
        words=listing_words,
    )


@bp.post("/train")
@requires(*LEADS)
def train() -> ResponseReturnValue:
    """Learn from the labelled listings in the background."""
    image = request.form.get("image", "")
    if image not in PICTURE_MODELS:
        raise InputError(f"No picture model {image!r} is offered here.")
    texts = ["linear", "fasttext"] if request.form.get("fasttext") else ["linear"]
    arguments = {
        "tree": request.form.get("tree", ""),
        "config": {"texts": texts, "image": image or None, "image_minutes": PICTURE_MODELS[image]},
    }
    return _begin("train-category", arguments)


@bp.post("/review")
@requires(*LEADS)
def look() -> ResponseReturnValue:
    """Look through the desk's own listings for those to review, in the background."""
    missing = desk().categories.followed().missing
    if missing:
        raise ConflictError(missing)
    return _begin("review", {})


@bp.get("/tree.csv")
@requires(*LABELLING)
def export_tree() -> ResponseReturnValue:
    """Take a tree away."""
    tree = request.args.get("tree", "")
    return _csv(tree_files.write_tree(categories.listed(db(), tree)), f"{tree}.csv")


@bp.post("/tree")
@requires(*LEADS)
def import_tree() -> ResponseReturnValue:
    """Add a file's categories to a tree."""
    tree = request.form.get("tree", "").strip()
    with _uploaded() as path:
        new = tree_files.read_tree(db(), path, tree)
    flash(_("New categories: %(n)s", n=new), "info")
    return redirect(url_for(".show", tree=tree))


@bp.get("/mapping")
@requires(*LABELLING)
def mapping() -> ResponseReturnValue:
    """Show a mapping table."""
    from_tree, to_tree = request.args.get("from", ""), request.args.get("to", "")
    table = categories.mapping_to(db(), to_tree).table
    pairs = sorted((path, to) for (tree, path), to in table.items() if tree == from_tree)
    if not pairs:
        raise NotFoundError(f"There is no mapping from {from_tree!r} to {to_tree!r}.")
    mapped = {path for path, _ in pairs}
    trees = categories.trees(db())
    open_ = [
        item
        for item in (categories.listed(db(), from_tree) if from_tree in trees else [])
        if item.listings and not mapped & set(categories.ancestors(item.path))
    ]
    return render_template(
        "mapping.html",
        from_tree=from_tree,
        to_tree=to_tree,
        pairs=pairs,
        unmapped=sorted(open_, key=lambda item: -item.listings)[:100],
    )


@bp.get("/mapping.csv")
@requires(*LABELLING)
def export_mapping() -> ResponseReturnValue:
    """Take a mapping table away."""
    from_tree, to_tree = request.args.get("from", ""), request.args.get("to", "")
    text = tree_files.write_mapping(db(), from_tree, to_tree)
    return _csv(text, f"{from_tree}-{to_tree}.csv")


@bp.post("/mapping")
@requires(*LEADS)
def import_mapping() -> ResponseReturnValue:
    """Add a file's rows to a mapping table."""
    from_tree = request.form.get("from", "").strip()
    to_tree = request.form.get("to", "").strip()
    with _uploaded() as path:
        count = tree_files.read_mapping(db(), actor(), path, from_tree, to_tree)
    flash(_("New or changed rows: %(n)s", n=count), "info")
    return redirect(url_for(".show", tree=to_tree))


def _tree(trees: list[str]) -> str:
    """The tree that was asked for; else the one that most listings have a label in."""
    wanted = request.args.get("tree", "")
    if wanted in trees:
        return wanted
    try:
        return labels.default_tree(db())
    except NotFoundError:
        return trees[0] if trees else ""


def _rows(tree: str, found: Figures | None) -> list[dict[str, Any]]:
    """Every category of a tree: labels by where they are from, and how well it is told."""
    counts: dict[str, dict[str, int]] = {}
    for path, sources in labels.counts(db(), tree=tree).items():
        for branch in categories.ancestors(path):
            below = counts.setdefault(branch, {})
            for source, count in sources.items():
                below[source] = below.get(source, 0) + count
    return [
        {
            "path": path,
            "name": listing_words.leaf(path),
            "depth": len(categories.ancestors(path)),
            "counts": counts.get(path, {}),
            "total": sum(counts.get(path, {}).values()),
            "told": found.categories.get(path) if found else None,
        }
        for path in categories.paths(db(), tree, active=False)
    ]


def _pairs(found: Figures | None) -> list[dict[str, Any]]:
    """The most confused pairs with the titles of their examples."""
    if found is None:
        return []
    images = desk().workspace.home / "images"
    ids = [example for pair in found.confused[:PAIRS] for example in pair.examples]
    listings = stored.load(db(), images, ids)
    return [
        {
            "path": pair.path,
            "said": pair.said,
            "n": pair.n,
            "examples": [listings[each].title for each in pair.examples if each in listings],
        }
        for pair in found.confused[:PAIRS]
    ]


def _begin(kind: str, arguments: dict[str, Any]) -> ResponseReturnValue:
    job_id = jobs.enqueue(desk().workspace, db(), actor(), kind, arguments, alone=True)
    return redirect(url_for("jobs_page.one", job_id=job_id))


@contextmanager
def _uploaded() -> Iterator[Path]:
    """The file that came, for as long as it is read."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InputError("Choose a file.")
    suffix = Path(file.filename).suffix.lower()
    with scratch("upload", desk().workspace.home) as folder:
        kept = folder / f"table{suffix}"
        file.save(kept)
        yield kept


def _csv(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
