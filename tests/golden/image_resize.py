"""Pillow's resize in all filters and A1111's resize modes: writes image_resize.safetensors.

Keys: source/NAME; resize/NAME/WxH/FILTER[/BOX]; box/BOX (left, top, right, bottom);
mode/NAME/WxH/MODE. NAME is a source of this file or a picture in examples/.
"""
import numpy as np

from image_common import Fixture, example, noise, resize_image, to_image

rng = np.random.default_rng(20240131)
fixture = Fixture(__file__)
sources = {
    "rgb": noise(rng, 37, 29, 3), "rgba": noise(rng, 23, 31, 4), "grey": noise(rng, 41, 17, 1),
    "hard": noise(rng, 33, 33, 3, hard=True), "hard_rgba": noise(rng, 19, 27, 4, hard=True),
    "pixel": noise(rng, 1, 1, 3), "tall": noise(rng, 2, 150, 3), "wide": noise(rng, 150, 2, 1),
}
for name, a in sources.items():
    fixture.put("source/" + name, a)
images = {name: to_image(a) for name, a in sources.items()}
images["chelsea.png"] = example("chelsea.png")
sizes = {"chelsea.png": [(512, 512), (64, 48), (7, 300), (451, 30), (1, 1)], "pixel": [(1, 1), (9, 5)],
         "tall": [(2, 7), (30, 20), (1, 1)], "wide": [(7, 2), (20, 30), (200, 200)]}
for name, image in images.items():
    for w, h in sizes.get(name, [(10, 8), (64, 20), (image.width, 11), (12, image.height), (75, 61)]):
        for f in range(6):
            pillow = [0, 4, 2, 5, 3, 1][f]  # our order is Nearest Box Bilinear Hamming Bicubic Lanczos
            fixture.expect(f"resize/{name}/{w}x{h}/{f}", image.resize((w, h), pillow))
boxes = {"inside": (3.0, 2.0, 17.0, 15.0), "fractional": (1.37, 2.61, 16.2, 14.93), "thin": (4.4, 0.0, 4.7, 17.0),
         "left_line": (0.0, 0.0, 0.0, 17.0), "top_line": (0.0, 0.0, 17.0, 0.0), "nowhere": (5.0, 5.0, 5.0, 5.0)}
for box, corners in boxes.items():
    fixture.put("box/" + box, np.array(corners, np.float64))
    for name in ("rgb", "rgba", "grey", "hard"):
        for f in range(6):
            fixture.expect(f"resize/{name}/13x9/{f}/{box}", images[name].resize((13, 9), [0, 4, 2, 5, 3, 1][f], corners))
for name in ("rgb", "grey", "hard", "tall", "wide", "chelsea.png"):
    for w, h in ((16, 16), (40, 24), (24, 40), (33, 57), (57, 33)):
        for mode in range(1 if name in ("tall", "wide") else 3):  # A1111 fails where a side becomes 0
            fixture.expect(f"mode/{name}/{w}x{h}/{mode}", resize_image(mode, images[name], w, h))
fixture.expect("mode/chelsea.png/512x512/2", resize_image(2, images["chelsea.png"], 512, 512))
fixture.save()
