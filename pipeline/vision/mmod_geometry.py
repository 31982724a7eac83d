"""What turns the scores of the CNN detector into boxes; it travels in the metadata of the ONNX file."""

from __future__ import annotations

from dataclasses import dataclass

# The key under which the file's metadata holds it, as JSON.
GEOMETRY = "mmod"


@dataclass(frozen=True)
class MmodGeometry:
    window: tuple[int, int]  # width, height of a face in the network's picture
    nms_iou: float
    nms_covered: float
    stride: int  # picture pixels from one score to the next
    offset: int  # picture pixel, x and y, of the first score
    background_rgb: tuple[int, int, int]  # what the network takes as nothing
