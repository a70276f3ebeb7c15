#!/usr/bin/env python3
"""The study's A/B questions, each answered by a short training from nothing on the same samples.

    ab_test.py WORK --merges bpe_simple_vocab_16e6.txt.gz [--samples 6000] [--arms base narrow ...]

base     source-conditioned, 96 channels at the top, cross attention and pooled text: what is shipped
narrow   64 channels at the top
unpooled cross attention alone: the pooled prompt is 0
plain    no source beside the noisy picture: image to image by the noised start alone

Every arm sees the same samples in the same order (128 px crops) and cools down to a learning rate of 0; what is
printed is its v-loss on held-out samples by use and noise level, and its speed. Less is better.
Limitations: differences that only a long training shows are not seen; one seed.
"""

import argparse
import pathlib
import tempfile
import time

import model as net
import train
from data import Sampler


class Plain(Sampler):
    """Nothing of the source is shown."""

    def sample(self, size):
        out = super().sample(size)
        out["source"][:] = 0
        out["mask"][:] = 1
        return out


class Unpooled(net.Model):
    def encode(self, ids):
        context, pooled = super().encode(ids)
        return context, pooled * 0


ARMS = {"base": {}, "narrow": {"top": 64}, "unpooled": {"Model": Unpooled}, "plain": {"Sampler": Plain}}


def run(arm, a):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "latents").symlink_to(pathlib.Path(a.work, "latents").resolve())
        how = argparse.Namespace(
            work=folder, merges=a.merges, device="cpu", top=ARMS[arm].get("top", 96), lr=a.lr, batch16=24,
            batch32=6, large_share=0.0, workers=0, more=[], compile=False, threads=a.threads,
            cooldown=a.samples, stop_after=0,
        )
        train.net.Model, train.Sampler = ARMS[arm].get("Model", MODEL), ARMS[arm].get("Sampler", Sampler)
        trainer = train.Trainer(how)
        began = time.process_time()
        trainer.run()
        print(f"{arm}: {trainer.seen / (time.process_time() - began):.1f} samples a CPU second", flush=True)
        trainer.evaluate()


MODEL = net.Model


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("work")
    p.add_argument("--merges", required=True)
    p.add_argument("--samples", type=int, default=6000)
    p.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    p.add_argument("--lr", type=float, default=6e-4)
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    for arm in a.arms:
        run(arm, a)


if __name__ == "__main__":
    main()
