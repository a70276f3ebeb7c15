"""A tiny SDXL model: two text towers read at the penultimate layer without norm, the second with a
pooled projection (its end token is not the greatest one); UNet without attention at the first level
and two or three transformer layers below, an added vector, depths that differ on the way up as in
SSD-1B. Writes models_sdxl.safetensors."""

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from models_common import noise, randomise, save, text_state

torch.set_num_threads(1)
tensors = {}

common = dict(vocab_size=1000, num_hidden_layers=3, max_position_embeddings=77, bos_token_id=998)
first = randomise(CLIPTextModel(CLIPTextConfig(
    **common, hidden_size=16, intermediate_size=32, num_attention_heads=1, hidden_act="quick_gelu",
    eos_token_id=999)), 31)
second = randomise(CLIPTextModelWithProjection(CLIPTextConfig(
    **common, hidden_size=32, intermediate_size=64, num_attention_heads=2, hidden_act="gelu",
    projection_dim=24, eos_token_id=500, pad_token_id=0)), 32)
unet = randomise(UNet2DConditionModel(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=1,
    norm_num_groups=8, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    transformer_layers_per_block=[1, 2, 3], reverse_transformer_layers_per_block=[[2, 3], [1, 2], 1],
    attention_head_dim=(2, 4, 4), cross_attention_dim=48, use_linear_projection=True,
    addition_embed_type="text_time", addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=24 + 6 * 8), 33)

with torch.no_grad():
    tokens = torch.full((2, 77), 999)
    tokens[0, :4] = torch.tensor([998, 5, 600, 999])
    tokens[1, :4] = torch.tensor([998, 700, 500, 0])
    tokens[1, 4:] = 0
    tensors["text.tokens"] = tokens
    tensors["text.first"] = first(tokens[:1], output_hidden_states=True).hidden_states[-2]
    out = second(tokens[1:], output_hidden_states=True)
    tensors |= {"text.second": out.hidden_states[-2], "text.pooled": out.text_embeds}

    prompts, pooled = noise(34, 2, 77, 48), noise(35, 2, 24)
    x = noise(36, 1, 4, 8, 12)
    sizes = torch.tensor([[64.0, 96, 0, 0, 64, 96]])
    # The added vector as the network sees it: pooled text, then the sinusoids of the six sizes.
    added = [torch.cat([pooled[i:i + 1], unet.add_time_proj(sizes.flatten()).reshape(1, -1)], -1) for i in (0, 1)]
    tensors |= {"unet.prompts": prompts, "unet.x": x, "unet.added": torch.cat(added)}
    for i, name in enumerate(("first", "second")):
        tensors[f"unet.{name}"] = unet(
            x, torch.tensor([250.0]), prompts[i:i + 1],
            added_cond_kwargs={"text_embeds": pooled[i:i + 1], "time_ids": sizes}).sample

save("models_sdxl.safetensors",
     {"unet/": unet.state_dict(), "text0/": text_state(first), "text1/": text_state(second)}, tensors)
