"""Photographs dyed in colours that have names, so that the model learns what the names mean: nature has few
turquoise roses, and a hoodie's colour is a word among many."""

import cv2
import numpy as np

# Words of captions.COLOURS with a colour in sRGB that build_data.colour_name calls the same.
DYES = {
    "black": (34, 34, 36),
    "white": (236, 236, 234),
    "grey": (128, 128, 130),
    "red": (196, 28, 36),
    "orange": (240, 128, 24),
    "yellow": (242, 208, 40),
    "green": (40, 140, 56),
    "turquoise": (40, 190, 190),
    "blue": (36, 84, 208),
    "navy blue": (22, 32, 84),
    "purple": (124, 44, 168),
    "pink": (238, 120, 176),
    "brown": (112, 68, 34),
    "beige": (222, 200, 164),
}


def thing(rgb):
    """What stands in the middle of a photograph, softly [H,W] 0..1, or all of it where nothing stands out: GrabCut on
    a small copy, begun from a frame."""
    n = 96
    small = cv2.resize(rgb, (n, n), interpolation=cv2.INTER_AREA)
    mask, frame = np.zeros((n, n), np.uint8), (n // 12, n // 12, n - n // 6, n - n // 6)
    cv2.setRNGSeed(1)
    cv2.grabCut(small, mask, frame, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT)
    inside = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.float32)
    if inside.mean() < 0.08:
        inside[:] = 1
    inside = cv2.resize(inside, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(inside, (0, 0), 1.2).clip(0, 1)


def dyed(rgb, name, where):
    """The picture with what is `where` in the colour `name`: folds and light stay, its mean brightness becomes
    that of the colour as far as a gamma between 0.4 and 2.5 goes."""
    dye = np.array(DYES[name], np.float32) / 255
    light = lambda c: c @ np.array((0.299, 0.587, 0.114), np.float32)
    grey, own = light(rgb.astype(np.float32) / 255), float(light(dye))
    mean = float((grey * where).sum() / max(where.sum(), 1))
    gamma = np.clip(np.log(own) / np.log(np.clip(mean, 0.02, 0.98)), 0.4, 2.5)
    t = (grey.clip(1e-3, 1) ** gamma)[..., None]
    cloth = np.where(t < own, dye * (t / own), dye + (1 - dye) * (t - own) / (1 - own))
    out = rgb + (cloth * 255 - rgb) * where[..., None]
    return (out + 0.5).clip(0, 255).astype(np.uint8)
