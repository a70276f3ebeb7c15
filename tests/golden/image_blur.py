"""Blurs: Pillow's BoxBlur and GaussianBlur, A1111's mask blur (OpenCV). Writes image_blur.safetensors.

Keys: source/NAME; box/NAME/I and gaussian/NAME/I for radii[I]; mask/NAME/I for sigmas[I] (x, y).
"""
import cv2
import numpy as np
from PIL import ImageFilter

from image_common import Fixture, noise, to_image

rng = np.random.default_rng(7)
fixture = Fixture(__file__)
sources = {"rgb": noise(rng, 31, 22, 3), "rgba": noise(rng, 17, 25, 4, hard=True), "grey": noise(rng, 40, 30, 1, hard=True),
           "row": noise(rng, 19, 1, 1), "column": noise(rng, 1, 19, 1), "pixel": noise(rng, 1, 1, 3)}
radii = [0.0, 0.3, 0.5, 1.0, 1.7, 2.0, 4.0, 7.25, 16.0, 64.0, 256.0]
sigmas = [(0.4, 0.4), (1.0, 1.0), (2.0, 0.0), (0.0, 3.0), (4.0, 4.0), (4.0, 9.0), (12.5, 8.0), (64.0, 64.0)]
fixture.put("radii", np.array(radii)), fixture.put("sigmas", np.array(sigmas))
for name, a in sources.items():
    fixture.put("source/" + name, a)
    for i, radius in enumerate(radii):
        fixture.expect(f"box/{name}/{i}", to_image(a).filter(ImageFilter.BoxBlur(radius)))
        fixture.expect(f"gaussian/{name}/{i}", to_image(a).filter(ImageFilter.GaussianBlur(radius)))
    for i, (x, y) in enumerate(sigmas if a.shape[2] == 1 else []):
        mask = a[:, :, 0]
        if x > 0:
            mask = cv2.GaussianBlur(mask, (2 * int(2.5 * x + 0.5) + 1, 1), x)
        if y > 0:
            mask = cv2.GaussianBlur(mask, (1, 2 * int(2.5 * y + 0.5) + 1), y)
        fixture.expect(f"mask/{name}/{i}", mask.reshape(a.shape))
fixture.save()
