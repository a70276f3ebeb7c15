"""The prompt language, restated: attention, schedules, AND, tags, chunks, comments and emphasis.

Schedules come from an Earley parser (lark 1.3.1) over the grammar of the documentation; a stray bracket is one
character there, so that complete [..] always count. Tokens come from transformers 5.23.0. Writes
text_prompts.safetensors: metadata "cases" (JSON), and tensors for the emphasis.
"""
import random
import re
import sys
from pathlib import Path

import lark
import torch
from safetensors.torch import save_file

from text_common import HERE, MERGES, dumps, tokenizer

RNG = random.Random(11)


# -- attention -----------------------------------------------------------------------------------

def attention(prompt):
    """[text, weight] in order, or None where a number is none. A piece keeps the factors of the brackets around it."""
    pieces, opened = [], {"(": [], "[": []}

    def close(kind, factor):
        for piece in pieces[opened[kind].pop():]:
            piece[1].append(factor)

    def text(run):
        words = re.split(r"\s*\bBREAK\b\s*", run)
        pieces.append([words[0], []])
        for word in words[1:]:
            pieces.extend([["BREAK", [-1.0]], [word, []]])

    at = 0
    while at < len(prompt):
        rest = prompt[at:]
        number = re.match(r":\s*([+-]?[\d.]+)\s*\)", rest)
        if rest[0] == "\\":
            escaped = rest[1:2] if rest[1:2] in tuple("()[]\\") else ""
            pieces.append([escaped, []])
            at += 1 + len(escaped)
            continue
        length = 1
        if rest[0] in "([":
            opened[rest[0]].append(len(pieces))
        elif number:
            length = number.end()
            if opened["("]:
                try:
                    factor = float(number[1])
                except ValueError:
                    return None
                close("(", factor)
            else:
                text(number[0])
        elif rest[0] == ")" and opened["("]:
            close("(", 1.1)
        elif rest[0] == "]" and opened["["]:
            close("[", 1 / 1.1)
        elif rest[0] in ")]:":
            text(rest[0])
        else:
            length = re.match(r"[^\\()\[\]:]+", rest).end()
            text(rest[:length])
        at += length
    for kind, factor in (("(", 1.1), ("[", 1 / 1.1)):
        for start in opened[kind]:
            for piece in pieces[start:]:
                piece[1].append(factor)

    joined = []
    for word, factors in pieces or [["", []]]:
        weight = 1.0
        for factor in factors:
            weight *= factor
        if joined and joined[-1][1] == weight:
            joined[-1][0] += word
        else:
            joined.append([word, weight])
    return joined


ATTENTION = r"""a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).
normal text
an (important) word
(unbalanced
\(literal\]
(unnecessary)(parens)
((a)) [[b]] ([c]) [(d)] {e}
(a:1.5) (b:0.5) (c:-1) (d:+2) (e:.5) (f:3.) (g:0)
(a:  1.5  ) (b:1.5 x) (c:x) (d:) (e: ) (f:1 .5)
[x:1.2] [x:1.2) [x] y:1.2) z:1.2]
a:b:c :1.2) (a:b:1.2) (a:(b:2):3)
) ] )] a) b] (c)) [d]]
(a [b) c] [a (b] c)
( [ ( [
\\ \a \( \) \[ \] \\( \\\( \\\\
trailing \
(a\)b) (a\:1.5) \(a:1.5)
one BREAK two
one BREAK two BREAK three
BREAK
BREAKBREAK BREAK
one,BREAK,two
oneBREAK BREAKtwo _BREAK BREAK_ 1BREAK break Break
(one BREAK two)
[one BREAK two]
(one BREAK two:2)
(one BREAK two:-1)
(one BREAK two:0)
(BREAK:-1) (a:-1)BREAK
(B\REAK:-1)
a : BREAK : b
a:BREAK(b)BREAK[c]BREAK
猫BREAK 猫 BREAK 猫
(a:1.1)(b) (c:1.0)d [(e)] ((f:1.1):1) (g:1.21)((h))
(a:١.٢) (b:１.５) (c:१)
(a:1.2.3)
(a:.)
(a:..)
[a:1.2.3] b:1.2.3)
(a:1_0) (b:1e3) (c:0x1) (d:inf) (e:nan) (f:--1)
()[]()
(:1.2)
((:1.2):1.3)
(a:00001.50000)
(a:0.00000000000000000000000000000000000000000000000000001)
(猫:1.3)，[狗]，😀 (é:0.7)
"""
ATTENTION = ATTENTION.rstrip("\n").split("\n") + [
    "", " ", "\n", "a \n BREAK \t b", "a\u3000BREAK\x1cb", "(a:\u30001.5\n)", "(" * 40 + "a" + ")" * 20, "a(" * 30 + ")" * 30]
ATOMS = ["a", "b", " ", "cat", "(", "(", "(", ")", ")", "[", "]", ":", ":1.2)", ": 0.5 )", ":-1)", ":1)", ":1.0)", "\\",
         "\\(", "BREAK", " BREAK ", ",", "猫", "\n", "1.5", "(x:1.1)", "((", "))"]
ATTENTION += ["".join(RNG.choice(ATOMS) for _ in range(RNG.randint(1, 16))) for _ in range(250)]


# -- schedules -----------------------------------------------------------------------------------

PARSER = lark.Lark(r"""
    !start: (body | STRAY)*
    body: (group | switch | turns | WORDS | SPACE)*
    !group: "(" body ")" | "(" body ":" body ")" | "[" body "]"
    switch: "[" [body ":"] body ":" [SPACE] WHEN [SPACE] "]"
    turns: "[" body ("|" [body])+ "]"
    STRAY: /[\[\]():]/
    SPACE: /\s+/
    WORDS: /(?:\\.|[^|:()\\\[\]])+/
    %import common.SIGNED_NUMBER -> WHEN
""")


def spell(node, step):
    """The text of a syntax tree at one step."""
    if node is None:
        return ""
    if isinstance(node, lark.Token):
        return str(node)
    if node.data == "turns":
        return spell(node.children[(step - 1) % len(node.children)], step)
    if node.data == "switch":
        before, after, _, _, _ = node.children
        return spell(before if step <= node.when else after, step)
    return "".join(spell(child, step) for child in node.children)


def schedule(prompt, steps, base_steps=0, old=False):
    """[end, text]. The second pass counts shares from 1 and steps from base_steps; the old way knows no second pass."""
    if old:
        steps, base_steps = base_steps or steps, 0
    try:
        tree = PARSER.parse(prompt)
    except lark.exceptions.LarkError:
        return [[steps, prompt]]
    ends = {steps}
    for node in tree.iter_subtrees():
        if node.data == "turns":
            ends |= set(range(1, steps + 1))
        elif node.data == "switch":
            written = node.children[3]
            value = float(written)
            if value < 1 if old else "." in written:
                value = (value - (1 if base_steps else 0)) * steps
            else:
                value -= base_steps
            node.when = min(int(value), steps)
            ends |= {node.when} if node.when > 0 else set()
    return [[end, spell(tree, end)] for end in sorted(ends)]


SCHEDULES = r"""test
a [b:3]
a [b: 3]
a [b:3 ]
a [[[b]]:2]
[(a:2):3]
a [b : c : 1] d
a[b:[c:d:2]:1]e
a [unbalanced
a [b:.5] c
a [{b|d{:.5] c
((a][:b:c [d:3]
[a|(b:1.1)]
[fe|]male
[fe|||]male
[|a] [|] [||]
[a::3] [:b:3] [::3] [:3] [3] [] [:] [a:] [:a]
[a:b:c:3]
[a:b:+3] [a:b:-3] [a:b:0] [a:b:0.0]
[a:b:1e1] [a:b:2e0] [a:b:.5e0] [a:b:5.] [a:b:5.e-1] [a:b:1e] [a:b:e1]
[a:b:1.5.2] [a:b:3x] [a:b:x] [a:b:3 3] [a:b:.] [a:b:+] [a:b: ]
[a:b:100] [a:b:1.5] [a:b:99999999999999999999] [a:b:0.1] [a:b:0.19] [a:b:0.999]
[[a|b]:[c|d]:2]
[[a:b:2]|[c:d:3]]
[a|[b|[c|d]]]
[[[a:b:1]:c:2]:d:3]
[a:[b:[c:d:3]:2]:1]
([a:b:2]) ([a|b]) ((x:1.2) [y:3]) ([y:3]:1.2)
[(a:1.2)|(b:0.8)] [(a:1.2):(b:0.8):4]
(a|b)
a | b
[a|b:3]
[a:b|c:3]
[a|b] | c
\[a:b:3\] [\[:\]:3] [a\|b:c:2] [a\:b:2] [a\]:b:3]
backslash at the end \
back\slash [a\b:c\d:2]
[a:b]:3]
[a (b:c] d:3]
(a [b:c:2)
)[a:b:2]
[a:b:2](
[a:b:2][c:d:3] [e|f][g|h|i]
fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6][: in background:0.25] [shoddy:masterful:0.5]
一只[猫:狗:0.5]，[红|蓝]色
[a AND b:c:3] AND [d|e]
<lora:x:[0.5:1:3]> [<lora:a:1>:<lora:b:1>:2]
[cow|horse] in a field, [sunny:rainy:7], (trees:1.1)
[a:b: 3\t]
{[a:b:2]}
a [b:-1:3] [b:-1] [3:4] [3:4:2]"""
SCHEDULES = SCHEDULES.split("\n") + ["", " ", "\n", "[a\n:b\n:\n2\n]", "[a|\nb]", "a\\\nb [c:2]", "[a:b:\u30003\x1c]", "[a\r\n|b]",
                                     "(" * 30 + "[a:2]" + ")" * 30, "[" * 20 + "a" + ":2]" * 20, "[a|" * 12 + "b" + "]" * 12]
PASSES = [dict(steps=10), dict(steps=1), dict(steps=7, base_steps=10), dict(steps=10, old=True), dict(steps=5, base_steps=8, old=True)]
PIECES = ["a", "b ", " ", "cat", ":", ":", "|", "(", ")", "[", "]", "[", "]", "0.5", "3", "2", " 4 ", "-1", "1e1", ".5", "5.", "\\[",
          "\\:", "\\", "\n", "猫", "[a:b:2]", "[c:3]", "[d|e]", "(x:1.2)", "[::2]", "[|]"]


def balanced(depth):
    """A random prompt whose brackets all close."""
    kind = RNG.randint(0, 7 if depth else 1)
    inner = lambda: "".join(balanced(depth - 1) for _ in range(RNG.randint(0, 2)))
    if kind <= 1:
        return RNG.choice(["a", "b ", " c", "猫", ", ", "\\:", "x\\]y"])
    if kind == 2:
        return "(" + inner() + RNG.choice(["", ":1.2"]) + ")"
    if kind == 3:
        return "[" + inner() + "]"
    if kind <= 5:
        when = RNG.choice(["1", "2", "3", "0.5", ".25", " 4", "5 ", "0", "9", "-1", "1.0"])
        return "[" + RNG.choice(["", inner() + ":"]) + inner() + ":" + when + "]"
    return "[" + "|".join(inner() for _ in range(RNG.randint(2, 4))) + "]"


SCHEDULE_CASES = [(p, c) for p in SCHEDULES for c in PASSES]
SCHEDULE_CASES += [("".join(RNG.choice(PIECES) for _ in range(RNG.randint(1, 12))), PASSES[0]) for _ in range(150)]
SCHEDULE_CASES += [("".join(balanced(3) for _ in range(RNG.randint(1, 3))), RNG.choice(PASSES)) for _ in range(150)]


# -- AND, tags, comments -------------------------------------------------------------------------

def split_and(prompt):
    parts = []
    for part in re.split(r"\bAND\b", prompt):
        weighted = re.fullmatch(r"(.*?)\s*:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*", part, re.S)
        parts.append([weighted[1], float(weighted[2])] if weighted else [part.rstrip(), 1.0])
    return parts


ANDS = ["a cat", "a cat AND a dog", "a cat :1.2 AND a dog :0.5", "a AND b AND c:-1", "a:+.5 AND b : 2. AND c: .5 ", "AND", "AND AND", "",
        " ", "a AND", "AND b", "aANDb ANDb aAND _AND AND_ 1AND", "and And", "a\nAND\nb", "(a AND b:1.2)", "[a:b:0.5] AND c", "a:1:2",
        "a::2", "a:b:2", "a:1.2.3", "a:.", "a:1e3", "a:-", "a:", ": 2", "  : 2  ", "a : 2 x", "a AND b\u3000:\u30002\u3000", "猫 AND 狗 :0.3",
        "a:１.５ AND b:٢", "a\n:\n2\n", "  a  AND  b  ", "a AND (b:1.5) :0.7 AND c"]
ANDS += ["".join(RNG.choice(["a", " ", "AND", " AND ", ":", ":1", ": .5 ", "-2", "\n", "猫", "1.", "."]) for _ in range(RNG.randint(1, 10)))
         for _ in range(100)]


def tags(prompt):
    found = []
    for tag in re.finditer(r"<(\w+):([^>]+)>", prompt):
        plain, named = [], {}
        for argument in tag[2].split(":"):
            key, equals, value = argument.partition("=")
            if equals and "=" not in value:
                named[key] = value
            else:
                plain.append(argument)
        found.append([tag[1], (plain or [""])[0], plain[1:], named])
    return [re.sub(r"<\w+:[^>]+>", "", prompt), found]


TAGS = ["a <lora:x:0.8> b", "<lora:x>", "<lora:x:1:0.5:8>", "<lora:x:te=0.5:unet=1>", "<lora:te=0.5:x>", "<lora:te=0.5>", "<hypernet:h:1>",
        "<lora:a b (c):1><lora:d>", "<lora:>", "<:a>", "< lora:a>", "<lora :a>", "<lora:a", "lora:a>", "<<lora:a>>", "<lora:<b:1>>", "<a<lora:b>",
        "<lora:a\nb:1>", "<lora:a=b=c:1>", "<lora:=x:y=>", "<lora:::>", "<lora:a:x=1:x=2:y=3>", "<洛拉:猫:1>", "<l_1:a>", "a > b < c", "<>", "",
        "<lora:a:1> <lora:b:2> AND <lora:c:3>", "<lora:é:1> <|endoftext|>"]
TAGS += ["".join(RNG.choice(["<", ">", "lora", ":", "a", "=", "1", " ", "<lora:", "猫"]) for _ in range(RNG.randint(1, 14))) for _ in range(100)]


def comments(prompt):
    prompt = re.sub(r"(?:\A|\n)#[^\n]*(?:\n|\Z)", "\n", prompt)
    return re.sub(r"#[^\n]*(?:\n|\Z)", "\n", prompt)


COMMENTS = ["a # b", "# a", "#", "a\n# b\nc", "a\n# b\n# c\nd", "a #b\nc #d", "#a\n#b\n#c\nd", "a", "", "\n#\n", "a\n\n#b\n\nc", "##", "a#", "猫#狗\n鸟"]
COMMENTS += ["".join(RNG.choice(["a", "#", "\n", " "]) for _ in range(RNG.randint(1, 14))) for _ in range(60)]


# -- chunks --------------------------------------------------------------------------------------

TOKENIZER = tokenizer(MERGES)
START, END, COMMA = 49406, 49407, 267


def chunks(prompt, pad, backtrack=20):
    """[tokens, weights] of 77, and the tokens used. Sections between BREAKs are cut one by one."""
    sections = [[]]
    for text, weight in attention(prompt):
        if text == "BREAK" and weight == -1:
            sections.append([])
        else:
            sections[-1] += [(t, weight) for t in TOKENIZER(text, add_special_tokens=False)["input_ids"]]
    rows, used = [], 0
    for number, section in enumerate(sections):
        is_last = number + 1 == len(sections)
        while section or not (is_last and rows):
            cut = 75
            if len(section) > 75 and section[75][0] != COMMA:
                commas = [i for i in range(75) if section[i][0] == COMMA and 75 - i <= backtrack]
                cut = commas[-1] + 1 if commas else 75
            row, section = section[:cut], section[cut:]
            used += len(row) if is_last and not section else 75
            tokens = [START] + [t for t, _ in row] + [END] * (76 - len(row))
            weights = [1.0] + [w for _, w in row] + [1.0] * (76 - len(row))
            first_end = tokens.index(END)
            rows.append([tokens[:first_end + 1] + [pad] * (76 - first_end), weights])
            if not section:
                break
    return [rows, used]


def phrase(count, rng=random.Random(5)):
    return " ".join(rng.choice("cat dog red blue sky tree house boat sun moon".split()) for _ in range(count))


CHUNKS = ["", " ", "a cat", "a (cat:1.3), [dog]", phrase(75), phrase(76), phrase(74) + ",", phrase(75) + ",", phrase(75) + ", " + phrase(3),
          phrase(74) + ", " + phrase(5), phrase(60) + ", " + phrase(30), phrase(54) + ", " + phrase(30), phrase(53) + ", " + phrase(30),
          phrase(55) + ", " + phrase(30), phrase(56) + ", " + phrase(30), "a BREAK b", "BREAK", "BREAK a", "a BREAK", "a BREAK BREAK b",
          phrase(75) + " BREAK b", phrase(76) + " BREAK b", ", ".join(phrase(4) for _ in range(60)), ",".join("a" * 200), "," * 200,
          phrase(40) + ", (" + phrase(30) + ", " + phrase(10) + ":1.4), " + phrase(80), "a <|endoftext|> b", "<|startoftext|> (a:1.2)",
          "(a BREAK b:1.5)", ", ".join(phrase(19) for _ in range(10)), ", ".join(phrase(20) for _ in range(10)), "猫" * 90,
          (phrase(10) + ", ") * 30 + "BREAK" + (phrase(30) + ", ") * 5]
CHUNK_CASES = [(p, END, 20) for p in CHUNKS] + [(p, 0, 20) for p in CHUNKS[:8] + CHUNKS[26:28]] + [
    (p, END, b) for p in CHUNKS[9:15] + CHUNKS[24:26] for b in (0, 1, 5, 40)]


# -- emphasis ------------------------------------------------------------------------------------

torch.manual_seed(4)
z = torch.randn(2, 77, 8) + 0.1
weights = torch.ones(2, 77)
weights[0, 1:9] = torch.tensor([1.1, 1.1, 0.9, 1.5, 0.0, -1.0, 1.331, 1 / 1.1])
weights[1, 3:60] = 1.4
weighted = z * weights[..., None]
original = weighted * (z.mean() / weighted.mean())

cases = {
    "attention": [[p, attention(p)] for p in ATTENTION],
    "schedules": [[p, c, schedule(p, **c)] for p, c in SCHEDULE_CASES],
    "and": [[p, split_and(p)] for p in ANDS],
    "tags": [[p, tags(p)] for p in TAGS],
    "comments": [[p, comments(p)] for p in COMMENTS],
    "chunks": [[p, pad, back, *chunks(p, pad, back)] for p, pad, back in CHUNK_CASES],
}
out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "text_prompts.safetensors"
save_file({"z": z, "weights": weights, "weighted": weighted, "original": original}, out, {"cases": dumps(cases)})
print({name: len(rows) for name, rows in cases.items()}, out.stat().st_size, "bytes")
