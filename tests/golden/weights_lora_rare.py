"""The rarer spellings of LoRA's relatives, restated from the formulas of their programs (lycoris-lora, PEFT before
0.16, AUTOMATIC1111): a trained scalar, a sparse part, rotations stored ready, square blocks.

For each case as in weights_lora.py: CASE/weight, CASE/lora/…, CASE/expected; "multipliers" in the metadata."""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
torch.manual_seed(9)
out, multipliers = {}, {}
normal = lambda *shape: torch.randn(*shape) * 0.4


def keep(case, weight, lora, expected, multiplier=1.0):
    out[f"{case}/weight"], out[f"{case}/expected"] = weight.clone().contiguous(), expected.clone().contiguous()
    for name, value in lora.items():
        out[f"{case}/lora/lora_unet_layer.{name}"] = value.clone().contiguous()
    multipliers[case] = multiplier


def cayley(a):  # PEFT before 0.16
    s, eye = 0.5 * (a - a.transpose(1, 2)), torch.eye(a.shape[1]).expand_as(a)
    return torch.bmm(eye - s, torch.inverse(eye + s))


for kind, w in [("linear", normal(12, 20)), ("conv", normal(12, 8, 3, 3))]:
    n_in, kernel = w.shape[1], w.shape[2:]
    down, up = normal(4, *w.shape[1:]), normal(12, 4, *[1] * len(kernel))
    change = (up.reshape(12, 4) @ down.reshape(4, -1)).reshape(w.shape)
    alpha, scalar = torch.tensor(3.0), torch.tensor(1.7)
    low = {"lora_up.weight": up, "lora_down.weight": down, "alpha": alpha}

    # lycoris-lora: weight = org + up down * (alpha / rank) * scalar
    keep(f"scalar_lora_{kind}", w, low | {"scalar": scalar}, w + 0.7 * change * 3 / 4 * 1.7, 0.7)
    a1, b1, a2, b2 = normal(12, 4), normal(4, w[0].numel()), normal(12, 4), normal(4, w[0].numel())
    half = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2, "alpha": alpha}
    keep(f"scalar_loha_{kind}", w, half | {"scalar": scalar},
         w + ((a1 @ b1) * (a2 @ b2)).reshape(w.shape) * 3 / 4 * 1.7)
    w1, w2 = normal(2, 2), normal(6, n_in // 2, *kernel)
    kron = torch.kron(w1.reshape(2, 2, *[1] * len(kernel)), w2)
    keep(f"scalar_lokr_{kind}", w, {"lokr_w1": w1, "lokr_w2": w2, "scalar": scalar.reshape(1)}, w + 0.5 * kron * 1.7, 0.5)

    # AUTOMATIC1111: (up down + sparse) * (alpha / rank); the size of a convolution may be written flat.
    flat = [12, w[0].numel()] if kind == "conv" else list(w.shape)
    places = torch.randperm(12 * flat[1])[:9]
    indices, values = torch.stack([places // flat[1], places % flat[1]]), normal(9)
    sparse = torch.sparse_coo_tensor(indices, values, flat).to_dense().reshape(w.shape)
    parts = {"bias_indices": indices.to(torch.int16), "bias_values": values, "bias_size": torch.tensor(flat)}
    keep(f"sparse_{kind}", w, low | parts, w + 0.6 * (change + sparse) * 3 / 4, 0.6)

    # LyCORIS before 3: R itself, 'k n m, k n ... -> k m ...'
    r, rescale = cayley(normal(3, 4, 4)), 1 + 0.2 * normal(12, *[1] * (w.dim() - 1))
    turned = torch.einsum("k n m, k n ... -> k m ...", r, w.reshape(3, 4, *w.shape[1:])).reshape(w.shape)
    keep(f"oft_diag_{kind}", w, {"oft_diag": r}, w + 0.8 * (turned - w), 0.8)
    keep(f"oft_diag_rescaled_{kind}", w, {"oft_diag": r, "rescale": rescale}, rescale * turned)

    # PEFT before 0.14: W^T Q. Blocks of 4 fit 12 rows; of 5 the last one is cut off; one may serve all.
    for name, blocks, count in [("rows", normal(3, 4, 4), 3), ("rows_cut", normal(3, 5, 5), 3), ("rows_shared", normal(1, 4, 4), 3)]:
        q = torch.block_diag(*cayley(blocks).expand(count, -1, -1))[:12, :12]
        turned = (w.reshape(12, -1).T @ q).T.reshape(w.shape)
        keep(f"oft_{name}_{kind}", w, {"oft_r": blocks}, w + 0.8 * (turned - w), 0.8)
    # PEFT 0.14 and 0.15: Q W^T, and a scale of each row.
    size = w[0].numel() // 4
    for name, blocks in [("columns", normal(4, size, size)), ("columns_shared", normal(1, size, size))]:
        if kind == "conv" and name == "columns":
            blocks = normal(1, size, size)
        q, s = torch.block_diag(*cayley(blocks).expand(4, -1, -1)), 1 + 0.2 * normal(12, 1)
        turned = ((q @ w.reshape(12, -1).T).T * s).reshape(w.shape)
        keep(f"oft_{name}_{kind}", w, {"oft_r": blocks, "oft_s": s}, turned)

save_file(out, here / "weights_lora_rare.safetensors", metadata={"multipliers": json.dumps(multipliers)})
print(len(multipliers), "cases,", sum(v.numel() * v.element_size() for v in out.values()), "bytes")
