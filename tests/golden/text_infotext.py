"""Infotext, its defaults and upgrades, and styles.csv, restated with Python's re, json, csv and packaging.

Writes text_infotext.safetensors: metadata "cases" (JSON).
"""
import csv
import io
import json
import math
import random
import re
import sys
from pathlib import Path

import torch
from packaging.version import InvalidVersion, Version
from safetensors.torch import save_file

from text_common import HERE, dumps

RNG = random.Random(17)
PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def parse(text):
    """[prompt, negative prompt, {key: value}]"""
    *lines, last = text.strip().split("\n")
    pairs = PAIR.findall(last)
    if len(pairs) < 3:
        lines, pairs = lines + [last], []
    texts, where = ["", ""], 0
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            where, line = 1, line.removeprefix("Negative prompt:").strip()
        texts[where] = texts[where] + "\n" + line if texts[where] else line
    fields = {}
    for key, value in pairs:
        if not value:
            continue
        if value[0] == '"' and value[-1] == '"':
            try:
                read = json.loads(value)
                read.encode()                       # half a surrogate pair is no text
                value = read
            except ValueError:
                pass
        fields[key] = value
    return [*texts, fields]


def write(prompt, negative, fields):
    quoted = lambda v: json.dumps(v, ensure_ascii=False) if any(c in v for c in ",:\n") else v
    text = prompt + (f"\nNegative prompt: {negative}" if negative else "") + "\n"
    return (text + ", ".join(k if k == v else f"{k}: {quoted(v)}" for k, v in fields)).strip()


REAL = r"""girl with an artist's beret, (coquettish:1.2), detailed
Negative prompt: ugly, fat, (((deformed))), [blurry]
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b
=====
a cat
Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 1, Size: 512x768, Model: "a, b: c", Denoising strength: 0.75, Version: v1.6.0
=====
line one
line two

line four
Negative prompt: bad one
bad two
Steps: 30, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 5, Seed: 42, Size: 832x1216, Lora hashes: "x: 0123456789ab, y: ba9876543210", Version: v1.10.1
=====
masterpiece, <lora:name:0.8>
Negative prompt: worst quality
Steps: 28, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 512x512, Template: "{a|b}, \"c\", d\n\"e\"", Negative Template: "x\\y", ControlNet 0: "Module: canny, Model: control [abc], Weight: 1, Resize Mode: Crop and Resize", Version: f2.0.1v1.10.1-previous-224
=====
Negative prompt: only negative
Steps: 1, Sampler: LMS, Seed: 5
=====
Steps: 1, Sampler: LMS, Seed: 5
=====
just a prompt
=====
a prompt with colons: one, two: three
=====
a prompt, aa: 1, bb: 2, cc: 3
=====
a
Negative prompt: aa: 1, bb: 2
=====
a
Negative prompt: aa: 1, bb: 2, cc: 3
=====
猫，水彩
Negative prompt: 丑
Steps: 20, Sampler: Euler, 步数: 五, Seed: 7, Schlüssel: Größe, Model: 模型
=====
a
Steps: 20, Sampler: , Seed: 7,, Size:512x512 , Model:x
=====
a
Steps: "20", Sampler: "Euler", Seed: "", Model: "unclosed, Extra: "a"b, Last: "\x"
=====
a
Steps: 20, Steps: 21, Sampler: a, Seed: 1, Steps: 22
=====
a
Steps : 20, S: 1, -Key: 2, A/B-c_d: 3, x y z: 4, (In brackets: 5), Tiling, Last: 6
=====
a
Steps: "é", Sampler: "😀", Seed: "\ud800", Esc: "a\/b\b\f\n\r\t\"\\"
=====
a
Steps: "tab	inside", Sampler: "ends with backslash\", Seed: 1, Model: 2
=====
a
Steps: 20, Sampler: x, Hires prompt: "a, b
c", Seed: 1
""".split("\n=====\n")
REAL += ["", " ", "\n\n", "\n\na\n\n\nSteps: 1, Sampler: x, Seed: 2\n\n", "a\r\nNegative prompt: b\r\nSteps: 1, Sampler: x, Seed: 2\r\n",
         "a\n  Negative prompt:  b  \n  c\nNegative prompt: d\nSteps: 1, Sampler: x, Seed: 2", "a\nNegative prompt:\nSteps: 1, Sampler: x, Seed: 2",
         "a\nSteps: 1,Sampler: x,Seed: 2,Model: \"a,b\",VAE:\u3000y", "a\nSteps: 1\x1c, Sampler: x\x85, Seed: 2\xa0",
         'a\nAa: "x", Bb: "x" , Cc: "x"y, Dd: "", Ee: """, Ff: "\\"", Gg: "']
ATOMS = ["Steps", "Seed", "ab", "a", ":", ": ", ",", ", ", '"', '"', "\\", "\\n", "\\u0041", "1", " ", "-", "/", "_", "猫", "\n", "512x512",
         "Negative prompt:", "(", "\t", "Size: 1x1, ", "Aa: 1, ", 'Bb: "x, y", ', "Cc: 3"]
PARSES = REAL + ["".join(RNG.choice(ATOMS) for _ in range(RNG.randint(1, 30))) for _ in range(300)]

WRITES = [["a", "b", [["Steps", "20"], ["Sampler", "Euler a"], ["Size", "512x512"]]], ["a", "", [["Steps", "20"]]], ["", "", []], ["", "n", []],
          ["a\nb", "c\nd", [["Model", "x, y"], ["Note", 'q "r": s'], ["Lines", "a\nb"], ["Tiling", "Tiling"], ["Path", "C:\\x\ty"]]],
          ["猫", "", [["模型", "水彩，画: 好"], ["Control", "\x01\x1f\x7f,"], ["Emoji", "😀, é"], ["Slash", "a/b, c"]]],
          [" a ", " b ", [["Steps", "1"], ["Sampler", "x"], ["Version", "v1.10.1"]]]]


# -- defaults and upgrades -----------------------------------------------------------------------

def version(text):
    tagged = re.match(r"([^-]+-[^-]+)-.*", text)
    try:
        return Version(tagged[1] if tagged else text)
    except InvalidVersion:
        return None


def upgrade(prompt, fields):
    fields = dict(fields)
    if "Hypernet" in fields:
        prompt += f"<hypernet:{fields['Hypernet']}:{fields.get('Hypernet strength', '1.0')}>"
    pair = lambda key: [int(n) for n in fields[key].split("x")] if re.fullmatch(r"\d+x\d+", fields.get(key, "")) else None
    first, size = pair("First pass size"), pair("Size") or [512, 512]
    if first:
        if 0 in first:
            scale = math.sqrt(512 * 512 / (size[0] * size[1]))
            first = [math.ceil(scale * side / 64) * 64 for side in size]
        fields["Size"], fields["Hires resize"] = "%dx%d" % tuple(first), "%dx%d" % tuple(size)
    made_by = version(fields.get("Version", "?"))
    if made_by:
        if made_by < Version("1.6.0") and "[" in prompt:
            fields["Old prompt editing timelines"] = "True"
        if made_by < Version("1.6.0") and fields.get("Sampler") in ("DDIM", "PLMS"):
            fields["Pad conds v0"] = "True"
        if made_by < Version("1.7.0-225"):
            fields["Downcast alphas_cumprod"] = "True"
        if made_by < Version("1.8.0") and fields.get("Refiner"):
            fields["Refiner switch by sampling steps"] = "True"
    added = ""
    for key, model in fields.items():
        number = key.removeprefix("AddNet Model ")
        if number != key and fields.get("AddNet Module " + number) == "LoRA":
            hashed = re.match(r"(.*)\s*\([0-9a-fA-F]+\)", model)
            added += f"<lora:{hashed[1] if hashed else model}:{fields.get('AddNet Weight A ' + number, '1.0')}>"
    return [prompt + ("\n" + added if added else ""), fields]


UPGRADES = [["a", {}], ["a", {"Hypernet": "h"}], ["a", {"Hypernet": "h", "Hypernet strength": "0.5"}]]
UPGRADES += [["a [b:c:0.5]", {"Version": v, "Sampler": s, "Refiner": "r"}] for s in ("DDIM", "Euler") for v in
             ("v1.5.1", "1.6.0", "v1.6.0", "v1.6.0-RC", "v1.6.0-RC-5-gabcdef0", "v1.6.0-2-gabcdef01", "v1.7.0", "v1.7.0-224-g01234567",
              "v1.7.0-225-g01234567", "v1.7.0-226", "v1.8.0-RC", "v1.8.0", "v1.10.1", "f2.0.1v1.10.1-previous-224", "", "Pentimento 0.1.0",
              "v1.6.0-gabcdef", "ComfyUI", "1.6", "v1")]
UPGRADES += [["a", {"Version": "v1.5.0"}], ["a", {"Version": "v1.5.0", "Sampler": "PLMS"}]]
UPGRADES += [["a", {"Size": s, "First pass size": f}] for s in ("1024x1024", "512x768", "640x960", "1920x1080", "100x4000")
             for f in ("0x0", "512x512", "0x512", "x")] + [["a", {"First pass size": "0x0"}], ["a", {"Size": "big", "First pass size": "64x64"}]]
UPGRADES += [["a", {"AddNet Module 1": "LoRA", "AddNet Model 1": "name(0123abcd)", "AddNet Weight A 1": "0.7"}],
             ["a", {"AddNet Model 1": "n1 (AB)", "AddNet Module 1": "LoRA", "AddNet Model 2": "n2", "AddNet Module 2": "LoRA",
                    "AddNet Model 3": "n3", "AddNet Module 3": "LyCORIS", "AddNet Model 4": "n4"}],
             ["a", {"AddNet Model x": "a(b)(c)d(xyz)", "AddNet Module x": "LoRA"}], ["a", {"AddNet Model ": "(12)", "AddNet Module ": "LoRA"}]]


# -- styles --------------------------------------------------------------------------------------

def read_styles(text):
    styles = {}
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True):
        if not row["name"].startswith("#"):
            prompt = row["prompt"] if "prompt" in row else row["text"]
            styles[row["name"]] = [row["name"], prompt or "", row.get("negative_prompt") or ""]
    return list(styles.values())


def write_styles(styles):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["name", "prompt", "negative_prompt"], *styles])
    return "\ufeff" + out.getvalue()


STYLES = ["name,prompt,negative_prompt\r\na,b,c\r\n", "\ufeffname,prompt,negative_prompt\nA,\"x, {prompt}, \"\"y\"\"\",z", "name,text\nold,some text\n",
          "prompt,name\np,n\n", "name,prompt,negative_prompt\n#comment,x,y\n\n\na\nb,\nc,1,2,3,4\n", "name,prompt\na,1\nb,2\na,3\n",
          "name,prompt,negative_prompt\r\"a\nb\", \"c\r\nd\" x\"y,  z \r", "name,prompt\na,\"unclosed, \n\"\"x\n", "name,prompt\n猫,狗 , é\n",
          "name,prompt\n  \n , \n\"\",\"\"\n\"a\"b\"c,d\"e\n"]
STYLES += ["name,prompt,negative_prompt\n" + "".join(RNG.choice(["a", ",", '"', '""', "\n", "\r\n", " ", "b", "#", "é"]) for _ in range(RNG.randint(1, 30)))
           for _ in range(120)]
WRITTEN = [["Watercolour", "watercolour of {prompt}, soft edges", "photo"], ["quotes", 'say "hi"', ""], ["lines", "a\nb\r\nc", "d\re"],
           ["空", "水彩，{prompt}", "丑"], ["empty", "", ""]]


def strip_comments(text):
    text = re.sub(r"(?:\A|\n)#[^\n]*(?:\n|\Z)", "\n", text)
    return re.sub(r"#[^\n]*(?:\n|\Z)", "\n", text)


def apply(prompt, styles):
    out = strip_comments(prompt).strip()
    for style in (strip_comments(s).strip() for s in styles):
        if "{prompt}" in style:
            out = style.replace("{prompt}", out)
        else:
            out = ", ".join(filter(None, [out, style]))
    return out


APPLIES = [["a cat", ["watercolour"]], ["a cat", ["oil of {prompt}, thick", "hd"]], ["", ["x"]], ["", ["x {prompt} y"]], [" a ", [" x ", "", " {prompt}{prompt} "]],
           ["a # b\nc", ["x # y", "#z"]], ["a {prompt}", ["b {prompt}"]], ["a", []], ["\u3000猫\n", ["水彩 {prompt}。"]]]


def extract(prompt, negative, styles):
    def without(style, text):
        style, text = strip_comments(style).strip(), text.strip()
        left, here, right = style.partition("{prompt}")
        if here:
            return text[len(left):len(text) - len(right)] if text.startswith(left) and text.endswith(right) else None
        return text[:len(text) - len(style)].removesuffix(", ") if text.endswith(style) else None

    prompt, negative, names = strip_comments(prompt), strip_comments(negative), []
    left = [s for s in styles if s[1] or s[2]]
    while True:
        for style in left:
            new = [without(style[1], prompt), without(style[2], negative)]
            if None not in new:
                prompt, negative = new
                names.insert(0, style[0])
                left.remove(style)
                break
        else:
            return [prompt, negative, names]


SET = [["oil", "oil painting of {prompt}, thick", ""], ["hd", "hd, sharp", "blurry"], ["neg", "", "ugly"], ["nothing", "", ""], ["hug", "({prompt})", "({prompt})"],
       ["note", "x # y", ""]]
EXTRACTS = [["a, hd, sharp", "blurry"], ["oil painting of a, thick, hd, sharp", "b, blurry"], ["a", "ugly"], ["a", ""], ["", ""], ["hd, sharp", "blurry"],
            ["oil painting of a, thick", "x, ugly"], ["oil painting of , thick", ""], ["oil painting of thick", ""], ["((a))", "((b))"], ["(a)", "b"],
            ["a, x", ""], [" a, hd, sharp ", " blurry "], ["a # b\n, hd, sharp", "blurry"], ["oil painting of, thick", ""]]

cases = {
    "parses": [[t, *parse(t)[:2], list(parse(t)[2].items())] for t in PARSES],
    "writes": [[*w, write(*w)] for w in WRITES],
    "upgrades": [[p, list(f.items()), upgrade(p, f)[0], list(upgrade(p, f)[1].items())] for p, f in UPGRADES],
    "styles": [[t, read_styles(t)] for t in STYLES],
    "written_styles": [WRITTEN, write_styles(WRITTEN)],
    "applies": [[p, s, apply(p, s)] for p, s in APPLIES],
    "extracts": [SET, [[p, n, *extract(p, n, SET)] for p, n in EXTRACTS]],
}
out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "text_infotext.safetensors"
save_file({"nothing": torch.zeros(0)}, out, {"cases": dumps(cases)})
print({name: len(rows) for name, rows in cases.items()}, out.stat().st_size, "bytes")
