"""Whole inpainting runs of the tiny SD 1.x model, and of the same with nine input channels:
AUTOMATIC1111's masks (Pillow, OpenCV), k-diffusion's samplers, paste-back. Writes the mask
(pipelines_mask.png) and the references (pipelines_inpaint.safetensors), conv_in of the inpainting
UNet among them."""

import math
import pathlib

import cv2
import k_diffusion
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from safetensors.torch import save_file

from image_common import crop_region, fill, premultiplied_kept, resize_image
from pipelines_common import Epsilon, alphas_cumprod, decode, encode, model, unet, vae

here = pathlib.Path(__file__).parent
source = Image.open(here / "pipelines_input.png").convert("RGB")
tensors = {}

# A mask with a soft half, so that greys are seen where they survive.
mask = Image.new("L", source.size)
draw = ImageDraw.Draw(mask)
draw.ellipse((28, 14, 66, 50), fill=255)
draw.rectangle((50, 34, 80, 44), fill=150)
mask.save(here / "pipelines_mask.png")


class Inpainting(torch.nn.Module):
    """The tiny UNet whose first convolution sees nine channels."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(77)
        self.weight = torch.randn(16, 9, 3, 3, generator=generator) * 0.15
        self.concat = None

    def forward(self, x, t, context):
        plain = unet.conv_in.weight.data, unet.conv_in.in_channels
        unet.conv_in.weight.data = self.weight
        result = unet(torch.cat([x, self.concat], dim=1), t, context)
        unet.conv_in.weight.data = plain[0]
        return result


inpainting = Inpainting()
tensors["conv_in"] = inpainting.weight
inpainting_model = Epsilon(inpainting, alphas_cumprod, quantize=False)


def blurred(image, sigma):
    array = np.array(image)
    kernel = 2 * int(2.5 * sigma + 0.5) + 1
    array = cv2.GaussianBlur(array, (kernel, 1), sigma)
    return Image.fromarray(cv2.GaussianBlur(array, (1, kernel), sigma))


def to_tensor(image):
    return torch.from_numpy(np.array(image).astype(np.float32) / 255).permute(2, 0, 1)[None] * 2 - 1


def encoded(pixels):
    return vae.encode(pixels).latent_dist.mean * 0.18215


def overlay_on(image, keep_mask):
    return premultiplied_kept(image, keep_mask).convert("RGBA")


def soft_blend(a, b, t, p):
    mixed = a * (1 - t) + b * t
    norm = lambda v: torch.norm(v.double(), p=2, dim=1, keepdim=True)
    target = (norm(a) ** p * (1 - t) + norm(b) ** p * t) ** (1 / p)
    return (mixed * (target / (norm(mixed) + 1e-5))).float()


def percentile_filter(img, low, high):
    bell = lambda r2: (math.exp(-r2 / 2.25) - math.exp(-4)) / (1 - math.exp(-4))
    out = np.zeros_like(img)
    for y, x in np.ndindex(img.shape):
        stack = sorted((float(img[j, i]), max(0.0, bell((j - y) ** 2 + (i - x) ** 2)))
                       for j in range(max(0, y - 2), min(img.shape[0], y + 3))
                       for i in range(max(0, x - 2), min(img.shape[1], x + 3)))
        total = sum(w for _, w in stack)
        a, b = total * low, total * high
        if b - a < 1:
            middle = (a + b) / 2
            a, b = middle - 0.5, middle + 0.5
            if b > total:
                a, b = total - 1, total
            if a < 0:
                a, b = 0, 1
        at = value = weight = 0.0
        for v, w in stack:
            shared = min(at + w, b) - max(at, a)
            if shared > 0:
                value, weight = value + v * shared, weight + shared
            at += w
        out[y, x] = value / weight
    return out


def changed_mask(latent, init, nmask, size, influence=0.0, threshold=0.5, contrast=2.0, scale=0.5):
    s = 1 - nmask[0, 0].numpy().astype(np.float64) ** (scale / 2)
    s = 0.5 * (1 - influence) + s * influence
    s = s / (1.00001 - s)
    d = torch.norm(latent - init, p=2, dim=1)[0].numpy()
    d = percentile_filter(percentile_filter(d, 0.9, 1.0), 0.25, 0.75)
    m = 1 / (1 + (d / (threshold * s)) ** contrast)
    m = 1 - m ** 3 * (m * (6 * m - 15) + 10)
    small = Image.fromarray((255 * m).astype(np.uint8))
    return resize_image(2, small, *size).filter(ImageFilter.GaussianBlur(4))


def run(name, sampler, sigmas, seed, size=(64, 64), content="original", only_masked=None, blur=4, strength=0.75,
        steps=20, cfg=7.0, rule="blend", nine=False, weight=1.0, influence=0.0):
    generator = torch.Generator().manual_seed(seed)
    cond, uncond = encode([("a cat", 1.0)])[0], encode([("dog", 1.0)])[0]
    shape = (4, size[1] // 8, size[0] // 8)

    full = blurred(mask, blur)
    if only_masked is not None:
        box = Image.fromarray((np.array(full) > 0).astype(np.uint8) * 255).getbbox()
        x1, y1, x2, y2 = crop_region(box, *source.size, only_masked, *size)
        seen = resize_image(2, source.crop((x1, y1, x2, y2)), *size)
        image_mask = resize_image(2, full.crop((x1, y1, x2, y2)), *size)
        paste, original = full, source
    else:
        seen, image_mask = resize_image(0, source, *size), resize_image(0, full, *size)
        paste, original = Image.fromarray(np.clip(np.array(image_mask).astype(int) * 2, 0, 255).astype(np.uint8)), seen
    if rule == "differential":
        paste = Image.fromarray(np.clip(np.array(paste).astype(int) * 8, 0, 255).astype(np.uint8))
    if content != "original":
        seen = fill(seen, image_mask)

    pixels = to_tensor(seen)
    init = encoded(pixels)
    nmask = np.array(image_mask.convert("RGB").resize((shape[2], shape[1]))).astype(np.float32)[:, :, 0] / 255
    nmask = torch.from_numpy(nmask if rule in ("soft", "differential") else np.around(nmask))[None, None]
    if content == "noise":
        init = init * (1 - nmask) + torch.randn(shape, generator=torch.Generator().manual_seed(seed))[None] * nmask
    if content == "nothing":
        init = init * (1 - nmask)
    tensors[f"{name}.init_latent"] = init

    net = model
    if nine:
        pixel_mask = torch.from_numpy(np.around(np.array(image_mask).astype(np.float32) / 255))[None, None]
        hidden = encoded(torch.lerp(pixels, pixels * (1 - pixel_mask), weight))
        small = torch.nn.functional.interpolate(pixel_mask, size=shape[1:])
        inpainting.concat = torch.cat([small, hidden], dim=1)
        tensors[f"{name}.concat"] = inpainting.concat
        net = inpainting_model

    t_enc = int(min(strength, 0.999) * steps)
    sigmas = sigmas[steps - t_enc - 1:]
    first = net.sigma_to_t(sigmas[0]).item()

    def denoise(x, sigma, **_):
        positive, negative = net(x, sigma, context=cond), net(x, sigma, context=uncond)
        x0 = negative + cfg * (positive - negative)
        if rule == "soft":
            return soft_blend(init, x0, nmask ** (sigma.item() * 0.5), 4)
        if rule == "differential":
            left = min(net.sigma_to_t(sigma).item() / first, 1.0)
            return torch.where((nmask > 0) & (nmask >= left), x0, init)
        return x0 * nmask + init * (1 - nmask)

    x = init + torch.randn(shape, generator=generator)[None] * sigmas[0]
    latent = getattr(k_diffusion.sampling, sampler)(denoise, x, sigmas, disable=True)
    if rule == "blend":
        latent = latent * nmask + init * (1 - nmask)
    if rule == "differential":
        latent = torch.where(nmask > 0, latent, init)
    tensors[f"{name}.latent"] = latent

    made = Image.fromarray(decode(latent))
    if rule == "soft":
        paste = changed_mask(latent, init, nmask, size, influence)
        if only_masked is not None:
            whole = Image.new("L", source.size)
            whole.paste(resize_image(1, paste, x2 - x1, y2 - y1), (x1, y1))
            paste = whole
        tensors[f"{name}.paste"] = torch.from_numpy(np.array(paste))
    if only_masked is not None:
        under = Image.new("RGBA", source.size)
        under.paste(resize_image(1, made, x2 - x1, y2 - y1), (x1, y1))
    else:
        under = made.convert("RGBA")
    under.alpha_composite(overlay_on(original, paste))
    tensors[f"{name}.image"] = torch.from_numpy(np.array(under.convert("RGB")))


low, high = model.sigmas[0].item(), model.sigmas[-1].item()
with torch.no_grad():
    uniform = model.get_sigmas(20)
    karras = k_diffusion.sampling.get_sigmas_karras(20, low, high)
    run("whole", "sample_euler", uniform, 42)
    run("only", "sample_dpmpp_2m", karras, 7, content="fill", only_masked=8)
    run("wide", "sample_euler", uniform, 8, size=(96, 40), only_masked=4, blur=0, strength=0.5)
    run("noise", "sample_euler", uniform, 9, content="noise", strength=1.0)
    run("nothing", "sample_euler", uniform, 10, size=(80, 64), content="nothing")
    run("nine", "sample_euler", uniform, 11, only_masked=8, nine=True)
    run("weighed", "sample_euler", uniform, 12, nine=True, weight=0.6, content="fill")
    run("soft", "sample_euler", uniform, 13, rule="soft", blur=6)
    run("softcrop", "sample_dpmpp_2m", karras, 14, rule="soft", only_masked=8, influence=0.4)
    # 15 steps run: their shares k/14 never equal a grey v/255, where rounding would decide
    run("differential", "sample_euler", uniform, 15, rule="differential", blur=8, strength=0.7)
save_file({k: v.clone().contiguous() for k, v in tensors.items()}, here / "pipelines_inpaint.safetensors")
