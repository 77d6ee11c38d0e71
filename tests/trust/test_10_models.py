"""Check 10: a model is read after every file of it was found as it was written, and no code in it.

Nothing of ours reads a pickle, runs what it was given as words, or takes a model from a request.
"""

import ast
import json
import pickle
import shutil
from contextlib import closing

import numpy as np
import pytest

from listings.following import CategoryFollower
from listings.moderation.moderator import Moderator
from support import models, releases
from support.artifact import read_artifact, write_artifact
from support.errors import ModelDamagedError, ModelError
from support.release import current
from tests import soaking
from tests.conftest import ACTOR
from tests.trust import sources
from web import job_queue
from web.queue_messages import Messages

# What reads weights, and the words that keep it from reading code; None: it cannot.
READERS = {
    "np.load": "allow_pickle=False",
    "torch.load": "weights_only=True",
    "load_file": None,  # safetensors: numbers alone
    "faiss.read_index": None,  # see check 11
    "fasttext.load_model": None,  # a header and numbers; its hash is looked at before
    "Tokenizer.from_file": None,  # JSON
}
FORBIDDEN = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml",
    "ruamel", "jsonpickle", "pandas", "imp",
}  # fmt: skip
# Who may, and why: nothing of it is read from a file.
EXCUSED = {
    # Work on its way to the processes of one Ray cluster, which run whatever its callers send: so
    # callers show a token, over TLS (check 24).
    "support/ray_worker.py": {"pickle"},
}
RUNS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "runpy.run_path",
    "runpy.run_module", "code.interact", "np.lib.format.read_array", "np.fromregex",
    "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter", "getattr.__call__",
}  # fmt: skip


# What our own files do


def test_no_file_of_ours_imports_what_reads_code_or_runs_words():
    for path, names in sources.imported().items():
        found = {name.split(".")[0] for name in names} & FORBIDDEN
        assert found == EXCUSED.get(path, set()), path
    for path, name, node in sources.calls():
        assert name not in RUNS, f"{path}:{node.lineno} calls {name}"
        assert not name.startswith("subprocess.") or not _says(node, "shell", True), path
        assert name.rpartition(".")[2] not in ("read_pickle", "unpickle"), path


def test_every_reader_of_weights_is_told_to_read_no_code():
    seen = set()
    for path, name, node in sources.calls():
        told = READERS.get(name)
        if name in READERS:
            seen.add(name)
        if told:
            option, _, value = told.partition("=")
            assert _says(node, option, value == "True"), f"{path}:{node.lineno}: {name}({told})"
        if name.endswith(".from_pretrained"):
            assert _says(node, "trust_remote_code", False), f"{path}:{node.lineno}"
            assert _says(node, "local_files_only", True), f"{path}:{node.lineno}"
            assert "Model" not in name or _safe(node), f"{path}:{node.lineno}"
        if name == "SentenceTransformer":
            assert _says(node, "trust_remote_code", False), f"{path}:{node.lineno}"
    assert {"np.load", "torch.load", "load_file", "Tokenizer.from_file"} <= seen


def _safe(node):
    return _says(node, "use_safetensors", True) or _says(node, "weights_only", True)


def _says(node, option, value):
    return any(
        keyword.arg == option
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is value
        for keyword in node.keywords
    )


# What a queue holds


def test_a_queue_holds_json_and_what_is_none_of_ours_is_not_run(space, tmp_path):
    huey = job_queue.queue(space.queue_path)
    job_queue.ring(space, 7)
    (message,) = huey.storage.enqueued_items()
    assert json.loads(message)["args"] == [str(space.home), 7]
    (task,) = huey.pending()
    assert task.args == (str(space.home), 7)

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "it-ran"), "w"))

    bad = [pickle.dumps(Evil()), b"\x80\x04.", b"[]", b"{}", b'{"args": [{"a": 1}]}', b"\xff"]
    for data in bad:
        with pytest.raises((ValueError, AttributeError)):
            Messages().deserialize(data)
        huey.storage.enqueue(data)
    assert [task.args for task in huey.pending()] == [(str(space.home), 7)]
    assert not (tmp_path / "it-ran").exists()
    with pytest.raises(TypeError, match="words and numbers"):
        job_queue._task(huey)(str(space.home), Evil())
    huey.flush()


def test_a_delayed_bell_keeps_its_time(space):
    huey = job_queue._doors(space)
    job_queue._door_task(huey).schedule((str(space.home), "webhook", 3), delay=60)
    (task,) = huey.pending()  # the worker puts it aside until then
    assert task.args == (str(space.home), "webhook", 3)
    assert task.eta is not None
    huey.flush()


# What lies in a model folder


@pytest.fixture
def small(tmp_path):
    """A model folder of two files, one in a folder of its own."""

    def files(folder):
        (folder / "inner").mkdir()
        (folder / "weights.bin").write_bytes(bytes(range(200)))
        (folder / "inner" / "words.json").write_text('["a"]')

    made = tmp_path / "models" / "faq" / "one"
    write_artifact(made, kind="faq", config={}, files=files, metrics={"hit@1": 0.5})
    return made


def spoilt(folder):
    """Every way in which a folder is not as it was written: what it is called, and what does it."""

    def add(name, data=b"x"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    def link(name, to):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(to)

    def manifest(change):
        path = folder / "manifest.json"
        content = json.loads(path.read_text())
        change(content["sha256"])
        path.write_text(json.dumps(content))

    weights = folder / "weights.bin"
    copy = folder.parent / "copy"
    copy.write_bytes(weights.read_bytes())
    return {
        "a flipped bit": lambda: weights.write_bytes(b"\x01" + weights.read_bytes()[1:]),
        "a byte more": lambda: weights.write_bytes(weights.read_bytes() + b"\0"),
        "a byte less": lambda: weights.write_bytes(weights.read_bytes()[:-1]),
        "nothing in it": lambda: weights.write_bytes(b""),
        "a file gone": weights.unlink,
        "a file inside gone": (folder / "inner" / "words.json").unlink,
        "a file more": lambda: add("more.bin"),
        "a pickle": lambda: add("pytorch_model.bin", pickle.dumps(1)),
        "code": lambda: add("modeling.py", b"raise SystemExit"),
        "a hidden file": lambda: add(".hidden"),
        "a file more inside": lambda: add("inner/more.json"),
        "a folder more": lambda: add("other/more.json"),
        "a link of the same content": lambda: link("weights.bin", copy),
        "a link to a folder": lambda: link("away", folder.parent),
        "a link to nothing": lambda: link("away", "gone"),
        "metrics changed": lambda: (folder / "metrics.json").write_text("{}"),
        "settings changed": lambda: (folder / "config.json").write_text(
            (folder / "config.json").read_text().replace("{", '{"more": 1, ', 1)
        ),
        "a list without a file": lambda: manifest(lambda sums: sums.pop("weights.bin")),
        "a list that leads out": lambda: manifest(lambda sums: sums.update({"../copy": "0" * 64})),
        "an absolute path": lambda: manifest(lambda sums: sums.update({"/etc/hostname": "0" * 64})),
        "an empty list": lambda: manifest(dict.clear),
        "no list": (folder / "manifest.json").unlink,
    }


NAMES = [
    "a flipped bit", "a byte more", "a byte less", "nothing in it", "a file gone",
    "a file inside gone", "a file more", "a pickle", "code", "a hidden file", "a file more inside",
    "a folder more", "a link of the same content", "a link to a folder", "a link to nothing",
    "metrics changed", "settings changed", "a list without a file", "a list that leads out",
    "an absolute path", "an empty list", "no list",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_is_not_as_it_was_written_is_refused(name, small):
    read_artifact(small, "faq")
    ways = spoilt(small)
    assert list(ways) == NAMES
    ways[name]()
    with pytest.raises(ModelDamagedError):
        read_artifact(small, "faq")


def test_a_release_vouches_for_the_list_of_files_itself(small, space, db):
    """A whole folder put in another's place, with a manifest of its own that is right."""
    place = space.models / "faq" / "one"
    place.parent.mkdir(parents=True)
    shutil.copytree(small, place)
    releases.publish(space, db, {"faq": "one"}, actor=ACTOR)
    assert current(space.models).folder(space.models, "faq") == place
    shutil.rmtree(place)
    write_artifact(
        place, kind="faq", config={}, files=lambda f: (f / "a").write_text("b"), metrics={}
    )
    read_artifact(place, "faq")  # whole, but another
    with pytest.raises(ModelDamagedError, match="not what release"):
        current(space.models).folder(space.models, "faq")
    assert "not what release" in models.load(space.models).degraded
    (place / "manifest.json").unlink()  # or it might pass for a folder of others
    with pytest.raises(ModelDamagedError, match=r"manifest\.json cannot be read"):
        current(space.models).folder(space.models, "faq")
    place.rename(space.home / "elsewhere")
    place.symlink_to(space.home / "elsewhere")
    with pytest.raises(ModelDamagedError, match="leads out"):
        current(space.models).folder(space.models, "faq")


# One flipped byte in each file of what is in force


def test_a_flipped_byte_in_any_file_is_found_before_it_is_used_and_the_rest_goes_on(trained):
    """The desk says what is amiss, and answers with what is whole."""
    release = current(trained.models)
    pointer = trained.models / "current"
    whole = json.loads(pointer.read_text())
    assert models.load(trained.models).degraded == ""
    chance, tried = np.random.default_rng(soaking.seed()), 0
    for kind, version in release.parts.items():
        # The other parts are in force too, and read again and again: they are whole.
        only = {"encoder"} | {kind} if kind == "index" else {kind}
        part = {name: whole["parts"][name] for name in whole["parts"] if name in only}
        pointer.write_text(json.dumps(whole | {"parts": part}))
        folder = trained.models / kind / version
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            before = path.read_bytes()
            flip(path, before, chance)
            found = models.load(trained.models)
            named = f"{path.relative_to(folder)} damaged: {found.degraded!r}"
            assert found.degraded, named
            assert loaded(found, kind) in (None, "alone"), named
            if loaded(found, kind) == "alone":
                assert path.relative_to(folder).parts[0] in ("linear", "dense"), named
            if kind == "index":
                assert found.similar is not None, "past answers are found in the database"
            path.write_bytes(before)
            tried += 1
    pointer.write_text(json.dumps(whole))
    assert models.load(trained.models).degraded == ""
    assert tried > 20
    soaking.tell(f"models: a byte flipped in each of {tried} files of a release, each found")


def flip(path, data, chance):
    """Change one bit somewhere."""
    changed = bytearray(data)
    at = int(chance.integers(len(changed)))
    changed[at] ^= 1 << int(chance.integers(8))
    path.write_bytes(changed)


def loaded(found, kind):
    """What is in use of a kind: None, "whole", or "alone" for fastText without its helpers."""
    if kind == "encoder":
        return None if found.similar is None else "whole"
    if kind == "index":
        return None if found.similar is None or found.similar._seq == 0 else "whole"
    if found.classifier is None:
        return None
    return "alone" if found.classifier._linear is None else "whole"


@pytest.mark.parametrize("line", ["category", "moderation", "similar"])
def test_a_flipped_byte_in_the_models_of_listings_is_found_too(line, space, listing_model):
    """Each file of a small model of every other line."""
    folder, opened = listing_model(line)
    assert opened()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        before = path.read_bytes()
        for at in {0, len(before) // 2, len(before) - 1}:
            changed = bytearray(before)
            changed[at] ^= 0x10
            path.write_bytes(changed)
            assert not opened(), path
        path.write_bytes(before)
    assert opened()


@pytest.fixture
def listing_model(space, db):
    """Puts a model of a line in force: its folder, and whether it is in use when asked anew."""

    def make(line):
        def files(folder):
            (folder / "weights.bin").write_bytes(bytes(64))

        version = releases.new_version()
        folder = space.models / line / version
        write_artifact(folder, kind=line, config={}, files=files, metrics={})
        releases.publish(space, db, {line: version}, actor=ACTOR, line=line)

        def opened():
            """Whether the folder comes as far as being opened."""
            try:
                found = current(space.models, line=line).folder(space.models, line)
                read_artifact(found, line)
            except ModelError:
                return False
            return True

        return folder, opened

    return make


def test_the_followers_of_listings_models_say_what_is_missing(space, db, listing_model):
    for line in ("category", "moderation"):
        folder, _ = listing_model(line)
        (folder / "weights.bin").write_bytes(b"other")
    assert "not as it was written" in CategoryFollower(space.models).followed().missing
    with closing(space.database()):
        assert "not as it was written" in Moderator.of_desk(space).trouble


# Who could hand one in


def test_no_request_and_no_upload_brings_a_model(space):
    """No rule takes a model or an index, and what is uploaded never lands among them."""
    from web.app import create_app

    app = create_app(space)
    for rule in app.url_map.iter_rules():
        if {"POST", "PUT", "PATCH"} & (rule.methods or set()):
            words = rule.rule.lower()
            for word in ("upload", "weights", "faiss", "checkpoint", "safetensors"):
                assert word not in words or "picture" in words or "/similar" in words, rule
    writers = {
        path
        for path, name, _ in sources.calls()
        if path.startswith("web/")
        and name.rpartition(".")[2] in ("write_artifact", "extractall", "unpack_archive", "untar")
    }
    assert writers == set()
