"""CatVTON's change to a UNet, restated: every cross-attention returns its input, the self-attentions
have weights of their own, stored as the published files store them (every eighth module, the way
down, the way up, the middle). The UNet is that of pipelines_sd1/, with nine input channels. Then
CatVTON's pipeline, restated with diffusers' DDIM. Writes models_catvton.safetensors."""

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

from models_common import noise, randomise, save

torch.set_num_threads(1)


class Skip(torch.nn.Module):
    def __call__(self, attn, hidden_states, *args, **kwargs):
        return hidden_states


unet = UNet2DConditionModel.from_pretrained("pipelines_sd1", subfolder="unet").float()
unet.conv_in = randomise(torch.nn.Conv2d(9, 16, 3, padding=1), 44)
unet.config.in_channels = 9
attention, index = {}, 0
# Registration order in diffusers: down_blocks, up_blocks, mid_block.
for name, module in unet.named_modules():
    if name.endswith("attn2"):
        module.set_processor(Skip())
    if name.endswith("attn1"):
        randomise(module, 45 + index)
        attention |= {f"{8 * index}.{k}": v for k, v in module.state_dict().items()}
        index += 1

with torch.no_grad():
    # A person of 8 x 6 above a garment of the same size.
    sample, t = noise(41, 1, 9, 16, 6), torch.tensor([611.0])
    prediction = unet.eval()(sample, t, encoder_hidden_states=None).sample
    # A whole try-on of 64 x 64 pixels: four steps, no noise added.
    vae = AutoencoderKL.from_pretrained("pipelines_sd1", subfolder="vae").float().eval()
    generator = torch.Generator().manual_seed(42)
    person, garment = (torch.randint(0, 256, (64, 64, 3), generator=generator) for _ in range(2))
    mask = torch.zeros(64, 64)
    mask[16:48, 8:40] = 1

    def latents(picture):
        return vae.encode(picture[None]).latent_dist.mean * 0.18215

    def picture(pixels):
        return pixels.permute(2, 0, 1) / 127.5 - 1

    zp, zg = latents(picture(person) * (mask < 0.5)), latents(picture(garment))
    m = torch.nn.functional.interpolate(mask[None, None], size=(8, 8), mode="nearest")
    both = torch.cat([m, torch.zeros_like(m)], dim=-2)
    with_garment = torch.cat([both, torch.cat([zp, zg], dim=-2)], dim=1)
    without = torch.cat([both, torch.cat([zp, torch.zeros_like(zg)], dim=-2)], dim=1)
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                              set_alpha_to_one=False, clip_sample=False)
    scheduler.set_timesteps(4)
    x = torch.randn((1, 4, 16, 8), generator=torch.Generator().manual_seed(7))
    for step in scheduler.timesteps:
        e = [unet(torch.cat([x, extra], dim=1), step, encoder_hidden_states=None).sample
             for extra in (with_garment, without)]
        x = scheduler.step(e[1] + 2.5 * (e[0] - e[1]), step, x, eta=0.0).prev_sample
    worn = vae.decode(x[:, :, :8] / 0.18215).sample[0].permute(1, 2, 0)
    drape = {"drape.person": person.to(torch.uint8), "drape.garment": garment.to(torch.uint8),
             "drape.mask": (mask[:, :, None] * 255).to(torch.uint8),
             "drape.worn": (((worn + 1) / 2).clamp(0, 1) * 255).to(torch.uint8)}

save("models_catvton.safetensors",
     {"attention/": attention, "unet/": {f"conv_in.{k}": v for k, v in unet.conv_in.state_dict().items()}},
     {"x": sample[:, :4], "concat": sample[:, 4:], "prediction": prediction} | drape)
