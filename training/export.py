#!/usr/bin/env python3
"""Writes the averaged weights of a checkpoint as one safetensors file that the engine opens.

    export.py WORK --tae DIR --merges FILE --out pentimento-default.safetensors [--checkpoint ema.pt]

f16 tensors under diffusers' names behind unet. text_encoder. vae.; everything that shapes cannot
say is JSON in the metadata key pentimento.config (docs/formats.md).
"""

import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file

import model as net
import tae
import tokenizer


def unet_tensors(weights):
    """diffusers calls the pooled text's way in class_embedding; the engine knows it as SDXL's add_embedding."""
    return {
        k.replace("unet.class_embedding.", "unet.add_embedding."): v for k, v in weights.items()
    }


def vae_tensors(folder):
    """AutoencoderTiny's layer numbers: the decoder's clamp has none, so its layers count from 0."""
    out = {}
    for part, shift in (("encoder", 0), ("decoder", 1)):
        for name, v in torch.load(
            pathlib.Path(folder) / f"taef2_{part}.pth", weights_only=True
        ).items():
            number, rest = name.split(".", 1)
            out[f"vae.{part}.layers.{int(number) - shift}.{rest}"] = v
    return out


def config(top, merges):
    unet = net.unet_config(top)
    return {
        "family": "custom",
        "variant": "source_conditioned",
        "name": "Pentimento default",
        "native_size_px": 256,
        "default_steps": 12,
        "default_cfg": 3.0,
        "unet": {
            "sample_size": 32,
            "attention_head_dim": list(unet["attention_head_dim"]),
            "norm_num_groups": unet["norm_num_groups"],
            "added_time_ids": 0,
            "input_order": ["noisy", "source", "mask"],
        },
        "vae": {
            "tiny": True,
            "scaling_factor": 1.0,
            "shift_factor": 0.0,
            "latents_mean": tae.MEAN,
            "latents_std": tae.STD,
        },
        "scheduler": {
            "prediction_type": "v_prediction",
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "rescale_betas_zero_snr": True,
        },
        "text_encoder": {
            "num_attention_heads": net.HEADS,
            "hidden_act": "quick_gelu",
            "hidden_state": 1,
            "final_norm": True,
            "bos_token_id": tokenizer.START,
            "eos_token_id": tokenizer.END,
            "pad_token_id": tokenizer.END,
        },
        "tokenizer": {"merges": merges},
    }


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("work")
    p.add_argument("--tae", required=True)
    p.add_argument("--merges", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--checkpoint", default="ema.pt")
    a = p.parse_args()
    c = torch.load(pathlib.Path(a.work) / "checkpoints" / a.checkpoint, weights_only=False)
    tensors = {**unet_tensors(c["ema"]), **vae_tensors(a.tae)}
    tensors = {k: v.half().contiguous().clone() for k, v in tensors.items()}
    merges = "\n".join(tokenizer.read_merges(a.merges)) + "\n"
    metadata = {
        "pentimento.config": json.dumps(config(c["top"], merges), ensure_ascii=False),
        "format": "pt",
        "modelspec.title": "Pentimento default model",
        "modelspec.license": "Apache-2.0 AND MIT (TAEF2)",
        "pentimento.samples_seen": str(c["seen"]),
    }
    pathlib.Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, a.out, metadata)
    size = pathlib.Path(a.out).stat().st_size
    print(f"{a.out}: {len(tensors)} tensors, {size / 1e6:.1f} MB, {c['seen']} samples seen")


if __name__ == "__main__":
    main()
