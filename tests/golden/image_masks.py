"""Compositing, overlays, fills, mask morphology and crop regions, by Pillow. Writes image_masks.safetensors.

Keys: I/WHAT for case I; crop/cases rows of
mask width, mask height, box left, top, right, bottom, padding, width, height -> left, top, right, bottom.
"""
import numpy as np
from PIL import Image, ImageFilter

from image_common import Fixture, crop_region, fill, noise, premultiplied_kept, resize_image, to_array, to_image

rng = np.random.default_rng(99)
fixture = Fixture(__file__)


def prefill(image, mask):
    known = np.array(mask) < 127
    original, out = np.array(image), np.array(image)
    for radius, repeats in ((512, 2), (256, 2), (128, 4), (64, 4), (33, 8), (15, 8), (5, 16), (3, 16)):
        for _ in range(repeats):
            out = np.array(Image.fromarray(out).filter(ImageFilter.BoxBlur(radius)))
            out[known] = original[known]
    return Image.fromarray(out)


for i in range(4):
    w, h = int(rng.integers(8, 40)), int(rng.integers(8, 40))
    under, over, mask = noise(rng, w, h, 4), noise(rng, w, h, 4, hard=i == 3), noise(rng, w, h, 1, hard=i == 2)
    over[: h // 3, :, 3], over[h // 3 : h // 2, :, 3] = 0, 255
    mask[: h // 4], mask[h // 4 : h // 2] = 0, 255
    rgb, a, b, m = Image.fromarray(under[:, :, :3].copy()), to_image(under), to_image(over), to_image(mask)
    put = lambda key, value: fixture.expect(f"{i}/{key}", value)
    put("under", under), put("over", over), put("mask", mask)
    put("composite", Image.alpha_composite(a, b))
    put("blend", Image.composite(b, a, m))
    put("premultiplied", np.frombuffer(a.convert("RGBa").tobytes(), np.uint8).reshape(h, w, 4))
    put("unpremultiplied", Image.frombytes("RGBa", (w, h), under.tobytes()).convert("RGBA"))
    for background in (0, 77, 255):
        flat = Image.new("RGB", (w, h), (background,) * 3)
        flat.paste(a, mask=a)
        put(f"flat{background}", flat)
    put("grey", rgb.convert("L"))
    put("fill", fill(rgb, m))
    put("prefill", prefill(rgb, m))
    overlay = premultiplied_kept(rgb, m).convert("RGBA")
    put("overlay", overlay)
    tile = noise(rng, 16, 12, 3)
    put("tile", tile)
    region = (1, 2, w - 2, h - 1)
    base = Image.new("RGBA", (w, h))
    base.paste(resize_image(1, to_image(tile), region[2] - region[0], region[3] - region[1]), region[:2])
    base.alpha_composite(overlay)
    put("pasted", base.convert("RGB"))
    for px in (1, 3, 8):
        put(f"grown{px}", m.filter(ImageFilter.MaxFilter(2 * px + 1)))
        put(f"shrunk{px}", m.filter(ImageFilter.MinFilter(2 * px + 1)))
    latent = m.convert("RGB").resize((max(w // 8, 1), max(h // 8, 1)))
    values = np.moveaxis(np.array(latent, np.float32), 2, 0)[0] / 255
    fixture.put(f"{i}/latent", values), fixture.put(f"{i}/latent_rounded", np.around(values))

cases = []
for _ in range(300):
    w, h = int(rng.integers(3, 200)), int(rng.integers(3, 200))
    x, y = int(rng.integers(0, w)), int(rng.integers(0, h))
    box = (x, y, int(rng.integers(x + 1, w + 1)), int(rng.integers(y + 1, h + 1)))
    padding, tw, th = int(rng.integers(0, 60)), int(rng.integers(4, 128)) * 8, int(rng.integers(4, 128)) * 8
    cases.append((w, h, *box, padding, tw, th, *crop_region(box, w, h, padding, tw, th)))
fixture.put("crop/cases", np.array(cases, np.int32))
fixture.save()
