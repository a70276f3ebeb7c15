"""TAEF2, the ready-made tiny autoencoder (https://github.com/madebyollin/taesd, MIT): pictures of
values 0..1 to 32 channels at 1/8 of the size and back.

    block:  x = x + pool(x) (the wide blocks beside the latent);  y = relu(conv(x) + x)

Latents outside this file are normalised channel by channel: z_n = (z - MEAN) / STD. The constants
were measured over 6,558 latents of photographs and their painted versions and stay fixed for ever.
Limitations: sizes must be multiples of 8.
"""
import pathlib

import numpy as np
import torch
import torch.nn as nn

LATENT_CHANNELS = 32
MEAN = [0.0323, -0.2537, 0.0369, 0.1234, -0.0395, 0.0196, -0.0216, -0.1104, -0.1473, 0.0404, 0.2650,
        0.0659, -0.1034, 0.0097, -0.1836, 0.1180, -0.1959, 0.3353, -0.2325, 0.1282, 0.0784, 0.1013,
        0.0956, -0.0662, 0.1050, 0.0504, 0.1510, 0.0241, 0.3096, 0.1871, -0.0016, -0.0532]
STD = [0.7359, 0.9377, 0.8174, 0.9110, 0.6729, 0.8747, 0.9355, 0.7642, 0.9518, 0.6253, 0.6652,
       1.0075, 0.6847, 0.6448, 0.8293, 0.9690, 0.7328, 0.6799, 0.7078, 0.9244, 0.7726, 0.6220,
       0.6709, 0.6678, 0.8913, 0.7122, 0.9294, 0.7667, 0.7478, 0.9407, 0.7239, 0.9581]
_mean, _std = (torch.tensor(v).view(1, -1, 1, 1) for v in (MEAN, STD))


def conv(n_in, n_out, **kw):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **kw)


class Block(nn.Module):
    def __init__(self, n, wide=False):
        super().__init__()
        self.conv = nn.Sequential(conv(n, n), nn.ReLU(), conv(n, n), nn.ReLU(), conv(n, n))
        if wide:
            self.pool = nn.Sequential(nn.Conv2d(n, 4 * n, 1, bias=False), nn.GroupNorm(4, 4 * n),
                                      nn.ReLU(), nn.Conv2d(4 * n, n, 1, bias=False))

    def forward(self, x):
        if hasattr(self, "pool"):
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


def encoder():
    half = lambda: conv(64, 64, stride=2, bias=False)
    return nn.Sequential(conv(3, 64), Block(64), half(), Block(64), Block(64), Block(64), half(),
                         Block(64), Block(64), Block(64), half(), Block(64, True), Block(64, True),
                         Block(64, True), conv(64, LATENT_CHANNELS))


def decoder():
    twice = lambda: (nn.Upsample(scale_factor=2), conv(64, 64, bias=False))
    return nn.Sequential(Clamp(), conv(LATENT_CHANNELS, 64), nn.ReLU(), Block(64, True),
                         Block(64, True), Block(64, True), *twice(), Block(64), Block(64), Block(64),
                         *twice(), Block(64), Block(64), Block(64), *twice(), Block(64), conv(64, 3))


class Tae:
    """Pictures [N,3,H,W] in 0..1 <-> normalised latents [N,32,H/8,W/8], as torch tensors."""

    def __init__(self, folder, device="cpu"):
        folder = pathlib.Path(folder)
        self.device = device
        self.encoder, self.decoder = encoder(), decoder()
        for net, name in ((self.encoder, "encoder"), (self.decoder, "decoder")):
            net.load_state_dict({k: v.float() for k, v in
                                 torch.load(folder / f"taef2_{name}.pth", weights_only=True).items()})
            net.eval().to(device)

    @torch.no_grad()
    def encode(self, x):
        return (self.encoder(x.to(self.device)).cpu() - _mean) / _std

    @torch.no_grad()
    def decode(self, z):
        return self.decoder((z.float().cpu() * _std + _mean).to(self.device)).clamp(0, 1).cpu()


def fast_encoder(folder, threads=0):
    """The encoder compiled by OpenVINO in bf16: numpy [N,3,H,W] in 0..1 -> normalised f32 latents.
    2 times as fast as f32; its error is 0.012 rms."""
    import openvino as ov
    net = Tae(folder).encoder
    options = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    if threads:
        options["INFERENCE_NUM_THREADS"] = threads
    model = ov.convert_model(net, example_input=torch.rand(1, 3, 256, 256), input=[-1, 3, -1, -1])
    compiled = ov.Core().compile_model(model, "CPU", options)
    return lambda x: (compiled([x])[0] - _mean.numpy()) / _std.numpy()


def to_tensor(picture):
    """PIL picture -> numpy [3,H,W] in 0..1."""
    return np.asarray(picture.convert("RGB"), np.float32).transpose(2, 0, 1) / 255


def to_uint8(x):
    """[3,H,W] in 0..1 -> uint8 [H,W,3]."""
    return (np.asarray(x).transpose(1, 2, 0).clip(0, 1) * 255 + 0.5).astype(np.uint8)
