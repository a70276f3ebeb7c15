#!/usr/bin/env python3
"""Makes the pictures of web/public/{styles,examples,icon-*.png}: small, and committed.

    web/scripts/style_pictures.py build/src/pentimento      (needs Pillow)
"""
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

root = pathlib.Path(__file__).resolve().parents[2]
public = root / "web/public"
program = pathlib.Path(sys.argv[1]).resolve()


def stylize(source: pathlib.Path, style: str) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.png"
        subprocess.run([program, "stylize", source, "--style", style, "-o", out, "--quiet"], check=True)
        return Image.open(out).convert("RGB").copy()


def square(picture: Image.Image, centre: float = 0.5) -> Image.Image:
    edge = min(picture.size)
    left = round((picture.width - edge) * centre)
    return picture.crop((left, 0, left + edge, edge))


def styles() -> None:
    listed = subprocess.run([program, "stylize", "--list"], check=True, capture_output=True, text=True).stdout
    keys = [line.split()[1] for line in listed.splitlines() if line.split() and line.split()[0].isdigit()]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "cat.png"
        square(Image.open(root / "examples/chelsea.png").convert("RGB"), 0.42).resize((360, 360), Image.LANCZOS).save(source)
        for key in keys:
            stylize(source, key).resize((144, 144), Image.LANCZOS).save(public / f"styles/{key}.webp", quality=68, method=6)


def examples() -> None:
    for name, file, style in (("cat", "chelsea.png", "stained-glass"), ("robin", "robin.jpg", "misty-blue"), ("coffee", "coffee.png", "autumn-blaze")):
        picture = Image.open(root / "examples" / file).convert("RGB")
        picture.thumbnail((768, 768), Image.LANCZOS)
        small = public / f"examples/{name}.jpg"
        picture.save(small, quality=82, optimize=True)
        after = stylize(small, style)
        after.thumbnail((264, 264), Image.LANCZOS)
        after.save(public / f"examples/{name}-after.jpg", quality=78, optimize=True)


def icons() -> None:
    """icon.svg's P, drawn large and reduced."""
    edge = 2048
    unit = edge / 64
    icon = Image.new("RGB", (edge, edge), "#f3f0ea")
    for colour, dx, dy in (("#d9a58f", 5, 1), ("#a63d1f", 0, 0)):
        layer = ImageDraw.Draw(icon)
        width = 8 * unit

        def at(x: float, y: float) -> tuple[float, float]:
            return ((x + dx) * unit, (y + dy) * unit)

        def dot(x: float, y: float) -> None:
            cx, cy = at(x, y)
            layer.ellipse((cx - width / 2, cy - width / 2, cx + width / 2, cy + width / 2), fill=colour)

        for i in range(201):
            dot(17 if dx == 0 else 15 + 2, 19 + (53 - 19) * i / 200)
        import math
        for i in range(201):
            a = -math.pi / 2 + math.pi * i / 200
            dot(31 + 13 * math.cos(a), 24 + 13 * math.sin(a))
        for i in range(101):
            dot(17 + 14 * i / 100, 11 + (8 if i < 0 else 0) if i > 30 else 19 - 8 * i / 30)
            dot(24 + 7 * i / 100, 37)
    for size in (192, 512):
        icon.resize((size, size), Image.LANCZOS).quantize(32).save(public / f"icon-{size}.png", optimize=True)


if __name__ == "__main__":
    for folder in ("styles", "examples"):
        (public / folder).mkdir(parents=True, exist_ok=True)
    styles()
    examples()
    icons()
