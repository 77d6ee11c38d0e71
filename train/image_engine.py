"""The one door to torch and torchvision for picture models; both load only when called."""

import importlib
from typing import Any

from support.torch_engine import import_torchvision


def engines() -> tuple[Any, Any]:
    """The modules torch and torchvision."""
    import_torchvision()
    torch = importlib.import_module("torch")
    return torch, importlib.import_module("torchvision")


def best_device() -> str:
    """`cuda` where there is a GPU that torch can use, else `cpu`."""
    torch, _ = engines()
    return "cuda" if torch.cuda.is_available() else "cpu"
