"""OpenCV's 8-bit LAB for every colour there is, and A1111's colour correction. Writes image_color.safetensors.

Needs opencv-python-headless, scikit-image and blendmodes==2022 (with aenum).
Keys: lab/sha256 and rgb/sha256 over all 2^24 colours in order; I/image, I/target, I/matched;
chelsea_like_coffee: examples/chelsea.png with the colours of examples/coffee.png.
"""
import cv2
import numpy as np
from blendmodes.blend import BlendType, blendLayers
from PIL import Image
from skimage import exposure

from image_common import Fixture, example, noise

rng = np.random.default_rng(5)
fixture = Fixture(__file__)
n = np.arange(1 << 24)
every = np.stack([n >> 16, n >> 8 & 255, n & 255], -1).astype(np.uint8).reshape(4096, 4096, 3)
fixture.expect("lab", cv2.cvtColor(every, cv2.COLOR_RGB2LAB))
fixture.expect("rgb", cv2.cvtColor(every, cv2.COLOR_LAB2RGB))


def corrected(image, target):
    matched = exposure.match_histograms(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), cv2.cvtColor(target, cv2.COLOR_RGB2LAB), channel_axis=2)
    back = Image.fromarray(cv2.cvtColor(matched, cv2.COLOR_LAB2RGB).astype("uint8"))
    return blendLayers(back, Image.fromarray(image), BlendType.LUMINOSITY).convert("RGB")


for i in range(4):
    image, target = noise(rng, 25, 18, 3, hard=i == 3), noise(rng, 12, 31, 3)
    if i % 2:
        target = target // 3 + 60
    fixture.put(f"{i}/image", image), fixture.put(f"{i}/target", target)
    fixture.expect(f"{i}/matched", corrected(image, target))
fixture.expect("chelsea_like_coffee", corrected(np.array(example("chelsea.png")), np.array(example("coffee.png"))))
fixture.save()
