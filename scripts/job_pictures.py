#!/usr/bin/env python3
"""Makes the before-and-after pictures of docs/jobs.md with the program itself.

    scripts/job_pictures.py --program build/src/pentimento --model FILE [--only NAME]

Needs Pillow. Masks are drawn here; photographs come from examples/.
"""
import argparse
import pathlib
import subprocess
import tempfile

from PIL import Image, ImageDraw

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES, PICTURES = ROOT / "examples", ROOT / "docs/pictures"


class Maker:
    def __init__(self, program, model, folder):
        self.program, self.model, self.folder = program, model, pathlib.Path(folder)

    def run(self, verb, picture, *more):
        out = self.folder / f"{len(list(self.folder.iterdir()))}-{verb}.png"
        subprocess.run([self.program, verb, str(picture), "--model", self.model, "--seed", "7", "-o", str(out),
                        *map(str, more)], check=True)
        return Image.open(out).convert("RGB")

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
        gone = [m.run("inpaint", p, "--mask", k, "--intent", "remove", *more) for more in ((), ("--strength", "0.4"))]
        rows.append(row([photo, shown(photo, mask), *gone], 224))
    return column(rows)


def outpaint(m):
    coffee = m.save(example("coffee.png", 384), "coffee.png")
    robin = m.save(example("robin.jpg", 384), "robin.png")
    rows = []
    for photo, sides in ((coffee, ("--left", "25%", "--right", "25%")), (robin, ("--top", "30%", "--right", "30%"))):
        grown = [m.run("outpaint", photo, *sides, *more) for more in ((), ("--strength", "0.4"))]
        rows.append(row([Image.open(photo), *grown], 224))
    return column(rows)


def styles(m):
    hoodie = m.save(example("hoodie.jpg", 288), "hoodie.png")
    cells = [Image.open(hoodie)]
    for style in ("watercolour", "starry-night", "ukiyo-e", "pencil"):
        cells.append(m.run("img2img", hoodie, "--style", style, "--prompt", "a hoodie"))
    return row(cells, 300)


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--program", default=str(ROOT / "build/src/pentimento"))
    a.add_argument("--model", required=True)
    a.add_argument("--only")
    a = a.parse_args()
    for make in (inpaint, outpaint, styles):
        if a.only and make.__name__ != a.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            make(Maker(a.program, a.model, folder)).save(PICTURES / f"job-{make.__name__}.jpg", quality=82)
        print(PICTURES / f"job-{make.__name__}.jpg")


if __name__ == "__main__":
    main()
