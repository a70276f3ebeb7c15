"""samplers_schedules.safetensors: noise tables, every schedule at many lengths, DDIM's timesteps,
the img2img step rule."""
from pathlib import Path

import torch
from safetensors.torch import save_file

import samplers_webui as webui

TABLES = {"sd": webui.Table(webui.alphas_cumprod()),
          "linear": webui.Table(webui.alphas_cumprod(0.0001, 0.02, "linear")),
          "zero_snr": webui.Table(webui.alphas_cumprod(zero_snr=True)),
          "lcm": webui.LcmTable(webui.alphas_cumprod())}
LENGTHS = [1, 2, 3, 4, 7, 10, 11, 20, 30, 50, 150]
SOME = [1, 4, 11, 20]

out = {}
for name, table in TABLES.items():
    out[f"{name}/alphas_cumprod"], out[f"{name}/sigmas"] = table.acp, table.sigmas
    t = torch.linspace(19, 999, 101) if name == "lcm" else torch.linspace(0, 999, 101)
    out[f"{name}/timesteps"], out[f"{name}/sigma_of"] = t, table.t_to_sigma(t)
    sigma = torch.cat([torch.linspace(-4, 9, 100).exp(), table.sigmas[::7]])
    out[f"{name}/query"] = sigma
    # In double, where the fraction is exact; float32 gives it to four digits.
    wide = type(table).__new__(type(table))
    torch.nn.Module.__init__(wide)
    wide.register_buffer("sigmas", table.sigmas.double())
    wide.register_buffer("log_sigmas", table.log_sigmas.double())
    wide.quantize = False
    out[f"{name}/timestep_of"] = wide.sigma_to_t(sigma.log().double().exp()).float()
    for scheduler in webui.SCHEDULERS:
        for n in LENGTHS if name == "sd" else SOME:
            out[f"{name}/{scheduler}/{n}"] = webui.schedule(scheduler, n, table)

sd = TABLES["sd"]
for scheduler in ("karras", "exponential", "polyexponential", "sgm_uniform", "kl_optimal", "normal",
                  "beta"):
    out[f"range/{scheduler}"] = webui.schedule(scheduler, 9, sd, sigma_min=0.1, sigma_max=10)
out["rho/karras"] = webui.schedule("karras", 9, sd, rho=5)
out["rho/polyexponential"] = webui.schedule("polyexponential", 9, sd, rho=2)
out["shape/beta"] = webui.schedule("beta", 9, sd, alpha=1.7, beta=0.4)
out["sdxl/align_your_steps"] = webui.schedule("align_your_steps", 9, sd, sdxl=True)
out["sdxl/align_your_steps/11"] = webui.schedule("align_your_steps", 11, sd, sdxl=True)

for n in [1, 2, 3, 7, 9, 20, 30, 50, 150, 600, 1000]:
    out[f"timesteps/{n}"] = torch.tensor(webui.timesteps(n), dtype=torch.float32)

# rows: [steps, 1000 * strength] -> [length, t_enc] with and without fix_steps
rows = []
for steps in range(1, 151):
    for thousandths in [0, 1, 10, 50, 99, 300, 333, 500, 550, 580, 700, 750, 900, 990, 999, 1000]:
        d = thousandths / 1000
        rows.append([steps, thousandths, *webui.img2img_steps(steps, d, False),
                     *webui.img2img_steps(steps, d, True)])
out["img2img_steps"] = torch.tensor(rows, dtype=torch.float32)

save_file({k: v.float().contiguous() for k, v in out.items()}, Path(__file__).with_suffix(".safetensors"))
