import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from listings.image_model import ImageModel, mix
from listings.image_net import FILE, ImageNet
from listings.image_patches import PatchVoice, kernel
from listings.patch_filters import PatchFilters, Scale, cut, normalize, shrink
from support.errors import ModelDamagedError
from tests.listings.drawn import draw

LABELS = ["Ball", "Box", "Flag"]
SCALE = Scale(48, 6, 2, 3)


def colour_net(side=16):
    """A network whose logit of a label is how green, red or blue the picture is on average."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", side, side, 3])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])
    order = np.zeros((3, 3), np.float32)
    order[[1, 0, 2], [0, 1, 2]] = 1 / 8
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["floats", "axes"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "order"], ["logits"]),
        ],
        "colours",
        [pixels],
        [logits],
        [
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(order, "order"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def patch_voice(labels=3):
    """Four filters, two anchors, everything drawn."""
    random = np.random.default_rng(0)
    filters = [
        PatchFilters(
            scale,
            random.normal(size=(4, 3 * scale.patch**2)).astype(np.float32),
            np.zeros(4, np.float32),
        )
        for scale in (SCALE, Scale(24, 8, 4, 1))
    ]
    tensors = {
        "projection": random.normal(size=(80, 5)).astype(np.float16),
        "shift": np.zeros(5, np.float32),
        "anchors": random.normal(size=(2, 5)).astype(np.float32),
        "width": np.array([10], np.float32),
        "answers": random.normal(size=(2, labels)).astype(np.float32),
        "slope": np.array([2], np.float32),
    }
    return PatchVoice(filters, tensors)


@pytest.fixture
def model():
    return ImageModel("colours", LABELS, [ImageNet(colour_net(), threads=1)], [1.0], threads=1)


def test_pictures_of_a_listing_are_averaged_and_no_picture_is_no_answer(model, tmp_path):
    paths, labels = draw(tmp_path, 3)
    alone = model.log_scores([[path] for path in paths])
    assert [LABELS[i] for i in alone.argmax(axis=1)] == labels
    assert np.exp(alone).sum(axis=1) == pytest.approx(1, abs=1e-6)
    both, none = model.log_scores([paths[:2], []])
    mean = np.exp((alone[0] + alone[1]) / 2)
    assert np.exp(both) == pytest.approx(mean / mean.sum(), rel=1e-4)
    assert np.isnan(none).all()


def test_a_broken_picture_is_told_and_its_neighbour_speaks(model, tmp_path):
    paths, _ = draw(tmp_path, 3)
    alone = model.log_scores([[paths[0]]])
    assert model.broken == ()
    paths[1].write_bytes(b"not a picture")
    found = model.log_scores([[paths[1], paths[0]], [paths[1]]])
    assert [(one.path, "no picture" in one.why) for one in model.broken] == [(paths[1], True)] * 2
    assert found[0] == pytest.approx(alone[0])
    assert np.isnan(found[1]).all()


def test_no_listing_is_no_row(model):
    assert model.log_scores([]).shape == (0, 3)


def test_save_and_load_give_the_same_answers(tmp_path):
    paths, _ = draw(tmp_path / "photos", 4)
    voices = [patch_voice(), ImageNet(colour_net(), threads=1)]
    model = ImageModel("patches+colours", LABELS, voices, [0.5, 1.5])
    model.save(tmp_path / "model")
    loaded = ImageModel.load(tmp_path / "model", threads=1)
    assert (loaded.name, loaded.labels, loaded.weights) == (model.name, LABELS, (0.5, 1.5))
    before, after = (one.log_scores([paths, paths[:1]]) for one in (model, loaded))
    assert after == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize("file", ["image.json", FILE, "patches.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_a_damaged_folder_is_refused_with_the_cure(tmp_path, file, damage):
    voices = [patch_voice(), ImageNet(colour_net(), threads=1)]
    ImageModel("both", LABELS, voices, [1, 1]).save(tmp_path)
    if damage == "missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(b"{ not this")
    with pytest.raises(ModelDamagedError, match="faqdesk train category"):
        ImageModel.load(tmp_path)


def test_weights_by_hand():
    even = np.log(np.array([[0.5, 0.5]], np.float32))
    sure = np.log(np.array([[0.8, 0.2]], np.float32))
    assert np.exp(mix([even, sure], [1, 1])) == pytest.approx(np.array([[0.8, 0.2]]))
    # Twice the weight squares the odds: 4 to 1 becomes 16 to 1.
    assert np.exp(mix([even, sure], [3, 2])) == pytest.approx(np.array([[16, 1]]) / 17)


def test_patches_are_cut_where_they_say():
    pixels = np.arange(48 * 48 * 3, dtype=np.uint32).reshape(1, 48, 48, 3) % 251
    patches = cut(pixels.astype(np.uint8), SCALE)
    assert SCALE.grid == 22
    assert len(patches) == 22 * 22 * len(pixels)
    second = patches[SCALE.grid + 1].reshape(3, 6, 6).transpose(1, 2, 0) * 255
    assert second == pytest.approx(pixels[0, 2:8, 2:8])


def test_patches_lose_light_and_contrast():
    dim, strong = normalize(np.array([[0.1, 0.2, 0.3], [0.1, 0.5, 0.9]], np.float32))
    assert dim == pytest.approx([-dim[2], 0, dim[2]], abs=1e-6)
    assert strong[2] == pytest.approx(1.2247, rel=1e-2)  # the square root of 3/2
    even = normalize(np.full((1, 3), 0.7, np.float32))
    assert even == pytest.approx(np.zeros((1, 3)), abs=1e-4)


def test_a_description_says_where_a_patch_is():
    stripe = np.tile([1.0, -1.0], (3, 6, 3))
    weights = stripe.reshape(1, -1).astype(np.float32)
    filters = PatchFilters(SCALE, weights, np.zeros(1, np.float32))
    picture = np.zeros((1, SCALE.side, SCALE.side, 3), np.uint8)
    picture[0, :14, :14:2] = 255  # where patches of the first cell begin
    like, unlike = filters.describe(picture).reshape(2, 3, 3)
    assert like[0, 0] > 5
    assert like[1:, 1:].max() == 0
    assert unlike.max() == 0


def test_likeness_by_hand():
    found = kernel(np.array([[0.0, 0.0]], np.float32), np.array([[0, 0], [3, 4]], np.float32), 25.0)
    assert found == pytest.approx(np.array([[1, np.exp(-1)]]))


def test_squares_of_any_side_are_read_by_patches():
    random = np.random.default_rng(1)
    pixels = random.integers(0, 255, (2, 96, 96, 3), dtype=np.uint8)
    voice = patch_voice()
    small = voice.filters[0].describe(shrink(pixels, 48))
    assert voice.filters[0].describe(pixels) == pytest.approx(small)
    assert voice.log_scores(pixels).shape == (2, 3)
    assert voice.log_scores(pixels[:0]).shape == (0, 3)
