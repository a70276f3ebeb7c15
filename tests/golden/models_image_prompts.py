"""What pictures add to a prompt: CLIP's two towers, and IP-Adapters (plain, plus, full) beside the
tiny SD 1.x UNet of pipelines_sd1/. Writes models_image_prompts.safetensors; the adapters lie in it
under the names of the published files."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from PIL import Image
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from models_common import noise, randomise, save

torch.set_num_threads(1)
tensors, parts = {}, {}
WIDTH, EMBEDDING, CONTEXT = 16, 12, 8

# CLIP: a whole model with the quick activation, and an image tower with the exact one.
vision = dict(hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
              image_size=28, patch_size=7, projection_dim=EMBEDDING)
clip = randomise(CLIPModel(CLIPConfig(
    vision_config=vision | {"hidden_act": "quick_gelu"}, projection_dim=EMBEDDING,
    text_config=dict(vocab_size=40, hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=2,
                     num_attention_heads=2, max_position_embeddings=77, hidden_act="quick_gelu",
                     bos_token_id=38, eos_token_id=39, projection_dim=EMBEDDING))), 61)
exact = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision, hidden_act="gelu")).eval()
exact.load_state_dict({k: v for k, v in clip.state_dict().items() if k.startswith("visi") or k.startswith("visual")},
                      strict=False)
parts["clip/"] = {k: v for k, v in clip.state_dict().items() if k != "logit_scale"}

unet = UNet2DConditionModel.from_pretrained("pipelines_sd1", subfolder="unet").float().eval()


def random_state(seed, shapes):
    """Tensors under the published names, of a size that keeps activations near 1."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        values = torch.randn(shape, generator=generator)
        if len(shape) > 1:
            values = values / shape[-1] ** 0.5
        elif name.endswith("weight"):
            values = 1 + 0.2 * values
        else:
            values = 0.2 * values
        state[name] = values.half().float()
    return state


# Its cross-attentions in the files' order: down 16, up 16 and 16, mid 32.
attention = {f"{index}.to_{part}_ip.weight": (width, CONTEXT)
             for index, width in ((1, 16), (3, 16), (5, 16), (7, 32)) for part in "kv"}
plain = {"proj.weight": (4 * CONTEXT, EMBEDDING), "proj.bias": (4 * CONTEXT,),
         "norm.weight": (CONTEXT,), "norm.bias": (CONTEXT,)}
full = {"proj.0.weight": (WIDTH, WIDTH), "proj.0.bias": (WIDTH,), "proj.2.weight": (CONTEXT, WIDTH),
        "proj.2.bias": (CONTEXT,), "proj.3.weight": (CONTEXT,), "proj.3.bias": (CONTEXT,)}
INNER, LATENT = 128, 8  # two heads of 64
plus = {"latents": (1, 5, LATENT), "proj_in.weight": (LATENT, WIDTH), "proj_in.bias": (LATENT,),
        "proj_out.weight": (CONTEXT, LATENT), "proj_out.bias": (CONTEXT,),
        "norm_out.weight": (CONTEXT,), "norm_out.bias": (CONTEXT,)}
for layer in range(4):
    block = f"layers.{layer}."
    for norm in ("0.norm1", "0.norm2", "1.0"):
        plus |= {block + norm + ".weight": (LATENT,), block + norm + ".bias": (LATENT,)}
    plus |= {block + "0.to_q.weight": (INNER, LATENT), block + "0.to_kv.weight": (2 * INNER, LATENT),
             block + "0.to_out.weight": (LATENT, INNER), block + "1.1.weight": (4 * LATENT, LATENT),
             block + "1.3.weight": (LATENT, 4 * LATENT)}

with torch.no_grad():
    pictures = noise(62, 2, 3, 28, 28)
    quick = clip.vision_model(pictures, output_hidden_states=True)
    tensors["picture"] = pictures[:1]
    tensors["quick.embedding"] = clip.visual_projection(quick.pooler_output)[:1]
    tensors["quick.hidden"] = quick.hidden_states[-2][:1]
    out = exact(pictures, output_hidden_states=True)
    tensors |= {"exact.embedding": out.image_embeds.clone(), "exact.hidden": out.hidden_states[-2].clone()}
    tokens = torch.full((2, 77), 39)
    tokens[0, :4] = torch.tensor([38, 5, 17, 39])
    tokens[1, :6] = torch.tensor([38, 30, 2, 9, 9, 39])
    text = clip.text_model(tokens)
    tensors |= {"text.tokens": tokens, "text.embedding": clip.text_projection(text.pooler_output)}

    photo = Image.open("pipelines_input.png").convert("RGB")
    processor = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    tensors["processed"] = torch.as_tensor(processor(photo, return_tensors="pt").pixel_values)

    x, prompt, t = noise(63, 1, 4, 8, 6), noise(64, 1, 77, CONTEXT), torch.tensor([412.0])
    tensors |= {"x": x, "prompt": prompt, "none": unet(x, t, prompt).sample}
    for seed, (name, shapes, features) in enumerate((
            ("plain", plain, out.image_embeds), ("plus", plus, out.hidden_states[-2]),
            ("full", full, out.hidden_states[-2]))):
        projection, keys = random_state(70 + seed, shapes), random_state(80 + seed, attention)
        parts[f"{name}/image_proj."], parts[f"{name}/ip_adapter."] = projection, keys
        beside = UNet2DConditionModel.from_pretrained("pipelines_sd1", subfolder="unet").float().eval()
        beside._load_ip_adapter_weights([{"image_proj": projection, "ip_adapter": keys}], low_cpu_mem_usage=False)
        weight = [0.7]
        for processor in beside.attn_processors.values():
            if isinstance(processor, IPAdapterAttnProcessor2_0):
                processor.scale = weight
        for pictures_used in (1, 2):  # two pictures: their tokens side by side
            embeds = features[None, :pictures_used]
            tokens = beside.encoder_hid_proj([embeds])[0]
            tensors[f"{name}.tokens.{pictures_used}"] = tokens.reshape(1, -1, CONTEXT)
            tensors[f"{name}.prediction.{pictures_used}"] = beside(
                x, t, prompt, added_cond_kwargs={"image_embeds": [embeds]}).sample

save("models_image_prompts.safetensors", parts, tensors)
