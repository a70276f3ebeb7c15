"""A tiny SD 1.x model with diffusers' networks, and AUTOMATIC1111's rules around it: what the
reference scripts of the pipelines share."""

import json
import pathlib
import tempfile

import k_diffusion
import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
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

for network in (text_model, unet, vae):  # the file's precision
    network.half().float()


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
