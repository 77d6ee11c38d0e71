"""Pictures as they might also have been taken: cropped, mirrored, turned, lit otherwise, covered.

Works on whole batches of tensors, on whatever device they are.
"""

import math
from typing import Any

from .image_engine import engines

# What published weights expect; as good as any for training from scratch.
MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)
_LONGER = 4 / 3  # at most so much is a crop stretched
_TURN = 0.08  # radians, the usual size
_LIGHT = 0.3  # brightness and contrast change by at most so much
_COLOUR = 0.4  # likewise how strong colours are
_TINT = 0.04  # of the whole picture, the usual size
_COVERED = 0.25  # share of the pictures of which a part is covered


def scale(pixels: Any) -> Any:
    """(n, 3, side, side) about 0 of (n, side, side, 3) bytes."""
    torch, _ = engines()
    planes = pixels.permute(0, 3, 1, 2).float() / 255
    return (planes - _planes(torch, MEAN, planes)) / _planes(torch, SPREAD, planes)


def augment(pixels: Any, *, side: int, least: float) -> Any:
    """(n, 3, side, side) about 0 of (n, any side, any side, 3) bytes, each changed its own way.

    Args:
        pixels: a tensor of bytes.
        side: of the result.
        least: of a picture's area that is always seen.
    """
    torch, _ = engines()
    planes = pixels.permute(0, 3, 1, 2).float() / 255
    planes = _crop(torch, planes, side, least)
    planes = _light(torch, planes)
    planes = (planes - _planes(torch, MEAN, planes)) / _planes(torch, SPREAD, planes)
    return _cover(torch, planes)


def blend(planes: Any, targets: Any, sets: Any) -> tuple[Any, Any]:
    """Lay other pictures of the batch over each, thinly or as a piece (mixup, CutMix).

    Args:
        planes: (n, 3, side, side).
        targets: (n, outputs) probabilities.
        sets: (n,) of each picture its set; only those of a set are blended.
    """
    torch, _ = engines()
    partner = _partners(torch, sets)
    keep = float(torch.distributions.Beta(0.8, 0.8).sample())
    if torch.rand(()) < 0.5:
        planes = keep * planes + (1 - keep) * planes[partner]
    else:
        side = planes.shape[2]
        edge = round(side * math.sqrt(1 - keep))
        top, left = (int(torch.randint(side - edge + 1, ())) for _ in range(2))
        planes = planes.clone()
        piece = (..., slice(top, top + edge), slice(left, left + edge))
        planes[piece] = planes[partner][piece]
        keep = 1 - (edge / side) ** 2
    return planes, keep * targets + (1 - keep) * targets[partner]


def _partners(torch: Any, sets: Any) -> Any:
    """(n,) positions: each picture once, in the place of one of the same set."""
    order = torch.randperm(len(sets), device=sets.device)
    partner = torch.empty_like(order)
    partner[torch.argsort(sets, stable=True)] = order[torch.argsort(sets[order], stable=True)]
    return partner


def _crop(torch: Any, planes: Any, side: int, least: float) -> Any:
    n, device = len(planes), planes.device
    area = torch.empty(n, device=device).uniform_(least, 1)
    ratio = torch.exp(torch.empty(n, device=device).uniform_(-1, 1) * math.log(_LONGER))
    wide, high = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirrored = (torch.rand(n, device=device) < 0.5) * 2.0 - 1
    turn = torch.randn(n, device=device) * _TURN
    across = (torch.rand(n, device=device) * 2 - 1) * (1 - wide)
    down = (torch.rand(n, device=device) * 2 - 1) * (1 - high)
    rows = (
        torch.stack((wide * mirrored * turn.cos(), -wide * turn.sin(), across), dim=1),
        torch.stack((high * mirrored * turn.sin(), high * turn.cos(), down), dim=1),
    )
    grid = torch.nn.functional.affine_grid(
        torch.stack(rows, dim=1), [n, 3, side, side], align_corners=False
    )
    return torch.nn.functional.grid_sample(
        planes, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _light(torch: Any, planes: Any) -> Any:
    def factor(most: float) -> Any:
        return torch.empty(len(planes), 1, 1, 1, device=planes.device).uniform_(1 - most, 1 + most)

    planes = planes * factor(_LIGHT)
    mean = planes.mean((1, 2, 3), keepdim=True)
    planes = (planes - mean) * factor(_LIGHT) + mean
    grey = planes.mean(1, keepdim=True)
    planes = (planes - grey) * factor(_COLOUR) + grey
    tint = torch.randn(len(planes), 3, 1, 1, device=planes.device) * _TINT
    return (planes + tint).clamp(0, 1)


def _cover(torch: Any, planes: Any) -> Any:
    n, _, side, _ = planes.shape
    place = torch.arange(side, device=planes.device)

    def span() -> Any:
        length = side * (0.15 + 0.3 * torch.rand(n, 1, device=planes.device))
        start = torch.rand(n, 1, device=planes.device) * (side - length)
        return (place >= start) & (place < start + length)

    chosen = torch.rand(n, 1, device=planes.device) < _COVERED
    covered = (span() & chosen)[:, None, :, None] & span()[:, None, None, :]
    return planes.masked_fill(covered, 0.0)


def _planes(torch: Any, values: tuple[float, ...], like: Any) -> Any:
    return torch.tensor(values, device=like.device).view(1, 3, 1, 1)
