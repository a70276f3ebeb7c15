"""ControlNets beside the tiny UNets of models_sd2, models_sdxl and pipelines_sd1/: their trainable
copies start as the UNet itself, so that only what ControlNet adds is stored. Writes
models_control.safetensors."""

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file

from models_common import noise, randomise, save

torch.set_num_threads(1)
tensors, parts = {}, {}


def stored(file, config):
    unet = UNet2DConditionModel(**config)
    state = load_file(file)
    unet.load_state_dict({k[5:]: v.float() for k, v in state.items() if k.startswith("unet/")})
    return unet.eval()


sd1 = UNet2DConditionModel.from_pretrained("pipelines_sd1", subfolder="unet").float().eval()
sd2 = stored("models_sd2.safetensors", dict(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8,
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    attention_head_dim=(2, 4), cross_attention_dim=32, use_linear_projection=True))
sdxl = stored("models_sdxl.safetensors", dict(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=1,
    norm_num_groups=8, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    transformer_layers_per_block=[1, 2, 3], reverse_transformer_layers_per_block=[[2, 3], [1, 2], 1],
    attention_head_dim=(2, 4, 4), cross_attention_dim=48, use_linear_projection=True,
    addition_embed_type="text_time", addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=24 + 6 * 8))

with torch.no_grad():
    for seed, (name, unet) in enumerate((("sd1", sd1), ("sd2", sd2), ("sdxl", sdxl))):
        control = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 12)).eval()
        own = {k: v for k, v in control.named_modules() if k.startswith("controlnet_") and "." not in k}
        for i, (_, module) in enumerate(sorted(own.items())):
            randomise(module, 91 + 10 * seed + i)
        parts[f"{name}/"] = {k: v for k, v in control.state_dict().items() if k.startswith("controlnet_")}
        width = unet.config.cross_attention_dim
        x, prompts = noise(50 + seed, 1, 4, 8, 6), noise(53 + seed, 2, 77, width)
        picture = noise(56 + seed, 1, 3, 64, 48).sigmoid()
        t, kwargs = torch.tensor([333.0]), {}
        if name == "sdxl":
            pooled, sizes = noise(59, 1, 24), torch.tensor([[64.0, 48, 0, 0, 64, 48]])
            kwargs = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes}}
            tensors["sdxl.added"] = torch.cat([pooled, unet.add_time_proj(sizes.flatten()).reshape(1, -1)], -1)
        tensors |= {f"{name}.x": x, f"{name}.prompts": prompts, f"{name}.picture": picture}
        tensors[f"{name}.hint"] = control.controlnet_cond_embedding(picture)
        for i in range(2):
            down, mid = control(x, t, prompts[i:i + 1], picture, return_dict=False, **kwargs)
            if i == 0:
                tensors |= {f"{name}.residual.{r}": value for r, value in enumerate([*down, mid])}
            tensors[f"{name}.prediction.{i}"] = unet(
                x, t, prompts[i:i + 1], down_block_additional_residuals=down,
                mid_block_additional_residual=mid, **kwargs).sample

save("models_control.safetensors", parts, tensors)
