"""CLIP's byte-level BPE (https://github.com/openai/CLIP) with the first MERGES of its merges.

Vocabulary: 256 bytes, 256 bytes + </w>, the merges, start, end. The engine's
Tokenizer::from_merges gives the same ids.
"""

import functools
import gzip

import regex

MERGES = 8000
LENGTH = 77
VOCABULARY = 512 + MERGES + 2
START, END = VOCABULARY - 2, VOCABULARY - 1
WORD = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", regex.IGNORECASE)


def byte_letters():
    """Each byte as a printable letter, in CLIP's order."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in keep]
    return dict(zip(keep + rest, [chr(b) for b in keep] + [chr(256 + i) for i in range(len(rest))]))


def read_merges(path):
    """The merges of CLIP's bpe_simple_vocab_16e6.txt.gz that we keep, a pair a line."""
    opened = (
        gzip.open(path, "rt", encoding="utf-8")
        if str(path).endswith(".gz")
        else open(path, encoding="utf-8")
    )
    lines = opened.read().split("\n")
    if lines[0].startswith('"') or lines[0].startswith("#"):
        lines = lines[1:]
    return [l for l in lines if l.strip()][:MERGES]


class Tokenizer:
    def __init__(self, merges):
        self.text = "\n".join(merges) + "\n"
        self.letters = byte_letters()
        pairs = [tuple(m.split()) for m in merges]
        self.rank = {p: i for i, p in enumerate(pairs)}
        words = list(self.letters.values())
        words += [w + "</w>" for w in words] + ["".join(p) for p in pairs]
        self.ids = {w: i for i, w in enumerate(words)}

    @functools.lru_cache(100000)
    def word(self, text):
        parts = [self.letters[b] for b in text.encode()]
        parts[-1] += "</w>"
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, 1 << 30))
            if best not in self.rank:
                break
            merged, i = [], 0
            while i < len(parts):
                if tuple(parts[i : i + 2]) == best:
                    merged.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            parts = merged
        return [self.ids[p] for p in parts]

    def encode(self, text):
        """-> ids without start and end."""
        return [i for w in WORD.findall(" ".join(text.lower().split())) for i in self.word(w)]

    def padded(self, text):
        """-> LENGTH ids: start, text, then end to the end."""
        ids = [START] + self.encode(text)[: LENGTH - 2]
        return ids + [END] * (LENGTH - len(ids))
