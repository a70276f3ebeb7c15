"""A tiny SD 2.x model: OpenCLIP-like text tower with GELU, UNet with linear projections and heads of
one width (8 here, 64 in the real one). Writes models_sd2.safetensors."""

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from models_common import noise, randomise, save, text_state

torch.set_num_threads(1)
tensors = {}

text = randomise(CLIPTextModel(CLIPTextConfig(
    vocab_size=1000, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
    max_position_embeddings=77, hidden_act="gelu", bos_token_id=998, eos_token_id=999, pad_token_id=0)), 21)
unet = randomise(UNet2DConditionModel(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32), layers_per_block=1,
    norm_num_groups=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=(2, 4),
    cross_attention_dim=32, use_linear_projection=True), 22)

with torch.no_grad():
    tokens = torch.zeros((1, 77), dtype=torch.long)
    tokens[0, :6] = torch.tensor([998, 17, 512, 997, 3, 999])
    states = text(tokens, output_hidden_states=True).hidden_states
    tensors["text.tokens"] = tokens
    tensors["text.hidden"] = getattr(text, "text_model", text).final_layer_norm(states[-2])
    prompt, x = noise(23, 1, 77, 32), noise(24, 1, 4, 6, 10)
    tensors |= {"unet.prompt": prompt, "unet.x": x,
                "unet.prediction": unet(x, torch.tensor([981.0]), prompt).sample}

save("models_sd2.safetensors", {"unet/": unet.state_dict(), "text/": text_state(text)}, tensors)
