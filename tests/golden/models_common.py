"""What the models_*.py generators share: random weights that exercise every parameter, rounded to the
f16 that the fixture stores, so that the reference is computed from exactly the stored numbers."""

import torch
from safetensors.torch import save_file


def randomise(module, seed):
    """Every parameter random and of a size that keeps activations near 1, rounded to f16."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if p.dim() > 1:
                noise = noise / (p[0].numel() ** 0.5)
            elif name.endswith("weight"):
                noise = 1 + 0.2 * noise
            else:
                noise = 0.2 * noise
            p.copy_(noise.half().float())
    return module.eval()


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def text_state(model):
    """Names as every published checkpoint has them."""
    return {n if n.startswith(("text_model.", "text_projection.")) else "text_model." + n: v
            for n, v in model.state_dict().items()}


def save(path, parts, tensors, metadata=None):
    """parts: {prefix: state dict}, stored as f16; tensors: inputs and references, as they are."""
    out = {}
    for prefix, state in parts.items():
        for name, value in state.items():
            if name.endswith("position_ids"):
                continue
            out[prefix + name] = value.half().contiguous()
    for name, value in tensors.items():
        out[name] = value.contiguous()
    save_file(out, path, metadata=metadata or {})
    print(path, sum(v.numel() * v.element_size() for v in out.values()), "bytes")
