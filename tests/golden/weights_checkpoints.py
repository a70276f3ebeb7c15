"""Tiny random Stable Diffusion checkpoints in LDM layout, and what they are under diffusers' names.

The LDM names are stated here from the layout's definition; diffusers' own converter must turn them
back into the model they were made from, or this script stops. Each file carries in its metadata,
under "expected", {part: {name: [shape, start of the bytes' sha256]}} of the diffusers state dicts.
weights_folder/ is a model as diffusers saves it: shards, an fp16 variant, a .bin, real configs."""
import hashlib
import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.loaders import single_file_utils as reference
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent


def randomise(module, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.05)
    return module.half().eval()


def state(module):
    return {k: v for k, v in module.state_dict().items() if not k.endswith("position_ids")}


def text_state(module):
    """Names as published checkpoints have them; this transformers may leave "text_model." out."""
    return {k if k.startswith(("text_model.", "text_projection.")) else "text_model." + k: v
            for k, v in state(module).items()}


def replace_all(name, pairs):
    for old, new in pairs:
        name = name.replace(old, new)
    return name


def ldm_unet(unet):
    """diffusers -> LDM, by walking the blocks in LDM's order."""
    names = state(unet)
    prefixes = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
                "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
                "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
    n = 1
    for b, block in enumerate(unet.down_blocks):
        for j in range(len(block.resnets)):
            prefixes[f"down_blocks.{b}.resnets.{j}"] = f"input_blocks.{n}.0"
            prefixes[f"down_blocks.{b}.attentions.{j}"] = f"input_blocks.{n}.1"
            n += 1
        if getattr(block, "downsamplers", None):
            prefixes[f"down_blocks.{b}.downsamplers.0.conv"] = f"input_blocks.{n}.0.op"
            n += 1
    has_attention = len(getattr(unet.mid_block, "attentions", []) or []) > 0 and unet.mid_block.attentions[0] is not None
    prefixes["mid_block.resnets.0"] = "middle_block.0"
    prefixes["mid_block.attentions.0"] = "middle_block.1"
    prefixes["mid_block.resnets.1"] = "middle_block.2" if has_attention else "middle_block.1"
    n = 0
    for b, block in enumerate(unet.up_blocks):
        for j in range(len(block.resnets)):
            prefixes[f"up_blocks.{b}.resnets.{j}"] = f"output_blocks.{n}.0"
            prefixes[f"up_blocks.{b}.attentions.{j}"] = f"output_blocks.{n}.1"
            n += 1
        with_attention = len(getattr(block, "attentions", [])) > 0
        prefixes[f"up_blocks.{b}.upsamplers.0.conv"] = f"output_blocks.{n - 1}.{2 if with_attention else 1}.conv"
    resnet = [("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
              ("norm2", "out_layers.0"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")]
    out = {}
    for name, value in names.items():
        prefix = max((p for p in prefixes if name.startswith(p + ".")), key=len)
        rest = name[len(prefix):]
        if ".resnets." in prefix + ".":
            rest = replace_all(rest, resnet)
        out[prefixes[prefix] + rest] = value
    return out


def ldm_vae(vae):
    levels = len(vae.config.block_out_channels)
    out = {}
    for name, value in state(vae).items():
        parts = name.split(".")
        if "mid_block" in name and "attentions" in name:
            name = replace_all(name, [("mid_block.attentions.0", "mid.attn_1"), ("group_norm", "norm"), ("to_q", "q"),
                                      ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")])
            if value.dim() == 2:
                value = value[:, :, None, None]
        elif "mid_block" in name:
            name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
        elif "down_blocks" in name:
            name = replace_all(name, [("down_blocks", "down"), ("resnets", "block"), ("downsamplers.0", "downsample")])
        elif "up_blocks" in name:
            parts[1:3] = ["up", str(levels - 1 - int(parts[2]))]
            name = replace_all(".".join(parts), [("resnets", "block"), ("upsamplers.0", "upsample")])
        name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        out[name] = value
    return out


def open_clip(text):
    names = text_state(text)
    out = {}
    for name, value in names.items():
        if name == "text_projection.weight":
            out["text_projection"] = value.T.contiguous()
        elif ".self_attn.q_proj." in name:
            fused = torch.cat([names[name.replace("q_proj", p)] for p in ("q_proj", "k_proj", "v_proj")])
            name = name.replace("text_model.encoder.layers", "transformer.resblocks")
            out[name.replace("self_attn.q_proj.", "attn.in_proj_")] = fused
        elif ".k_proj." not in name and ".v_proj." not in name:
            out[replace_all(name, [
                ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
                ("text_model.embeddings.", ""), ("text_model.final_layer_norm", "ln_final"),
                ("text_model.encoder.layers", "transformer.resblocks"), ("layer_norm", "ln_"),
                ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"), ("self_attn", "attn")])] = value
    return out


def must_equal(found, expected, what):
    assert found.keys() == expected.keys(), (what, sorted(found.keys() ^ expected.keys())[:5])
    for name, value in expected.items():
        assert found[name].shape == value.shape and torch.equal(found[name], value), (what, name)


def digest(tensors):
    return {k: [list(v.shape), hashlib.sha256(v.contiguous().numpy().tobytes()).hexdigest()[:16]] for k, v in tensors.items()}


def prefixed(prefix, tensors):
    return {prefix + k: v for k, v in tensors.items()}


def save(name, ldm, parts, extra=None):
    tensors = {k: v.contiguous().clone() for k, v in {**ldm, **(extra or {})}.items()}
    path = here / f"weights_{name}.safetensors"
    save_file(tensors, path, {"expected": json.dumps({k: digest(v) for k, v in parts.items()})})
    print(path, path.stat().st_size)


def check_unet(unet, ldm):
    config = dict(unet.config)
    must_equal(reference.convert_ldm_unet_checkpoint(prefixed("model.diffusion_model.", ldm), config), state(unet), "unet")


def check_vae(vae, ldm):
    must_equal(reference.convert_ldm_vae_checkpoint(prefixed("first_stage_model.", ldm), dict(vae.config)), state(vae), "vae")


def check_open_clip(text, ldm):
    found = reference.convert_open_clip_checkpoint(text, prefixed("p.", ldm), prefix="p.")
    must_equal(found, text_state(text), "open_clip")


def make_vae(seed, **more):
    return randomise(AutoencoderKL(block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, latent_channels=4,
                                   down_block_types=("DownEncoderBlock2D",) * 2,
                                   up_block_types=("UpDecoderBlock2D",) * 2, **more), seed)


def make_text(cls, seed, width, act, projection=16, layers=2):
    return randomise(cls(CLIPTextConfig(vocab_size=40, hidden_size=width, intermediate_size=2 * width,
                                        num_hidden_layers=layers, num_attention_heads=1, max_position_embeddings=77,
                                        hidden_act=act, projection_dim=projection, bos_token_id=38, eos_token_id=39)), seed)


def cross(*which):
    down = ["CrossAttnDownBlock2D" if w else "DownBlock2D" for w in which]
    up = ["CrossAttnUpBlock2D" if w else "UpBlock2D" for w in reversed(which)]
    return dict(down_block_types=down, up_block_types=up)


# ---- SD 1.x: convolutional projections, CLIP; with the ballast of a training checkpoint
unet = randomise(UNet2DConditionModel(in_channels=4, out_channels=4, block_out_channels=(8, 16, 16), layers_per_block=2,
                                      norm_num_groups=8, attention_head_dim=8, cross_attention_dim=16,
                                      **cross(True, True, False)), 1)
vae, text = make_vae(2), make_text(CLIPTextModel, 3, 16, "quick_gelu")
ldm = ldm_unet(unet)
check_unet(unet, ldm)
check_vae(vae, ldm_vae(vae))
must_equal(reference.convert_ldm_clip_checkpoint(prefixed("cond_stage_model.transformer.", text_state(text))),
           text_state(text), "clip")
save("sd1", {**prefixed("model.diffusion_model.", ldm), **prefixed("first_stage_model.", ldm_vae(vae)),
             **prefixed("cond_stage_model.transformer.", text_state(text))},
     {"unet": state(unet), "vae": state(vae), "text": text_state(text)},
     {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
      "model_ema.decay": torch.tensor(0.9999), "alphas_cumprod": torch.ones(10), "left.over": torch.zeros(1)})

# ---- SD 2.x: linear projections, OpenCLIP
unet = randomise(UNet2DConditionModel(in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
                                      norm_num_groups=8, attention_head_dim=(1, 1), cross_attention_dim=16,
                                      use_linear_projection=True, **cross(True, False)), 4)
vae, text = make_vae(5), make_text(CLIPTextModel, 6, 16, "gelu", layers=3)
ldm, clip = ldm_unet(unet), open_clip(text)
check_unet(unet, ldm)
check_open_clip(text, clip)
save("sd2", {**prefixed("model.diffusion_model.", ldm), **prefixed("first_stage_model.", ldm_vae(vae)),
             **prefixed("cond_stage_model.model.", clip)},
     {"unet": state(unet), "vae": state(vae), "text": text_state(text)},
     {"cond_stage_model.model.attn_mask": torch.zeros(77, 77), "cond_stage_model.model.logit_scale": torch.tensor(4.6)})

# ---- SDXL: depth differs by level, added embeddings, CLIP and OpenCLIP with a projection [W,P]
xl = dict(in_channels=4, out_channels=4, block_out_channels=(8, 8, 16), layers_per_block=1, norm_num_groups=8,
          cross_attention_dim=24, use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
          projection_class_embeddings_input_dim=20 + 6 * 4, **cross(False, True, True))
unet = randomise(UNet2DConditionModel(attention_head_dim=(1, 1, 1), transformer_layers_per_block=(1, 2, 3), **xl), 7)
vae, text = make_vae(8), make_text(CLIPTextModel, 9, 8, "quick_gelu")
text_2 = make_text(CLIPTextModelWithProjection, 10, 16, "gelu", projection=20)
ldm, clip = ldm_unet(unet), open_clip(text_2)
check_unet(unet, ldm)
check_open_clip(text_2, clip)
save("sdxl", {**prefixed("model.diffusion_model.", ldm), **prefixed("first_stage_model.", ldm_vae(vae)),
              **prefixed("conditioner.embedders.0.transformer.", text_state(text)),
              **prefixed("conditioner.embedders.1.model.", clip)},
     {"unet": state(unet), "vae": state(vae), "text": text_state(text), "text_2": text_state(text_2)})

# ---- pruned as SSD-1B is: no attention in the middle, other depths on the way up
unet = randomise(UNet2DConditionModel(attention_head_dim=(1, 1, 1), transformer_layers_per_block=(1, 1, 2),
                                      reverse_transformer_layers_per_block=([3, 1], [1, 2], 1),
                                      mid_block_type="UNetMidBlock2D", **xl), 11)
ldm = ldm_unet(unet)
check_unet(unet, ldm)
save("pruned", prefixed("model.diffusion_model.", ldm), {"unet": state(unet)})

# ---- a tiny autoencoder as diffusers names it
tiny = randomise(AutoencoderTiny(latent_channels=6, encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8),
                                 num_encoder_blocks=(1, 2, 1), num_decoder_blocks=(2, 1, 1)), 12)
save("tiny_vae", state(tiny), {"vae": state(tiny)})

# ---- a folder
folder = here / "weights_folder"
shutil.rmtree(folder, ignore_errors=True)
unet = randomise(UNet2DConditionModel(in_channels=4, out_channels=4, sample_size=96, block_out_channels=(8, 16),
                                      layers_per_block=1, norm_num_groups=4, attention_head_dim=(2, 4),
                                      cross_attention_dim=16, use_linear_projection=True, **cross(True, False)), 13)
vae = make_vae(14, scaling_factor=0.5, shift_factor=0.25)
text = make_text(CLIPTextModel, 15, 16, "gelu")
unet.save_pretrained(folder / "unet", max_shard_size="30KB")
vae.save_pretrained(folder / "vae", variant="fp16")
text.config.save_pretrained(folder / "text_encoder")
torch.save(text_state(text), folder / "text_encoder" / "pytorch_model.bin")
DDIMScheduler(beta_start=0.001, beta_end=0.02, beta_schedule="linear", prediction_type="v_prediction",
              rescale_betas_zero_snr=True, clip_sample=False).save_pretrained(folder / "scheduler")
(folder / "tokenizer").mkdir()
(folder / "tokenizer" / "special_tokens_map.json").write_text(json.dumps({"pad_token": "!", "eos_token": "<|endoftext|>"}))
(folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
(folder / "expected.json").write_text(json.dumps(
    {"unet": digest(state(unet)), "vae": digest(state(vae)), "text": digest(text_state(text))}))
for path in sorted(folder.rglob("*")):
    path.chmod(0o755 if path.is_dir() else 0o644)
for path in here.glob("weights_*.safetensors"):
    path.chmod(0o644)
