"""Reference numbers for the latent upscalers: torch.nn.functional.interpolate.

    python tests/golden/pipelines_latent_resize.py    writes pipelines_latent_resize.safetensors beside itself

Versions: see requirements.txt.
"""
from pathlib import Path

import torch
from safetensors.torch import save_file

MODES = {
    "Latent": dict(mode="bilinear", antialias=False),
    "Latent (antialiased)": dict(mode="bilinear", antialias=True),
    "Latent (bicubic)": dict(mode="bicubic", antialias=False),
    "Latent (bicubic antialiased)": dict(mode="bicubic", antialias=True),
    "Latent (nearest)": dict(mode="nearest"),
    "Latent (nearest-exact)": dict(mode="nearest-exact"),
}
SIZES = [(10, 14), (9, 11), (13, 8), (5, 7), (3, 4)]  # height, width


def main():
    latent = torch.randn(1, 4, 5, 7, generator=torch.Generator().manual_seed(7))
    tensors = {"latent": latent}
    for name, how in MODES.items():
        for height, width in SIZES:
            result = torch.nn.functional.interpolate(latent, size=(height, width), **how)
            tensors[f"{name} {height}x{width}"] = result.contiguous()
    save_file(tensors, Path(__file__).with_suffix(".safetensors"))


if __name__ == "__main__":
    main()
