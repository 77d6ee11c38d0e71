"""Encoding in shards: the bytes that one process makes, killed or not; nobody forgotten is back."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from support import embeddings, encode_shards, forgetting, retention
from support.batch import LocalEngine
from support.encode_shards import encode_in_shards
from support.encoder import SentenceEncoder
from support.errors import ModelDamagedError
from support.shard_runs import Spread
from support.shipped import load_shipped, shipped_folder
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv

ROOT = Path(__file__).parents[2]
COUNT, ROWS = 50, 16  # four shards, the last one smaller


def silent(done, total, message):
    pass


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A desk that has no vectors yet."""
    folder = tmp_path_factory.mktemp("history")
    texts = [f"{'환불 ' * (n % 7)}상품 {n * n} 언제 오나요" for n in range(COUNT)]
    texts[20] = "\u200b"  # nothing that an encoder reads
    lines = [f"{n},{text},답 {n},c{n}" for n, text in enumerate(texts)]
    space = Workspace(folder / "desk").create()
    import_csv(space, folder / "h.csv", "id,question,answer,customer\n" + "\n".join(lines))
    return folder


@pytest.fixture
def copied(history, tmp_path):
    def copied(name):
        shutil.copytree(history, tmp_path / name)
        return Workspace(tmp_path / name / "desk")

    return copied


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(encode_shards, "ROWS", ROWS)
    monkeypatch.setattr(embeddings, "BATCH", 8)


def rows(space):
    sql = "SELECT seq, item_id, encoder_version, vector FROM embeddings ORDER BY seq"
    with closing(space.database()) as db:
        return db.execute(sql).fetchall()


def encode(space, *, engine=None, shards=True, progress=silent):
    encoder = load_shipped()
    with closing(space.database()) as db:
        if shards:
            spread = Spread(engine or LocalEngine(1), space.runs)
            encode_in_shards(db, encoder, shipped_folder(), spread=spread, progress=progress)
        embeddings.encode_missing(db, encoder, progress=silent)
    return rows(space)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_rows_as_one_process_makes(small, copied, workers):
    plain = encode(copied("plain"), shards=False)
    told, space = [], copied("shards")
    engine = LocalEngine(workers)
    assert encode(space, engine=engine, progress=lambda *a: told.append(a)) == plain
    assert len(plain) >= COUNT - 1
    assert told[-1][0] == told[-1][1] >= COUNT - 1
    assert list(space.runs.iterdir()) == []


def test_few_are_not_worth_a_shard(small, copied, monkeypatch):
    monkeypatch.setattr(encode_shards, "ROWS", COUNT)
    told = []
    assert len(encode(copied("few"), progress=lambda *a: told.append(a))) >= COUNT - 1
    assert told == []


class Composed(SentenceEncoder):
    """Gives other last digits in another batch, as networks do."""

    def __init__(self):
        super().__init__(type("Engine", (), {"dim": 2})(), "composed")

    def encode(self, texts):
        angles = np.array([[len(text) + len(texts) / 1000] for text in texts], np.float32)
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def test_where_the_batch_counts_a_shard_is_encoded_in_the_same_batches(small, copied, monkeypatch):
    monkeypatch.setattr(SentenceEncoder, "load", lambda folder: Composed())
    found = []
    for name in ("plain", "shards"):
        space = copied(name)
        with closing(space.database()) as db:
            if name == "shards":
                spread = Spread(LocalEngine(1), space.runs)
                encode_in_shards(db, Composed(), shipped_folder(), spread=spread, progress=silent)
            embeddings.encode_missing(db, Composed(), progress=silent)
        found.append(rows(space))
    assert found[0] == found[1]


def stop_after(shards):
    def stop(done, total, message):
        if done >= shards * ROWS:
            raise KeyboardInterrupt

    return stop


def test_who_was_forgotten_or_changed_meanwhile_is_not_stored_as_it_was(small, copied):
    space = copied("desk")
    with pytest.raises(KeyboardInterrupt):
        encode(space, progress=stop_after(2))
    with closing(space.database()) as db:
        ids = [row["id"] for row in db.query("SELECT id FROM inquiries ORDER BY id")]
        gone, changed, late = ids[30], ids[31], ids[-1]
        retention.delete(db, [gone])
        db.table("inquiries").update(changed, {"text": "배송지를 바꾸고 싶어요"})
        vector = load_shipped().encode(embeddings.texts(db, [late]))
        embeddings.save(db, load_shipped().version, [late], vector)
        before = rows(space)
    after = encode(space)
    assert after[: len(before)] == before  # what was there stays as it was, in its order
    by_id = {item: np.frombuffer(vector, "<f4") for _, item, _, vector in after}
    assert gone not in by_id
    assert len(by_id) == len(after)
    np.testing.assert_array_equal(
        by_id[changed], load_shipped().encode(["배송지를 바꾸고 싶어요"])[0]
    )


def test_forgetting_somebody_takes_away_what_a_killed_run_read(small, copied):
    space = copied("desk")
    with pytest.raises(KeyboardInterrupt):
        encode(space, progress=stop_after(2))
    assert (space.runs / "encode" / "in" / "000004.parquet").exists()
    with closing(space.database()) as db:
        seal = space.seal()
        forgetting.clean(space, db, seal)
        assert (space.runs / "encode").exists(), "nobody was forgotten: it may go on"
        sql = "SELECT id FROM inquiries ORDER BY id DESC LIMIT 1"
        person = forgetting.asker(db, db.execute(sql).fetchone()[0])
        forgetting.forget(space, db, seal, person, actor=ACTOR)
    assert list(space.runs.iterdir()) == []
    assert len(encode(space)) >= COUNT - 2


def test_a_run_whose_encoder_is_not_as_it_was_is_not_gone_on_with(small, copied):
    space = copied("desk")
    with pytest.raises(KeyboardInterrupt):
        encode(space, progress=stop_after(2))
    path = space.runs / "encode" / "models" / "encoder" / "tokenizer.json"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ModelDamagedError):
        encode(space)


CODE = """
    import sys
    from contextlib import closing
    from pathlib import Path
    from support import embeddings, encode_shards
    from support.batch import LocalEngine
    from support.shard_runs import Spread
    from support.shipped import load_shipped, shipped_folder
    from support.workspace import Workspace
    if __name__ == "__main__":
        encode_shards.ROWS, embeddings.BATCH = 16, 8
        space = Workspace(Path(sys.argv[1]))
        tell = lambda done, total, message: print(done, flush=True)
        with closing(space.database()) as db:
            encode_shards.encode_in_shards(
                db, load_shipped(), shipped_folder(),
                spread=Spread(LocalEngine(2), space.runs), progress=tell,
            )
"""


def test_a_killed_driver_goes_on_to_the_same_rows(small, copied, tmp_path):
    plain = encode(copied("plain"), shards=False)
    space = copied("killed")
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(CODE))
    words = [sys.executable, str(script), str(space.home)]
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env=path) as process:
        for line in process.stdout:
            if int(line) >= 2 * ROWS:
                break
        os.kill(process.pid, signal.SIGKILL)
    told = []
    assert encode(space, progress=lambda *a: told.append(a)) == plain
    assert told[0][0] >= 2 * ROWS
