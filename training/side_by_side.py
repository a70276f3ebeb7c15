#!/usr/bin/env python3
"""The default model beside what needs no model for prompts: the network of styles and classical filters.

    side_by_side.py --program PENTIMENTO --out SHEET.png PICTURE ...

A row a photograph, 256 px, first seed, nothing picked: the photograph; three looks by the style network and by
the model (strength 0.7); three classical filters and the model under the same name.
Prints how long each way took for all photographs, processes and caches warm.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

import looks

NETWORK = ("ukiyo-e", "misty-blue", "ember")
CLASSICAL = ("watercolour", "pencil", "comic")
SIZE = 256


def square(path):
    im = Image.open(path).convert("RGB")
    q = min(im.size)
    x, y = (im.width - q) // 2, (im.height - q) // 2
    return im.crop((x, y, x + q, y + q)).resize((SIZE, SIZE), Image.LANCZOS)


class Painter:
    """Runs the program over all photographs at once, and keeps the time."""

    def __init__(self, program, folder, photos):
        self.program, self.folder, self.photos, self.seconds = program, folder, photos, {}

    def __call__(self, way, key, *arguments):
        out = self.folder / f"{way}-{key}"
        began = time.time()
        subprocess.run(
            [self.program, *arguments, "-q", "-o", f"{out}/", *map(str, self.photos)], check=True
        )
        self.seconds.setdefault(way, []).append(time.time() - began)
        return [Image.open(f).convert("RGB") for f in sorted(out.iterdir())]

    def network(self, key):
        return self("network", key, "stylize", "--style", key)

    def model(self, key):
        prompt = looks.BY_KEY[key].en[0]
        return self("model", key, "img2img", "-p", prompt, "-d", "0.7", "--steps", "14", "--seed", "0")


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("pictures", nargs="+")
    p.add_argument("--program", required=True)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        photos = [folder / f"{i:02d}.png" for i in range(len(a.pictures))]
        for file, picture in zip(photos, a.pictures):
            square(picture).save(file)
        columns = [[Image.open(f) for f in photos]]
        paint = Painter(a.program, folder, photos)
        for key in NETWORK:
            columns += [paint.network(key), paint.model(key)]
        for key in CLASSICAL:
            began = time.time()
            columns.append(
                [Image.fromarray(looks.classical(key, np.asarray(im))) for im in columns[0]]
            )
            paint.seconds.setdefault("classical", []).append(time.time() - began)
            columns.append(paint.model(key))
        sheet = Image.new("RGB", (SIZE * len(columns), SIZE * len(photos)))
        for x, column in enumerate(columns):
            for y, im in enumerate(column):
                sheet.paste(im, (x * SIZE, y * SIZE))
        sheet.save(a.out)
    for way, seconds in paint.seconds.items():
        print(f"{way}: {np.median(seconds) / len(photos):.2f} s a picture")


if __name__ == "__main__":
    main()
