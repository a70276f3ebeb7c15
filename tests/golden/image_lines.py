"""Edges and lines as OpenCV and ControlNet's annotators find them, on a small photograph. Writes
image_lines.safetensors."""

import cv2
import numpy as np
from safetensors.numpy import save_file

photo = cv2.imread("../../examples/astronaut.png", cv2.IMREAD_COLOR)[:, :, ::-1]
photo = np.ascontiguousarray(cv2.resize(photo, (80, 64), interpolation=cv2.INTER_AREA))
out = {"photo": photo}
for low, high in ((100, 200), (50, 60), (30.7, 400.2)):
    out[f"canny.{low}.{high}"] = cv2.Canny(photo, low, high)
    out[f"canny.grey.{low}.{high}"] = cv2.Canny(np.ascontiguousarray(photo[:, :, 1]), low, high)

x = photo.astype(np.float32)
for threshold in (32, 8):
    dog = (255 - np.min(cv2.GaussianBlur(x, (0, 0), 5.0) - cv2.GaussianBlur(x, (0, 0), 0.5), axis=2))
    dog = dog.clip(0, 255).astype(np.uint8).astype(int)  # int: the original overflows 8 bits here
    out[f"xdog.{threshold}"] = np.where(2 * (255 - dog) > threshold, 255, 0).astype(np.uint8)
intensity = np.min(cv2.GaussianBlur(x, (0, 0), 6.0) - x, axis=2).clip(0, 255)
intensity = intensity / max(16, np.median(intensity[intensity > 8])) * 127
out["line_art"] = intensity.clip(0, 255).astype(np.uint8)
out["threshold"] = np.where(photo.min(axis=2) > 127, 255, 0).astype(np.uint8)
out["drawn"] = np.where(photo.min(axis=2) < 127, 255, 0).astype(np.uint8)
save_file({k: v if v.ndim == 3 else v[:, :, None] for k, v in out.items()}, "image_lines.safetensors")
