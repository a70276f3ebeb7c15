"""A LoRA of rank 2 on every kind of layer of the tiny SD 1.x model of models_sd1.safetensors, merged by PEFT
into diffusers' UNet and transformers' text encoder: what both compute then.

LAYER/up and LAYER/down with LAYER = "unet.…" or "text.…"; alpha is 3 everywhere, strengths are 0.5 for
the text encoder and 0.8 for the UNet."""

import peft
import torch
from diffusers import UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

torch.set_num_threads(1)
tensors = {}
with safe_open("models_sd1.safetensors", "pt") as f:
    stored = {k: f.get_tensor(k) for k in f.keys()}


def part(prefix):
    return {k[len(prefix):]: v.float() for k, v in stored.items() if k.startswith(prefix)}


text = CLIPTextModel(CLIPTextConfig(
    vocab_size=1000, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
    max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=998, eos_token_id=999)).eval()
plain = {k.removeprefix("text_model."): v for k, v in part("text/").items()}
bare = not any(k.startswith("text_model.") for k in text.state_dict())
text.load_state_dict(plain if bare else part("text/"), strict=False)
unet = UNet2DConditionModel(
    in_channels=4, out_channels=4, sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=(2, 1, 1), norm_num_groups=8,
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    attention_head_dim=8, cross_attention_dim=32).eval()
unet.load_state_dict(part("unet/"))


def with_lora(model, targets, part_name, seed, strength):
    config = peft.LoraConfig(r=2, lora_alpha=3 * strength, target_modules=targets)
    wrapped = peft.get_peft_model(model, config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in wrapped.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn(p.shape, generator=generator) * 0.25)
    for name, value in peft.get_peft_model_state_dict(wrapped).items():
        layer, which = name.removeprefix("base_model.model.").rsplit(".lora_", 1)
        layer = layer if part_name == "unet" or layer.startswith("text_model.") else "text_model." + layer
        tensors[f"{part_name}.{layer}/{'down' if which.startswith('A') else 'up'}"] = value.detach().clone().contiguous()
    return wrapped.merge_and_unload()


unet = with_lora(unet, ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "conv1",
                        "conv_shortcut", "time_emb_proj", "downsamplers.0.conv", "upsamplers.0.conv", "conv_in",
                        "time_embedding.linear_1", "conv_out"], "unet", 31, 0.8)
text = with_lora(text, ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"], "text", 32, 0.5)

with torch.no_grad():
    tensors["expected.hidden"] = text(stored["text.tokens"]).last_hidden_state
    tensors["expected.prediction"] = unet(stored["unet.square.x"].float(), torch.tensor([523.25]),
                                          stored["unet.prompts"][:1].float()).sample
save_file(tensors, "runtime_loras.safetensors")
print(len(tensors), "tensors,", sum(v.numel() * v.element_size() for v in tensors.values()), "bytes")
