"""Arrays that processes hold together: what stands in the file, and not a copy of it."""

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from support.mapped import mapped


def test_every_array_is_as_the_library_reads_it(tmp_path):
    draw = np.random.default_rng(0)
    kinds = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"]
    arrays = {kind: draw.integers(0, 2, (3, 5)).astype(kind) for kind in kinds}
    arrays |= {"none": np.empty((0, 4), np.float32), "one": np.array(7.5)}
    save_file(arrays, tmp_path / "a.safetensors", metadata={"made": "by a test"})
    found, known = mapped(tmp_path / "a.safetensors"), load_file(tmp_path / "a.safetensors")
    assert found.keys() == known.keys()
    for name, array in known.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert np.array_equal(found[name], array)


def test_nothing_is_copied_and_nothing_can_be_written(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": np.zeros((1000, 4), np.float32)}, path)
    array = mapped(path)["a"]
    assert type(array) is np.ndarray
    assert not array.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    with path.open("r+b") as file:  # which nobody does: it shows that these are the file's bytes
        file.seek(-4, 2)
        file.write(np.float32(2.5).tobytes())
    assert array[-1, -1] == 2.5
    path.unlink()
    assert array.sum() == 2.5  # a model that was pruned is read to the end


def test_what_is_no_such_file_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": np.zeros(100, np.float32)}, path)
    whole = path.read_bytes()
    for content in (b"", whole[:7], whole[:-1], whole + b"\0", bytes(len(whole)), b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(SafetensorError):
            mapped(path)
    with pytest.raises(OSError, match="No such file"):
        mapped(tmp_path / "none.safetensors")
