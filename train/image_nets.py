"""Networks for pictures by name, and the weights that they start with.

Any classifier of torchvision goes by its name there. `compact_resnet` is built of torchvision's
parts for photos by the thousand and a laptop: it starts with one coarse look at the picture, and
its few wide layers are what processors multiply best.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from support.errors import ModelDamagedError, ModelMissingError, SettingError

from .image_engine import engines
from .progress import Progress, silent

COMPACT: Final = "compact_resnet"
HUB: Final = "hub"  # weights as torchvision publishes them
_COARSE: Final = 4  # pixels a side that compact_resnet takes as one


def check_name(name: str) -> None:
    """Refuse a name of no network.

    Raises:
        SettingError: neither torchvision nor we have such a network.
    """
    if name != COMPACT and name not in _names():
        raise SettingError(
            f"No picture network is called {name!r}. Name {COMPACT!r}, 'mobilenet_v2' or another "
            f"classifier of torchvision: {', '.join(_names())}."
        )


def build_net(name: str, *, outputs: int, side: int, dropout: float) -> Any:
    """A network with random weights; seed torch before.

    Args:
        name: `COMPACT` or that of a torchvision classifier.
        outputs: how many numbers it gives.
        side: of the squares that it will read; only transformers need to know.
        dropout: before the last layer, where the network has it.

    Raises:
        SettingError: there is no such network.
    """
    check_name(name)
    torch, torchvision = engines()
    if name == COMPACT:
        return _compact(torch, torchvision, outputs, dropout)
    options: dict[str, Any] = {"num_classes": outputs, "weights": None}
    if name.startswith("vit_"):
        options["image_size"] = side
    elif name == "maxvit_t":
        options["input_size"] = (side, side)
    elif name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": True}
    elif name.startswith(("mobilenet", "efficientnet")):
        options["dropout"] = dropout
    return torchvision.models.get_model(name, **options)


def start_from(net: Any, name: str, weights: str | Path, *, progress: Progress = silent) -> None:
    """Put weights into a network; the last layer stays as it is where its labels are others.

    Args:
        net: of that name.
        name: of the network.
        weights: "hub" for those that torchvision publishes, or a file (.safetensors, .pt, .pth).
        progress: told what is fetched.

    Raises:
        ModelMissingError: there is no such file, or no network to fetch it from.
        ModelDamagedError: the file cannot be read, or holds the weights of another network.
    """
    found = _fetch(name, progress) if str(weights) == HUB else _read(Path(weights))
    own = net.state_dict()
    fitting = {
        key: value for key, value in found.items() if key in own and own[key].shape == value.shape
    }
    last = _last_layer(net)
    missing = [key for key in own if key not in fitting and not key.startswith(last)]
    if missing:
        raise ModelDamagedError(
            f"{weights} holds no weights of {name}: {len(missing)} of {len(own)} parts are missing "
            f"or of another shape, {missing[0]} among them. Name the network they were made for."
        )
    net.load_state_dict(fitting, strict=False)


def head_parameters(net: Any) -> list[Any]:
    """Those of the last layer, which knows nothing of its labels yet."""
    last = _last_layer(net)
    return [value for key, value in net.named_parameters() if key.startswith(last)]


def has_fixed_side(net: Any) -> bool:
    """Whether it reads squares of one side alone, as transformers do."""
    return type(net).__name__ in ("VisionTransformer", "MaxVit")


def is_separable(net: Any) -> bool:
    """Whether it filters channels one by one: half precision makes that no quicker on a CPU."""
    torch, _ = engines()
    return any(isinstance(part, torch.nn.Conv2d) and part.groups > 1 for part in net.modules())


def _names() -> list[str]:
    _, torchvision = engines()
    found: list[str] = torchvision.models.list_models(module=torchvision.models)
    return found


def _compact(torch: Any, torchvision: Any, outputs: int, dropout: float) -> Any:
    resnet = torchvision.models.resnet
    net = resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], num_classes=outputs)
    net.conv1 = torch.nn.Conv2d(3, 64, _COARSE, _COARSE, bias=False)
    net.maxpool = torch.nn.Identity()
    net.fc = torch.nn.Sequential(torch.nn.Dropout(dropout), net.fc)
    return net


def _last_layer(net: Any) -> str:
    """The name of the last layer that has weights, such as `fc.` or `classifier.1.`."""
    return str(list(net.state_dict())[-1]).rpartition(".")[0] + "."


def _fetch(name: str, progress: Progress) -> Mapping[str, Any]:
    torch, torchvision = engines()
    if name == COMPACT:
        raise SettingError(
            f"Nobody publishes weights of {COMPACT}. Leave them out, or name a file of yours."
        )
    progress(0, 1, f"fetching the weights of {name}")
    enum = torchvision.models.get_model_weights(name)
    try:
        found: Mapping[str, Any] = torch.hub.load_state_dict_from_url(
            enum.DEFAULT.url, progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError) as error:
        raise ModelMissingError(
            f"The weights of {name} are not on this machine and cannot be fetched ({error}). "
            f"Where there is a network, fetch {enum.DEFAULT.url} and name that file instead of "
            f"{HUB!r}; without weights it is trained from scratch."
        ) from error
    return found


def _read(path: Path) -> Mapping[str, Any]:
    torch, _ = engines()
    if not path.is_file():
        raise ModelMissingError(
            f"There is no file of weights at {path}. Name one, or {HUB!r} to fetch what "
            f"torchvision publishes."
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(str(path))
        # Tensors alone: a pickle may run code.
        found: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch, zipfile, pickle and safetensors raise their own
        raise ModelDamagedError(f"{path} cannot be read as weights: {error}.") from error
    return found
