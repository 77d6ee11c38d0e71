"""`faqdesk index` by several processes and by Ray: one desk's rows and files, byte for byte."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from support import encode_shards, faiss_parts
from support.release import current
from support.shipped import shipped_folder
from support.workspace import Workspace
from tests.conftest import import_csv
from web.cli import faqdesk

COUNT = 300


@pytest.fixture
def desk_copy(space, tmp_path, monkeypatch):
    """Copies of a desk that has an encoder and no vectors yet; shards and parts are small."""
    monkeypatch.setattr(encode_shards, "ROWS", 64)
    monkeypatch.setattr(faiss_parts, "ROWS", 100)
    lines = [f"{n},{n * n}번 주문 {'환불 ' * (n % 5)},답 {n}" for n in range(COUNT)]
    import_csv(space, tmp_path / "h.csv", "id,question,answer\n" + "\n".join(lines))
    shutil.copytree(shipped_folder(), space.models / "encoder" / "v1")

    def copy(name):
        made = Workspace(tmp_path / name)
        shutil.copytree(space.home, made.home)
        shutil.copy(space.key_path, made.key_path)
        monkeypatch.setenv("FAQDESK_HOME", str(made.home))
        return made

    return copy


def index(space, *options):
    done = CliRunner().invoke(faqdesk, ["index", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    with closing(space.database()) as db:
        sql = "SELECT item_id, encoder_version, vector FROM embeddings ORDER BY seq"
        rows = db.execute(sql).fetchall()
    folder = current(space.models).folder(space.models, "index")
    files = {path.name: path.read_bytes() for path in folder.glob("*") if path.suffix != ".json"}
    return rows, files


def test_local_and_ray_make_the_same_rows_and_files(desk_copy, tmp_path):
    rows, files = index(desk_copy("local"), "--workers", "1")
    assert len(rows) == COUNT
    assert len([name for name in files if name.startswith("vectors-")]) == 3
    shared = tmp_path / "shared"
    space = desk_copy("ray")
    found = index(space, "--engine", "ray", "--workers", "2", "--shared", str(shared))
    assert found == (rows, files)
    (own,) = shared.iterdir()
    assert own.name.startswith("ray-")
    assert list(own.iterdir()) == []
    assert [Path(link).resolve() for link in space.runs.iterdir()] == [own]


def test_what_was_left_in_a_shared_folder_is_swept_with_the_rest(desk_copy, tmp_path):
    from support.run_folders import run_folder, sweep_runs

    space, shared = desk_copy("one"), tmp_path / "shared"
    index(space, "--workers", "1", "--shared", str(shared))
    (own,) = shared.iterdir()
    with pytest.raises(KeyboardInterrupt), run_folder(own / "encode"):
        raise KeyboardInterrupt
    sweep_runs(space.runs, idle_days=1)
    assert (own / "encode").is_dir()
    sweep_runs(space.runs)
    assert not (own / "encode").exists()
