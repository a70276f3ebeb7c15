#!/usr/bin/env python3
"""Pictures of what the model can do now: a row a picture, a column a prompt or a strength.

    sample.py WORK --tae DIR --merges FILE --out SHEET.png [--mode looks|strength|inpaint|text|repair] PICTURE ...

Weights: WORK/checkpoints/ema.pt.  looks: the source, then every --prompts at --strength.
strength: the first prompt at 0.3 ... 1. inpaint: three holes. text: no source at all. repair: grey and blurred.
Limitations: square pictures of --size px.
"""

import argparse
import os
import pathlib

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import cv2
import numpy as np
import torch
from PIL import Image

import diffusion
import model as net
import tae
import tokenizer

PROMPTS = [
    "starry night",
    "ukiyo-e",
    "autumn blaze oil painting",
    "bold ink on yellow",
    "misty blue",
    "ember red",
    "watercolour",
    "pencil sketch",
    "comic",
    "pixel art",
    "neon",
]


class Studio:
    """Weights, tokenizer and autoencoder together."""

    def __init__(self, work, tae_dir, merges, threads=1):
        torch.set_num_threads(threads)
        net.use_plain_attention()
        c = torch.load(pathlib.Path(work) / "checkpoints/ema.pt", weights_only=False)
        self.seen = c["seen"]
        self.model = net.Model(c["top"])
        self.model.load_state_dict({k: v.float() for k, v in c["ema"].items()}, strict=True)
        self.model.eval().to(torch.bfloat16).to(memory_format=torch.channels_last)
        self.tae, self.ab = tae.Tae(tae_dir), net.alphas_cumprod()
        self.tok = tokenizer.Tokenizer(tokenizer.read_merges(merges))

    @torch.no_grad()
    def text(self, prompts):
        return self.model.encode(torch.tensor([self.tok.padded(p) for p in prompts]))

    def repaint(self, pictures, prompts, negative="", masks=None, **how):
        """pictures [N,3,H,W] in 0..1 (or None: N prompts without source); masks [N,1,h,w] in latent pixels."""
        n = len(prompts)
        size = how.pop("size", 256)
        if pictures is None:
            z, masks = torch.zeros(n, tae.LATENT_CHANNELS, size // 8, size // 8), torch.ones(
                n, 1, size // 8, size // 8
            )
        else:
            z = self.tae.encode(pictures)
        if masks is None:
            masks = torch.zeros(n, 1, *z.shape[2:])
        return self.tae.decode(
            diffusion.sample(
                self.model, self.ab, self.text(prompts), self.text([negative] * n), z, masks, **how
            )
        )


def square(path, size):
    im = Image.open(path).convert("RGB")
    q = min(im.size)
    x, y = (im.width - q) // 2, (im.height - q) // 2
    return torch.from_numpy(
        tae.to_tensor(im.crop((x, y, x + q, y + q)).resize((size, size), Image.LANCZOS))
    )


def rows_of(s, a, x):
    """One picture's row of the sheet: [K,3,H,W]."""
    how = dict(steps=a.steps, guidance=a.guidance, seed=a.seed, negative=a.negative)
    n = a.size // 8
    if a.mode == "looks":
        return [
            x,
            *s.repaint(x.expand(len(a.prompts), -1, -1, -1), a.prompts, strength=a.strength, **how),
        ]
    if a.mode == "strength":
        return [
            x,
            *[
                s.repaint(x[None], a.prompts[:1], strength=k, **how)[0]
                for k in (0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
            ],
        ]
    if a.mode == "repair":
        rgb = tae.to_uint8(x)
        grey = np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
        spoilt = [
            torch.from_numpy(v.astype(np.float32).transpose(2, 0, 1) / 255)
            for v in (grey, cv2.GaussianBlur(rgb, (0, 0), 2.5))
        ]
        made = [
            s.repaint(v[None], [p], strength=0.7, **how)[0]
            for v, p in zip(spoilt, ("a colour photo", "a sharp photo"))
        ]
        return [x, spoilt[0], made[0], spoilt[1], made[1]]
    masks = torch.zeros(3, 1, n, n)
    masks[0, :, n // 3 : n * 2 // 3, n // 3 : n * 2 // 3] = 1
    masks[1, :, :, n * 3 // 4 :] = 1
    masks[2, :, n // 2 :, : n // 2] = 1
    made = s.repaint(
        x.expand(3, -1, -1, -1),
        a.prompts[:1] * 3 if len(a.prompts) < 3 else a.prompts[:3],
        masks=masks,
        strength=1.0,
        **how,
    )
    holes = x * (1 - torch.nn.functional.interpolate(masks, scale_factor=8))
    return [v for pair in zip(holes, made) for v in pair]


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("work")
    p.add_argument("pictures", nargs="*")
    p.add_argument("--tae", required=True)
    p.add_argument("--merges", required=True)
    p.add_argument("--out", required=True)
    p.add_argument(
        "--mode", default="looks", choices=("looks", "strength", "inpaint", "text", "repair")
    )
    p.add_argument("--prompts", nargs="+", default=PROMPTS)
    p.add_argument("--negative", default="")
    p.add_argument("--strength", type=float, default=0.7)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--guidance", type=float, default=3.0)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_intermixed_args()
    s = Studio(a.work, a.tae, a.merges, a.threads)
    if a.mode == "text":
        rows = [
            list(
                s.repaint(
                    None,
                    a.prompts,
                    size=a.size,
                    strength=1.0,
                    steps=a.steps,
                    guidance=a.guidance,
                    seed=k,
                    negative=a.negative,
                )
            )
            for k in range(2)
        ]
    else:
        rows = [rows_of(s, a, square(f, a.size)) for f in a.pictures]
    Image.fromarray(
        np.concatenate([np.concatenate([tae.to_uint8(v) for v in r], 1) for r in rows])
    ).save(a.out)
    print(f"{a.out}: {s.seen} samples seen")


if __name__ == "__main__":
    main()
