"""What the text fixtures share: CLIP's tokenizer as transformers builds it from the merges in assets/."""
import json
from pathlib import Path

from transformers import CLIPTokenizer

HERE = Path(__file__).resolve().parent
MERGES = (HERE.parent.parent / "assets/clip/merges.txt").read_text(encoding="utf-8").splitlines()[1:]
assert len(MERGES) == 48894


def dumps(value):
    return json.dumps(value, ensure_ascii=True)


def vocabulary(merges):
    shown = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    characters = [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]
    tokens = characters + [c + "</w>" for c in characters] + [m.replace(" ", "") for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(set(tokens)) == len(tokens)
    return {token: i for i, token in enumerate(tokens)}


def tokenizer(merges):
    return CLIPTokenizer(vocab=vocabulary(merges), merges=[tuple(m.split(" ")) for m in merges])
