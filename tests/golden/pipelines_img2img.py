"""Whole img2img and txt2img runs of a tiny SD 1.x model, computed with diffusers' networks,
k-diffusion's samplers and AUTOMATIC1111's rules (step count, noise, emphasis, truncation to 8 bit).
Writes the model as a diffusers folder (pipelines_sd1/), the input picture (pipelines_input.png) and
the references (pipelines_img2img.safetensors)."""

import json
import pathlib
import shutil

import k_diffusion
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from pipelines_common import decode, encode, guided, model, text_model, unet, vae

here = pathlib.Path(__file__).parent

folder = here / "pipelines_sd1"
shutil.rmtree(folder, ignore_errors=True)
for name, network in (("text_encoder", text_model), ("unet", unet), ("vae", vae)):
    network.half().save_pretrained(folder / name)
    network.float()
(folder / "scheduler").mkdir()
(folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({
    "_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000, "prediction_type": "epsilon"}, indent=2) + "\n")
(folder / "model_index.json").write_text(json.dumps({
    "_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"], "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"]}, indent=2) + "\n")


source = Image.open(here / "../../examples/chelsea.png").convert("RGB").crop((120, 60, 216, 132))
source.save(here / "pipelines_input.png")

tensors = {}


def run(name, positive, negative, sampler, sigmas, seed, cfg, size=(64, 64), picture=None, steps=20, strength=0.75):
    generator = torch.Generator().manual_seed(seed)
    cond, tokens = encode(positive)
    uncond, _ = encode(negative)
    shape = (1, 4, size[1] // 8, size[0] // 8)
    noise = torch.randn(shape[1:], generator=generator)[None]
    x = noise * sigmas[0]
    if picture is not None:
        pixels = np.array(picture.resize(size, Image.LANCZOS)).astype(np.float32) / 255
        pixels = torch.from_numpy(pixels).permute(2, 0, 1)[None] * 2 - 1
        init = vae.encode(pixels).latent_dist.mean * 0.18215
        t_enc = int(min(strength, 0.999) * steps)
        sigmas = sigmas[steps - t_enc - 1:]
        x = init + noise * sigmas[0]
        tensors[f"{name}.init_latent"] = init
    extra = {}
    if "ancestral" in sampler:
        extra["noise_sampler"] = lambda *_: torch.randn(shape[1:], generator=generator)[None]
    latent = getattr(k_diffusion.sampling, sampler)(guided(cond, uncond, cfg), x, sigmas, disable=True, **extra)
    tensors.update({f"{name}.tokens": tokens, f"{name}.cond": cond, f"{name}.uncond": uncond,
                    f"{name}.noise": noise, f"{name}.sigmas": sigmas, f"{name}.latent": latent,
                    f"{name}.image": torch.from_numpy(decode(latent))})


low, high = model.sigmas[0].item(), model.sigmas[-1].item()
with torch.no_grad():
    uniform = model.get_sigmas(20)
    karras = k_diffusion.sampling.get_sigmas_karras(20, low, high)
    run("euler", [("a watercolour of a cat", 1.0)], [("", 1.0)], "sample_euler", uniform, 42, 7.0,
        picture=source, strength=0.5)
    run("karras", [("a ", 1.0), ("cat", 1.3), (" in ", 1.0), ("soft", 1.1), (" light", 1.0)], [("blurry, low quality", 1.0)],
        "sample_dpmpp_2m", karras, 7, 5.5, size=(80, 48), picture=source)
    run("txt2img", [("a cat", 1.0)], [("dog", 1.0)], "sample_euler_ancestral", uniform, 1234, 7.0, size=(48, 64))
    words = " ".join(["sun moon tree river stone cloud"] * 14)  # 84 tokens: two chunks
    run("long", [(words, 1.0)], [("", 1.0)], "sample_heun", karras, 3, 4.0, picture=source, strength=0.3)

# The same decoded picture that strength 0 must give.
with torch.no_grad():
    tensors["roundtrip.image"] = torch.from_numpy(decode(tensors["euler.init_latent"]))
save_file({k: v.clone().contiguous() for k, v in tensors.items()}, here / "pipelines_img2img.safetensors")
