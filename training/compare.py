#!/usr/bin/env python3
"""Holds an engine run against PyTorch: the same exported file, prompts, source, noise and schedule.

    pentimento img2img PHOTO -m FILE -p PROMPT -n NEGATIVE --sampler Euler --cfg 3 --trace DIR ...
    compare.py FILE DIR --prompt PROMPT --negative NEGATIVE --cfg 3

prints the greatest differences of tokens, text embeddings and final latent. Reads the file, not the
training checkpoint: what is compared is what ships.
Limitations: one chunk of 77 tokens, a whole visible source (no mask), Euler.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from safetensors import safe_open

import model as net
import tokenizer


def load(path):
    """-> Model in f32 with the weights of an exported file, and its tokenizer."""
    with safe_open(path, "pt") as f:
        config = json.loads(f.metadata()["pentimento.config"])
        weights = {
            k.replace("unet.add_embedding.", "unet.class_embedding."): f.get_tensor(k).float()
            for k in f.keys()
            if not k.startswith("vae.")
        }
    m = net.Model(weights["unet.conv_in.weight"].shape[0])
    m.load_state_dict(weights)
    return m.eval(), tokenizer.Tokenizer(config["tokenizer"]["merges"].strip("\n").split("\n"))


@torch.no_grad()
def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("file")
    p.add_argument("trace", type=pathlib.Path)
    p.add_argument("--prompt", default="")
    p.add_argument("--negative", default="")
    p.add_argument("--cfg", type=float, default=3.0)
    a = p.parse_args()
    m, tok = load(a.file)
    read = lambda name: torch.from_numpy(np.load(a.trace / f"{name}.npy").astype(np.float32))
    ids = torch.tensor([tok.padded(a.prompt), tok.padded(a.negative)])
    print(
        "tokens equal:",
        bool(
            (
                torch.from_numpy(np.load(a.trace / "tokens.npy")).long().view(-1, 77)[0] == ids[0]
            ).all()
        ),
    )
    context, pooled = m.encode(ids)
    for i, name in enumerate(("cond", "uncond")):
        print(
            f"{name}: greatest difference {(read(name).view(77, -1) - context[i]).abs().max():.2e}"
        )
    source, sigmas = read("init_latent"), read("sigmas")
    ab = net.alphas_cumprod().double().clamp_min(2.0**-24)
    table = (((1 - ab) / ab) ** 0.5).log()
    x = source + read("noise").view_as(source) * sigmas[0]
    mask = torch.zeros(1, 1, *source.shape[2:])
    for now, after in zip(sigmas[:-1].tolist(), sigmas[1:].tolist()):
        t = float(np.interp(np.log(now), table.numpy(), np.arange(1000)))
        c_in = (now * now + 1) ** -0.5
        two = lambda v: torch.cat([v, v])
        v = m(two(x * c_in), two(mask), two(source), torch.tensor([t, t]), (context, pooled))
        denoised = x * c_in**2 - (v[1:] + a.cfg * (v[:1] - v[1:])) * now * c_in
        x = x + (x - denoised) / now * (after - now)
    theirs = read("latent")
    error = theirs - x
    print(
        f"latent: greatest difference {error.abs().max():.2e}, rms {error.pow(2).mean().sqrt():.2e}, "
        f"{20 * torch.log10(x.abs().max() / error.pow(2).mean().sqrt().clamp_min(1e-9)):.1f} dB"
    )


if __name__ == "__main__":
    main()
