"""One textual inversion of 3 vectors of width 8 in every wrapping: A1111's .pt, diffusers' .bin, safetensors,
and the two ways in which A1111 puts one into a picture. The pixel code restates
modules/textual_inversion/image_embedding.py of AUTOMATIC1111's WebUI 1.10."""
import base64
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save_file

here = (Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent) / "pipelines_embeddings"
here.mkdir(exist_ok=True)
vectors = torch.randn(3, 8, generator=torch.Generator().manual_seed(9))
data = {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(vectors)}, "name": "inner name",
        "step": 500, "sd_checkpoint": None, "sd_checkpoint_name": None}
torch.save(data, here / "a1111.pt")
torch.save({"<cat-toy>": vectors[0].clone()}, here / "diffusers.bin")
save_file({"emb_params": vectors}, here / "params.safetensors")
save_file({"clip_l": vectors, "clip_g": torch.randn(3, 12, generator=torch.Generator().manual_seed(10))}, here / "pair.safetensors")


class Encoder(json.JSONEncoder):
    def default(self, obj):
        if isinstance(obj, torch.Tensor):
            return {"TORCHTENSOR": obj.detach().numpy().tolist()}
        return super().default(obj)


text = json.dumps(data, cls=Encoder)
rng = np.random.default_rng(3)
picture = Image.fromarray(rng.integers(20, 255, (48, 40, 3), dtype=np.uint8))
info = PngImagePlugin.PngInfo()
info.add_text("sd-ti-embedding", base64.b64encode(text.encode()).decode())
picture.save(here / "text.png", pnginfo=info)


def lcg(m=2**32, a=1664525, c=1013904223, seed=0):
    while True:
        seed = (a * seed + c) % m
        yield seed % 255


def xor_block(block):
    g = lcg()
    random = np.array([next(g) for _ in range(np.prod(block.shape))]).astype(np.uint8).reshape(block.shape)
    return np.bitwise_xor(block.astype(np.uint8), random & 0x0F)


def styled(block):  # the high four bits are decoration, never black
    return block | (rng.integers(1, 16, block.shape, dtype=np.uint8) << 4)


packed = np.frombuffer(zlib.compress(text.encode(), level=9), np.uint8).copy()
h, d = 48, 3
size = len(packed) + (h - len(packed) % h)
size = size + (h * d - size % (h * d))
low = np.resize(packed & 0x0F, size).reshape((h, -1, d))
high = np.resize(packed >> 4, size).reshape((h, -1, d))
low, high = Image.fromarray(styled(xor_block(low))), Image.fromarray(styled(xor_block(high)))
whole = Image.new("RGB", (picture.size[0] + low.size[0] + high.size[0] + 2, h), (0, 0, 0))
whole.paste(low, (0, 0))
whole.paste(picture, (low.size[0] + 1, 0))
whole.paste(high, (low.size[0] + 1 + picture.size[0] + 1, 0))
whole.save(here / "pixels.png")
picture.save(here / "plain.png")
for f in sorted(here.iterdir()):
    f.chmod(0o644)
    print(f.name, f.stat().st_size)
