"""Training samples out of the shards of build_data.py: a target, what the model may see of a source,
a mask, a prompt. All randomness is here."""

import glob
import json
import random

import numpy as np
import torch

import captions
import fill

# Share of each task by size of the crop in latent pixels. Whole icons need the whole picture.
TASKS = {
    16: {"look": 0.44, "photo": 0.20, "repair": 0.14, "dye": 0.22},
    32: {"look": 0.36, "photo": 0.16, "repair": 0.12, "icon": 0.18, "dye": 0.18},
}
# Looks that differ most are drawn more often.
FOCUS = {
    "autumn-blaze",
    "starry-night",
    "ukiyo-e",
    "ink-and-yellow",
    "misty-blue",
    "pencil-on-white",
    "ember",
    "green-woodcut",
    "sand-relief",
    "watercolour",
    "pencil",
    "pixel-art",
    "comic",
    "neon",
}


class Shards:
    """Every row in memory; rescan() adds shards written since."""

    def __init__(self, work):
        self.work, self.names, self.rows, self.z = work, set(), [], []
        self.rescan()

    def rescan(self):
        fresh = 0
        for name in sorted(glob.glob(f"{self.work}/latents/shard_*.npy")):
            if name in self.names:
                continue
            self.names.add(name)
            self.append(name)
            fresh += 1
        if fresh:
            self.index()
        return fresh

    def append(self, name):
        z, rows = np.load(name), json.load(open(name[:-4] + ".json"))
        assert len(z) == len(rows), name
        for row, latent in zip(rows, z):
            row["at"] = len(self.rows)
            self.rows.append(row)
            self.z.append(latent)

    def index(self):
        self.by_task = {"look": {}, "photo": {}, "repair": {}, "icon": {}, "dye": {}}
        self.undyed = {r["group"]: r["at"] for r in self.rows if r["role"] == "undyed"}
        groups = {}
        for row in self.rows:
            if row["role"] == "photo":
                groups[row["group"]] = row["at"]
            elif row["role"] == "icon":
                groups.setdefault(row["group"], []).append(row["at"])
        self.groups = groups
        tasks = {"look": "look", "photo": "photo", "spoilt": "repair", "icon": "icon", "dyed": "dye"}
        bins = {"photo": "kind", "dye": "colour"}
        for row in self.rows:
            if row["role"] in tasks:
                task = tasks[row["role"]]
                key = row[bins.get(task, "look")]
                self.by_task[task].setdefault(key, []).append(row["at"])

    def pick(self, task, rng):
        bins = self.by_task[task]
        keys = sorted(bins)
        if task == "look":
            weights = [8 if k in FOCUS else 1 for k in keys]
        elif task == "photo":
            weights = [len(bins[k]) ** 0.5 for k in keys]  # clothes are many, birds and scenes few
        elif task == "repair":
            weights = [2 if k == "grey" else 1 for k in keys]
        else:
            weights = [1] * len(keys)
        return self.rows[rng.choice(bins[rng.choices(keys, weights)[0]])]

    def photo_of(self, row):
        return self.groups[row["group"]]


def hole(size, rng):
    """A mask [size,size], 1 = to be filled: rectangles, strokes, one or more borders, all but a part."""
    m = np.zeros((size, size), np.float32)
    kind = rng.random()
    if kind < 0.35:
        for _ in range(rng.choice((1, 1, 2))):
            h, w = (max(2, round(size * rng.uniform(0.2, 0.65))) for _ in "hw")
            y, x = rng.randint(0, size - h), rng.randint(0, size - w)
            m[y : y + h, x : x + w] = 1
    elif kind < 0.65:  # strokes of a round brush
        yy, xx = np.mgrid[:size, :size]
        y, x = rng.uniform(0, size), rng.uniform(0, size)
        for _ in range(rng.randint(2, 8)):
            r = size * rng.uniform(0.06, 0.2)
            m[(yy - y) ** 2 + (xx - x) ** 2 <= r * r] = 1
            y, x = (min(size, max(0, v + rng.uniform(-0.3, 0.3) * size)) for v in (y, x))
    elif kind < 0.9:  # outpainting: one side, sometimes two or four
        depth = lambda: max(1, round(size * rng.uniform(0.12, 0.45)))
        sides = rng.choice((1, 1, 1, 2, 4))
        for k in rng.sample(range(4), sides):
            d = depth() if sides < 4 else max(1, round(size * rng.uniform(0.08, 0.2)))
            m[
                [slice(0, d), slice(size - d, size), slice(None), slice(None)][k],
                [slice(None), slice(None), slice(0, d), slice(size - d, size)][k],
            ] = 1
    else:
        m[:] = 1
        h, w = (max(2, round(size * rng.uniform(0.3, 0.7))) for _ in "hw")
        y, x = rng.randint(0, size - h), rng.randint(0, size - w)
        m[y : y + h, x : x + w] = 0
    return m if m.any() else hole(size, rng)


class Sampler:
    """sample() -> dict(x, source [32,s,s], mask [1,s,s], start, text, task, use): one training sample.
    use: none (the whole source is seen), hole (continued into it, fill.py), grey (the source is, wholly or in a
    part, and the prompt names the colours) or drop (no source). start: the
    picture whose noised latent the model meets, x itself or the source (train.py says why). tokens: the
    Tokenizer, for batch().
    """

    def __init__(self, shards, seed, tokens=None, more=()):
        """more: {task: factor on its share}, for what is to be learnt in a while of its own."""
        self.shards, self.rng, self.tokens, self.more = shards, random.Random(seed), tokens, dict(more)

    def sample(self, size):
        rng, shards = self.rng, self.shards
        shares = {t: s * self.more.get(t, 1) for t, s in TASKS[size].items() if shards.by_task[t]}
        task = rng.choices(list(shares), list(shares.values()))[0]
        row = shards.pick(task, rng)
        target, source, use, text = row["at"], None, "none", ""
        mix = False
        if task == "look":
            u = rng.random()
            text = captions.caption(row, rng) if rng.random() > 0.06 else ""
            if u < 0.82:
                source, mix = shards.photo_of(row), rng.random() < 0.45
            elif u < 0.95:
                source, use = target, "hole"
            else:
                use = "drop"
        elif task == "photo":
            u = rng.random()
            if u < 0.7:
                source, use = target, "hole"
                text = rng.choice((captions.bare(row, rng), captions.caption(row, rng, 0.9), ""))
            elif u < 0.82:
                use, text = "drop", captions.caption(row, rng, 0.95) if rng.random() > 0.1 else ""
            else:
                source, text = target, captions.caption(row, rng, 0.5) if rng.random() > 0.3 else ""
        elif task == "repair":
            if rng.random() < 0.85:
                source, target = target, shards.photo_of(row)
                text, mix = (
                    captions.repair(row, rng) if rng.random() > 0.06 else ""
                ), rng.random() < 0.7
            else:
                source, text = shards.photo_of(row), captions.caption(row, rng, 0.4)
        elif task == "dye":
            u, text = rng.random(), captions.dyed(row, rng) if rng.random() > 0.1 else ""
            if u < 0.7:
                source, use, mix = shards.undyed[row["group"]], "grey", rng.random() < 0.5
            elif u < 0.95:
                source, use = target, "hole"
            else:
                use = "drop"
        else:
            text = captions.caption(row, rng) if rng.random() > 0.1 else ""
            u, others = rng.random(), [i for i in shards.groups[row["group"]] if i != target]
            if u < 0.4 and others:
                source, mix = rng.choice(others), rng.random() < 0.45
            elif u < 0.6:
                source, use = target, "hole"
            else:
                use = "drop"
        if task == "repair" and row["look"] == "grey" and source != target:
            use = "grey"
        partly = use == "grey" and rng.random() < 0.6
        y, x = rng.randint(0, 32 - size), rng.randint(0, 32 - size)
        cut = lambda i: np.asarray(shards.z[i][:, y : y + size, x : x + size], np.float32)
        out = {
            "x": cut(target),
            "text": text,
            "task": task,
            "use": use,
            "mask": np.zeros((1, size, size), np.float32),
        }
        out["source"] = np.zeros_like(out["x"]) if use == "drop" else cut(source)
        if partly:  # only a part is grey and gets its colour from the prompt
            part = hole(size, rng)
            if task == "dye":
                out["x"] = np.where(part, out["x"], cut(shards.photo_of(row)))
            elif rng.random() < 0.5:
                out["text"] = captions.bare(row, rng)
            out["source"] = np.where(part, out["source"], out["x"])
        if use == "drop":
            out["mask"][:] = 1
        elif use == "hole":
            out["mask"][0] = hole(size, rng)
            if task == "dye" and rng.random() < 0.7:  # what is around it does not tell the colour
                out["x"] = np.where(out["mask"][0] > 0, out["x"], cut(shards.photo_of(row)))
                out["source"] = out["x"]
            out["source"] = fill.harmonic(out["source"], out["mask"][0] > 0)
            mix = rng.random() < 0.45
        out["start"] = out["source"] if mix else out["x"]
        return out

    def batch(self, size, n):
        samples = [self.sample(size) for _ in range(n)]
        stack = lambda k: np.stack([s[k] for s in samples])
        ids = np.array([self.tokens.padded(s["text"]) for s in samples])
        return {
            **{k: stack(k) for k in ("x", "source", "mask", "start")},
            **{k: [s[k] for s in samples] for k in ("text", "task", "use")},
            "ids": ids,
        }


class Stream(torch.utils.data.IterableDataset):
    """Batches without end, (size, batch): small or large, drawn by `large_share`. With workers each
    has a random stream of its own, and shards written later are not seen."""

    def __init__(self, sampler, sizes, large_share, seed):
        self.sampler, self.sizes, self.share, self.seed = sampler, sizes, large_share, seed

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        if info:
            self.sampler.rng.seed(self.seed * 1009 + info.id)
        dice = random.Random(self.seed + 7919 * (info.id if info else 0))
        while True:
            size = 32 if dice.random() < self.share else 16
            yield size, self.sampler.batch(size, self.sizes[size])


def stream(sampler, sizes, large_share, seed, workers):
    data = Stream(sampler, sizes, large_share, seed)
    if not workers:
        return iter(data)
    return iter(
        torch.utils.data.DataLoader(data, batch_size=None, num_workers=workers, prefetch_factor=4)
    )
