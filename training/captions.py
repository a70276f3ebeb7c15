"""What a training row is called, in English or Chinese: subject, colour, style and quality words in
changing order, so that a stranger's prompt finds something it knows."""

import looks

CLOTHES = {
    "t-shirt": ("t-shirt", "T恤"),
    "longsleeve": ("long sleeve shirt", "长袖衫"),
    "pants": ("pants", "裤子"),
    "shoes": ("shoes", "鞋子"),
    "shirt": ("shirt", "衬衫"),
    "dress": ("dress", "连衣裙"),
    "outwear": ("jacket", "外套"),
    "shorts": ("shorts", "短裤"),
    "hat": ("hat", "帽子"),
    "skirt": ("skirt", "裙子"),
    "polo": ("polo shirt", "Polo衫"),
    "undershirt": ("tank top", "背心"),
    "blazer": ("blazer", "西装外套"),
    "hoodie": ("hoodie", "连帽衫"),
    "body": ("bodysuit", "连体衣"),
    "top": ("top", "上衣"),
    "blouse": ("blouse", "女式衬衫"),
}
FLOWERS = {
    "dandelion": ("dandelion", "蒲公英"),
    "tulips": ("tulip", "郁金香"),
    "sunflowers": ("sunflower", "向日葵"),
    "roses": ("rose", "玫瑰"),
    "daisy": ("daisy", "雏菊"),
}
FRUIT = {
    "satsumas": ("mandarins", "橘子"),
    "royal gala": ("red apples", "红苹果"),
    "granny smith": ("green apples", "青苹果"),
    "pink lady": ("pink apples", "苹果"),
    "orange": ("oranges", "橙子"),
    "red delicious": ("red apples", "红苹果"),
    "watermelon": ("watermelon", "西瓜"),
    "golden delicious": ("yellow apples", "黄苹果"),
    "kiwi": ("kiwi fruit", "猕猴桃"),
    "banana": ("bananas", "香蕉"),
    "conference": ("pears", "梨"),
    "lemon": ("lemons", "柠檬"),
    "avocado": ("avocados", "牛油果"),
    "cantaloupe": ("melon", "哈密瓜"),
    "peach": ("peaches", "桃子"),
    "honeydew melon": ("melon", "甜瓜"),
    "anjou": ("pears", "梨"),
    "red grapefruit": ("grapefruit", "西柚"),
    "nectarine": ("nectarines", "油桃"),
    "galia melon": ("melon", "甜瓜"),
    "mango": ("mango", "芒果"),
    "lime": ("limes", "青柠"),
    "passion fruit": ("passion fruit", "百香果"),
    "kaiser": ("brown pears", "梨"),
    "pomegranate": ("pomegranate", "石榴"),
    "pineapple": ("pineapple", "菠萝"),
    "plum": ("plums", "李子"),
    "papaya": ("papaya", "木瓜"),
    "regular tomato": ("tomatoes", "西红柿"),
    "vine tomato": ("tomatoes", "番茄"),
    "carrots": ("carrots", "胡萝卜"),
    "brown cap mushroom": ("mushrooms", "蘑菇"),
    "yellow onion": ("onions", "洋葱"),
    "red bell pepper": ("red bell pepper", "红甜椒"),
    "zucchini": ("zucchini", "西葫芦"),
    "sweet potato": ("sweet potatoes", "红薯"),
    "cucumber": ("cucumbers", "黄瓜"),
    "yellow bell pepper": ("yellow bell pepper", "黄甜椒"),
    "orange bell pepper": ("orange bell pepper", "橙甜椒"),
    "solid potato": ("potatoes", "土豆"),
    "green bell pepper": ("green bell pepper", "青椒"),
    "garlic": ("garlic", "大蒜"),
    "leek": ("leeks", "韭葱"),
    "aubergine": ("aubergine", "茄子"),
    "beef tomato": ("tomatoes", "西红柿"),
    "cabbage": ("cabbage", "卷心菜"),
    "red beet": ("beetroot", "甜菜"),
    "floury potato": ("potatoes", "土豆"),
    "ginger": ("ginger", "姜"),
    "asparagus": ("asparagus", "芦笋"),
}
SCENES = {
    "canyon": ("canyon", "峡谷"),
    "walrus": ("walrus on the beach", "海滩上的海象"),
    "pier": ("wooden pier by the sea", "海边木栈道"),
    "lantern": ("paper lantern", "灯笼"),
    "fir branch": ("green fir branch", "绿色冷杉枝"),
    "satellite": ("satellite above the earth", "地球上空的卫星"),
    "coast": ("coast", "海岸"),
    "mountains": ("snowy mountains", "雪山"),
    "sunset": ("pier at sunset", "日落码头"),
}
BIRDS = {
    "owl": "猫头鹰",
    "duck": "鸭子",
    "eagle": "鹰",
    "hawk": "鹰",
    "swan": "天鹅",
    "dove": "鸽子",
    "pigeon": "鸽子",
    "crane": "鹤",
    "goose": "鹅",
    "heron": "鹭",
    "gull": "海鸥",
    "sparrow": "麻雀",
    "woodpecker": "啄木鸟",
    "kingfisher": "翠鸟",
    "parrot": "鹦鹉",
    "swallow": "燕子",
    "vulture": "秃鹫",
    "hummingbird": "蜂鸟",
    "robin": "知更鸟",
    "pheasant": "野鸡",
    "crow": "乌鸦",
    "falcon": "隼",
}
COLOURS = {
    "black": "黑色",
    "white": "白色",
    "grey": "灰色",
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "turquoise": "青色",
    "blue": "蓝色",
    "navy blue": "深蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "beige": "米色",
}
ICON_STYLES = {
    "3d": (("3d", "3d render", "3d emoji"), ("3D", "3D渲染", "3D表情")),
    "flat": (("flat", "flat icon", "flat emoji"), ("扁平", "扁平图标")),
    "noto": (("emoji", "glossy emoji"), ("表情", "表情符号")),
    "twemoji": (("sticker", "simple sticker"), ("贴纸", "贴画")),
}
PHOTO_WORDS = ("photo", "photograph", "photo"), ("照片", "摄影")
AVATAR_WORDS = ("avatar", "cartoon avatar", "cartoon portrait"), ("头像", "卡通头像", "卡通人像")
# What the finished picture is called when its source was spoilt, and the spoilt picture itself.
REPAIRS = {
    "noise": (
        ("a sharp photo", "a clean photo, denoise", "high quality photo"),
        ("清晰的照片", "去噪"),
        "noisy",
        "噪点",
    ),
    "blur": (
        ("a sharp photo", "sharp, high quality photo", "deblur"),
        ("清晰的照片", "锐化"),
        "blurry",
        "模糊",
    ),
    "jpeg": (
        ("a sharp photo", "a clean photo, high quality", "remove jpeg artifacts"),
        ("清晰的照片", "去除压缩痕迹"),
        "jpeg artifacts",
        "压缩痕迹",
    ),
    "lowres": (
        ("a sharp photo", "high resolution photo", "high quality photo"),
        ("清晰的照片", "高清照片"),
        "low resolution, pixelated",
        "低分辨率",
    ),
    "grey": (
        ("a colour photo", "colorize", "a colourful photo"),
        ("彩色照片", "上色"),
        "black and white photo",
        "黑白照片",
    ),
}


def subject(row, zh, rng):
    """The thing itself, with its colour most of the time."""
    kind, label = row["kind"], row["label"]
    if kind == "icon":
        if zh:
            return rng.choice([row["zh"] or label] + row["zhtags"][:2])
        return (
            label
            if rng.random() < 0.7
            else ", ".join(rng.sample(row["tags"], min(2, len(row["tags"]))) or [label])
        )
    if kind == "avatar":
        return person(row, zh, rng)
    if kind == "bird":
        last = label.replace("-", " ").split()[-1]
        if zh:
            return BIRDS.get(last, "鸟") if rng.random() < 0.7 else "鸟"
        return rng.choice(("bird", f"{last} bird" if last not in BIRDS else last, last, label))
    table = {"clothing": CLOTHES, "flower": FLOWERS, "scene": SCENES}.get(kind, FRUIT)
    en, cn = table.get(label, (label, None))
    colour = row.get("colour") if rng.random() < 0.8 else None
    if label in (
        "sunflowers",
        "dandelion",
        "daisy",
    ):  # the middle of the picture is the middle of the flower
        colour = None
    if kind == "flower" and rng.random() < 0.2:
        en, cn = "flower", "花"
    if zh and cn:
        return (COLOURS[colour] if colour else "") + cn
    return f"{colour} {en}" if colour else en


def person(row, zh, rng):
    hair, clothes = (row[k] if rng.random() < 0.8 else None for k in ("hair", "clothes"))
    if zh:
        parts = [hair and COLOURS[hair] + "头发", clothes and COLOURS[clothes] + "衣服"]
        return "、".join(filter(None, parts)) + ("的" if hair or clothes else "") + "人"
    parts = [hair and f"{hair} hair", clothes and f"{clothes} clothes"]
    return " ".join(filter(None, ["person", (hair or clothes) and "with", " and ".join(filter(None, parts))]))


def _join(rng, parts):
    parts = [p for p in parts if p]
    return parts[0] if len(parts) == 1 else (", ".join(parts))


def caption(row, rng, with_subject=0.6):
    """A prompt whose picture is `row`. with_subject: how often the subject is named."""
    zh = rng.random() < 0.27
    thing = subject(row, zh, rng) if rng.random() < with_subject or row["kind"] == "icon" else ""
    if row["role"] == "spoilt":
        word = REPAIRS[row["look"]][3 if zh else 2]
        more = rng.choice(("", "低质量" if zh else "low quality"))
        return ("，" if zh else ", ").join(p for p in (thing, word, more) if p)
    if row["role"] == "icon":
        words = ICON_STYLES[row["look"]][zh]
        background = row.get("background")
        if zh:
            back = (
                f"，{COLOURS.get(background, '白色')}背景"
                if background != "white" or rng.random() < 0.3
                else ""
            )
            return f"{thing}，{rng.choice(words)}{rng.choice(('风格', ''))}{back}"
        back = f", {background} background" if background != "white" or rng.random() < 0.3 else ""
        style = rng.choice(words)
        return (
            rng.choice((f"{thing}, {style} style", f"{style} {thing}", f"{thing}, {style}")) + back
        )
    if row["role"] == "photo":
        word = rng.choice((AVATAR_WORDS if row["kind"] == "avatar" else PHOTO_WORDS)[zh])
        if zh:
            return (
                f"{thing}的{word}"
                if thing and rng.random() < 0.5
                else "，".join(p for p in (thing, word) if p)
            )
        if thing and rng.random() < 0.5:
            return f"{article(word)} of {article(thing)}"
        return _join(rng, [thing, rng.choice((word, article(word), word + ", high quality"))])
    look = looks.BY_KEY[row["look"]]
    if zh:
        style = rng.choice(look.zh)
        return (
            rng.choice((f"{thing}，{style}风格", f"{style}，{thing}", f"{style}风格的{thing}"))
            if thing
            else style + rng.choice(("", "风格"))
        )
    style = rng.choice(look.en)
    if not thing:
        return rng.choice(
            (
                style,
                style + " style",
                f"in {style} style",
                f"{style} painting" if "painting" not in style else style,
            )
        )
    return rng.choice(
        (
            f"{thing}, {style}",
            f"{thing}, {style} style",
            f"{article(thing)} in {style} style",
            f"{style}, {thing}",
            f"{style} of {article(thing)}",
        )
    )


def article(thing):
    if thing.endswith("s") and not thing.endswith(("ss", "dress")) or "," in thing:
        return thing
    return ("an " if thing[0] in "aeiou" else "a ") + thing


def bare(row, rng):
    """Only what is seen, without style: what an inpainting prompt says."""
    return subject(row, rng.random() < 0.27, rng)


def dyed(row, rng):
    """The prompt that gives the dyed `row` its colour: always named, and sometimes nothing else."""
    zh = rng.random() < 0.27
    colour, kind, label = row["colour"], row["kind"], row["label"]
    en, cn = {"clothing": CLOTHES, "flower": FLOWERS}.get(kind, FRUIT).get(label, (label, ""))
    if kind not in ("clothing", "flower") or rng.random() < 0.15:  # "green yellow apples" is nobody's prompt
        en, cn = {"clothing": ("clothes", "衣服"), "flower": ("flower", "花")}.get(
            kind, ("vegetables", "蔬菜") if kind == "vegetables" else ("fruit", "水果")
        )
    if zh:
        return rng.choice(
            (COLOURS[colour] + cn, COLOURS[colour], f"{COLOURS[colour]}的{cn}", f"{COLOURS[colour]}{cn}，彩色照片")
        )
    thing = article(f"{colour} {en}")
    return rng.choice(
        (f"{colour} {en}", thing, colour, f"a colour photo of {thing}", f"{colour} {en}, photo", f"photo of {thing}")
    )


def repair(row, rng):
    """The prompt that turns the spoilt `row` into the photograph it was."""
    zh = rng.random() < 0.27
    words = rng.choice(REPAIRS[row["look"]][1 if zh else 0])
    if row["look"] == "grey" or rng.random() < 0.2:
        thing = subject(row, zh, rng)
        return (
            f"{thing}，{words}"
            if zh
            else f"{words} of {article(thing)}" if words.endswith("photo") else f"{words}, {thing}"
        )
    return words
