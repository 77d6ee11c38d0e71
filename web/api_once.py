"""`Idempotency-Key`: a call that is made again, after a lost answer, gets the answer of the first.

What was answered is kept for a day, sealed; the caller's key and what was asked as keyed hashes. A
call that failed is not kept: it may be made again under the same key.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from support.clock import ago, now
from support.database import Row, one, write
from support.errors import InputError

from .database import db, desk
from .errors import problem

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
HOURS: Final = 24  # that an answer is kept
MAX_KEY: Final = 200  # characters
_STUCK: Final = 15  # minutes after which a call that never ended counts as never made

_PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
    "description": f"Chosen by the caller, such as a UUID. Within {HOURS} hours, the same call "
    "under the same key is done once and answered the same.",
}


def once(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Do a call once for each key that a token sends with it; stands below `needs`."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*args, **values)
        if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable() and " " not in key):
            raise InputError(f"{HEADER} must be 1 to {MAX_KEY} visible ASCII characters.")
        call = {"token_id": g.token.id, "key": desk().seal.fingerprint(f"{HEADER}\0{key}")}
        kept = _begin(call, _asked())
        if kept is not None:
            return kept
        try:
            answer = make_response(view(*args, **values))
        except BaseException:
            _forget(call)
            raise
        if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            _keep(call, answer)
        else:
            _forget(call)
        return answer

    described: Callable[..., ResponseReturnValue] = Blueprint.doc(parameters=[_PARAMETER])(guarded)
    return described


def _begin(call: Row, asked: str) -> Response | None:
    """Note that a call is under way; or give the answer that there is."""
    with write(db()):
        db().execute(
            "DELETE FROM api_answers WHERE at < ? OR (status IS NULL AND at < ?)",
            [ago(hours=HOURS), ago(minutes=_STUCK)],
        )
        sql = "SELECT * FROM api_answers WHERE token_id = :token_id AND key = :key"
        row = one(db(), sql, call)
        if row is None:
            db().table("api_answers").insert(call | {"asked": asked, "at": now()})
            return None
    if row["asked"] != asked:
        words = f"This {HEADER} was used for another call. Choose a new one for each."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, words)
    if row["status"] is None:
        words = f"The first call under this {HEADER} is not answered yet. Ask again in a moment."
        return problem(HTTPStatus.CONFLICT, words)
    answer = Response(desk().seal.open_up(row["sealed"]), row["status"])
    answer.content_type = row["content_type"]
    if row["location"]:
        answer.headers["Location"] = row["location"]
    answer.headers[REPLAYED] = "true"
    return answer


def _keep(call: Row, answer: Response) -> None:
    change = {
        "status": answer.status_code,
        "content_type": answer.content_type,
        "location": answer.headers.get("Location", ""),
        "sealed": desk().seal.close_up(answer.get_data(as_text=True)),
    }
    with write(db()):
        db().table("api_answers").update((call["token_id"], call["key"]), change)


def _forget(call: Row) -> None:
    with write(db()):
        sql = "DELETE FROM api_answers WHERE token_id = :token_id AND key = :key"
        db().execute(sql, call)


def _asked() -> str:
    """A keyed hash of what is asked: method, address, and body; files by what they hold."""
    digest = hashlib.sha256()
    if request.mimetype == "multipart/form-data":  # its boundary differs each time
        for name, value in sorted(request.form.items(multi=True)):
            digest.update(f"{name}\0{value}\0".encode("utf-8", "surrogatepass"))
        for name, file in request.files.items(multi=True):
            digest.update(f"{name}\0{file.filename}\0".encode("utf-8", "surrogatepass"))
            while block := file.stream.read(1 << 20):
                digest.update(block)
            file.stream.seek(0)
    else:
        digest.update(request.get_data())
    return desk().seal.fingerprint(f"{request.method}\0{request.full_path}\0{digest.hexdigest()}")
