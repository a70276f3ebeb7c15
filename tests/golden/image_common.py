"""Shared by the image_*.py generators: test pictures, and files that hold pixels or their hash.

The numbers are those of Pillow 9.5.0, which A1111 pins; every Pillow from 3.4 to 12 gives the same,
13 changed the order of the two passes when the height shrinks more than the width.
"""
import hashlib
import os

import numpy as np
import PIL
from PIL import Image, ImageFilter, ImageOps
from safetensors.numpy import save_file

assert int(PIL.__version__.split(".")[0]) < 13, "needs Pillow < 13 (pip install pillow==9.5.0)"
HERE = os.path.dirname(os.path.abspath(__file__))


def example(name):
    return Image.open(os.path.join(HERE, "../../examples", name)).convert("RGB")


def noise(rng, width, height, channels, hard=False):
    """Random pixels; `hard` ones are only 0 and 255, where rounding and clipping show most."""
    a = rng.integers(0, 2, (height, width, channels)) * 255 if hard else rng.integers(0, 256, (height, width, channels))
    return a.astype(np.uint8)


def to_image(a):
    return Image.fromarray(a[:, :, 0] if a.shape[2] == 1 else a)


def to_array(image):
    a = np.array(image)
    return np.ascontiguousarray(a[:, :, None] if a.ndim == 2 else a)


class Fixture:
    def __init__(self, script):
        self.path, self.tensors, self.count = script.replace(".py", ".safetensors"), {}, 0

    def put(self, key, array):
        assert key not in self.tensors, key
        self.tensors[key] = np.ascontiguousarray(array)

    def expect(self, key, image):
        """Pixels if there are few, their SHA-256 otherwise."""
        a = to_array(image) if isinstance(image, Image.Image) else image
        if a.size > 6000:
            self.put(key + "/sha256", np.frombuffer(hashlib.sha256(a.tobytes()).digest(), np.uint8))
            self.put(key + "/shape", np.array(a.shape, np.int32))
        else:
            self.put(key, a)

    def save(self):
        save_file(self.tensors, self.path)


def resize_image(mode, image, width, height):
    """A1111's resize modes 0 (stretch), 1 (crop) and 2 (fill), from its documented behaviour."""
    if mode == 0:
        return image.resize((width, height), Image.LANCZOS)
    wider = width / height > image.width / image.height
    narrower = width / height < image.width / image.height
    by_width = wider if mode == 1 else narrower
    w = width if by_width else image.width * height // image.height
    h = image.height * width // image.width if by_width else height
    fitted = image.resize((w, h), Image.LANCZOS)
    canvas = Image.new(image.mode, (width, height))
    canvas.paste(fitted, (width // 2 - w // 2, height // 2 - h // 2))
    if mode == 2 and narrower and (bar := height // 2 - h // 2) > 0:
        canvas.paste(fitted.resize((width, bar), box=(0, 0, w, 0)), (0, 0))
        canvas.paste(fitted.resize((width, bar), box=(0, h, w, h)), (0, bar + h))
    if mode == 2 and wider and (bar := width // 2 - w // 2) > 0:
        canvas.paste(fitted.resize((bar, height), box=(0, 0, 0, h)), (0, 0))
        canvas.paste(fitted.resize((bar, height), box=(w, 0, w, h)), (bar + w, 0))
    return canvas


def premultiplied_kept(image, mask):
    kept = Image.new("RGBa", image.size)
    kept.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask))
    return kept


def fill(image, mask):
    canvas, kept = Image.new("RGBA", image.size), premultiplied_kept(image, mask)
    for radius, repeats in ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1)):
        blurred = kept.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(repeats):
            canvas.alpha_composite(blurred)
    return canvas.convert("RGB")


def crop_region(box, width, height, padding, target_w, target_h):
    x1, y1, x2, y2 = max(box[0] - padding, 0), max(box[1] - padding, 0), min(box[2] + padding, width), min(box[3] + padding, height)
    aspect = target_w / target_h
    if (x2 - x1) / (y2 - y1) > aspect:
        more = int((x2 - x1) / aspect - (y2 - y1))
        y1, y2 = y1 - more // 2, y2 + more - more // 2
        if y2 >= height:
            y1, y2 = y1 - (y2 - height), height
        if y1 < 0:
            y1, y2 = 0, y2 - y1
        y2 = min(y2, height)
    else:
        more = int((y2 - y1) * aspect - (x2 - x1))
        x1, x2 = x1 - more // 2, x2 + more - more // 2
        if x2 >= width:
            x1, x2 = x1 - (x2 - width), width
        if x1 < 0:
            x1, x2 = 0, x2 - x1
        x2 = min(x2, width)
    return x1, y1, x2, y2
