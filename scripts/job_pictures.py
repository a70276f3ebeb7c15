#!/usr/bin/env python3
"""Makes every before-and-after picture of docs/ with the program itself. To be run again whenever the
default model has become better:

    scripts/job_pictures.py --model FILE [--program build/src/pentimento] [--only NAME ...]

Needs Pillow. Masks are drawn here; photographs come from examples/. Without --only all of them are made,
in some minutes; upscale and control need no model.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES, PICTURES = ROOT / "examples", ROOT / "docs/pictures"


class Maker:
    def __init__(self, program, model, folder):
        self.program, self.model, self.folder = program, model, pathlib.Path(folder)

    def plain(self, verb, *arguments):
        """Runs a verb that needs no model."""
        out = self.folder / f"{len(list(self.folder.iterdir()))}-{verb}.png"
        subprocess.run([self.program, verb, *map(str, arguments), "-o", str(out)], check=True)
        return Image.open(out).convert("RGB")

    def run(self, verb, picture, *more):
        return self.plain(verb, picture, "--model", self.model, "--seed", "7", *more)

    def save(self, image, name):
        path = self.folder / name
        image.save(path)
        return path


def example(name, width):
    image = Image.open(EXAMPLES / name).convert("RGB")
    image.info.pop("icc_profile", None)  # shown here without colour management, so painted without
    return image.resize((width, round(image.height * width / image.width)), Image.LANCZOS)


def row(images, height=256, gap=6):
    images = [i.resize((round(i.width * height / i.height), height), Image.LANCZOS) for i in images]
    sheet = Image.new("RGB", (sum(i.width + gap for i in images) - gap, height), "white")
    x = 0
    for i in images:
        sheet.paste(i, (x, 0))
        x += i.width + gap
    return sheet


def column(rows, gap=6):
    sheet = Image.new("RGB", (max(r.width for r in rows), sum(r.height + gap for r in rows) - gap), "white")
    y = 0
    for r in rows:
        sheet.paste(r, (0, y))
        y += r.height + gap
    return sheet


def shown(photo, mask):
    """The photo with the mask in red."""
    red = Image.new("RGB", photo.size, (230, 40, 40))
    return Image.composite(Image.blend(photo, red, 0.6), photo, mask)


def inpaint(m):
    robin = example("robin.jpg", 512)
    bird = Image.new("L", robin.size)
    ImageDraw.Draw(bird).polygon([(10, 174), (120, 182), (170, 140), (205, 112), (245, 108), (312, 134), (296, 170), (284, 240),
                                  (262, 266), (240, 298), (185, 306), (160, 262), (90, 252), (95, 226), (15, 192)], fill=255)
    rocket = example("rocket.jpg", 512)
    tower = Image.new("L", rocket.size)
    ImageDraw.Draw(tower).rectangle((240, 96, 278, 328), fill=255)
    rows = []
    for photo, mask in ((robin, bird), (rocket, tower)):
        p, k = m.save(photo, "photo.png"), m.save(mask, "mask.png")
        rows.append(row([photo, shown(photo, mask), m.run("inpaint", p, "--mask", k, "--intent", "remove")], 224))
    return column(rows)


def recolour(m):
    hoodie = example("hoodie.jpg", 400)
    mask = Image.new("L", hoodie.size)
    ImageDraw.Draw(mask).polygon([(178, 30), (205, 35), (222, 60), (226, 85), (222, 132), (264, 148), (290, 182), (338, 218), (374, 252),
                                  (374, 340), (372, 434), (345, 443), (310, 415), (306, 455), (80, 460), (78, 425), (60, 449), (13, 449),
                                  (14, 415), (35, 330), (57, 245), (68, 198), (88, 164), (130, 142), (132, 110), (142, 70), (160, 40)], fill=255)
    p, k = m.save(hoodie, "hoodie.png"), m.save(mask, "mask.png")
    more = ("--mask", k, "--intent", "recolour")
    made = [m.run("inpaint", p, *more, "--prompt", prompt) for prompt in ("a navy blue hoodie", "黄色的连帽衫", "a black hoodie")]
    return row([hoodie, shown(hoodie, mask), *made], 256)


def edges(m):
    """The same grey mask as a hard one, softly, and as strengths."""
    owl = example("snowy-owl.jpg", 512)
    mask = Image.new("L", owl.size)
    draw = ImageDraw.Draw(mask)
    for step in range(96):  # a cone: 255 in the middle, 0 at its rim
        grey = round(255 * (step + 1) / 96)
        draw.ellipse((150 + step, 60 + step, 470 - step, 350 - step), fill=grey)
    p, k = m.save(owl, "owl.png"), m.save(mask, "mask.png")
    more = ("--mask", k, "--strength", "0.7", "--prompt", "oil painting", "--mask-blur", "0")
    ways = [m.run("inpaint", p, *more, *way) for way in ((), ("--soft",), ("--differential",))]
    return row([owl, mask.convert("RGB"), *ways], 200)


def outpaint(m):
    coffee = m.save(example("coffee.png", 384), "coffee.png")
    robin = m.save(example("robin.jpg", 384), "robin.png")
    rows = []
    for photo, sides in ((coffee, ("--left", "25%", "--right", "25%")), (robin, ("--top", "30%", "--right", "30%"))):
        rows.append(row([Image.open(photo), m.run("outpaint", photo, *sides)], 224))
    return column(rows)


def fills(m):
    """What each fill begins with (strength 0 shows it through the autoencoder alone)."""
    robin = m.save(example("robin.jpg", 320), "robin.png")
    sides = ("--right", "40%", "--feather", "0", "--strength", "0")
    return row([m.run("outpaint", robin, *sides, "--fill", fill) for fill in ("patches", "edge", "blur", "mirror", "noise")], 200)


def styles(m):
    hoodie = m.save(example("hoodie.jpg", 288), "hoodie.png")
    cells = [Image.open(hoodie)]
    for style in ("watercolour", "starry-night", "ukiyo-e", "pencil"):
        cells.append(m.run("img2img", hoodie, "--style", style, "--prompt", "a hoodie"))
    return row(cells, 300)


LOOKS = ("starry night", "ukiyo-e", "autumn blaze", "sand relief", "misty blue", "pencil sketch", "watercolour", "comic", "pixel art",
         "neon", "ink and yellow")


def looks(m):
    """What docs/default-model.md shows of the model that comes along: nothing chosen, the same seed everywhere."""
    sources = []
    for name in ("chelsea.png", "astronaut.png", "robin.jpg", "coffee.png"):
        photo = example(name, 512)
        side = min(photo.size)
        left, top = (photo.width - side) // 2, (photo.height - side) // 2
        square = photo.crop((left, top, left + side, top + side)).resize((256, 256), Image.LANCZOS)
        sources.append(m.save(square, f"source-{name}.png"))
    rows = [[Image.open(source)] for source in sources]
    for look in LOOKS:
        for cells, source in zip(rows, sources):
            cells.append(m.run("img2img", source, "--prompt", look, "--strength", "0.6", "--seed", "1", "--width", "256", "--height", "256"))
    return column([row(cells, 144, 0) for cells in rows], 0)


def restoring(m):
    """What docs/default-model.md shows of it: noise, blur and grey, each with what the model that comes along makes of it."""
    photo = example("robin.jpg", 512)
    side = min(photo.size)
    clean = photo.crop((0, 0, side, side)).resize((256, 256), Image.LANCZOS)
    noise = np.random.default_rng(0).normal(0, 18, (256, 256, 3))
    spoilt = {
        "noise": Image.fromarray(np.clip(np.asarray(clean) + noise, 0, 255).astype(np.uint8)),
        "blur": clean.filter(ImageFilter.GaussianBlur(1.8)),
        "grey": clean.convert("L").convert("RGB"),
    }
    cells = []
    for name, picture in spoilt.items():
        wish = ("a colour photo", "0.7") if name == "grey" else ("a sharp photo", "0.1")
        made = m.run("img2img", m.save(picture, f"{name}.png"), "--prompt", wish[0], "--strength", wish[1], "--cfg", "1", "--seed", "1")
        cells += [picture, made]
    return row(cells, 240, 0)


def tryon(m):
    hoodie = m.save(example("hoodie.jpg", 400), "hoodie.png")
    astronaut = m.save(example("astronaut.png", 512), "astronaut.png")
    figure = m.run("tryon", hoodie, "--prompt", "a woman, street, summer")
    person = m.run("tryon", hoodie, "--person", astronaut, "--place", "0.12,0.42,0.72", "--strength", "0.5")
    return row([Image.open(hoodie), figure, Image.open(astronaut), person], 320)


def blend(m):
    owl, robin = m.save(example("snowy-owl.jpg", 384), "owl.png"), m.save(example("robin.jpg", 384), "robin.png")
    ways = [m.run("blend", owl, robin, "--method", way, "--strength", "0.4") for way in ("latents", "style")]
    return row([Image.open(owl), Image.open(robin), *ways], 220)


def strip(m):
    return m.run("strip", m.save(example("chelsea.png", 451), "cat.png"), "--prompt", "oil painting")


def upscale(m):
    rows = []
    for name, box in (("chelsea.png", (150, 60, 390, 220)), ("robin.jpg", (200, 180, 440, 340))):
        photo = example(name, 451).crop(box)
        small = m.save(photo.resize((photo.width // 4, photo.height // 4), Image.BICUBIC), f"small-{name}.png")
        networks = [m.plain("upscale", small, "--scale", "4", "--upscaler", network)
                    for network in ("lanczos", "realesrgan-x4plus", "realesr-animevideov3")]
        rows.append(row([Image.open(small).resize(photo.size, Image.NEAREST), *networks], 240))
    return column(rows)


def control(m):
    photo = m.save(example("astronaut.png", 384), "astronaut.png")
    maps = [m.plain("preprocess", photo, "--with", what) for what in ("canny", "softedge", "lineart", "scribble")]
    return column([row(maps[:2], 384, 0), row(maps[2:], 384, 0)], 0)


FILES = {upscale: "upscale.jpg", control: "control-maps.jpg", looks: "default-model.jpg", restoring: "restoring.jpg"}  # the others are job-NAME.jpg
WITHOUT_MODEL = (upscale, control)
ALL = (inpaint, recolour, edges, outpaint, fills, styles, looks, restoring, tryon, blend, strip, upscale, control)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", default=str(ROOT / "build/src/pentimento"))
    a.add_argument("--model")
    a.add_argument("--only", nargs="+", choices=[make.__name__ for make in ALL])
    a = a.parse_args()
    chosen = [make for make in ALL if not a.only or make.__name__ in a.only]
    if not a.model and not set(chosen) <= set(WITHOUT_MODEL):
        raise SystemExit("job_pictures: name the model with --model FILE")
    for make in chosen:
        path = PICTURES / FILES.get(make, f"job-{make.__name__}.jpg")
        with tempfile.TemporaryDirectory() as folder:
            make(Maker(a.program, a.model, folder)).save(path, quality=82)
        print(path)


if __name__ == "__main__":
    main()
