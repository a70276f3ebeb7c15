"""A tiny SD 1.x model: CLIP with quick-GELU, UNet with 8 heads and 1x1-convolution projections (also
with 9 and 8 input channels), VAE. Writes models_sd1.safetensors."""

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from models_common import noise, randomise, save, text_state

torch.set_num_threads(1)
tensors = {}

text = randomise(CLIPTextModel(CLIPTextConfig(
    vocab_size=1000, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
    max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=998, eos_token_id=999)), 1)

unet_config = dict(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=(2, 1, 1), norm_num_groups=8,
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    attention_head_dim=8, cross_attention_dim=32)
unet = randomise(UNet2DConditionModel(**unet_config), 2)

vae = randomise(AutoencoderKL(
    block_out_channels=(16, 16, 32, 32), layers_per_block=1, norm_num_groups=8, latent_channels=4,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4), 3)

with torch.no_grad():
    # Text: 1 = last hidden state; n > 1 = hidden_states[-n]; the final norm in each case.
    tokens = torch.full((1, 77), 999)
    tokens[0, 0] = 998
    tokens[0, 1:9] = torch.randint(0, 998, (8,), generator=torch.Generator().manual_seed(4))
    states = text(tokens, output_hidden_states=True).hidden_states
    inner = getattr(text, "text_model", text)
    tensors["text.tokens"] = tokens
    for skip in (1, 2, 3):
        tensors[f"text.hidden.{skip}"] = inner.final_layer_norm(states[-skip])

    # UNet: a square latent, one whose halves are odd, a fractional timestep, two prompts of 77 and 154.
    prompts = noise(5, 2, 77, 32)
    long_prompt = noise(6, 1, 154, 32)
    tensors |= {"unet.prompts": prompts, "unet.long_prompt": long_prompt}
    for name, shape, seed in (("square", (8, 8), 7), ("odd", (10, 6), 8)):
        x = noise(seed, 1, 4, *shape)
        t = torch.tensor([523.25])
        tensors[f"unet.{name}.x"] = x
        tensors[f"unet.{name}.first"] = unet(x, t, prompts[:1]).sample
        tensors[f"unet.{name}.second"] = unet(x, t, prompts[1:]).sample
        tensors[f"unet.{name}.long"] = unet(x, t, long_prompt).sample

    # The same weights with more input channels: inpainting and instruct-pix2pix.
    parts = {"unet/": unet.state_dict(), "vae/": vae.state_dict(), "text/": text_state(text)}
    for name, channels in (("inpaint", 9), ("edit", 8)):
        wide = randomise(UNet2DConditionModel(**(unet_config | {"in_channels": channels})), 9)
        conv_in = wide.conv_in.state_dict()
        wide.load_state_dict(unet.state_dict() | {f"conv_in.{k}": v for k, v in conv_in.items()})
        extra = noise(10, 1, channels - 4, 8, 8)
        sample = torch.cat([tensors["unet.square.x"], extra], dim=1)
        parts[f"{name}/"] = {f"conv_in.{k}": v for k, v in conv_in.items()}
        tensors[f"unet.{name}.concat"] = extra
        tensors[f"unet.{name}.first"] = wide(sample, torch.tensor([7.0]), prompts[:1]).sample

    # VAE: the posterior's mean, scaled; and back.
    picture = noise(11, 1, 3, 48, 80).clamp(-1, 1)
    latent = vae.encode(picture).latent_dist.mean * 0.18215
    tensors |= {"vae.picture": picture, "vae.latent": latent,
                "vae.decoded": vae.decode(latent / 0.18215).sample}

save("models_sd1.safetensors", parts, tensors)
