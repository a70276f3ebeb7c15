"""Whole img2img and txt2img runs of a tiny SD 1.x model, computed with diffusers' networks,
k-diffusion's samplers and AUTOMATIC1111's rules (step count, noise, emphasis, truncation to 8 bit).
Writes the model as a diffusers folder (pipelines_sd1/), the input picture (pipelines_input.png) and
the references (pipelines_img2img.safetensors)."""

import json
import pathlib
import shutil
import tempfile

import k_diffusion
import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models_common import randomise

torch.set_num_threads(1)
here = pathlib.Path(__file__).parent

text_model = randomise(CLIPTextModel(CLIPTextConfig(
    vocab_size=49408, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=1,
    max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=49406, eos_token_id=49407)), 21)
unet = randomise(UNet2DConditionModel(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32), layers_per_block=1,
    norm_num_groups=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=4, cross_attention_dim=8), 22)
vae = randomise(AutoencoderKL(
    block_out_channels=(16, 16, 16, 16), layers_per_block=1, norm_num_groups=8, latent_channels=4,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4), 23)

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


def clip_tokenizer():
    merges = (here / "../../assets/clip/merges.txt").read_text().split("\n")
    merges = [m for m in merges[1:] if m]
    visible = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters = [chr(b) for b in visible] + [chr(256 + i) for i in range(256 - len(visible))]
    vocab = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges]
    vocab += ["<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as tmp:
        files = pathlib.Path(tmp)
        (files / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocab)}))
        (files / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        return CLIPTokenizer(str(files / "vocab.json"), str(files / "merges.txt"))


tokenizer = clip_tokenizer()


def encode(pieces):
    """pieces: [(text, weight)] as A1111's parser cuts the prompt; chunks of 75 (no comma near the
    border in these prompts), emphasis with the mean restored."""
    ids, weights = [], []
    for text, weight in pieces:
        tokens = tokenizer(text, add_special_tokens=False).input_ids
        ids += tokens
        weights += [weight] * len(tokens)
    hidden, all_tokens = [], []
    for at in range(0, max(len(ids), 1), 75):
        chunk, scale = ids[at:at + 75], weights[at:at + 75]
        pad = 75 - len(chunk)
        tokens = torch.tensor([[49406] + chunk + [49407] * (pad + 1)])
        scale = torch.tensor([1.0] + scale + [1.0] * (pad + 1))
        inner = getattr(text_model, "text_model", text_model)
        z = inner(tokens).last_hidden_state
        before = z.mean()
        z = z * scale[None, :, None]
        hidden.append(z * (before / z.mean()))
        all_tokens.append(tokens)
    return torch.cat(hidden, dim=1), torch.cat(all_tokens)


betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2
alphas_cumprod = torch.cumprod(1 - betas, dim=0).float()


class Epsilon(k_diffusion.external.DiscreteEpsDDPMDenoiser):
    def get_eps(self, x, t, context):
        return self.inner_model(x, t, context).sample


model = Epsilon(unet, alphas_cumprod, quantize=False)


def guided(cond, uncond, cfg):
    def denoise(x, sigma, **_):
        positive, negative = model(x, sigma, context=cond), model(x, sigma, context=uncond)
        return negative + cfg * (positive - negative)
    return denoise


def decode(latent):
    picture = vae.decode(latent / 0.18215).sample
    return (torch.clamp((picture + 1) / 2, 0, 1)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)


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
