"""Token ids from transformers' CLIPTokenizer (the `tokenizers` backend, no ftfy), whole and with shorter merges.

transformers 5.23.0, tokenizers 0.23.3. Writes text_tokens.safetensors: metadata "cases" (JSON: texts, decoded,
odd_merges), tensors "ids"/"offsets" for the whole vocabulary and "cut_ids"/"cut_offsets"
for the first 1,000 merges, "odd_ids"/"odd_offsets" for a list whose ranks are out of their natural order.
"""
import random
import sys
import unicodedata
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers.normalizers import NFC

from text_common import HERE, MERGES, dumps, tokenizer

ODD = ["t h</w>", "h e</w>", "t h", "th e</w>", "a a", "aa aa", "a b</w>", "aa ab</w>", "aa b</w>", "b b", "a bb"]

TEXTS = """a photo of a cat
A PHOTO of a Cat.
masterpiece, best quality, 1girl, (detailed face:1.2), [blurry], by Greg Rutkowski
don't can't we'll it's I'd you're they've I'm 'tis rock'n'roll dogs' O'Neill
'S 'T 'RE 'VE 'M 'LL 'D
''s 'ss 'sd 'lll !'s a's's 's's
你好，世界
一只可爱的猫坐在窗台上，水彩画，柔和的光线
水墨画、山水、远处的亭子。【高清】《清明上河图》
日本語のテキスト、カタカナとひらがな。東京タワー
한국어 텍스트 그림
Привет, МИР! Ёлка
Ελληνικά ΟΔΟΣ ΣΊΣΥΦΟΣ
مرحبا بالعالم ١٢٣
שלום עולם
हिन्दी में चित्र १२३
ภาษาไทย สวัสดี
café résumé naïve Ångström façade
cafe\u0301 re\u0301sume\u0301 A\u030Angstro\u0308m
q\u0307\u0323 q\u0323\u0307 \u1E9B\u0323 \u212B \u2126 \u00C5
İstanbul I\u0307 ı ß ẞ ſ ǅ Ǆ K Å
Ⅰ Ⅱ Ⅻ ⅷ Ⓐ Ⓩ ⓐ ① ② ½ ¾ x² m³
ﬁ ﬂ ﬃ ｆｕｌｌ ｗｉｄｔｈ １２３ ！？，。：；
0 1 12 123 1234567890 3.14159 1,000,000 1e-5 0x1F 24/7 50% #1 $5.99
2023-10-05T12:34:56Z 4k 8k 1080p f/1.8 35mm
!!! ??? ... ,,, ;;; ::: --- ___ *** ### @@@ &&& %%% $$$ ^^^ ~~~ ``` ||| \\\\\\ ///
!?!?!? .,.,., ---> <--- <=> ==> :-) :( ;-P <3 ^_^ o_O
(((a))) [[b]] {{c}} <d> ((a:1.3)), (b)
a,b,c a, b, c a ,b ,c ,,, , ,
hello-world hello_world hello/world hello\\world user@example.com https://example.com/a?b=c&d=e#f
😀 😃😄😁 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇨🇳 ❤️ ☺ ☺️ ✨masterpiece✨ 🐱cat🐶dog
™ © ® ° § ¶ † ‡ • … – — ‘single’ “double” «guillemets» ‹x› „low“ € £ ¥
\u200bzero\u200bwidth\u200cjoin\u200der\ufeffbom\u00adsoft
tab\tseparated\tvalues and\rreturns\x0bvt\x0cff
nbsp\u00a0here\u2003em\u2009thin\u3000ideographic\u202fnarrow\u205fmath\u1680ogham\u2028line\u2029para\x85nel
\x01\x02\x03 \x1b[31mred\x1b[0m \x7f\x80\x9f bell\x07 \x1c\x1d\x1e\x1f
nul\x00inside \x00 a\x00\x00b e\x00\u0301
&amp; &lt;b&gt; &quot;quoted&quot; &nbsp; &#39; &eacute; &hearts; &amp;amp;
<b>bold</b> <lora:name:0.8> <|im_start|> </w> cat</w> </w></w>
<|endoftext|>
<|startoftext|>
<|startoftext|>a cat<|endoftext|>
a<|endoftext|>b<|startoftext|>c
<|ENDOFTEXT|> <|EndOfText|>x <|STARTOFTEXT|>
<<|endoftext|>> <<|ENDOFTEXT|>> <|endoftext| |endoftext|> <|ENDOFTEXT|>>> !<|ENDOFTEXT|>
<|endoftext|><|endoftext|> <|endoftext|>  <|endoftext|>
e<|endoftext|>\u0301
supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
hahahahahahahahahahahahahahaha nananananananananana BREAK AND
thethethethe the the the ththth
aaab aaaab aabb abb abbb aaaabbbb ababab
 leading
trailing 
 
,
'
"
\\
🇦
\u0301
\u0301\u0302\u0303
\ud55c\u1112\u1161\u11ab 각\u11a8
𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝓯𝓪𝓷𝓬𝔂 𝟙𝟚𝟛 𐐀𐐁 𒀀 🀄 𠀀𠮷
\U000E0001\U000E0041 \uE000 \uFFFD \uFFFE \U0010FFFF
naïve café\u0327 o\u0302\u0323 \u0344 \u0958 \u0340\u0341
1girl,solo,long_hair,blue_eyes,(masterpiece:1.4),best_quality,ultra-detailed
portrait of a woman by Alphonse Mucha, art nouveau, intricate, elegant, highly detailed, artstation, sharp focus
Oil painting of a lighthouse at sunset; impasto, thick brush strokes, 19th-century
vincent van gogh's starry night as a 3D render (octane) — trending on ArtStation, 8K
pixelart 16-bit rpg town, top-down, v2.1, --ar 16:9 --v 5""".split("\n")
TEXTS += ["two\nlines", "a\r\nb\n\n c\n", "\n", "", "x" * 3000, "word " * 400, "ñ" * 200, "猫" * 300, "a1" * 100, "!a" * 100, "-" * 1000, "\u0301" * 100]


def random_texts(rng):
    """Words of every kind stuck together, and characters from all over Unicode."""
    words = "the cat's Don't 12 3D !! ... ’s 'll é e\u0301 猫 的 ﬁ İ 😀 \t \n \u3000 \x1c \x00 <|endoftext|> <|ENDOFTEXT|> " \
            "&amp; ß Σ ς Ⅷ Ⓑ _ - — \u200d \ufe0f 👍🏽 ١ १ ² ª º \u00b5 ' \" ( ) [ ] : , \\ # @ <lora:x:1>".split(" ")
    for _ in range(120):
        yield "".join(rng.choice(words) + rng.choice(["", "", " "]) for _ in range(rng.randint(1, 12)))
    assigned = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    bmp = [c for c in assigned if c < 0x3100 or 0xA000 < c < 0xABFF or c > 0xF900]
    marks = [c for c in assigned if unicodedata.combining(chr(c))]
    hangul = list(range(0x1100, 0x1200)) + list(range(0xAC00, 0xAC40))
    for pool, count in ((assigned, 40), (bmp, 80), (marks + list(range(0x41, 0x7B)), 60), (hangul, 15)):
        for _ in range(count):
            text = "".join(chr(rng.choice(pool)) for _ in range(rng.randint(1, 16)))
            # The backend's normal form is Unicode 9's: 98 younger marks keep their place. Left out.
            if NFC().normalize_str(text) == unicodedata.normalize("NFC", text):
                yield text


def encode(tok, texts):
    rows = [tok(t, add_special_tokens=False)["input_ids"] for t in texts]
    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    return rows, torch.tensor([i for row in rows for i in row], dtype=torch.int32), torch.tensor(offsets, dtype=torch.int32)


TEXTS += list(random_texts(random.Random(3)))
clip = tokenizer(MERGES)
assert len(clip) == 49408
rows, ids, offsets = encode(clip, TEXTS)
_, cut_ids, cut_offsets = encode(tokenizer(MERGES[:1000]), TEXTS)
_, odd_ids, odd_offsets = encode(tokenizer(ODD), TEXTS)
# Single tokens that are half a character, too.
decoded = [clip.decode(row) for row in rows] + [clip.decode([i]) for i in range(0, 49408, 97)] + [
    clip.decode([i, i + 1]) for i in range(94, 256)]
out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "text_tokens.safetensors"
save_file({"ids": ids, "offsets": offsets, "cut_ids": cut_ids, "cut_offsets": cut_offsets, "odd_ids": odd_ids,
           "odd_offsets": odd_offsets},
          out, {"cases": dumps({"texts": TEXTS, "decoded": decoded, "odd_merges": "\n".join(ODD)})})
print(len(TEXTS), "texts,", len(ids), "tokens,", out.stat().st_size, "bytes")
