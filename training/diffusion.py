"""Sampling as the engine does it: DPM-Solver++(2M) (https://arxiv.org/abs/2211.01095) on v-predictions,
classifier-free guidance, image to image from the noised source.

Limitations: uniform timesteps; the last step returns the prediction of the clean latent.
"""

import torch

import fill


def timesteps(strength, steps):
    """From strength down, evenly; `steps` are the ones that really run."""
    first = min(999, round(strength * 1000) - 1)
    return torch.linspace(first, 0, steps + 1)[:-1].round().long()


def shown(source, mask):
    """-> mask, source as the model sees them. A cell beside a hidden one still knows something of it (the
    autoencoder looks around itself): it is hidden too."""
    partly = (mask.amax((1, 2, 3), keepdim=True) > 0) & (mask.amin((1, 2, 3), keepdim=True) < 1)
    mask = torch.where(partly, torch.nn.functional.max_pool2d(mask, 3, 1, 1), mask)
    filled = [
        torch.from_numpy(fill.harmonic(z.numpy(), m[0].numpy() > 0)) for z, m in zip(source, mask)
    ]
    return mask, torch.stack(filled)


@torch.no_grad()
def sample(
    model,
    ab,
    prompt,
    negative,
    source,
    mask,
    strength=0.7,
    steps=12,
    guidance=3.0,
    seed=0,
    start=None,
):
    """prompt, negative: what model.encode gave, one row a picture. source [N,32,h,w] normalised; mask [N,1,h,w],
    1 = hidden. start: the latent to noise at strength < 1; where not given, what the model is shown.
    -> latents; where a part is hidden, the rest is the source's."""
    n = len(source)
    a_of, b_of = ab.sqrt(), (1 - ab).sqrt()
    lam = lambda t: torch.log(a_of[t].clamp_min(1e-4) / b_of[t])
    mask, seen = shown(source, mask)
    start = seen if start is None else start
    ts = timesteps(strength, steps)
    noise = torch.stack(
        [
            torch.randn(source.shape[1:], generator=torch.Generator().manual_seed(seed + i))
            for i in range(n)
        ]
    )
    x = a_of[ts[0]] * start + b_of[ts[0]] * noise
    text = tuple(torch.cat(pair) for pair in zip(prompt, negative))
    twice = lambda v: torch.cat([v, v])
    old = h_old = None
    for i, t in enumerate(ts):
        v = model(twice(x), twice(mask), twice(seen), t.expand(2 * n), text).float()
        cond, uncond = v.chunk(2)
        x0 = a_of[t] * x - b_of[t] * (uncond + guidance * (cond - uncond))
        if i == len(ts) - 1:
            break
        after = ts[i + 1]
        h = lam(after) - lam(t)
        d = x0 if old is None or t >= 995 else x0 + (x0 - old) * h / (2 * h_old)
        x = b_of[after] / b_of[t] * x - a_of[after] * torch.expm1(-h) * d
        old, h_old = x0, h
    return torch.where(mask.amax((1, 2, 3), keepdim=True) > mask, source, x0)
