#!/usr/bin/env python3
"""Sets Pentimento beside other ways to run the same networks, in one sitting on one machine.

    compare.py networks --program build --model sd15.safetensors [--rounds 3]
    compare.py img2img  --program build --model sd15.safetensors --photo cat.jpg [--rounds 2]
    compare.py start    --program build --model sd15.safetensors

networks: one UNet evaluation with guidance (batch 2) and one VAE decode at 512x512, against the graph
          that OpenVINO converts from diffusers' own modules (static shapes, bf16). Rounds alternate.
img2img:  whole processes, from start to picture on disk: 20 steps, strength 0.5 (11 evaluations with
          guidance), against the same loop in Python around diffusers' modules, compiled by OpenVINO
          (its compiled-model cache warm, as ours) and run by PyTorch in bf16.
start:    seconds to the first step, without and with compiled networks in the cache; peak memory.

The model is what bench/make_model writes: random weights of full size; speed does not depend on their
values. Needs torch, diffusers, transformers and openvino (tests/golden/requirements.txt). --work keeps
the rivals' converted networks. Prints a JSON object.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS, CALLS, SIZE = 20, 11, 512


def networks():
    """diffusers' Stable Diffusion 1.5 modules, random weights."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel
    torch.manual_seed(0)
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8,
                                block_out_channels=(320, 640, 1280, 1280))
    vae = AutoencoderKL(block_out_channels=(128, 256, 512, 512), layers_per_block=2,
                        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
    text = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                                        num_attention_heads=12, projection_dim=768))
    return {"unet": unet.eval(), "vae": vae.eval(), "text": text.eval()}


def convert(work):
    """Writes the four networks as OpenVINO converts them, once."""
    import openvino
    import torch
    if (work / "text.xml").exists():
        return
    made = networks()

    class Forward(torch.nn.Module):
        def __init__(self, module, call):
            super().__init__()
            self.module, self.call = module, call

        def forward(self, *inputs):
            return self.call(self.module, *inputs)

    jobs = {
        "unet": (made["unet"], lambda m, x, t, c: m(x, t, c, return_dict=False)[0],
                 (torch.zeros(2, 4, 64, 64), torch.tensor([1.0]), torch.zeros(2, 77, 768))),
        "decode": (made["vae"], lambda m, z: m.decode(z / 0.18215).sample, (torch.zeros(1, 4, 64, 64),)),
        "encode": (made["vae"], lambda m, x: m.encode(x).latent_dist.mean * 0.18215, (torch.zeros(1, 3, SIZE, SIZE),)),
        "text": (made["text"], lambda m, i: m(i).last_hidden_state, (torch.zeros(1, 77, dtype=torch.long),)),
    }
    with torch.no_grad():
        for name, (module, call, example) in jobs.items():
            graph = openvino.convert_model(Forward(module, call), example_input=example)
            graph.reshape({port.any_name: list(value.shape) for port, value in zip(graph.inputs, example)})
            openvino.save_model(graph, work / f"{name}.xml")


class OpenVino:
    def __init__(self, work, names):
        import openvino
        core = openvino.Core()
        core.set_property({"CACHE_DIR": str(work / "cache")})
        options = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
        self.requests = {n: core.compile_model(work / f"{n}.xml", "CPU", options).create_infer_request() for n in names}

    def __call__(self, name, *inputs):
        request = self.requests[name]
        return request.infer(dict(enumerate(inputs)))[request.model_outputs[0]].copy()


class PyTorch:
    def __init__(self):
        import torch
        self.torch = torch
        torch.set_grad_enabled(False)
        self.modules = {n: m.to(torch.bfloat16) for n, m in networks().items()}
        for name in ("unet", "vae"):
            self.modules[name] = self.modules[name].to(memory_format=torch.channels_last)

    def __call__(self, name, *inputs):
        torch, m = self.torch, self.modules
        tensors = [torch.from_numpy(i) for i in inputs]
        tensors = [t.to(torch.bfloat16) if t.is_floating_point() else t for t in tensors]
        tensors = [t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t for t in tensors]
        out = {"unet": lambda x, t, c: m["unet"](x, t, c, return_dict=False)[0],
               "decode": lambda z: m["vae"].decode(z / 0.18215).sample,
               "encode": lambda x: m["vae"].encode(x).latent_dist.mean * 0.18215,
               "text": lambda i: m["text"](i).last_hidden_state}[name](*tensors)
        return out.float().numpy()


def rival_img2img(engine, photo, out):
    """The same work as `pentimento img2img`: Euler, 11 evaluations with guidance."""
    import numpy
    from PIL import Image
    run = OpenVino(engine, ["text", "encode", "unet", "decode"]) if engine else PyTorch()
    picture = numpy.asarray(Image.open(photo).convert("RGB").resize((SIZE, SIZE), Image.LANCZOS), numpy.float32)
    x = run("encode", (picture / 127.5 - 1).transpose(2, 0, 1)[None].copy())
    ids = numpy.full((1, 77), 49407, numpy.int64)
    context = numpy.concatenate([run("text", ids), run("text", ids)]).astype(numpy.float32)
    noise = numpy.random.default_rng(0).standard_normal(x.shape, numpy.float32)
    alphas = numpy.cumprod(1 - numpy.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    sigma_of = lambda t: numpy.sqrt((1 - alphas[int(t)]) / alphas[int(t)])
    times = numpy.linspace(999, 0, STEPS)[STEPS - CALLS:]
    sigmas = [sigma_of(t) for t in times] + [0.0]
    x = x + noise * sigmas[0]
    for t, sigma, following in zip(times, sigmas, sigmas[1:]):
        scaled = (x / numpy.sqrt(sigma**2 + 1)).astype(numpy.float32)
        both = run("unet", numpy.concatenate([scaled, scaled]), numpy.array([t], numpy.float32), context)
        epsilon = both[:1] + 7.0 * (both[1:] - both[:1])
        x = (x + epsilon * (following - sigma)).astype(numpy.float32)
    rgb = (run("decode", x)[0].transpose(1, 2, 0) * 127.5 + 127.5).clip(0, 255)
    Image.fromarray(numpy.nan_to_num(rgb).astype(numpy.uint8)).save(out)


def timed(command, **options):
    """Wall seconds and peak bytes of a process that must succeed."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    out, err = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{out}{err}")
    return seconds, out + err


def compare_networks(a, work):
    import numpy
    convert(work)
    rows = {"ours": {"unet": [], "decode": []}, "openvino": {"unet": [], "decode": []}}
    for _ in range(a.rounds):
        _, out = timed([a.program / "bench/networks_bench", a.model, "--rounds", "2", "--precision", "bf16"])
        ours = json.loads(out[out.index("{"):])
        for name in ("unet", "decode"):
            rows["ours"][name] += ours["step" if name == "unet" else name]
        run = OpenVino(work, ["unet", "decode"])
        inputs = {"unet": (numpy.random.randn(2, 4, 64, 64).astype(numpy.float32), numpy.array([500], numpy.float32),
                           numpy.random.randn(2, 77, 768).astype(numpy.float32)),
                  "decode": (numpy.random.randn(1, 4, 64, 64).astype(numpy.float32),)}
        for name in ("unet", "decode"):
            run(name, *inputs[name])
            for _ in range(2):
                began = time.perf_counter()
                run(name, *inputs[name])
                rows["openvino"][name].append(time.perf_counter() - began)
        del run
    medians = {engine: {n: statistics.median(v) for n, v in r.items()} for engine, r in rows.items()}
    return {"seconds": rows, "median": medians,
            "ratio": {n: medians["ours"][n] / medians["openvino"][n] for n in ("unet", "decode")}}


def img2img_command(a, out, *more):
    return [a.program / "src/pentimento", "img2img", a.photo, "--model", a.model, "--prompt", "oil painting",
            "--steps", str(STEPS), "--strength", "0.5", "--sampler", "Euler", "--width", str(SIZE), "--height", str(SIZE),
            "--precision", "bf16", "--seed", "1", "--output", out, *more]


def compare_img2img(a, work):
    convert(work)
    rows = {"ours": [], "openvino": [], "pytorch": []}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        commands = {"ours": img2img_command(a, out),
                    "openvino": [sys.executable, __file__, "rival", "--work", work, "--photo", a.photo, "--out", out],
                    "pytorch": [sys.executable, __file__, "rival", "--photo", a.photo, "--out", out]}
        for name in ("ours", "openvino"):  # fill both caches
            timed(commands[name])
        for _ in range(a.rounds):
            for name, command in commands.items():
                rows[name].append(timed(command)[0])
    medians = {name: statistics.median(v) for name, v in rows.items()}
    return {"seconds": rows, "median": medians,
            "ratio": {n: medians["ours"] / medians[n] for n in ("openvino", "pytorch")}}


def compare_start(a, work):
    """Cold and warm: everything before the first evaluation (checkpoint opened, networks compiled or
    taken from the cache, prompt and picture encoded), and the picture's encoding alone."""
    result = {}
    with tempfile.TemporaryDirectory() as cache:
        for name in ("cold", "warm", "warm again"):
            command = [a.program / "bench/networks_bench", a.model, "--rounds", "1", "--precision", "bf16", "--cache", cache]
            _, out = timed(command)
            ours = json.loads(out[out.index("{"):])
            keys = ("to_first_step", "encode", "text", "prepare", "networks", "peak_bytes", "estimated_bytes", "cache_bytes")
            result[name] = {key: ours[key] for key in keys}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["networks", "img2img", "start", "rival"])
    parser.add_argument("--program", type=Path, default=Path("build"), help="build folder (default: build)")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="keeps the rivals' converted networks")
    parser.add_argument("--out", type=Path)
    a = parser.parse_args()
    if a.what == "rival":
        return rival_img2img(a.work, a.photo, a.out)
    work = a.work or Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    result = {"networks": compare_networks, "img2img": compare_img2img, "start": compare_start}[a.what](a, work)
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(json.dumps({"processor": cpu.group(1) if cpu else "", "cores": os.cpu_count(), **result}, indent=1))


if __name__ == "__main__":
    main()
