#!/usr/bin/env python3
"""Numbers on pictures that were never trained on, with 95 % intervals (bootstrap over photographs).

    evaluate.py WORK --tae DIR --merges FILE [--photos 12] [--out report.json]

style      a recogniser trained here on the painted training pictures (logistic regression on second
           moments of their latents; it knows nothing of the model) names the look of the result;
           also how far colours went from the source to the teacher (1 = reached, at 32 px pooling)
edges      correlation of the outlines of source and result, per strength
inpainting PSNR and SSIM in the hole against mean fill, harmonic fill and OpenCV's Telea: boxes, and a quarter
           of the width as in outpainting; and on the half of the boxes that had the most texture; the model
           alone, and what the program does with it (--program)
seam       step in brightness across the rim of the hole, against the same place in the original
obeyed     how often a garment or flower hidden in the middle comes back in the colour that was asked for, and how
           often one that was made grey there does (--intent recolour)
restoring  held-out photographs with noise, blur, JPEG traces or few pixels: PSNR to the clean photograph before and
           after; grey ones: share of their colourfulness that comes back, and the error of the colours against grey's own
words      how often a garment, flower or fruit painted from words alone has the colour that was asked for
languages  how often the English and the Chinese name of a look are recognised as the same
Limitations: 256 px; the held-out photographs are of the same sources as the training set, one coast
apart.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import cv2
import numpy as np
import torch
from PIL import Image

import build_data
import captions
import looks
import tae
from data import FOCUS, Shards
from sample import Studio


def features(z):
    """Second moments of a latent [32,h,w] and of its differences: texture and palette, no layout."""
    z = torch.as_tensor(z).float()
    flat = z.flatten(1)
    parts = [flat.mean(1), torch.cov(flat)[tuple(torch.triu_indices(32, 32))]]
    for d in (z[:, 1:] - z[:, :-1], z[:, :, 1:] - z[:, :, :-1]):
        parts.append(d.flatten(1).var(1).log1p())
    return torch.cat(parts)


class Recogniser:
    """Names the look of a picture's latent."""

    def __init__(self, work, per_look=120):
        shards = Shards(work)
        self.keys = sorted(FOCUS) + ["photo"]
        x, y = [], []
        for i, key in enumerate(self.keys):
            rows = [
                r["at"] for r in shards.rows if r["look"] == key and r["role"] in ("look", "photo")
            ]
            for at in random.Random(3).sample(rows, min(per_look, len(rows))):
                x.append(features(shards.z[at]))
                y.append(i)
        x, y = torch.stack(x), torch.tensor(y)
        self.mean, self.std = x.mean(0), x.std(0) + 1e-4
        self.net = torch.nn.Linear(x.shape[1], len(self.keys))
        opt = torch.optim.AdamW(self.net.parameters(), lr=3e-3, weight_decay=0.3)
        x = (x - self.mean) / self.std
        for _ in range(400):
            loss = torch.nn.functional.cross_entropy(self.net(x), y, label_smoothing=0.05)
            opt.zero_grad()
            loss.backward()
            opt.step()

    def __call__(self, z):
        with torch.no_grad():
            return self.keys[int(self.net((features(z) - self.mean) / self.std).argmax())]


def interval(values, groups=None, n=1000):
    """mean and its 95 % bootstrap interval, resampling whole groups (photographs)."""
    values = np.asarray(values, float)
    groups = np.arange(len(values)) if groups is None else np.asarray(groups)
    by = [values[groups == g] for g in np.unique(groups)]
    rng = np.random.default_rng(0)
    means = [
        np.concatenate([by[i] for i in rng.integers(0, len(by), len(by))]).mean() for _ in range(n)
    ]
    return [round(float(v), 3) for v in (values.mean(), *np.percentile(means, [2.5, 97.5]))]


def outline_correlation(a, b):
    e = [cv2.GaussianBlur(looks._edges(tae.to_uint8(v), 1.5), (0, 0), 1.0).ravel() for v in (a, b)]
    return float(np.corrcoef(*e)[0, 1])


def pooled(x):
    return torch.nn.functional.avg_pool2d(x[None], 8)[0]


def styles(s, rec, held, a, report):
    rng = random.Random(0)
    photos = held["complete"][: a.photos]
    hits, towards, known, edges, who = [], [], [], {}, []
    for g in photos:
        source = s.tae.decode(held["z"][held["photo"][g]][None])[0]
        keys = sorted(FOCUS & set(held["looks"][g]))
        prompts = [looks.BY_KEY[k].en[0] for k in keys]
        made = s.repaint(
            source.expand(len(keys), -1, -1, -1),
            prompts,
            strength=0.7,
            steps=a.steps,
            guidance=a.guidance,
        )
        z = s.tae.encode(made)
        for k, out, latent in zip(keys, made, z):
            teacher = s.tae.decode(held["z"][held["looks"][g][k]][None])[0]
            way = pooled(teacher) - pooled(source)
            towards.append(float(((pooled(out) - pooled(source)) * way).sum() / way.pow(2).sum()))
            hits.append(rec(latent) == k)
            known.append(rec(held["z"][held["looks"][g][k]]) == k)
            who.append(g)
        key = rng.choice(keys)
        for strength in (0.3, 0.5, 0.7, 1.0):
            out = s.repaint(
                source[None],
                [looks.BY_KEY[key].en[0]],
                strength=strength,
                steps=a.steps,
                guidance=a.guidance,
            )[0]
            edges.setdefault(strength, []).append(outline_correlation(source, out))
        zh = s.repaint(
            source.expand(len(keys), -1, -1, -1),
            [looks.BY_KEY[k].zh[0] for k in keys],
            strength=0.7,
            steps=a.steps,
            guidance=a.guidance,
        )
        report.setdefault("_languages", []).extend(
            rec(x) == rec(y) for x, y in zip(z, s.tae.encode(zh))
        )
        report.setdefault("_who", []).extend([g] * len(keys))
    report["style recognised at 0.7"] = interval(hits, who)
    report["the same recogniser on the teachers"] = interval(known, who)
    report["colour, share of the way to the teacher"] = interval(towards, who)
    report["edge correlation by strength"] = {k: interval(v) for k, v in edges.items()}
    report["English and Chinese recognised alike"] = interval(
        report.pop("_languages"), report.pop("_who")
    )


def harmonic(x, hole, steps=600):
    """Laplace's equation in the hole by relaxation."""
    y = np.where(hole[..., None], x[~hole].mean(0), x).astype(np.float32)
    for _ in range(steps):
        y = np.where(hole[..., None], cv2.blur(y, (3, 3), borderType=cv2.BORDER_REFLECT), x)
    return y


def ssim(x, y, window):
    """Mean structural similarity (https://doi.org/10.1109/TIP.2003.819861) of the brightness inside `window`."""
    x, y = (cv2.cvtColor(v.astype(np.uint8), cv2.COLOR_RGB2GRAY).astype(np.float64) for v in (x, y))
    blur = lambda v: cv2.GaussianBlur(v, (11, 11), 1.5)
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float(index[window].mean())


def box(rng, n, outwards):
    """A hole in latent pixels [1,1,n,n]: a box, or a quarter of the width at one side."""
    m = torch.zeros(1, 1, n, n)
    if outwards:
        m[..., : n // 4] = 1
        return m if rng.random() < 0.5 else m.flip(3)
    h, w = rng.randint(8, 14), rng.randint(8, 14)
    top, left = rng.randint(2, n - h - 2), rng.randint(2, n - w - 2)
    m[..., top : top + h, left : left + w] = 1
    return m


def rim_step(picture, hole):
    """Mean step in brightness between neighbours of which one is in the hole."""
    p = picture.astype(np.float32)
    steps = [
        np.abs(np.diff(p, axis=k)).mean(2)[np.diff(hole.astype(np.int8), axis=k) != 0]
        for k in (0, 1)
    ]
    return float(np.concatenate(steps).mean())


def filled(s, x, m, a, prompts=("",), guidance=1.0):
    """The picture with its hole filled, [N,H,W,3] bytes; the model never sees what was there."""
    hole = np.kron(m[0, 0].numpy(), np.ones((8, 8))) > 0
    blank = torch.where(torch.from_numpy(hole), x[:, ~hole].mean(1)[:, None, None], x)
    n = len(prompts)
    out = s.repaint(
        blank.expand(n, -1, -1, -1),
        list(prompts),
        masks=m.expand(n, -1, -1, -1),
        strength=a.fill_strength,
        steps=a.steps,
        guidance=guidance,
    )
    return hole, [np.where(hole[..., None], tae.to_uint8(y), tae.to_uint8(x)) for y in out]


def by_program(a, rgb, hole, outwards):
    """What the program itself makes of it, with its own settings for removing or extending; bytes [H,W,3]."""
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: str(pathlib.Path(folder, name))
        columns = np.nonzero(~hole.any(0))[0]
        known = rgb[:, columns] if outwards else np.where(hole[..., None], 0, rgb)
        Image.fromarray(known.astype(np.uint8)).save(path("known.png"))
        if outwards:
            side = "--right" if columns[0] == 0 else "--left"
            verb = ["outpaint", side, str(rgb.shape[1] - len(columns))]
        else:
            Image.fromarray(hole.astype(np.uint8) * 255).save(path("mask.png"))
            verb = ["inpaint", "--intent", "remove", "--mask", path("mask.png")]
        model = ["--model", a.program_model] if a.program_model else []
        command = [a.program, *verb, path("known.png"), *model, "--seed", "1", "-o", path("made.png")]
        subprocess.run(command, check=True, capture_output=True)
        return np.array(Image.open(path("made.png")).convert("RGB"))


def inpainting(s, held, a, report):
    rng, tables, seams, steps = random.Random(1), {}, [], []
    for g in list(held["photo"])[: 3 * a.photos]:
        x = s.tae.decode(held["z"][held["photo"][g]][None])[0]
        rgb = tae.to_uint8(x).astype(np.float32)
        for kind in ("box", "quarter of the width"):
            hole, (ours,) = filled(s, x, box(rng, 32, kind != "box"), a)
            texture = cv2.Laplacian(rgb.mean(2), cv2.CV_32F)[hole].std()
            telea = cv2.inpaint(rgb.astype(np.uint8), hole.astype(np.uint8), 5, cv2.INPAINT_TELEA)
            mean = np.where(hole[..., None], rgb[~hole].mean(0), rgb)
            row = {"texture": texture}
            ways = {"ours": ours, "mean": mean, "harmonic": harmonic(rgb, hole), "Telea": telea}
            if a.program:
                ways["the program"] = by_program(a, rgb, hole, kind != "box")
                steps.append(rim_step(ways["the program"], hole) / max(rim_step(rgb, hole), 1.0))
            for name, y in ways.items():
                row[name + " PSNR"] = 10 * np.log10(255**2 / np.mean((y[hole] - rgb[hole]) ** 2))
                row[name + " SSIM"] = ssim(y, rgb, hole)
            tables.setdefault(kind, []).append(row)
            seams.append(rim_step(ours, hole) / max(rim_step(rgb, hole), 1.0))
    boxes = sorted(tables["box"], key=lambda r: -r["texture"])
    tables["box, textured half"] = boxes[: len(boxes) // 2]
    report["inpainting"] = {
        kind: {k: interval([r[k] for r in rows]) for k in rows[0] if k != "texture"}
        for kind, rows in tables.items()
    }
    report["seam, brightness step against the original"] = interval(seams)
    if steps:
        report["the same of the program"] = interval(steps)


ASKED = ("red", "blue", "green", "yellow", "black", "white", "pink", "purple")


def obeyed(colour, name):
    return colour in (name, {"navy blue": "blue", "turquoise": "blue", "beige": "white", "grey": "white"}.get(name))


def obedience(s, held, a, report):
    m = torch.zeros(1, 1, 32, 32)
    m[..., 6:26, 6:26] = 1
    hits, recoloured, who = [], [], []
    rows = [r for r in held["rows"] if r["role"] == "photo" and r["kind"] in ("clothing", "flower")]
    for r in rows[: a.photos]:
        x = s.tae.decode(held["z"][r["at"]][None])[0]
        thing = captions.subject({**r, "colour": None}, False, random.Random(0))
        hole, made = filled(s, x, m, a, [f"{c} {thing}" for c in ASKED], a.guidance)
        grey = torch.where(torch.from_numpy(hole), x.mean(0, keepdim=True), x)
        other = s.repaint(
            grey.expand(len(ASKED), -1, -1, -1),
            [f"a colour photo of a {c} {thing}" for c in ASKED],
            strength=0.7,
            steps=a.steps,
            guidance=a.guidance,
        )
        for colour, y, z in zip(ASKED, made, other):
            hits.append(obeyed(colour, build_data.colour_name(y)))
            recoloured.append(obeyed(colour, build_data.colour_name(tae.to_uint8(z))))
            who.append(r["group"])
    report["prompt's colour obeyed in a hole"] = interval(hits, who)
    report["prompt's colour obeyed by what was made grey"] = interval(recoloured, who)


def restoring(s, held, a, report):
    prompts = {"grey": "a colour photo", "lowres": "a high resolution photo"}
    chroma = lambda rgb: cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.float32) - 128
    tables = {}
    spoilt = [r for r in held["rows"] if r["role"] == "spoilt"]
    for r in spoilt[: 5 * a.photos]:
        source, truth = (
            s.tae.decode(held["z"][at][None])[0] for at in (r["at"], held["photo"][r["group"]])
        )
        kind = r["look"]
        y = s.repaint(
            source[None], [prompts.get(kind, "a sharp photo")], strength=a.restore_strength if kind != "grey" else 0.7,
            steps=a.restore_steps if kind != "grey" else a.steps,
            guidance=a.restore_guidance if kind != "grey" else a.guidance,
        )[0]
        row = tables.setdefault(kind, [])
        if kind == "grey":
            was, made = (chroma(tae.to_uint8(v)) for v in (truth, y))
            row.append({
                "colourfulness": np.abs(made).mean() / max(np.abs(was).mean(), 1),
                "error against grey's": np.abs(made - was).mean() / max(np.abs(was).mean(), 1),
            })
        else:
            psnr = lambda v: float(-10 * torch.log10(((v - truth) ** 2).mean()))
            row.append({"before": psnr(source), "after": psnr(y)})
    report["restoring"] = {
        kind: {k: interval([r[k] for r in rows]) for k in rows[0]} for kind, rows in tables.items()
    }


def words(s, held, a, report):
    things = ("t-shirt", "hoodie", "dress", "rose", "tulip", "fruit")
    hits, who = [], []
    for thing in things:
        made = s.repaint(
            None, [f"{c} {thing}, photo" for c in ASKED], strength=1.0, steps=a.steps, guidance=a.guidance
        )
        for colour, y in zip(ASKED, made):
            hits.append(obeyed(colour, build_data.colour_name(tae.to_uint8(y))))
            who.append(thing)
    report["prompt's colour obeyed without a source"] = interval(hits, who)


def read_held(work):
    shards = Shards.__new__(Shards)
    shards.rows, shards.z = [], []
    shards.append(f"{work}/latents/held.npy")
    held = {
        "z": [torch.from_numpy(np.asarray(z, np.float32)) for z in shards.z],
        "rows": shards.rows,
        "photo": {},
        "looks": {},
    }
    for r in shards.rows:
        if r["role"] == "photo":
            held["photo"][r["group"]] = r["at"]
        if r["role"] == "look":
            held["looks"].setdefault(r["group"], {})[r["look"]] = r["at"]
    held["complete"] = [g for g in held["photo"] if len(held["looks"].get(g, {})) > 10]
    return held


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("work")
    p.add_argument("--tae", required=True)
    p.add_argument("--merges", required=True)
    p.add_argument("--photos", type=int, default=12)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--guidance", type=float, default=3.0)
    p.add_argument("--restore-guidance", type=float, default=1.0)
    p.add_argument("--restore-strength", type=float, default=0.1)
    p.add_argument("--restore-steps", type=int, default=2, help="that run; the program makes 2 of its 12 at strength 0.1")
    p.add_argument("--fill-strength", type=float, default=1.0, help="of the inpainting")
    p.add_argument("--program", help="pentimento: what it makes of the holes is measured as well")
    p.add_argument("--program-model", help="the model it is to use; default: its own")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--only", nargs="+", choices=("styles", "inpainting", "obedience", "restoring", "words"))
    p.add_argument("--out")
    a = p.parse_args()
    s = Studio(a.work, a.tae, a.merges, a.threads)
    held = read_held(a.work)
    report = {
        "samples seen": s.seen,
        "photographs": a.photos,
        "steps": a.steps,
        "guidance": a.guidance,
        "strength of the inpainting": a.fill_strength,
    }
    parts = {
        "styles": lambda: styles(s, Recogniser(a.work), held, a, report),
        "inpainting": lambda: inpainting(s, held, a, report),
        "obedience": lambda: obedience(s, held, a, report),
        "restoring": lambda: restoring(s, held, a, report),
        "words": lambda: words(s, held, a, report),
    }
    for name in a.only or parts:
        parts[name]()
    text = json.dumps(report, indent=1)
    print(text)
    if a.out:
        open(a.out, "w").write(text + "\n")


if __name__ == "__main__":
    main()
