"""The view from the door, painted: sky, a house across the street, a lawn and the path."""

import cv2
import numpy as np

from pipeline.vision.arrays import UInt8Array

Color = tuple[int, int, int]

HORIZON = 0.42  # of the height
PATH: Color = (186, 178, 166)
HEDGE: Color = (58, 94, 54)
HOUSE: Color = (176, 122, 96)
ROOF: Color = (98, 66, 58)
PANE: Color = (206, 222, 230)


def paint_scene(width: int, height: int) -> UInt8Array:
    """Return the empty view, (height, width, 3) RGB; the same one every time."""
    scene = np.empty((height, width, 3), np.uint8)
    horizon = int(height * HORIZON)
    scene[:horizon] = _gradient((132, 178, 224), (214, 228, 238), horizon)
    scene[horizon:] = _gradient((128, 160, 92), (84, 128, 62), height - horizon)
    _paint_house(scene, horizon)
    _paint_path(scene, horizon)
    _paint_hedge(scene, horizon)
    grain = np.random.default_rng(7).normal(0, 3, scene.shape)  # flat surfaces look like no photograph
    return np.clip(cv2.GaussianBlur(scene, (0, 0), 1.2) + grain, 0, 255).astype(np.uint8)


def _gradient(top: Color, bottom: Color, rows: int) -> UInt8Array:
    share = np.linspace(0, 1, rows)[:, None, None]
    return (np.array(top) * (1 - share) + np.array(bottom) * share).astype(np.uint8)


def _paint_house(scene: UInt8Array, horizon: int) -> None:
    height, width = scene.shape[:2]
    left, right, top = int(width * 0.62), int(width * 0.93), int(height * 0.20)
    cv2.rectangle(scene, (left, top), (right, horizon), HOUSE, -1)
    middle, eaves = (left + right) // 2, int(width * 0.02)
    roof = np.array([(left - eaves, top), (right + eaves, top), (middle, int(height * 0.07))], np.int32)
    cv2.fillPoly(scene, [roof], ROOF, cv2.LINE_AA)
    side, pane_top = (right - left) // 6, int(height * 0.26)
    for pane in (left + side // 2, middle - side // 2, right - side - side // 2):
        cv2.rectangle(scene, (pane, pane_top), (pane + side, pane_top + side), PANE, -1)


def _paint_path(scene: UInt8Array, horizon: int) -> None:
    height, width = scene.shape[:2]
    far, near = (0.46, 0.52), (0.16, 0.84)
    corners = [(far[0], horizon), (far[1], horizon), (near[1], height), (near[0], height)]
    path = np.array([(int(width * x), y) for x, y in corners], np.int32)
    cv2.fillPoly(scene, [path], PATH, cv2.LINE_AA)


def _paint_hedge(scene: UInt8Array, horizon: int) -> None:
    height, width = scene.shape[:2]
    tall = int(height * 0.07)
    for left, right in ((0.0, 0.42), (0.56, 1.0)):
        cv2.rectangle(scene, (int(width * left), horizon - tall), (int(width * right), horizon + tall), HEDGE, -1)
