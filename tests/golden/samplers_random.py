"""samplers_random.safetensors: torch's and Philox's normal numbers, A1111's picture noise, numpy's
SeedSequence, torchsde's Brownian tree. Made on x86-64 with AVX2 (torch's vectorised Box-Muller)."""
from pathlib import Path

import numpy as np
import torch
import torchsde._brownian.brownian_interval as brownian_interval
from k_diffusion.sampling import BrownianTreeNoiseSampler, get_sigmas_karras
from safetensors.torch import save_file

import samplers_webui as webui

out = {}

# Successive draws of one generator; short ones share a spare value, long ones are blocks of 16.
DRAWS = [(0, [16]), (42, [16, 17, 1000]), (5, [5, 5, 16, 1, 15, 2]), (2 ** 32 - 1, [1, 31, 32]),
         (2 ** 32 + 7, [396, 3]), (123456789, [15, 33, 14])]
for seed, sizes in DRAWS:
    for source in ("cpu", "nv"):
        g = webui.generator(source, seed)
        name = "-".join(map(str, sizes))
        out[f"{source}/{seed}/{name}"] = torch.cat([g.randn((n,)) for n in sizes])
# A whole latent of 2048 x 2048 pixels, and one value in 997 of it.
out["cpu/7/big"] = torch.randn(262147, generator=torch.Generator().manual_seed(7))[::997].clone()
out["nv/7/big"] = webui.Philox(7).randn((262147,))[::997].clone()

NOISES = {
    "plain": dict(shape=(4, 5, 7), seed=42),
    "variation": dict(shape=(4, 5, 7), seed=42, subseed=1234, strength=0.3),
    "variation_full": dict(shape=(4, 5, 7), seed=42, subseed=1234, strength=1.0),
    "variation_same": dict(shape=(4, 5, 7), seed=42, subseed=42, strength=0.25),
    "larger": dict(shape=(4, 9, 11), seed=3, resize=(40, 48)),
    "smaller": dict(shape=(4, 5, 4), seed=3, resize=(72, 64)),
    "mixed": dict(shape=(4, 5, 9), seed=3, resize=(48, 88)),
    "resized_variation": dict(shape=(4, 9, 6), seed=3, resize=(72, 40), subseed=9, strength=0.6),
    "ensd": dict(shape=(4, 5, 7), seed=42, ensd=31337),
    "negative_ensd": dict(shape=(4, 5, 7), seed=42, ensd=-50),
}
for name, options in NOISES.items():
    for source in ("cpu", "nv"):
        if source == "nv" and options.get("ensd", 0) < 0:
            continue
        noise = webui.ImageNoise(source, **options)
        out[f"noise/{source}/{name}"] = torch.stack([noise.first(), noise.next(), noise.next()])

# 32-bit words as pairs of 16-bit halves, which float32 holds exactly.
SEQUENCES = [(0, ()), (42, ()), (2 ** 32 + 5, ()), (42, (0, 0)), (42, (1, 1)), (7, (12345, 17)),
             (2 ** 63, (2 ** 33 + 1, 34)), (4294967295, (4294967295, 32))]
words = [np.random.SeedSequence(entropy=e, spawn_key=k, pool_size=24).generate_state(4)
         for e, k in SEQUENCES]
words = np.stack(words).astype(np.uint32)
out["seed_sequence"] = torch.tensor(np.stack([words >> 16, words & 0xFFFF], -1), dtype=torch.float32)

# Queries as samplers make them: down a schedule, middles, twice the same, beyond the bounds.
SHAPE = (1, 4, 3, 5)
normal_randn = brownian_interval._randn


def philox_randn(size, dtype, device, seed):
    return webui.Philox(int(seed)).randn(size)


karras = get_sigmas_karras(8, 0.0291675, 14.614642)[:-1]
steps = list(zip(karras[:-1].tolist(), karras[1:].tolist()))
QUERIES = steps + [(7.1234567, 2.0000004), (7.1234567, 2.0000004), (0.5, 0.25), (0.25, 0.5),
                   (14.7, 0.01), (3.0, 3.0), (0.0291675, 0.0291685)]
TREES = {"cpu": ("cpu", 42, 0.0291675, 14.614642, QUERIES),
         "cpu_large": ("cpu", 2 ** 32 + 3, 0.04, 4518.7563, [(4518.7563, 8.5), (8.5, 0.04)]),
         "nv": ("nv", 42, 0.0291675, 14.614642, QUERIES[:9])}
for name, (source, seed, low, high, queries) in TREES.items():
    brownian_interval._randn = philox_randn if source == "nv" else normal_randn
    sampler = BrownianTreeNoiseSampler(torch.zeros(SHAPE), torch.tensor(low), torch.tensor(high),
                                       seed=[seed])
    values = [sampler(torch.tensor(a), torch.tensor(b)) if a != b else torch.zeros(SHAPE)
              for a, b in queries]
    out[f"tree/{name}/queries"] = torch.tensor(queries)
    out[f"tree/{name}/values"] = torch.stack(values).flatten(1)

save_file({k: v.contiguous() for k, v in out.items()}, Path(__file__).with_suffix(".safetensors"))
