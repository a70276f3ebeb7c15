#!/usr/bin/env python3
"""Makes the training latents: every photograph as it is, in two or three looks, and sometimes spoilt
(noise, blur, JPEG, few pixels, grey); every icon concept in up to four drawing styles; drawn faces;
and, to learn colours by their names, everything whose colour has one once more in grey, and things dyed in colours
that have names.

    build_data.py WORK --photos DIR --tae DIR --style-net NET.onnx [--icons NODE_MODULES] ...

WORK/latents/shard_NNNNN.npy holds normalised TAEF2 latents, f16 [n,32,32,32], of 256 px pictures;
shard_NNNNN.json one record a latent:
    group    rows of one group show the same picture (same crop, flip and background)
    role     photo | look | spoilt | icon | dyed | undyed (the grey one that the dyed of its group come from)
    look     key of looks.py, drawing style of an icon, or kind of damage
    kind, label, colour, [tags]         what captions.py speaks of
Shards are written one after another and never changed, so that training may begin with the first
ones; the command goes on where it stopped. held.npy is never trained on.
DIR of photographs: photos.jsonl, photos-*.tar, scenes/*.webp.
Limitations: one process; the network of looks runs at 256 px only.
"""

import argparse
import glob
import io
import json
import os
import pathlib
import random
import subprocess
import tarfile
import time

import cv2
import numpy as np
import torch
from PIL import Image

import dye
import looks
import tae

SIZE = 256
PHOTOS_PER_SHARD, ICONS_PER_SHARD, SCENE_CROPS = 96, 96, 36
DYED_PER_SHARD, DYES_EACH = 48, 3
SPOILS = ("noise", "blur", "jpeg", "lowres", "grey")
SCENES = {
    "ashim-dsilva": "canyon",
    "jay-ruzesky": "walrus",
    "jonas-nilsson-lee": "pier",
    "mr-lee": "lantern",
    "pablo-garcia-saldana": "fir branch",
    "photo-by-spacex": "satellite",
    "rob-bye": "coast",
    "ryan-schroeder": "mountains",
    "sunset-by-the-pier": "sunset",
}
HELD_SCENES = ("rob-bye",)


# ---- pictures


def colour_name(rgb):
    """The colour word of the middle of a picture, or None where it is not clear."""
    h, w = rgb.shape[:2]
    mid = rgb[h * 5 // 16 : h * 11 // 16, w * 5 // 16 : w * 11 // 16]
    hsv = cv2.cvtColor(cv2.resize(mid, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2HSV)
    names = [_pixel_colour(*map(int, p)) for p in hsv.reshape(-1, 3)]
    best = max(set(names), key=names.count)
    return best if names.count(best) > 0.42 * len(names) else None


def _pixel_colour(h, s, v):
    if v < 50:
        return "black"
    if s < 38:
        return "white" if v > 190 else "grey" if v > 75 else "black"
    if h < 8 or h >= 172:
        return "red" if v > 90 else "brown"
    if h < 20:
        return "orange" if v > 165 and s > 130 else "brown" if v < 165 else "beige"
    if h < 34:
        return "yellow" if s > 95 and v > 130 else "beige" if v > 150 else "brown"
    if h < 85:
        return "green"
    if h < 98:
        return "turquoise"
    if h < 130:
        return "blue" if v > 95 else "navy blue"
    if h < 155:
        return "purple"
    return "pink" if v > 120 else "purple"


def crop_square(picture, rng, least=SIZE, zoom=(1.0, 1.0, 1.15, 1.3)):
    side = least * rng.choice(zoom) / min(picture.size)
    picture = picture.resize([max(SIZE, round(v * side)) for v in picture.size], Image.LANCZOS)
    x, y = rng.randint(0, picture.width - SIZE), rng.randint(0, picture.height - SIZE)
    return picture.crop((x, y, x + SIZE, y + SIZE))


def spoil(rgb, kind, rng):
    if kind == "noise":
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(12, 45), rgb.shape)
        return (rgb + noise).clip(0, 255).astype(np.uint8)
    if kind == "blur":
        return cv2.GaussianBlur(rgb, (0, 0), rng.uniform(1.2, 3.2))
    if kind == "jpeg":
        code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, rng.randint(6, 25)])[
            1
        ]
        return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
    if kind == "lowres":
        n = rng.choice((64, 80, 96, 128))
        small = cv2.resize(rgb, (n, n), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)  # grey


# ---- sources


class Photos:
    """The photographs in a fixed random order, scenes strewn in; the first `held` are kept apart."""

    def __init__(self, folder, examples, held=40):
        self.blobs, records = {}, [json.loads(l) for l in open(f"{folder}/photos.jsonl")]
        self.records = {r["file"]: r for r in records}
        for name in sorted(glob.glob(f"{folder}/photos-*.tar")):
            with tarfile.open(name) as tar:
                for m in tar:
                    if m.name in self.records:
                        self.blobs[m.name] = tar.extractfile(m).read()
        order = sorted(self.blobs)
        random.Random(11).shuffle(order)
        self.held, order = order[:held], order[held:]
        for name, label in SCENES.items():
            data = open(f"{folder}/scenes/{name}.webp", "rb").read()
            held_scene = name in HELD_SCENES
            for i in range(4 if held_scene else SCENE_CROPS):
                file = f"scene:{name}:{i}"
                self.blobs[file] = data
                self.records[file] = {"kind": "scene", "label": label, "file": file}
                (self.held if held_scene else order).append(file)
        head = order[:6000]  # scenes come early: there are few of them
        tail = order[6000:]
        head += [f for f in tail if f.startswith("scene:")]
        random.Random(12).shuffle(head)
        self.order = head + [f for f in tail if not f.startswith("scene:")]
        self.examples = [self.thumb(Image.open(p)) for p in sorted(glob.glob(f"{examples}/*.*g"))]

    @staticmethod
    def thumb(picture):
        t = np.asarray(picture.convert("L").resize((16, 16), Image.BOX), np.float32).ravel()
        return (t - t.mean()) / (t.std() + 1e-3)

    def picture(self, file):
        return Image.open(io.BytesIO(self.blobs[file])).convert("RGB")

    def is_example(self, picture):
        """The project's sample pictures are tested on, never trained on."""
        t = self.thumb(picture)
        return any(float(t @ e) / t.size > 0.97 for e in self.examples)


def draw_svg(svg):
    """-> RGBA picture of SIZE, or None where rsvg-convert cannot draw it."""
    png = subprocess.run(
        ["rsvg-convert", "-w", str(SIZE), "-h", str(SIZE)], input=svg, capture_output=True
    ).stdout
    return Image.open(io.BytesIO(png)).convert("RGBA").resize((SIZE, SIZE)) if png else None


ICON_SETS = {"3d": None, "flat": "fluent-flat", "noto": "noto", "twemoji": "twemoji"}


class Icons:
    """Emoji concepts drawn in several styles, aligned by the manifest."""

    def __init__(self, manifest, modules):
        self.modules = pathlib.Path(modules)
        keep = ("smileys", "animals-nature", "food", "travel", "activities", "objects")
        self.concepts = [r for r in map(json.loads, open(manifest)) if r["group"] in keep]
        random.Random(5).shuffle(self.concepts)
        self.sets = {}
        for key, package in (
            ("fluent-flat", "fluent-emoji-flat"),
            ("noto", "noto"),
            ("twemoji", "twemoji"),
        ):
            self.sets[key] = json.load(open(self.modules / f"@iconify-json/{package}/icons.json"))

    def draw(self, concept, style):
        """-> RGBA picture of SIZE, or None where the set lacks the concept."""
        if style == "3d":
            name = concept["styles"].get("fluent-3d")
            file = name and self.modules / "@lobehub/fluent-emoji-3d/assets" / name
            return (
                Image.open(file).convert("RGBA").resize((SIZE, SIZE), Image.LANCZOS)
                if file and file.exists()
                else None
            )
        icons, slug = self.sets[ICON_SETS[style]], concept["styles"].get(ICON_SETS[style])
        icon = icons["icons"].get(slug)
        if not icon:
            return None
        w, h = (icon.get(k, icons.get(k, 16)) for k in ("width", "height"))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {w} {h}">{icon["body"]}</svg>'
        return draw_svg(svg.encode())


BACKGROUNDS = {
    "white": (255, 255, 255),
    "blue": (120, 170, 235),
    "yellow": (250, 225, 120),
    "pink": (250, 190, 205),
    "green": (160, 215, 160),
    "grey": (200, 200, 200),
    "black": (18, 18, 20),
    "purple": (190, 165, 225),
}


# ---- shards


class Builder:
    def __init__(self, a):
        self.a = a
        self.out = pathlib.Path(a.work) / "latents"
        self.out.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(1)
        self.encode = tae.fast_encoder(a.tae, a.threads)
        self.tae = tae.Tae(a.tae)
        self.paint = looks.style_network(a.style_net, a.threads)
        self.pictures, self.rows = [], []

    def add(self, rgb, **row):
        self.pictures.append(rgb)
        self.rows.append(row)

    def save(self, name):
        z = []
        for i in range(0, len(self.pictures), 4):
            x = np.stack(self.pictures[i : i + 4]).astype(np.float32).transpose(0, 3, 1, 2) / 255
            z.append(self.encode(np.ascontiguousarray(x)))
        part = self.out / f".{name}.npy"
        np.save(part, np.concatenate(z).astype(np.float16))
        (self.out / f"{name}.json").write_text(json.dumps(self.rows))
        os.replace(part, self.out / f"{name}.npy")  # the .npy appears last: a shard is whole
        self.pictures, self.rows = [], []

    def look(self, rgb, look):
        return self.paint(rgb, look.net) if look.net >= 0 else looks.classical(look.key, rgb)

    def photo(self, photos, file, rng, chosen, spoils):
        r = photos.records[file]
        picture = photos.picture(file)
        scene = r["kind"] == "scene"
        picture = crop_square(
            picture,
            rng,
            rng.choice((256, 320, 420, 560)) if scene else SIZE,
            (1.0,) if scene else (1.0, 1.0, 1.15, 1.3),
        )
        if photos.is_example(picture):
            return
        if rng.random() < 0.5:
            picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
        rgb = np.asarray(picture)
        about = dict(
            group=file,
            kind=r["kind"],
            label=r["label"],
            colour=colour_name(rgb) if r["kind"] in ("clothing", "flower") else None,
        )
        self.add(rgb, role="photo", look="photo", **about)
        for l in chosen:
            self.add(self.look(rgb, l), role="look", look=l.key, **about)
        for kind in spoils:
            self.add(spoil(rgb, kind, rng), role="spoilt", look=kind, **about)

    def photo_shard(self, photos, files, number):
        rng = random.Random(1000 + number)
        deck = random.Random(number)
        for file in files:
            chosen = set()
            while len(chosen) < (2 if rng.random() < 0.6 else 3):
                chosen.add(deck.choices(looks.LOOKS, [l.weight for l in looks.LOOKS])[0])
            self.photo(
                photos,
                file,
                rng,
                sorted(chosen, key=lambda l: l.key),
                [rng.choice(SPOILS)] if rng.random() < 0.5 else [],
            )
        self.save(f"shard_{number:05d}")

    def grey_shard(self, number):
        """The photographs of a shard whose colour has a name, in grey."""
        name = f"shard_{number:05d}"
        z, rows = np.load(self.out / f"{name}.npy"), json.loads((self.out / f"{name}.json").read_text())
        for latent, row in zip(z, rows):
            if row["role"] == "photo" and row["colour"]:
                with torch.no_grad():
                    x = self.tae.decode(torch.from_numpy(latent.astype(np.float32))[None])[0]
                grey = spoil(tae.to_uint8(x), "grey", None)
                self.add(grey, **{**row, "role": "spoilt", "look": "grey"})
        if self.rows:
            self.save(f"shard_grey_{number:05d}")

    def dyed_shard(self, number):
        """Clothes, flowers and fruit of a shard in grey and in three colours; the background keeps its own."""
        name, rng = f"shard_{number:05d}", random.Random(5000 + number)
        z, rows = np.load(self.out / f"{name}.npy"), json.loads((self.out / f"{name}.json").read_text())
        things = [i for i, r in enumerate(rows) if r["role"] == "photo" and r["kind"] not in ("scene", "bird")]
        for i in things[:DYED_PER_SHARD]:
            with torch.no_grad():
                x = self.tae.decode(torch.from_numpy(z[i].astype(np.float32))[None])[0]
            rgb = tae.to_uint8(x)
            where = dye.thing(rgb)
            grey = spoil(rgb, "grey", None)
            mixed = rgb + (grey.astype(np.float32) - rgb) * where[..., None]
            self.add((mixed + 0.5).astype(np.uint8), **{**rows[i], "role": "undyed", "look": "undyed", "colour": None})
            for colour in rng.sample(sorted(dye.DYES), DYES_EACH):
                self.add(dye.dyed(rgb, colour, where), **{**rows[i], "role": "dyed", "look": "photo", "colour": colour})
        if self.rows:
            self.save(f"shard_dyed_{number:05d}")

    def avatar_shard(self, folder, part):
        """Drawn faces, each in two looks besides its own."""
        rng = random.Random(7000 + part)
        rows = [json.loads(line) for line in open(f"{folder}/avatars.jsonl")]
        for r in rows[part * PHOTOS_PER_SHARD : (part + 1) * PHOTOS_PER_SHARD]:
            page = Image.new("RGBA", (SIZE, SIZE), "#" + r["fill"])
            page.alpha_composite(draw_svg(open(f"{folder}/{r['file']}", "rb").read()))
            rgb = np.asarray(page.convert("RGB"))
            about = {k: r[k] for k in ("hair", "clothes")}
            about.update(group=f"avatar:{r['file']}", kind="avatar", label=r["style"], colour=None)
            self.add(rgb, role="photo", look="photo", **about)
            for l in rng.sample(looks.LOOKS, 2):
                self.add(self.look(rgb, l), role="look", look=l.key, **about)
        self.save(f"shard_avatars_{part:02d}")

    def held(self, photos):
        rng = random.Random(99)
        for i, file in enumerate(photos.held):
            every = looks.LOOKS if i % 4 == 0 else []
            self.photo(photos, file, rng, every, SPOILS)
        self.save("held")

    def icon_shard(self, icons, part, number):
        rng = random.Random(9000 + number)
        concepts = icons.concepts[part * ICONS_PER_SHARD : (part + 1) * ICONS_PER_SHARD]
        for c in concepts:
            colour = rng.choice(["white"] * 7 + list(BACKGROUNDS))
            side, flip = rng.choice((256, 232, 208, 180)), rng.random() < 0.3
            x, y = rng.randint(0, SIZE - side), rng.randint(0, SIZE - side)
            if side > 200:
                x = y = (SIZE - side) // 2
            for style in ICON_SETS:
                icon = icons.draw(c, style)
                if icon is None:
                    continue
                if flip:
                    icon = icon.transpose(Image.FLIP_LEFT_RIGHT)
                page = Image.new("RGBA", (SIZE, SIZE), BACKGROUNDS[colour] + (255,))
                page.alpha_composite(icon.resize((side, side), Image.LANCZOS), (x, y))
                self.add(
                    np.asarray(page.convert("RGB")),
                    role="icon",
                    look=style,
                    group=f"icon:{c['hex']}:{number}",
                    kind="icon",
                    label=c["en"],
                    zh=c.get("zh"),
                    tags=c.get("tags", [])[:6],
                    zhtags=c.get("zhtags", [])[:4],
                    colour=None,
                    background=colour,
                )
        self.save(f"shard_{number:05d}")


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("work")
    p.add_argument("--photos", required=True, help="photos.jsonl, photos-*.tar, scenes/")
    p.add_argument("--examples", required=True, help="sample pictures that must not be trained on")
    p.add_argument("--tae", required=True, help="taef2_encoder.pth, taef2_decoder.pth")
    p.add_argument("--style-net", required=True, help="multistyle26.onnx")
    p.add_argument("--icons", help="node_modules with the icon packages; without it no icons")
    p.add_argument("--avatars", help="what avatars.mjs wrote; without it no avatars")
    p.add_argument("--shards", type=int, default=10**6, help="stop after so many shards in all")
    p.add_argument("--threads", type=int, default=0, help="of the networks; 0 = all")
    p.add_argument("--pause", type=float, default=0.0, help="seconds to rest after each shard")
    a = p.parse_args()
    b, photos = Builder(a), Photos(a.photos, a.examples)
    icons = Icons(f"{a.photos}/emoji_manifest.jsonl", a.icons) if a.icons else None
    icon_parts = -(-len(icons.concepts) // ICONS_PER_SHARD) if icons else 0
    if not (b.out / "held.npy").exists():
        b.held(photos)
    faces = len(open(f"{a.avatars}/avatars.jsonl").readlines()) if a.avatars else 0
    for i in range(-(-faces // PHOTOS_PER_SHARD)):
        if not (b.out / f"shard_avatars_{i:02d}.npy").exists():
            b.avatar_shard(a.avatars, i)
    number = used = part = 0
    while used < len(photos.order) and number < a.shards:
        is_icons = number % 5 == 4 and part < icon_parts
        done = (b.out / f"shard_{number:05d}.npy").exists()
        start = time.time()
        if is_icons:
            if not done:
                b.icon_shard(icons, part, number)
            part += 1
        else:
            if not done:
                b.photo_shard(photos, photos.order[used : used + PHOTOS_PER_SHARD], number)
            used += PHOTOS_PER_SHARD
            if not (b.out / f"shard_grey_{number:05d}.npy").exists():
                b.grey_shard(number)
            if not (b.out / f"shard_dyed_{number:05d}.npy").exists():
                b.dyed_shard(number)
        if not done:
            print(
                f"shard {number} {'icons' if is_icons else 'photos'} {time.time() - start:.0f} s",
                flush=True,
            )
            time.sleep(a.pause)
        number += 1


if __name__ == "__main__":
    main()
