"""samplers_trajectories.safetensors: every sampler's whole way, as AUTOMATIC1111 drives it.

A case is a line of the metadata's "cases": name|sampler|scheduler|steps|strength|prediction|key=value…
For each, the file holds every network call's input (z, what the network sees) and timestep, and the
final latent. k-diffusion's solvers, diffusers' TCDScheduler and, where there is no library with
A1111's behaviour (Restart, LCM, DDIM, PLMS, UniPC), a restatement in float64 that is checked against
diffusers where the two coincide. All in float64 but for the noise; a float32 run must agree.
"""
import math
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, PNDMScheduler, TCDScheduler, UniPCMultistepScheduler
from diffusers.schedulers import scheduling_tcd
from k_diffusion import external, sampling
from safetensors.torch import save_file

import samplers_webui as webui

SHAPE = (4, 3, 5)
SD, ZERO = webui.alphas_cumprod(), webui.alphas_cumprod(zero_snr=True)


class Network:
    """A fixed nonlinear function of z and t that mixes neighbours; epsilon- or v-like. Records."""

    def __init__(self, prediction):
        self.prediction, self.inputs, self.timesteps = prediction, [], []

    def __call__(self, z, t, **_):
        self.inputs.append(z.flatten().double())
        self.timesteps.append(float(t.flatten()[0]))
        v = z.flatten()
        i = torch.arange(len(v), dtype=v.dtype)
        scale = 1 + 0.2 * torch.cos(t.flatten()[0].to(v.dtype) / 150)
        bend = torch.tanh(0.8 * v + 0.3 * v.roll(-1) + 0.1 * torch.sin(i)) * scale
        out = v - 0.2 * bend if self.prediction == "epsilon" else 0.6 * bend
        return out.reshape(z.shape)


class Draws:
    """The picture's generator in place of torch.randn_like."""

    def __init__(self, seed, dtype):
        self.noise, self.dtype = webui.ImageNoise("cpu", SHAPE, seed), dtype

    def first(self):
        return self.noise.first().unsqueeze(0).to(self.dtype)

    def __call__(self, *_, **__):
        return self.noise.next().unsqueeze(0).to(self.dtype)


def epsilon_of(network, z, t, acp):
    """t: float32 tensor of one value; a v-model's scale is read at its whole part."""
    out = network(z, t)
    a = acp[int(t)].double().to(z.dtype)
    return out if network.prediction == "epsilon" else a.sqrt() * out + (1 - a).sqrt() * z


# --- samplers without a library ---------------------------------------------------------------------

class LcmDenoiser:
    def __init__(self, network, table):
        self.network, self.table = network, table

    def __call__(self, x, sigma, **_):
        t = self.table.sigma_to_t(sigma.float()).double()
        root = (sigma ** 2 + 1).sqrt()
        out = self.network(x / root, t)
        v = self.network.prediction == "v"
        x0 = x / root ** 2 - out * sigma / root if v else x - sigma * out
        s = 10 * t
        return s / (s ** 2 + 0.25).sqrt() * x0 + 0.25 / (s ** 2 + 0.25) * x


def lcm(model, x, sigmas, draw):
    for i in range(len(sigmas) - 1):
        x = model(x, sigmas[i] * x.new_ones(1))
        if sigmas[i + 1] > 0:
            x = x + sigmas[i + 1] * draw()
    return x


def restart_pairs(sigmas):
    """The noise levels a Restart run walks between."""
    steps = len(sigmas) - 1
    times = 2 if steps >= 36 else 1 if steps >= 20 else 0
    length = steps // 4 if steps >= 36 else 9
    pairs, low, high = [], -1, 0
    if times:
        sigmas = sampling.get_sigmas_karras(steps - length * times, sigmas[-2].item(), sigmas[0].item())
        low, high = (int((sigmas - s).abs().argmin()) for s in (0.1, 2))
    for i in range(len(sigmas) - 1):
        pairs.append((sigmas[i], sigmas[i + 1]))
        if i + 1 == low and high < low:
            again = sampling.get_sigmas_karras(length + 1, sigmas[low].item(), sigmas[high].item())[:-1]
            pairs += list(zip(again[:-1], again[1:])) * times
    return pairs


def restart(model, x, sigmas, draw):
    pairs = restart_pairs(sigmas)
    level = pairs[0][0]
    for a, b in pairs:
        if level < a:
            x = x + draw() * (a.double() ** 2 - level.double() ** 2).sqrt()
        d = (x - model(x, a * x.new_ones(1))) / a
        end = x + d * (b.double() - a.double())
        if b != 0:
            d2 = (end - model(end, b * x.new_ones(1))) / b
            end = x + (d + d2) / 2 * (b.double() - a.double())
        x, level = end, b
    return x


def transfer(x, e, a, a_prev, deviation=0.0):
    x0 = (x - (1 - a).sqrt() * e) / a.sqrt()
    return a_prev.sqrt() * x0 + (1 - a_prev - deviation ** 2).sqrt() * e


def ddim(network, x, timesteps, acp, draw, eta=0.0):
    acp = acp.double()
    for t, previous in list(zip(timesteps[1:], timesteps[:-1]))[::-1]:
        a, b = acp[t], acp[previous]
        deviation = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
        e = epsilon_of(network, x, torch.tensor(float(t)), acp)
        x = transfer(x, e, a, b, deviation) + deviation * draw()
    return x


def plms(network, x, timesteps, acp, draw):
    acp, old = acp.double(), []
    weights = {1: [3 / 2, -1 / 2], 2: [23 / 12, -16 / 12, 5 / 12], 3: [55 / 24, -59 / 24, 37 / 24, -9 / 24]}
    for t, previous in list(zip(timesteps[1:], timesteps[:-1]))[::-1]:
        e = epsilon_of(network, x, torch.tensor(float(t)), acp)
        if not old:
            trial = transfer(x, e, acp[t], acp[previous])
            mean = (e + epsilon_of(network, trial, torch.tensor(float(previous)), acp)) / 2
        else:
            mean = sum(w * v for w, v in zip(weights[len(old)], [e] + old))
        x = transfer(x, mean, acp[t], acp[previous])
        old = ([e] + old)[:3]
    return x


def unipc(network, x, timesteps, acp, draw, truncated=False):
    n = len(timesteps)
    if n == 0:
        return x
    start = torch.tensor(timesteps[-1]) / 1000 + 1 / 1000 if truncated else 1.0
    grid = torch.linspace(start, 1 / 1000, n + 1)
    knots = 0.5 * np.log(acp.double().numpy())
    log_alpha = torch.tensor(np.interp(grid.double().numpy(), np.arange(1, 1001) / 1000, knots))
    alpha = log_alpha.exp()
    s = (-torch.expm1(2 * log_alpha)).sqrt()
    lam = log_alpha - s.log()

    def estimate(x, i):
        t = (grid[i] - 1 / 1000) * 1000
        return (x - s[i] * epsilon_of(network, x, t, acp)) / alpha[i]

    order_max = min(3, n)
    m = [estimate(x, 0)]
    for i in range(1, n + 1):
        order = min(order_max, i, n + 1 - i)
        j = i - 1
        h = lam[i] - lam[j]
        k = -h
        r = torch.stack([(lam[j - q] - lam[j]) / h for q in range(1, order)] + [torch.ones(()).double()])
        d = [(m[q] - m[0]) / r[q - 1] for q in range(1, order)]
        # phi_(q+1)(k) q!, by the recurrence phi_(q+1) = (phi_q - 1/q!) / k
        phi, b = torch.expm1(k) / k, []
        for q in range(1, order + 1):
            phi = (phi - 1 / math.factorial(q)) / k
            b.append(phi * math.factorial(q))
        b = torch.stack(b)
        system = torch.stack([r ** q for q in range(order)])
        base = s[i] / s[j] * x - alpha[i] * torch.expm1(k) * m[0]
        predictor = {1: [], 2: [0.5]}.get(order)
        if predictor is None:
            predictor = torch.linalg.solve(system[:-1, :-1], b[:-1])
        x = base - alpha[i] * k * sum((w * v for w, v in zip(predictor, d)), torch.zeros_like(x))
        if i < n:
            here = estimate(x, i)
            corrector = [0.5] if order == 1 else torch.linalg.solve(system, b)
            x = base - alpha[i] * k * sum(w * v for w, v in zip(corrector, d + [here - m[0]]))
            m = ([here] + m)[:3]
    return x


def tcd_diffusers(network, x, sigmas, draw, eta=0.3):
    """diffusers works on z = x / sqrt(sigma^2 + 1) at its own timesteps, which these sigmas are."""
    kind = {"epsilon": "epsilon", "v": "v_prediction"}[network.prediction]
    scheduler = TCDScheduler(prediction_type=kind)
    scheduler.alphas_cumprod = SD.double()
    scheduler.set_timesteps(len(sigmas) - 1)
    z = x / (sigmas[0].double() ** 2 + 1).sqrt()
    scheduling_tcd.randn_tensor = lambda *_, **__: draw()
    for t in scheduler.timesteps:
        z = scheduler.step(network(z, t), t, z, eta=eta, return_dict=False)[0]
    return z


def tcd(model, x, sigmas, table, draw, eta=0.3):
    """The same over any sigmas, on z = x / sqrt(sigma^2 + 1)."""
    acp = SD.double()
    z = x / (sigmas[0].double() ** 2 + 1).sqrt()
    for sigma, after in zip(sigmas[:-1], sigmas[1:]):
        a, last = 1 / (sigma.double() ** 2 + 1), bool(after == 0)
        x0 = model(z / a.sqrt(), sigma * x.new_ones(1))
        e = (z - a.sqrt() * x0) / (1 - a).sqrt()
        s = 0 if last else int(torch.floor((1 - eta) * table.sigma_to_t(after)))
        z = acp[s].sqrt() * x0 + (1 - acp[s]).sqrt() * e
        if not last and eta > 0:
            ratio = 1 / (after.double() ** 2 + 1) / acp[s]
            z = ratio.sqrt() * z + (1 - ratio).sqrt() * draw()
        elif not last:
            z = z * (acp[s] * (after.double() ** 2 + 1)).rsqrt()
    return z


def tcd_sigmas(n, table):
    scheduler = TCDScheduler()
    scheduler.set_timesteps(n)
    return sampling.append_zero(table.sigmas[scheduler.timesteps])


# --- k-diffusion's -----------------------------------------------------------------------------------

SOLVERS = {
    "DPM++ 2M": (sampling.sample_dpmpp_2m, "karras"),
    "DPM++ SDE": (sampling.sample_dpmpp_sde, "karras"),
    "DPM++ 2M SDE": (sampling.sample_dpmpp_2m_sde, "exponential"),
    "DPM++ 2M SDE Heun": (sampling.sample_dpmpp_2m_sde, "exponential"),
    "DPM++ 2S a": (sampling.sample_dpmpp_2s_ancestral, "karras"),
    "DPM++ 3M SDE": (sampling.sample_dpmpp_3m_sde, "exponential"),
    "Euler a": (sampling.sample_euler_ancestral, ""),
    "Euler": (sampling.sample_euler, ""),
    "LMS": (sampling.sample_lms, ""),
    "Heun": (sampling.sample_heun, ""),
    "DPM2": (sampling.sample_dpm_2, "karras"),
    "DPM2 a": (sampling.sample_dpm_2_ancestral, "karras"),
    "DPM fast": (sampling.sample_dpm_fast, ""),
    "DPM adaptive": (sampling.sample_dpm_adaptive, ""),
    "Restart": (restart, "karras"),
    "LCM": (lcm, ""),
    "TCD": (tcd, ""),
    "DDIM": (ddim, None),
    "PLMS": (plms, None),
    "UniPC": (unipc, None),
}
DISCARD = {"DPM2", "DPM2 a", "DPM++ 3M SDE"}
BROWNIAN = {"DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"}
HAS_ETA = {"DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 2S a", "DPM++ 3M SDE", "Euler a",
           "DPM2 a", "DPM fast", "DPM adaptive"}


def run_sigmas(case, network, init, dtype):
    sampler, options = case["sampler"], dict(case["options"])
    acp = ZERO if options.pop("zero_snr", 0) else SD
    fix_steps, ensd = options.pop("fix_steps", 0), options.pop("ensd", 0)
    always = options.pop("discard", 0)
    solve, default = SOLVERS[sampler]
    name = (case["scheduler"] if case["scheduler"] != "Automatic" else default) or "automatic"
    table = webui.LcmTable(acp) if sampler == "LCM" else webui.Table(acp)

    steps, t_enc = case["steps"], case["steps"] - 1
    if case["strength"] is not None:
        steps, t_enc = webui.img2img_steps(case["steps"], case["strength"], bool(fix_steps))
    discard = sampler in DISCARD or always
    if sampler == "TCD" and name == "automatic":
        every = tcd_sigmas(steps, table)
    else:
        every = webui.schedule(name.lower().replace(" ", "_"), steps + (1 if discard else 0), table)
    if discard:
        every = torch.cat([every[:-2], every[-1:]])
    sigmas = every[steps - t_enc - 1:] if case["strength"] is not None else every

    draw = Draws(case["seed"], dtype)
    if ensd:
        draw.noise.ensd = ensd
    x = draw.first() * sigmas[0] + (init.to(dtype) if case["strength"] is not None else 0)
    torch.randn_like = draw
    arguments = {}
    if sampler in HAS_ETA:
        arguments["eta"] = options.pop("eta", 1.0)
    if sampler in BROWNIAN:
        path = sampling.BrownianTreeNoiseSampler(x.float(), every[every > 0].min(), every.max(),
                                                 seed=[case["seed"]])
        arguments["noise_sampler"] = lambda a, b: path(a, b).to(dtype)
    if sampler == "DPM++ 2M SDE Heun":
        arguments["solver_type"] = "heun"
    # Sigmas keep their float32 values; DPM++ SDE also its float32 arithmetic on them.
    wide = sigmas if sampler == "DPM++ SDE" else sigmas.to(dtype)
    if sampler in ("DPM fast", "DPM adaptive"):
        from_picture = case["strength"] is not None
        arguments["sigma_min"] = (wide[-2] if from_picture else table.sigmas[0]).item()
        arguments["sigma_max"] = (wide[0] if from_picture else table.sigmas[-1]).item()
        if sampler == "DPM fast":
            arguments["n"] = len(sigmas) - 1 if from_picture else steps
    elif sampler not in ("Restart", "LCM", "TCD"):
        arguments["sigmas"] = wide

    wrapper = external.DiscreteEpsDDPMDenoiser if network.prediction == "epsilon" else \
        external.DiscreteVDDPMDenoiser
    model = wrapper(network, acp, quantize=False)
    model.sigmas, model.log_sigmas = table.sigmas.to(dtype), table.log_sigmas.to(dtype)
    if sampler == "Restart":
        return restart(model, x, sigmas, draw)
    if sampler == "LCM":
        return lcm(LcmDenoiser(network, table), x, wide, draw)
    if sampler == "TCD":
        return tcd(model, x, sigmas, webui.Table(acp), draw, **options)
    return solve(model, x, disable=True, **arguments, **options)


def run_timesteps(case, network, init, dtype):
    options = dict(case["options"])
    fix_steps = options.pop("fix_steps", 0)
    acp = ZERO if options.pop("zero_snr", 0) else SD
    draw = Draws(case["seed"], dtype)
    noise = draw.first()
    solve, truncated = SOLVERS[case["sampler"]][0], case["strength"] is not None
    if truncated:
        steps, t_enc = webui.img2img_steps(case["steps"], case["strength"], bool(fix_steps))
        timesteps = webui.timesteps(steps)
        a = acp[timesteps[t_enc]].double()
        x = a.sqrt() * init.to(dtype) + (1 - a).sqrt() * noise
        timesteps = timesteps[:t_enc]
    else:
        timesteps, x = webui.timesteps(case["steps"]), noise
    if case["sampler"] == "UniPC":
        options["truncated"] = truncated
    return solve(network, x, timesteps, acp, draw, **options)


def run(case, dtype):
    network = Network(case["prediction"])
    init = webui.Torch(99).randn((1, *SHAPE)) * 0.8
    way = run_timesteps if SOLVERS[case["sampler"]][1] is None else run_sigmas
    randn_like = torch.randn_like
    # DPM fast and adaptive make their own tensors of times.
    torch.set_default_dtype(dtype if case["sampler"].startswith("DPM ") else torch.float32)
    try:
        final = way(case, network, init, dtype)
    finally:
        torch.randn_like = randn_like
        torch.set_default_dtype(torch.float32)
    return network, final.flatten()


# --- the cases -----------------------------------------------------------------------------------------

CASES = []


def case(sampler, steps, strength=None, prediction="epsilon", scheduler="Automatic", seed=42, **options):
    CASES.append(dict(sampler=sampler, steps=steps, strength=strength, prediction=prediction,
                      scheduler=scheduler, seed=seed, options=options))


for name in SOLVERS:
    few = name in ("LCM", "TCD")
    case(name, 4 if few else 7)
    case(name, 6 if few else 12, strength=0.6, seed=7)
    case(name, 4 if few else 6, prediction="v", seed=3)
    case(name, 6 if few else 12, strength=0.6, prediction="v", seed=4294967301)
for name in ("Euler", "Heun", "DPM2"):
    case(name, 8, s_churn=3.0, s_tmin=0.1, s_tmax=9.0, s_noise=1.01)
    case(name, 8, s_churn=20.0)
for name in sorted(HAS_ETA):
    case(name, 6, eta=0.0)
    case(name, 6, eta=0.6)
for name in ("DPM2 a", "DPM++ 2S a", "DPM fast", *sorted(BROWNIAN)):
    case(name, 6, s_noise=1.1)
case("DDIM", 7, eta=0.7)
case("DDIM", 30, strength=0.3)
case("DDIM", 20, strength=0.05)
case("DDIM", 4, strength=0.5, fix_steps=1)
case("PLMS", 20, strength=0.1)
case("UniPC", 3)
case("UniPC", 20, strength=0.05)
case("UniPC", 20, strength=0.1)
case("UniPC", 20, strength=0.04)
case("TCD", 8, eta=0.0)
case("TCD", 5, eta=1.0)
case("TCD", 6, scheduler="Karras")
case("TCD", 6, scheduler="SGM Uniform", eta=0.0)
case("LCM", 4, scheduler="Karras")
case("LCM", 5, scheduler="SGM Uniform")
case("Restart", 20)
case("Restart", 25, strength=0.9)
case("Restart", 36)
case("Restart", 40, prediction="v", scheduler="Exponential")
case("Euler a", 6, strength=0.5, ensd=31337)
case("Euler", 6, discard=1)
case("Euler", 4, strength=0.5, fix_steps=1)
case("Euler", 20, strength=0.01)
case("Euler", 1)
case("DPM++ 2M", 5, scheduler="KL Optimal")
case("DPM++ 2M", 7, scheduler="DDIM", strength=0.5)
case("Heun", 5, scheduler="Align Your Steps")
case("DPM++ 2M", 6, prediction="v", zero_snr=1, scheduler="Uniform")
case("Euler", 6, prediction="v", zero_snr=1)
case("DDIM", 6, prediction="v", zero_snr=1)
case("Euler", 6, prediction="v", zero_snr=1, strength=0.7)


# --- where restatement and diffusers coincide ------------------------------------------------------------

def agree(a, b, what, tolerance=1e-9):
    error = ((a - b).abs().max() / b.abs().max()).item()
    assert error < tolerance, (what, error)


def check_against_diffusers():
    z = torch.randn((1, *SHAPE), generator=torch.Generator().manual_seed(1)).double()
    for prediction in ("epsilon", "v"):
        kind = {"epsilon": "epsilon", "v": "v_prediction"}[prediction]
        timesteps = webui.timesteps(10)

        def inputs(solve, **options):
            network = Network(prediction)
            final = solve(network, z, timesteps, SD, lambda: 0.0, **options)
            return network.inputs, final.flatten()

        scheduler = DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type=kind)
        scheduler.alphas_cumprod = SD.double()
        scheduler.set_timesteps(10)
        network, x = Network(prediction), z
        for t in scheduler.timesteps[:-1]:
            x = scheduler.step(network(x, t), t, x, return_dict=False)[0]
        agree(inputs(ddim)[1], x.flatten(), "ddim")

        scheduler = PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1,
                                  prediction_type=kind)
        scheduler.alphas_cumprod = SD.double()
        scheduler.set_timesteps(10)
        network, x = Network(prediction), z
        for t in scheduler.timesteps[:-1]:
            x = scheduler.step(network(x, t), t, x, return_dict=False)[0]
        if prediction == "epsilon":  # diffusers averages v, A1111 the epsilons made from it
            agree(inputs(plms)[1], x.flatten(), "plms")

        # TCD, on its own schedule, for every number of steps it has.
        table = webui.Table(SD)
        for n, eta in [(4, 0.3), (8, 1.0), (7, 0.0), (50, 0.3)]:
            sigmas = tcd_sigmas(n, table)
            x = z * sigmas[0]
            draw = Draws(5, torch.float64)
            theirs = tcd_diffusers(Network(prediction), x, sigmas, draw, eta)
            wrapper = external.DiscreteEpsDDPMDenoiser if prediction == "epsilon" else \
                external.DiscreteVDDPMDenoiser
            draw = Draws(5, torch.float64)
            mine = tcd(wrapper(Network(prediction), SD.double(), quantize=False), x, sigmas, table, draw, eta)
            agree(mine.flatten(), theirs.flatten(), "tcd", 1e-5)

    # UniPC: diffusers' solver on A1111's grid of times.
    n = 9
    scheduler = UniPCMultistepScheduler(solver_order=3, solver_type="bh1", predict_x0=True)
    scheduler.set_timesteps(n)
    grid = torch.linspace(1.0, 1 / 1000, n + 1)
    log_alpha = np.interp(grid.double().numpy(), np.arange(1, 1001) / 1000, 0.5 * np.log(SD.double().numpy()))
    scheduler.sigmas = torch.tensor(np.sqrt(np.expm1(-2 * log_alpha)))
    scheduler.timesteps = torch.arange(n)
    network, x = Network("epsilon"), z
    for i in range(n):
        t = (grid[i] - 1 / 1000) * 1000
        x = scheduler.step(network(x, t), scheduler.timesteps[i], x, return_dict=False)[0]
    mine = unipc(Network("epsilon"), z, list(range(n)), SD, None)
    agree(mine.flatten(), x.flatten(), "unipc", 1e-6)


if __name__ == "__main__":
    check_against_diffusers()
    out, lines, worst = {}, [], (0, "")
    table = webui.Table(SD)
    for n in range(18, 61):
        out[f"restart/{n}"] = torch.tensor(restart_pairs(webui.schedule("karras", n, table)))
    for n in range(1, 51):
        out[f"tcd_schedule/{n}"] = tcd_sigmas(n, table)
    for index, c in enumerate(CASES):
        name = f"{index:03d}"
        network, final = run(c, torch.float64)
        narrow, narrow_final = run(c, torch.float32)
        assert len(narrow.inputs) == len(network.inputs), c
        error = ((narrow_final - final).abs().max() / final.abs().max()).item()
        worst = max(worst, (error, str(c)))
        if error > 1e-5:
            print("float32 differs by", error, c)
        if network.inputs:
            out[f"{name}/inputs"] = torch.stack(network.inputs)
            out[f"{name}/timesteps"] = torch.tensor(network.timesteps)
        out[f"{name}/final"] = final
        strength = "" if c["strength"] is None else repr(c["strength"])
        options = " ".join(f"{k}={v}" for k, v in c["options"].items())
        lines.append("|".join([name, c["sampler"], c["scheduler"], str(c["steps"]), strength,
                               c["prediction"], str(c["seed"]), options]))
    print(len(CASES), "cases, float32 against float64 at worst", worst)
    save_file({k: v.float().contiguous() for k, v in out.items()},
              Path(__file__).with_suffix(".safetensors"), {"cases": "\n".join(lines)})
