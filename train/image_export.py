"""A trained network as an ONNX file for serving: 32-bit numbers, or 8-bit where that is better.

The one door to ONNX's tools in this package. Bytes in, logits out: what is done to a picture
before the network sees it is part of the file.
"""

import contextlib
import io
import logging
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from listings.image_net import ImageNet
from listings.picture_batches import Pixels
from support.scratch import scratch

from .image_augment import MEAN, SPREAD
from .image_engine import engines

_OPSET: Final = 18
_BATCH: Final = 16
_WORSE: Final = 0.005  # of the judged pictures fewer right is still called equal
_QUICKER: Final = 1.15  # times: less is not worth another kind of number
_ROUNDS: Final = 3  # of timing, of which the quickest counts


@dataclass(frozen=True, slots=True)
class Exported:
    """A network to serve, and what was measured before it was chosen."""

    net: ImageNet
    numbers: str  # "float32" or "int8"
    figures: dict[str, dict[str, float]]  # of each kind: accuracy, milliseconds a picture
    scores: npt.NDArray[np.float32]  # (n, labels) log-probabilities of the judged pictures


def export_net(
    net: Any, *, labels: int, side: int, pixels: Pixels, targets: npt.NDArray[np.int64],
    calibration: Pixels, mirror: bool,
) -> Exported:  # fmt: skip
    """Write a network as ONNX, in both kinds of numbers, and take the better.

    Args:
        net: in evaluation mode, on the CPU.
        labels: its first outputs, which are kept.
        side: of the squares that it reads.
        pixels: (n, side, side, 3) bytes to judge on.
        targets: (n,) their labels.
        calibration: (m, side, side, 3) bytes that show how large its numbers get.
        mirror: whether it also looks at the mirrored picture.
    """
    whole = _to_onnx(net, labels=labels, side=side, mirror=mirror)
    kinds = {"float32": ImageNet(whole)}
    with contextlib.suppress(Exception):  # some layers have no 8-bit form: 32 bits then
        kinds["int8"] = ImageNet(_to_int8(whole, calibration))
    figures, scores = {}, {}
    for name, served in kinds.items():
        scores[name] = np.concatenate(
            [served.log_scores(pixels[i : i + _BATCH]) for i in range(0, len(pixels), _BATCH)]
        )
        accuracy = float((scores[name].argmax(axis=1) == targets).mean())
        figures[name] = {"accuracy": accuracy, "ms": _milliseconds(served, calibration[:_BATCH])}
    chosen = "float32"
    if "int8" in figures:
        plain, small = figures["float32"], figures["int8"]
        equal = small["accuracy"] >= plain["accuracy"] - _WORSE
        if equal and small["ms"] * _QUICKER <= plain["ms"]:
            chosen = "int8"
    return Exported(kinds[chosen], chosen, figures, scores[chosen])


def _to_onnx(net: Any, *, labels: int, side: int, mirror: bool) -> bytes:
    torch, _ = engines()

    class Served(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Bytes to logits."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) * 255)
            self.register_buffer("scale", 1 / (torch.tensor(SPREAD).view(1, 3, 1, 1) * 255))

        def forward(self, pixels: Any) -> Any:
            planes = (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale
            logits = self.net(planes)[:, :labels]
            if mirror:
                logits = (logits + self.net(planes.flip(3))[:, :labels]) / 2
            return logits

    example = torch.zeros((2, side, side, 3), dtype=torch.uint8)
    target = io.BytesIO()
    with _quiet():
        program = torch.onnx.export(
            Served().eval(),
            (example,),
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("n", min=1, max=4096)}},
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
        program.save(target)
    return target.getvalue()


def _to_int8(whole: bytes, calibration: Pixels) -> bytes:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands out calibration pictures."""

        def __init__(self) -> None:
            starts = range(0, len(calibration), _BATCH)
            self._batches = iter([calibration[i : i + _BATCH] for i in starts])

        def get_next(self) -> dict[str, Pixels] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"pixels": batch}

    with scratch("train") as folder, _quiet():
        source, fused, small = (folder / f"{name}.onnx" for name in ("a", "b", "c"))
        source.write_bytes(whole)
        # Folds normalizations into the filters before them: their numbers are then of like size.
        quant_pre_process(str(source), str(fused), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(fused),
            str(small),
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add", "Gemm", "MatMul", "GlobalAveragePool", "Clip"],
        )
        return small.read_bytes()


def _milliseconds(served: ImageNet, pixels: Pixels) -> float:
    served.log_scores(pixels)
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        served.log_scores(pixels)
        times.append(time.perf_counter() - started)
    return 1000 * min(times) / len(pixels)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters from telling of every step."""
    loggers = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir", "torch.onnx", "root")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
