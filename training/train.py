#!/usr/bin/env python3
"""Trains the default model on the latents of build_data.py, for as long as it is let run.

    train.py WORK --merges bpe_simple_vocab_16e6.txt.gz [--device cuda] [--stop-after SECONDS] ...

WORK/checkpoints/last.pt (every 15 minutes and on SIGTERM or SIGINT) is picked up again by itself;
WORK/train.log says what was reached. New shards are taken in while it runs.

Objective: v-prediction, zero terminal SNR, v-loss weighted min(SNR,5)/(SNR+1) but at least 0.15, and 0.5 where
something is hidden, grey or spoilt: min-SNR weights leave such pictures next to nothing at some noise levels.
A sample is a target x0, a source s, a mask and a prompt. Most noisy inputs are, as usual,
    x_t = a x0 + b n;                     v = a n - b x0
but image to image starts from the noised *source*, which this never shows. So, in half of the
repainting samples,
    x_t = a (x0 + u (s - x0)) + b n;      v = (a x_t - x0) / b,   u <= ramp(t)
that is: the noisy input still carries the look of the source, and the network learns to lead it
home, the more so the more noise there is (ramp: 0 below t = 250, 1 above 700). That is what makes a
strength of 0.6 a repainting instead of a tint. Holes may start from their fill, and what is to be restored or
coloured from what it is, at any t, with any u: little noise keeps what is there, and the faults are there. Such a v
is as large as a u / b, and its loss is divided by 1 + (a u / b)^2, or little noise would count above all else.
Limitations: one process, one device.
"""

import argparse
import collections
import os
import pathlib
import signal
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch

import model as net
import tokenizer
from data import Sampler, Shards, stream


def sample_t(n, hard, grey, rng):
    """Timesteps, stratified. hard [n]: no whole source is seen, so that high noise matters more; grey [n]: colours
    are missing, and with little noise the noisy picture itself tells them."""
    u = (torch.arange(n) + torch.rand(n, generator=rng)) / n
    u = u[torch.randperm(n, generator=rng)]
    which = torch.rand(n, generator=rng)
    soft = torch.where(which < 0.30, u * 350, torch.where(which < 0.75, 200 + u * 550, u * 1000))
    t = torch.where(grey, u.sqrt() * 1000, torch.where(hard, u * 1000, soft))
    return t.long().clamp(0, 999)


def ramp(t):
    return ((t.float() - 250) / 450).clamp(0, 1)


def cell_weight(mask):
    """[N,1,h,w]: in a picture with a hole the hole counts, the smaller the more; the rest is only copied."""
    share = mask.mean((1, 2, 3), keepdim=True)
    inside = (1 / share.clamp_min(1e-6)).clamp_max(4)
    return torch.where((share > 0) & (share < 1), mask * inside + (1 - mask) * 0.25, 1.0)


class Threads:
    """As many threads as leave nobody waiting: beside a busy process two threads run at a fifth of the
    speed of one, because every barrier waits for a time slice."""

    def __init__(self, most):
        self.most, self.last = most, self.read()
        torch.set_num_threads(1)

    def read(self):
        c = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
        p = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
        return time.time(), sum(c) - c[3] - c[4], int(p[11]) + int(p[12])

    def update(self):
        now = self.read()
        dt = now[0] - self.last[0]
        if dt < 10:
            return
        other = (now[1] - self.last[1] - (now[2] - self.last[2])) / os.sysconf("SC_CLK_TCK") / dt
        self.last = now
        n = max(1, min(self.most, round(self.most - other + 0.25)))
        if n != torch.get_num_threads():
            torch.set_num_threads(n)


class Trainer:
    def __init__(self, a):
        self.a, self.work = a, pathlib.Path(a.work)
        self.ckpt = self.work / "checkpoints"
        self.ckpt.mkdir(parents=True, exist_ok=True)
        self.tok = tokenizer.Tokenizer(tokenizer.read_merges(a.merges))
        if a.device == "cpu":
            net.use_plain_attention()
        torch.manual_seed(0)
        self.model = net.Model(a.top).to(a.device)
        if a.compile:
            self.model.unet.compile()
        self.flat = net.Flat(self.model, torch.bfloat16)
        self.flat.master.requires_grad_(True)
        self.flat.master.grad = torch.zeros_like(self.flat.master)
        self.ema = self.flat.master.detach().clone()
        self.opt = torch.optim.AdamW(
            [self.flat.master], lr=a.lr, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.step = self.seen = 0
        self.ab = net.alphas_cumprod().to(a.device)
        self.seconds = 0.0
        self.resume()
        self.began_at = self.seen
        self.rng = torch.Generator().manual_seed(1000 + self.step)
        self.shards = Shards(a.work)
        more = {task: float(factor) for task, factor in (m.split("=") for m in a.more)}
        self.sampler = Sampler(self.shards, 3000 + self.step, self.tok, more)
        sizes = {16: a.batch16, 32: a.batch32}
        self.batches = stream(self.sampler, sizes, a.large_share, 2000 + self.step, a.workers)

    # -- state
    def resume(self):
        if not (self.ckpt / "last.pt").exists():
            return
        c = torch.load(self.ckpt / "last.pt", weights_only=False, map_location=self.a.device)
        with torch.no_grad():
            self.flat.master.copy_(c["master"])
            self.flat.value.copy_(c["master"])
            self.ema.copy_(c["ema"])
        self.opt.load_state_dict(c["opt"])
        self.step, self.seen, self.seconds = c["step"], c["seen"], c.get("seconds", 0.0)
        self.say(f"resumed at step {self.step}, {self.seen} samples")

    def save(self):
        part = self.ckpt / "part.pt"
        torch.save(
            {
                "top": self.a.top,
                "step": self.step,
                "seen": self.seen,
                "seconds": self.seconds,
                "master": self.flat.master.detach(),
                "ema": self.ema,
                "opt": self.opt.state_dict(),
                "names": [(n, tuple(p.shape)) for n, p in self.flat.named],
            },
            part,
        )
        os.replace(part, self.ckpt / "last.pt")
        weights = {k: v.half() for k, v in self.flat.state(self.ema).items()}
        torch.save(
            {"top": self.a.top, "step": self.step, "seen": self.seen, "ema": weights},
            self.ckpt / "ema-part.pt",
        )
        os.replace(self.ckpt / "ema-part.pt", self.ckpt / "ema.pt")

    def say(self, text):
        line = f"{time.strftime('%m-%d %H:%M:%S')} {text}"
        print(line, flush=True)
        with open(self.work / "train.log", "a") as f:
            f.write(line + "\n")

    # -- one step
    def forward(self, b, t, generator):
        d = self.a.device
        x0, source, mask, start, ids = (
            torch.as_tensor(b[k]).to(d) for k in ("x", "source", "mask", "start", "ids")
        )
        t = t.to(d)
        ab = self.ab[t].view(-1, 1, 1, 1)
        a, s = ab.sqrt(), (1 - ab).sqrt()
        u = torch.rand(len(t), generator=generator).to(d)
        hole = (mask.amax((1, 2, 3)) > 0) & (mask.amin((1, 2, 3)) < 1)
        spoilt = torch.tensor([task == "repair" for task in b["task"]], device=d)
        u = torch.where(hole | spoilt, 1 - u * u, u * ramp(t)).view(-1, 1, 1, 1)
        begun = (hole | spoilt) & (start != x0).flatten(1).any(1)
        fair = torch.where(begun.view(-1, 1, 1, 1), 1 / (1 + (a * u / s) ** 2), 1.0)
        xt = a * (x0 + u * (start - x0)) + s * torch.randn(x0.shape, generator=generator).to(d)
        v = (a * xt - x0) / s
        p = self.model(xt, mask, source, t, self.model.encode(ids)).float()
        return ((p - v).pow(2) * cell_weight(mask) * fair).mean((1, 2, 3))

    def train_step(self):
        _, b = next(self.batches)
        n = len(b["use"])
        hard = torch.tensor([u != "none" for u in b["use"]])
        grey = torch.tensor([u == "grey" for u in b["use"]])
        t = sample_t(n, hard, grey, self.rng)
        each = self.forward(b, t, self.rng)
        weight = net.log_snr_weight(self.ab, t.to(self.a.device))
        spoilt = torch.tensor([task == "repair" for task in b["task"]])
        weight = torch.where((hard | spoilt).to(self.a.device), weight.clamp_min(0.5), weight)
        (each * weight).mean().backward()
        with torch.no_grad():
            self.flat.master.grad.copy_(self.flat.grad)
            self.flat.grad.zero_()
            norm = torch.nn.utils.clip_grad_norm_([self.flat.master], 1.0)
            lr = self.a.lr * min(1, (self.step + 1) / 100) / max(1.0, self.seen / 2e5) ** 0.5
            if self.a.cooldown:
                lr *= max(0.0, 1 - (self.seen - self.began_at) / self.a.cooldown)
            for g in self.opt.param_groups:
                g["lr"] = lr
            self.opt.step()
            self.flat.value.copy_(self.flat.master)
            memory = 0.998 if self.a.cooldown else 0.9995  # a falling rate averages by itself
            self.ema.lerp_(
                self.flat.master.detach(), 1 - min(memory, (1 + self.step) / (20 + self.step))
            )
        self.step += 1
        self.seen += n
        return each.detach().cpu(), t, b, norm.item(), lr

    @torch.no_grad()
    def evaluate(self):
        """Held-out v-loss of the averaged weights per task at five noise levels, 16x16 crops."""
        if not hasattr(self, "held"):
            held = Shards.__new__(Shards)
            held.rows, held.z = [], []
            held.append(str(self.work / "latents/held.npy"))
            held.index()
            self.held = Sampler(held, 5, self.tok).batch(16, 48)
        self.flat.value.copy_(self.ema)
        self.model.eval()
        out = {}
        for level in (100, 300, 500, 700, 900):
            g = torch.Generator().manual_seed(level)
            parts = []
            for i in range(0, 48, 16):
                part = {k: v[i : i + 16] for k, v in self.held.items()}
                part["start"] = part["x"]
                parts.append(self.forward(part, torch.full((16,), level), g).cpu())
            out[level] = torch.cat(parts)
        self.model.train()
        self.flat.value.copy_(self.flat.master)
        for use in ("none", "hole", "drop"):
            pick = torch.tensor([u == use for u in self.held["use"]])
            self.say(
                f"  held {use:5s} ({int(pick.sum())}) "
                + "  ".join(f"t{k} {v[pick].mean():.3f}" for k, v in out.items())
            )

    # -- the loop
    def over(self, seconds):
        a = self.a
        cooled = a.cooldown and self.seen - self.began_at >= a.cooldown
        return cooled or (a.stop_after and seconds >= a.stop_after)

    def run(self):
        stop = []
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, lambda *_: stop.append(1))
        threads = Threads(self.a.threads) if self.a.device == "cpu" else None
        self.say(
            f"{len(self.flat.value) / 1e6:.2f} M parameters, "
            f"{len(self.shards.rows)} rows in {len(self.shards.names)} shards"
        )
        began = last_say = last_save = last_scan = time.time()
        last_eval, seen0, stats = began, self.seen, collections.defaultdict(list)
        while not stop and not self.over(time.time() - began):
            tick = time.time()
            each, t, b, norm, lr = self.train_step()
            for i, (task, use) in enumerate(zip(b["task"], b["use"])):
                stats[use if use != "none" else task].append(each[i].item())
            if threads:
                threads.update()
            now = time.time()
            self.seconds += now - tick
            if now - last_say > 120:
                text = " ".join(f"{k} {np.mean(v[-300:]):.3f}" for k, v in sorted(stats.items()))
                n_threads = torch.get_num_threads() if threads else 0
                speed = (self.seen - seen0) / (now - last_say)
                self.say(
                    f"step {self.step} seen {self.seen} {text} | "
                    f"gn {norm:.2f} lr {lr:.1e} {speed:.1f}/s threads {n_threads}"
                )
                last_say, seen0 = now, self.seen
                stats.clear()
            if now - last_save > 900:
                self.save()
                last_save = time.time()
            if now - last_scan > 300 and not self.a.workers:
                fresh = self.shards.rescan()
                if fresh:
                    self.say(f"{fresh} new shards, {len(self.shards.rows)} rows")
                last_scan = now
            if now - last_eval > 1800:
                self.evaluate()
                last_eval = time.time()
        self.save()
        self.say(f"stopped at step {self.step}, {self.seen} samples")


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("work")
    p.add_argument("--merges", required=True, help="CLIP's bpe_simple_vocab_16e6.txt.gz")
    p.add_argument("--device", default="cpu")
    p.add_argument("--top", type=int, default=96, help="channels of the uppermost level: 64 or 96")
    p.add_argument("--lr", type=float, default=6e-4)
    p.add_argument("--batch16", type=int, default=24, help="samples a step of 128 px crops")
    p.add_argument("--batch32", type=int, default=6, help="samples a step of 256 px pictures")
    p.add_argument(
        "--large-share", type=float, default=0.15, help="share of the steps that are of 256 px"
    )
    p.add_argument(
        "--workers", type=int, default=0, help="processes that prepare batches; for GPUs"
    )
    p.add_argument(
        "--more", nargs="+", default=[], metavar="TASK=FACTOR", help="more of a task (data.py: TASKS) for a while"
    )
    p.add_argument("--compile", action="store_true", help="torch.compile the UNet")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument(
        "--cooldown",
        type=int,
        default=0,
        help="let the learning rate fall to nothing over so many samples, then stop: for weights to "
        "ship, in a copy of the work folder, so that training itself goes on from before",
    )
    p.add_argument("--stop-after", type=float, default=0, help="seconds; 0 = never")
    Trainer(p.parse_args()).run()


if __name__ == "__main__":
    main()
