"""Picture files with every oddity the codec must read, made by Pillow, with the pixels expected.

Writes image_codec.safetensors: the bytes of each file under its name, and under NAME/pixels what
decoding must give (height, width, channels). Needs Pillow >= 12, numpy, safetensors,
opencv-python-headless (16-bit PNG and float TIFF), and libvips' command line for HEIC.
"""
import io
import struct
import subprocess
import tempfile
import zlib

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, PngImagePlugin
from safetensors.numpy import save_file

W, H = 20, 14
CHINESE = "一只猫，水彩画 🐈 ünïcode\nSteps: 20, Sampler: Euler a"
files, pixels = {}, {}


def photo(width=W, height=H, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127.5 + 127.5 * np.sin(0.21 * x * (1 + 0.3 * c) + 0.17 * y + c) for c in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def save(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def add(name, data, expected=None):
    files[name] = np.frombuffer(data, np.uint8).copy()
    if expected is not None:
        expected = np.asarray(expected)
        pixels[name + "/pixels"] = np.ascontiguousarray(expected[:, :, None] if expected.ndim == 2 else expected)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png, *extra):
    return png[:33] + b"".join(extra) + png[33:]


def png_header(width, height, depth=8, color=2):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))


def exif(orientation=None, comment=None):
    e = Image.Exif()
    if orientation:
        e[ExifTags.Base.Orientation] = orientation
    if comment:
        e.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return e.tobytes()


def little_endian_exif(comment):
    return (b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0) +
            struct.pack("<HHHIII", 1, 0x9286, 7, len(comment), 44, 0) + comment)


def icc(red, green, blue, gamma):
    """A version 2 matrix profile with these primaries (XYZ, D50) and a plain gamma."""
    def s15(v):
        return struct.pack(">i", round(v * 65536))

    def xyz(v):
        return b"XYZ \0\0\0\0" + b"".join(s15(c) for c in v)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"test\0"
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * (79 + 4)),
            (b"cprt", b"text\0\0\0\0none\0\0\0\0"),
            (b"wtpt", xyz((0.9642, 1.0, 0.8249))), (b"rXYZ", xyz(red)), (b"gXYZ", xyz(green)),
            (b"bXYZ", xyz(blue)), (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at, len(data))
        body += data
        at += len(data)
    header = struct.pack(">I4sI4s4s4s", at, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    header = header.ljust(128, b"\0")
    return header + struct.pack(">I", len(tags)) + table + body


rgb, rgba, grey = photo(), photo(channels=4), photo(channels=1)[:, :, 0]
i_rgb, i_rgba, i_grey = Image.fromarray(rgb), Image.fromarray(rgba), Image.fromarray(grey)

# PNG: every colour type and depth.
add("rgb.png", save(i_rgb, "PNG"), rgb)
add("rgba.png", save(i_rgba, "PNG"), rgba)
add("grey.png", save(i_grey, "PNG"), grey)
add("grey_alpha.png", save(Image.merge("LA", (i_grey, Image.fromarray(rgba[:, :, 3]))), "PNG"),
    np.dstack([grey, grey, grey, rgba[:, :, 3]]))
add("bit.png", save(Image.fromarray(grey > 127), "PNG"), np.where(grey > 127, 255, 0).astype(np.uint8))
palette = i_rgb.quantize(13)
add("palette.png", save(palette, "PNG"), palette.convert("RGB"))
palette.info["transparency"] = bytes([0, 128, 255, 40])
add("palette_alpha.png", save(palette, "PNG", transparency=bytes([0, 128, 255, 40])), palette.convert("RGBA"))
deep = lambda a: (a.astype(np.uint16) << 8) | np.arange(a.size, dtype=np.uint16).reshape(a.shape) % 256
add("rgb16.png", cv2.imencode(".png", deep(rgb)[:, :, ::-1])[1].tobytes(), rgb)
add("rgba16.png", cv2.imencode(".png", deep(rgba)[:, :, [2, 1, 0, 3]])[1].tobytes(), rgba)
add("grey16.png", cv2.imencode(".png", deep(grey))[1].tobytes(), grey)
add("one_pixel.png", save(Image.fromarray(rgb[:1, :1]), "PNG"), rgb[:1, :1])

# PNG: text in each kind of chunk.
info = PngImagePlugin.PngInfo()
info.add_text("parameters", "a cat, café\nSteps: 20")
info.add_text("zipped", "x" * 5000, zip=True)
info.add_itxt("Chinese", CHINESE)
info.add_itxt("long", CHINESE * 3000, zip=True)
add("text.png", save(i_rgb, "PNG", pnginfo=info), rgb)
add("exif.png", save(i_rgb, "PNG", exif=exif(6, b"UNICODE\0" + CHINESE.encode("utf-16-be"))),
    np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(save(i_rgb, "PNG", exif=exif(6)))))))

# Colour profiles: sRGB under its own name changes nothing; a wide gamut does.
P3 = icc((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407), 2.2)
from PIL import ImageCms  # noqa: E402
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SRGB = SRGB[:24] + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + SRGB[36:]  # its date is that of the run
add("srgb_profile.png", save(i_rgb, "PNG", icc_profile=SRGB), rgb)
wide = ImageCms.profileToProfile(i_rgb, io.BytesIO(P3), io.BytesIO(SRGB), ImageCms.Intent.PERCEPTUAL)
add("wide_profile.png", save(i_rgb, "PNG", icc_profile=P3), wide)
data = save(i_rgb, "JPEG", icc_profile=P3, quality=95, subsampling=0)
add("wide_profile.jpg", data, ImageCms.profileToProfile(
    Image.open(io.BytesIO(data)), io.BytesIO(P3), io.BytesIO(SRGB), ImageCms.Intent.PERCEPTUAL))
add("broken_profile.png", save(i_rgb, "PNG", icc_profile=b"nonsense" * 40), rgb)

# JPEG.
def jpeg(image, **options):
    return save(image, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def add_jpeg(name, data):
    add(name, data, Image.open(io.BytesIO(data)))


add_jpeg("rgb.jpg", jpeg(i_rgb))
add_jpeg("grey.jpg", jpeg(i_grey))
add_jpeg("progressive.jpg", jpeg(i_rgb, progressive=True))
cmyk = np.zeros((16, 16, 4), np.uint8)
cmyk[8:, :8] = (255, 0, 0, 0)
cmyk[:8, 8:] = (0, 0, 0, 255)
cmyk[8:, 8:] = (0, 255, 255, 0)
add("cmyk.jpg", jpeg(Image.fromarray(cmyk, "CMYK")))
for n in range(1, 9):
    data = jpeg(i_rgb, exif=exif(n))
    add(f"orientation{n}.jpg", data, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))
add("comment_unicode.jpg", jpeg(i_rgb, exif=exif(None, b"UNICODE\0" + CHINESE.encode("utf-16-be"))))
add("comment_little.jpg", jpeg(i_rgb, exif=little_endian_exif(b"UNICODE\0" + "Steps: 20, Size: 64x64".encode("utf-16-le"))))
add("comment_ascii.jpg", jpeg(i_rgb, exif=exif(None, b"ASCII\0\0\0Steps: 20")))
add("comment_jis.jpg", jpeg(i_rgb, exif=exif(None, b"JIS\0\0\0\0\0" + "猫の絵".encode("shift_jis"))))
add("comment_raw.jpg", jpeg(i_rgb, exif=exif(None, b"\0\0\0\0\0\0\0\0Steps: 20 \xe7\x8c\xab")))

# GIF, WebP, TIFF, AVIF.
frames = [Image.fromarray(np.roll(rgb, 4 * k, 1)).quantize(32) for k in range(3)]
add("animated.gif", save(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=CHINESE.encode()),
    frames[0].convert("RGB"))
add("animated.webp", save(i_rgb, "WEBP", save_all=True, lossless=True,
                          append_images=[Image.fromarray(255 - rgb)]), rgb)
add("rgb.webp", save(i_rgb, "WEBP", lossless=True), rgb)
add("rgba.webp", save(i_rgba, "WEBP", lossless=True, exact=True), rgba)
add("exif.webp", save(i_rgb, "WEBP", lossless=True, exif=exif(3, b"UNICODE\0" + CHINESE.encode("utf-16-be"))),
    rgb[::-1, ::-1])
add("rgb.tif", save(i_rgb, "TIFF"), rgb)
add("lzw.tif", save(i_rgba, "TIFF", compression="tiff_lzw"), rgba)
add("bit.tif", save(Image.fromarray(grey > 127), "TIFF"), np.where(grey > 127, 255, 0).astype(np.uint8))
add("rotated.tif", save(i_rgb, "TIFF", tiffinfo={274: 8}), np.rot90(rgb))
add("cmyk.tif", save(Image.fromarray(cmyk, "CMYK"), "TIFF"))
add("rgb16.tif", cv2.imencode(".tiff", deep(rgb)[:, :, ::-1])[1].tobytes(), rgb)
add("float.tif", cv2.imencode(".tiff", grey.astype(np.float32))[1].tobytes())
add("rgb.avif", save(i_rgb, "AVIF", quality=100, subsampling="4:4:4"), rgb)
with tempfile.TemporaryDirectory() as folder:
    Image.new("RGB", (64, 64), (200, 100, 50)).save(folder + "/in.png")
    subprocess.run(["vips", "heifsave", folder + "/in.png", folder + "/out.heic", "--compression", "hevc"], check=True)
    add("flat.heic", open(folder + "/out.heic", "rb").read(), np.full((64, 64, 3), (200, 100, 50), np.uint8))

# Hostile.
add("huge_header.png", png_header(100000, 100000) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
bomb = zlib.compress(b"\0" * (40 << 20), 9)
add("text_bomb.png", with_chunk(save(i_rgb, "PNG"), chunk(b"zTXt", b"bomb\0\0" + bomb)), rgb)
add("many_bombs.png", with_chunk(save(i_rgb, "PNG"), *[chunk(b"zTXt", b"b%d\0\0" % k + zlib.compress(b"\0" * (7 << 20), 9)) for k in range(12)]), rgb)
add("many_texts.png", with_chunk(save(i_rgb, "PNG"), *[chunk(b"tEXt", b"k%d\0v" % k) for k in range(500)]), rgb)
add("overlong_rows.png", png_header(20, 14) + chunk(b"IDAT", zlib.compress(b"\0" * (20 << 20), 9)) + chunk(b"IEND", b""))
scan = jpeg(i_rgb, progressive=True)
start, end = scan.rindex(b"\xff\xda"), scan.rindex(b"\xff\xd9")
add("many_scans.jpg", scan[:start] + scan[start:end] * 300 + scan[end:])
fields = [(256, 100000), (257, 100000), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 8)]
add("huge_header.tif", struct.pack("<2sHIH", b"II", 42, 8, len(fields)) +
    b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields) + struct.pack("<I", 0))

save_file({**files, **pixels}, __file__.replace(".py", ".safetensors"), {"chinese": CHINESE})
