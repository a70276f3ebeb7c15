#!/usr/bin/env python3
"""Hidden parts of a latent as training/fill.py continues them: a box, a border, scattered cells, everything."""

import pathlib
import sys

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parents[1] / "training"))
import fill

rng = np.random.default_rng(5)
latent = rng.normal(size=(3, 9, 12)).astype(np.float32)
masks = {name: np.zeros((9, 12), bool) for name in ("box", "border", "scattered", "all")}
masks["box"][2:7, 3:9] = True
masks["border"][:, 8:] = True
masks["scattered"] = rng.random((9, 12)) < 0.5
masks["all"][:] = True
out = {"latent": latent[None]}
for name, hidden in masks.items():
    out[f"{name} hidden"] = hidden[None, None].astype(np.float32)
    out[f"{name} filled"] = fill.harmonic(latent, hidden)[None]
save_file(out, here / "pipelines_harmonic_fill.safetensors")
