"""AUTOMATIC1111's random numbers and schedules, restated from its behaviour (webui-spec 1.5, 1.10,
7.3, 7.4) on torch, numpy and k-diffusion. The samplers_*.py scripts beside this one build on it."""
import math

import numpy as np
import torch
from k_diffusion import external, sampling
from scipy import stats


# --- random numbers -------------------------------------------------------------------------------

class Philox:
    """rng_philox: element i of draw n is Philox4x32-10 of counter (n, 0, i, 0) under the seed."""

    def __init__(self, seed):
        self.key = (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF)
        self.draws = 0

    def randn(self, shape):
        n = int(np.prod(shape))
        mask = np.uint64(0xFFFFFFFF)
        c = [np.full(n, self.draws, np.uint64), np.zeros(n, np.uint64),
             np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64)]
        k0, k1 = self.key
        for _ in range(10):
            a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), b & mask,
                 (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), a & mask]
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        self.draws += 1
        angle = float(np.float32(2.3283064e-10 * 6.2831855))
        u = c[0].astype(np.float64) * 2.0 ** -32 + 2.0 ** -33
        v = c[1].astype(np.float64) * angle + angle / 2
        values = np.sqrt(-2 * np.log(u)) * np.sin(v)
        return torch.from_numpy(values.astype(np.float32)).reshape(shape)


class Torch:
    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def randn(self, shape):
        return torch.randn(shape, generator=self.generator, dtype=torch.float32)


def generator(source, seed):
    return Philox(seed) if source == "nv" else Torch(seed)


def column_slerp(weight, low, high):
    unit = lambda v: v / torch.norm(v, dim=1, keepdim=True)
    cosine = (unit(low) * unit(high)).sum(1)
    if cosine.mean() > 0.9995:
        return low * weight + high * (1 - weight)
    omega = torch.acos(cosine)
    a = torch.sin((1 - weight) * omega) / torch.sin(omega)
    b = torch.sin(weight * omega) / torch.sin(omega)
    return a.unsqueeze(1) * low + b.unsqueeze(1) * high


class ImageNoise:
    """One picture's draws: variation seed, seed resize, ENSD."""

    def __init__(self, source, shape, seed, subseed=0, strength=0.0, resize=None, ensd=0):
        self.source, self.shape, self.seed = source, shape, seed
        self.subseed, self.strength, self.ensd = subseed, strength, ensd
        self.drawn = shape if resize is None else (shape[0], resize[1] // 8, resize[0] // 8)
        self.own = generator(source, seed)

    def first(self):
        resized = self.drawn != self.shape
        fresh = generator(self.source, self.seed) if resized else self.own
        noise = fresh.randn(self.drawn)
        if self.strength != 0:
            variation = generator(self.source, self.subseed).randn(self.drawn)
            noise = column_slerp(self.strength, noise, variation)
        if resized:
            canvas = self.own.randn(self.shape)
            spans = []
            for axis in (1, 2):
                to, have = self.shape[axis], self.drawn[axis]
                d = (to - have) // 2
                length = have if d >= 0 else have + 2 * d
                spans.append((slice(max(d, 0), max(d, 0) + length),
                              slice(max(-d, 0), max(-d, 0) + length)))
            (ty, sy), (tx, sx) = spans
            canvas[:, ty, tx] = noise[:, sy, sx]
            noise = canvas
        if self.ensd:
            self.own = generator(self.source, self.seed + self.ensd)
        return noise

    def next(self):
        return self.own.randn(self.shape)


# --- noise tables ---------------------------------------------------------------------------------

def sqrt(x):
    """As IEEE has it: torch's own is MKL's on some machines, which rounds one value in six otherwise."""
    return torch.from_numpy(np.sqrt(x.numpy()))


def alphas_cumprod(start=0.00085, end=0.012, schedule="scaled_linear", zero_snr=False):
    if schedule == "scaled_linear":
        betas = np.linspace(start ** 0.5, end ** 0.5, 1000, dtype=np.float64) ** 2
    else:
        betas = np.linspace(start, end, 1000, dtype=np.float64)
    acp = torch.tensor(np.cumprod(1 - betas), dtype=torch.float32)
    if zero_snr:
        root = sqrt(acp)
        first, last = root[0].clone(), root[-1].clone()
        root = (root - last) * (first / (first - last))
        acp = root ** 2
        acp[-1] = 4.8973451890853435e-08
    return acp


class Table(external.DiscreteSchedule):
    def __init__(self, acp):
        super().__init__(sqrt((1 - acp) / acp), quantize=False)
        self.acp = acp


class LcmTable(Table):
    """50 of the 1000 entries; timesteps snap to them."""

    def __init__(self, acp):
        super().__init__(acp[19::20].clone())

    def sigma_to_t(self, sigma, quantize=None):
        dists = sigma.log() - self.log_sigmas[:, None]
        return dists.abs().argmin(dim=0).view(sigma.shape) * 20 + 19

    def t_to_sigma(self, t):
        return super().t_to_sigma(torch.clamp((t - 19) / 20, 0, 49))

    def get_sigmas(self, n):
        t = torch.linspace(self.sigma_to_t(self.sigma_max), self.sigma_to_t(self.sigma_min), n)
        return sampling.append_zero(self.t_to_sigma(t))


# --- schedules ------------------------------------------------------------------------------------

AYS = {False: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
       True: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029]}
SCHEDULERS = ["automatic", "uniform", "karras", "exponential", "polyexponential", "sgm_uniform",
              "kl_optimal", "align_your_steps", "simple", "normal", "ddim", "beta"]


def schedule(name, n, table, sigma_min=0, sigma_max=0, rho=0, alpha=0.6, beta=0.6, sdxl=False):
    low = sigma_min or table.sigma_min.item()
    high = sigma_max or table.sigma_max.item()
    at = lambda sigma: table.sigma_to_t(torch.tensor(sigma))
    zero = lambda values: torch.tensor(list(values) + [0.0], dtype=torch.float32)
    if name in ("automatic", "uniform"):
        return table.get_sigmas(n)
    if name == "karras":
        return sampling.get_sigmas_karras(n, low, high, rho or 7.0)
    if name == "exponential":
        return sampling.get_sigmas_exponential(n, low, high)
    if name == "polyexponential":
        return sampling.get_sigmas_polyexponential(n, low, high, rho or 1.0)
    if name == "sgm_uniform":
        return zero(table.t_to_sigma(t) for t in torch.linspace(at(high), at(low), n + 1)[:-1])
    if name == "normal":
        return zero(table.t_to_sigma(t) for t in torch.linspace(at(high), at(low), n))
    if name == "kl_optimal":
        i = torch.arange(n + 1)
        ends = torch.arctan(torch.tensor(low)), torch.arctan(torch.tensor(high))
        return torch.tan(i / n * ends[0] + (1.0 - i / n) * ends[1])
    if name == "align_your_steps":
        knots = AYS[sdxl]
        if n == len(knots):
            return zero(knots)
        logs = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, 11), np.log(knots[::-1]))
        return zero(np.exp(logs)[::-1])
    if name == "simple":
        stride = len(table.sigmas) / n
        return zero(float(table.sigmas[-(1 + int(i * stride))]) for i in range(n))
    if name == "ddim":
        stride = max(len(table.sigmas) // n, 1)
        return zero([float(s) for s in table.sigmas[1::stride]][::-1])
    if name == "beta":
        quantiles = [stats.beta.ppf(p, alpha, beta) for p in 1 - np.linspace(0, 1, n)]
        return zero(low + q * (high - low) for q in quantiles)
    raise ValueError(name)


def timesteps(n):
    return [min(t + 1, 999) for t in range(0, 1000, 1000 // n)]


def img2img_steps(steps, strength, fix_steps):
    if fix_steps:
        return (int(steps / min(strength, 0.999)) if strength > 0 else 0), steps - 1
    return steps, int(min(strength, 0.999) * steps)


assert math.isclose(alphas_cumprod()[-1].item(), 0.0046601, rel_tol=1e-4)
