"""Kinds that only some checkpoints have: an LCM UNet that takes the guidance scale, a pruned UNet
without a middle block, a VAE without attention and 1x1 convolutions but with a shift, tiny
autoencoders of 4 and 32 latent channels (the latter with TAEF2's pooled blocks).
Writes models_variants.safetensors."""

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, LatentConsistencyModelPipeline, UNet2DConditionModel
from torch import nn

from models_common import noise, randomise, save

torch.set_num_threads(1)
tensors, parts = {}, {}

unet_config = dict(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32), layers_per_block=1,
    norm_num_groups=8, down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=8,
    cross_attention_dim=24)
x, prompt = noise(41, 1, 4, 8, 8), noise(42, 1, 77, 24)
tensors |= {"x": x, "prompt": prompt}

with torch.no_grad():
    lcm = randomise(UNet2DConditionModel(**unet_config, mid_block_type=None, time_cond_proj_dim=16), 43)
    embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    w = embed(None, torch.tensor([6.5]), embedding_dim=16)
    tensors["lcm.prediction"] = lcm(x, torch.tensor([499.0]), prompt, timestep_cond=w).sample
    without = randomise(UNet2DConditionModel(**unet_config, mid_block_type=None), 44)
    without.load_state_dict({n: v for n, v in lcm.state_dict().items() if "cond_proj" not in n})
    tensors["pruned.prediction"] = without(x, torch.tensor([499.0]), prompt).sample
    parts["lcm/"] = lcm.state_dict()

    vae = randomise(AutoencoderKL(
        block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, latent_channels=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False), 45)
    picture = noise(46, 1, 3, 32, 32).clamp(-1, 1)
    mean = vae.encode(picture).latent_dist.mean
    tensors |= {"picture": picture, "shifted.latent": (mean - 0.25) * 0.5, "shifted.decoded": vae.decode(mean).sample}
    parts["vae/"] = vae.state_dict()

    tiny = randomise(AutoencoderTiny(
        latent_channels=4, encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4), 47)
    latent = tiny.encode(picture).latents
    tensors |= {"tiny.latent": latent, "tiny.decoded": tiny.decode(4 * latent).sample}
    parts["tiny/"] = {n: v for n, v in tiny.state_dict().items()}

    # TAEF2: blocks next to the latent add pool(x) = 1x1 conv, group norm in 4 groups, relu, 1x1 conv.
    class Pooled(nn.Module):
        def __init__(self, block, channels):
            super().__init__()
            self.conv = block.conv
            self.pool = nn.Sequential(nn.Conv2d(channels, 4 * channels, 1, bias=False),
                                      nn.GroupNorm(4, 4 * channels), nn.ReLU(),
                                      nn.Conv2d(4 * channels, channels, 1, bias=False))

        def forward(self, x):
            x = x + self.pool(x)
            return torch.relu(self.conv(x) + x)

    wide = AutoencoderTiny(latent_channels=32, num_encoder_blocks=(1, 1, 1, 2), num_decoder_blocks=(2, 1, 1, 1),
                           encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4)
    for layers, pooled in ((wide.encoder.layers, (7, 8)), (wide.decoder.layers, (2, 3))):
        for i in pooled:
            layers[i] = Pooled(layers[i], 16)
    randomise(wide, 48)
    latent = wide.encode(picture).latents
    tensors |= {"wide.latent": latent, "wide.decoded": wide.decode(latent).sample}
    parts["wide/"] = wide.state_dict()

save("models_variants.safetensors", parts, tensors)
