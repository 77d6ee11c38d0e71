"""The review queue as Label Studio's tasks: taken away, and taken in."""

import json

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from listings import categories, labels
from listings.label_studio import CONTROLS, export_tasks, interface
from listings.label_studio_import import import_tasks as take_in
from listings.label_studio_import import read_tasks
from support import agents
from support.errors import InputError, NotFoundError

from .auth import LABELLING, LEADS, actor, requires
from .database import db, desk
from .i18n import gettext as _
from .review_page import asked_queue, bp
from .taking_away import taken

__all__ = ["bp"]


@bp.post("/tasks.json")
@requires(*LABELLING)
def export() -> ResponseReturnValue:
    """Take the queue away as tasks; the audit trail says who and why."""
    control = _control()
    taken("tasks.exported", what=control)
    images = desk().workspace.home / "images"
    tasks = export_tasks(db(), images, queue=asked_queue(), control=control)

    lines = ",\n".join(json.dumps(task, ensure_ascii=False) for task in tasks)
    answer = Response(f"[{lines}]\n", mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename="label-studio.json")
    return answer


@bp.get("/interface.xml")
@requires(*LABELLING)
def labelling_interface() -> ResponseReturnValue:
    """Take the labelling interface of a tree away."""
    tree = request.args.get("tree", "") or _default_tree()
    paths = [item.path for item in categories.listed(db(), tree) if item.active]
    answer = Response(interface(paths, control=_control()), mimetype="application/xml")
    answer.headers.set("Content-Disposition", "attachment", filename="label-studio.xml")
    return answer


@bp.post("/tasks")
@requires(*LEADS)
def import_tasks() -> ResponseReturnValue:
    """Take tasks in."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InputError("Choose a file: what Label Studio exports as JSON.")
    tasks = read_tasks(file.stream.read(), file.filename)
    people = {agent.login.lower(): agent.id for agent in agents.listed(db())}
    tree = request.form.get("tree", "").strip() or _default_tree()
    found = take_in(db(), desk().seal, actor(), tasks, tree=tree, people=people)
    flash(
        _(
            "Tasks: %(tasks)s; new labels: %(labels)s; known already: %(known)s; put into the "
            "queue: %(queued)s; refused: %(rejected)s",
            tasks=found.tasks,
            labels=found.labels,
            known=found.known,
            queued=found.queued,
            rejected=len(found.rejected),
        ),
        "danger" if found.rejected else "info",
    )
    for words in found.rejected[:3]:
        flash(words, "danger")
    return redirect(url_for("review_page.show"))


def _control() -> str:
    control = request.args.get("control", CONTROLS[0])
    if control not in CONTROLS:
        raise InputError(f"No control {control!r}. There are: {', '.join(CONTROLS)}.")
    return control


def _default_tree() -> str:
    try:
        return labels.default_tree(db())
    except NotFoundError:
        trees = categories.trees(db())
        if not trees:
            raise NotFoundError("There is no tree of categories yet. Import one first.") from None
        return trees[0]
