"""The default model: a small Stable Diffusion that sees the picture it repaints.

    prompt  -> CLIP-type text encoder (192 wide, 4 layers) -> context [N,77,192], pooled [N,192]
    UNet input [N,65,h,w] = noisy latent 32 | source latent 32 | mask 1
        mask 1 = nothing is known here: the source is zero under it. No source at all: mask 1 everywhere.
    output  = v [N,32,h,w];  scaled_linear betas rescaled to zero terminal SNR.
The pooled text enters beside the time embedding, as in SDXL (add_embedding) without sizes.
The UNet is diffusers' UNet2DConditionModel; parameter names are its own, except that its
class_embedding is stored as add_embedding on export.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

import tokenizer

WIDTH, LAYERS, HEADS = 192, 4, 6
CHANNELS = 32


def plain_attention(q, k, v, **_):
    """On CPUs 1.2 to 1.3 times as fast per training step as torch's flash kernel."""
    return ((q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5).softmax(-1) @ v


class TextLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.self_attn = nn.ModuleDict(
            {f"{n}_proj": nn.Linear(WIDTH, WIDTH) for n in ("q", "k", "v", "out")}
        )
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(WIDTH, 4 * WIDTH), "fc2": nn.Linear(4 * WIDTH, WIDTH)}
        )

    def forward(self, x, causal):
        n, t, _ = x.shape
        h = self.layer_norm1(x)
        q, k, v = (
            self.self_attn[f"{p}_proj"](h).view(n, t, HEADS, -1).transpose(1, 2) for p in "qkv"
        )
        a = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + causal).softmax(-1) @ v
        x = x + self.self_attn["out_proj"](a.transpose(1, 2).reshape(n, t, WIDTH))
        h = self.mlp["fc1"](self.layer_norm2(x))
        return x + self.mlp["fc2"](h * torch.sigmoid(1.702 * h))  # quick_gelu


class TextEncoder(nn.Module):
    """CLIPTextModelWithProjection: last hidden state after final_layer_norm; pooled at the first end token."""

    def __init__(self):
        super().__init__()
        m = self.text_model = nn.Module()
        m.embeddings = nn.ModuleDict(
            {
                "token_embedding": nn.Embedding(tokenizer.VOCABULARY, WIDTH),
                "position_embedding": nn.Embedding(tokenizer.LENGTH, WIDTH),
            }
        )
        m.encoder = nn.Module()
        m.encoder.layers = nn.ModuleList(TextLayer() for _ in range(LAYERS))
        m.final_layer_norm = nn.LayerNorm(WIDTH)
        self.text_projection = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.normal_(m.embeddings["token_embedding"].weight, std=0.3)
        nn.init.normal_(m.embeddings["position_embedding"].weight, std=0.1)

    def forward(self, ids):
        m = self.text_model
        x = (
            m.embeddings["token_embedding"](ids)
            + m.embeddings["position_embedding"].weight[: ids.shape[1]]
        )
        causal = torch.full((ids.shape[1],) * 2, -1e4, dtype=x.dtype, device=x.device).triu(1)
        for layer in m.encoder.layers:
            x = layer(x, causal)
        x = m.final_layer_norm(x)
        end = (ids == tokenizer.END).int().argmax(1)
        return x, self.text_projection(x[torch.arange(len(ids), device=x.device), end])


def unet_config(top):
    """top: channels of the uppermost level, 64 or 96."""
    channels = {64: (64, 96, 160, 224), 96: (96, 128, 160, 224)}[top]
    down, cross = "DownBlock2D", "CrossAttnDownBlock2D"
    return dict(
        sample_size=32,
        in_channels=2 * CHANNELS + 1,
        out_channels=CHANNELS,
        block_out_channels=channels,
        layers_per_block=2,
        down_block_types=(down, cross, cross, down),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=tuple(
            c // 32 for c in channels
        ),  # diffusers' name for the number of heads
        cross_attention_dim=WIDTH,
        norm_num_groups=32,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=WIDTH,
    )


class Model(nn.Module):
    def __init__(self, top=96):
        super().__init__()
        from diffusers import UNet2DConditionModel

        self.top = top
        self.unet = UNet2DConditionModel(**unet_config(top))
        self.text_encoder = TextEncoder()
        nn.init.zeros_(self.unet.conv_out.weight)
        nn.init.zeros_(self.unet.conv_out.bias)
        for name, m in self.unet.named_modules():  # residual branches begin as nothing
            if name.endswith("proj_out") or (name.endswith("conv2") and "resnets" in name):
                nn.init.zeros_(m.weight)
                nn.init.zeros_(m.bias)

    def encode(self, ids):
        """ids [N,77] -> context, pooled; equal prompts are computed once."""
        unique, back = torch.unique(ids, dim=0, return_inverse=True)
        context, pooled = self.text_encoder(unique)
        return context[back], pooled[back]

    def forward(self, x, mask, source, t, text):
        context, pooled = text
        inp = (
            torch.cat([x, source, mask], 1)
            .to(context.dtype)
            .contiguous(memory_format=torch.channels_last)
        )
        return self.unet(inp, t, context, class_labels=pooled, return_dict=False)[0]


def use_plain_attention():
    F.scaled_dot_product_attention = plain_attention


def alphas_cumprod(n=1000):
    """scaled_linear betas rescaled to zero terminal SNR (https://arxiv.org/abs/2305.08891)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, n, dtype=torch.float64) ** 2
    s = torch.cumprod(1 - betas, 0).sqrt()
    return (((s - s[-1]) * (s[0] / (s[0] - s[-1]))) ** 2).float()


class Flat:
    """All parameters as views into one buffer (and one for the gradients): the optimiser's few steps
    over 30 million numbers replace thousands of small ones. Convolutions lie channels last."""

    def __init__(self, model, dtype):
        model.to(dtype)
        self.named = list(model.named_parameters())
        n = sum(p.numel() for _, p in self.named)
        device = self.named[0][1].device
        self.value = torch.zeros(n, dtype=dtype, device=device)
        self.grad = torch.zeros(n, dtype=dtype, device=device)
        self.master = torch.zeros(n, device=device)
        at = 0
        for _, p in self.named:
            view, gview = self.view(self.value, at, p), self.view(self.grad, at, p)
            self.view(self.master, at, p).copy_(p.data)
            view.copy_(p.data)
            p.data, p.grad = view, gview
            at += p.numel()

    @staticmethod
    def view(buffer, at, p):
        part = buffer[at : at + p.numel()]
        if p.dim() == 4:
            o, i, h, w = p.shape
            return part.view(o, h, w, i).permute(0, 3, 1, 2)
        return part.view(p.shape)

    def state(self, buffer):
        """name -> tensor of a flat buffer (fp32 copies)."""
        out, at = {}, 0
        for name, p in self.named:
            out[name] = self.view(buffer, at, p).float().contiguous().clone()
            at += p.numel()
        return out

    def load(self, buffer, state):
        at = 0
        for name, p in self.named:
            if name in state and state[name].shape == p.shape:
                self.view(buffer, at, p).copy_(state[name])
            at += p.numel()


def parameter_count(model):
    return sum(p.numel() for p in model.parameters()), sum(
        p.numel() for p in model.text_encoder.parameters()
    )


def log_snr_weight(ab, t, gamma=5.0, floor=0.15):
    """min-SNR weight of the v-loss (https://arxiv.org/abs/2303.09556) with a floor."""
    snr = ab[t] / (1 - ab[t]).clamp_min(1e-5)
    return (snr.clamp(max=gamma) / (snr + 1)).clamp_min(floor)
