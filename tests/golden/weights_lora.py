"""LoRA and its relatives merged into single layers by PEFT and by LyCORIS, with random small numbers.

For each case: CASE/weight (and CASE/bias) of a layer, CASE/lora/... as a file of that library spells it,
CASE/expected (and CASE/expected_bias) of the layer after merging. "multipliers" in the metadata."""
import json
import sys
from pathlib import Path

import peft
import torch
from lycoris.functional import boft, diag_oft
from lycoris.functional.general import tucker_weight_from_conv, weight_decompose
from lycoris.modules.glora import _glora_weight
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from safetensors.torch import save_file

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
torch.manual_seed(6)
out, multipliers = {}, {}


class Net(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = torch.nn.Linear(20, 12) if kind == "linear" else torch.nn.Conv2d(8, 12, 3)


def randomise(module, scale=0.4):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape) * scale)


def keep(case, weight, lora, expected, multiplier=1.0, bias=None, expected_bias=None):
    out[f"{case}/weight"] = weight.detach().clone().contiguous()
    out[f"{case}/expected"] = expected.detach().clone().contiguous()
    for name, value in lora.items():
        out[f"{case}/lora/{name}"] = value.detach().clone().contiguous()
    if bias is not None:
        out[f"{case}/bias"], out[f"{case}/expected_bias"] = bias.clone(), expected_bias.clone()
    multipliers[case] = multiplier


def with_peft(case, kind, config):
    net = Net(kind)
    randomise(net)
    weight = net.layer.weight.clone()
    model = peft.get_peft_model(net, config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "base_layer" in name:
                continue
            if "magnitude" in name:
                p.copy_(p * (1 + 0.3 * torch.randn(p.shape)))
            else:
                p.copy_(torch.randn(p.shape) * 0.5)
    lora = peft.get_peft_model_state_dict(model)
    alpha = getattr(config, "lora_alpha", None) or getattr(config, "alpha", None)
    # PEFT keeps alpha in adapter_config.json; whoever reads that file puts it beside the tensors. A LoKr of
    # two whole factors shows no rank, but PEFT scales it all the same.
    if "base_model.model.layer.lokr_w1" in lora and "base_model.model.layer.lokr_w2" in lora:
        lora["base_model.model.layer.scale"] = torch.tensor(alpha / config.r)
    else:
        lora["base_model.model.layer.alpha"] = torch.tensor(float(alpha))
    merged = model.merge_and_unload()
    keep(case, weight, lora, merged.layer.weight)


for kind in ["linear", "conv"]:
    target = dict(target_modules=["layer"])
    with_peft(f"peft_lora_{kind}", kind, peft.LoraConfig(r=4, lora_alpha=6, **target))
    with_peft(f"peft_dora_{kind}", kind, peft.LoraConfig(r=4, lora_alpha=6, use_dora=True, **target))
    with_peft(f"peft_loha_{kind}", kind, peft.LoHaConfig(r=4, alpha=6, **target))
    with_peft(f"peft_lokr_{kind}", kind, peft.LoKrConfig(r=1, alpha=6, decompose_both=kind == "linear", **target))
    with_peft(f"peft_lokr_full_{kind}", kind, peft.LoKrConfig(r=50, alpha=75, **target))
with_peft("peft_loha_tucker", "conv", peft.LoHaConfig(r=4, alpha=6, use_effective_conv2d=True, target_modules=["layer"]))
with_peft("peft_lokr_tucker", "conv", peft.LoKrConfig(r=1, alpha=6, use_effective_conv2d=True, target_modules=["layer"]))


def with_lycoris(case, cls, kind, multiplier=1.0, **options):
    net = Net(kind)
    randomise(net)
    module = cls("lora_unet_layer", net.layer, multiplier=1.0, lora_dim=options.pop("dim", 4), alpha=3.0, **options)
    with torch.no_grad():
        for name, p in module.named_parameters():
            if name.startswith("org_module"):
                continue
            p.copy_(p * 1.3 if "dora_scale" in name else torch.randn(p.shape) * 0.5)
    weight = net.layer.weight
    if cls in (LohaModule, LokrModule):  # get_diff_weight has alpha / rank twice; forward, which trains, once
        diff = module.get_weight(module.shape)
    else:
        diff = module.get_diff_weight()[0].reshape(weight.shape)
    expected = weight + multiplier * diff
    if options.get("weight_decompose"):
        whole = weight_decompose(weight + diff, module.dora_scale, 1, options.get("wd_on_out", True))
        expected = weight + multiplier * (whole - weight)
    lora = {f"lora_unet_layer.{k}": v for k, v in module.custom_state_dict().items()}
    lora["lora_unet_layer.alpha"] = torch.tensor(3.0)
    keep(case, weight, lora, expected, multiplier)


for kind in ["linear", "conv"]:
    with_lycoris(f"locon_{kind}", LoConModule, kind, 0.7)
    with_lycoris(f"loha_{kind}", LohaModule, kind, 0.7)
    with_lycoris(f"lokr_{kind}", LokrModule, kind, 0.7, dim=1, factor=2)
    with_lycoris(f"lokr_full_{kind}", LokrModule, kind, 0.7, dim=100, full_matrix=True)
    with_lycoris(f"dora_out_{kind}", LoConModule, kind, 0.6, weight_decompose=True, wd_on_out=True)
    with_lycoris(f"dora_in_{kind}", LoConModule, kind, 0.6, weight_decompose=True, wd_on_out=False)
with_lycoris("loha_dora", LohaModule, "linear", 1.0, weight_decompose=True, wd_on_out=True)
with_lycoris("locon_tucker", LoConModule, "conv", 0.7, use_tucker=True)
with_lycoris("loha_tucker", LohaModule, "conv", 0.7, use_tucker=True)
with_lycoris("lokr_tucker", LokrModule, "conv", 0.7, dim=1, factor=2, use_tucker=True)

linear, conv = torch.randn(12, 20) * 0.4, torch.randn(12, 8, 3, 3) * 0.4
for kind, w in [("linear", linear), ("conv", conv)]:
    # OFT: 3 blocks of 4 rows; once within its constraint, once held by it.
    blocks, rescale = torch.randn(3, 4, 4) * 0.3, 1 + 0.2 * torch.randn(12, *[1] * (w.dim() - 1))
    for name, alpha in [("free", 10.0), ("held", 0.05)]:
        diff = diag_oft._diff_weight(w, blocks, None, alpha * 12)
        keep(f"oft_{name}_{kind}", w, {"oft_unet_layer.oft_blocks": blocks, "oft_unet_layer.alpha": torch.tensor(alpha)},
             w + 0.8 * diff, 0.8)
    diff = diag_oft._diff_weight(w, blocks, rescale, None)
    keep(f"oft_rescaled_{kind}", w, {"lora_unet_layer.oft_blocks": blocks, "lora_unet_layer.rescale": rescale}, w + diff)
    # BOFT: stages of 6 blocks of 2 rows; the first stage mixes neighbours, the second pairs two apart.
    blocks = torch.randn(2, 6, 2, 2) * 0.3
    for multiplier in [1.0, 0.5]:
        diff = boft._diff_weight(w, blocks, rescale, 0, multiplier)
        keep(f"boft_{multiplier}_{kind}", w, {"lora_unet_layer.oft_blocks": blocks, "lora_unet_layer.rescale": rescale},
             w + diff, multiplier)
    # GLoRA, as LyCORIS writes it now and as it did.
    n_in = w.shape[1]
    a1, a2, b1 = torch.randn(n_in, 4) * 0.3, torch.randn(4, n_in) * 0.3, torch.randn(12, 4) * 0.3
    b2 = torch.randn(4, *w.shape[1:]) * 0.3
    diff = _glora_weight(w, a1, a2, b1, b2, None, 3.0 / 4)
    parts = {"a1": a1, "a2": a2, "b1": b1, "b2": b2}
    alpha = {"lora_unet_layer.alpha": torch.tensor(3.0)}
    keep(f"glora_{kind}", w, {f"lora_unet_layer.{k}.weight": v for k, v in parts.items()} | alpha, w + 0.7 * diff, 0.7)
    swapped = {"a1": a2, "a2": a1, "b1": b2, "b2": b1}
    keep(f"glora_old_{kind}", w, {f"lora_unet_layer.{k}.weight": v for k, v in swapped.items()} | alpha, w + 0.7 * diff, 0.7)
    # IA3 scales outputs, or inputs.
    by = torch.randn(12) * 0.3
    keep(f"ia3_out_{kind}", w, {"lora_unet_layer.weight": by, "lora_unet_layer.on_input": torch.tensor(0)},
         w + 0.7 * w * by.reshape(12, *[1] * (w.dim() - 1)), 0.7)
    by = torch.randn(n_in) * 0.3
    keep(f"ia3_in_{kind}", w, {"lora_unet_layer.weight": by, "lora_unet_layer.on_input": torch.tensor(1)},
         w + 0.7 * w * by.reshape(1, n_in, *[1] * (w.dim() - 2)), 0.7)
    diff, bias, diff_b = torch.randn(w.shape) * 0.2, torch.randn(12), torch.randn(12)
    keep(f"full_{kind}", w, {"lora_unet_layer.diff": diff, "lora_unet_layer.diff_b": diff_b}, w + 0.5 * diff, 0.5,
         bias, bias + 0.5 * diff_b)

w, b, dw, db = (torch.randn(12) for _ in range(4))
keep("norm", w, {"lora_unet_layer.w_norm": dw, "lora_unet_layer.b_norm": db}, w + 0.5 * dw, 0.5, b, b + 0.5 * db)

# An inpainting model's first layer: a change made for 4 channels falls on the first 4 of 9.
w, up, down = torch.randn(12, 9, 3, 3), torch.randn(12, 2, 1, 1), torch.randn(2, 4, 3, 3)
change = torch.einsum("orxy,rihw->oihw", up, down)
keep("inpaint_conv_in", w, {"lora_unet_conv_in.lora_up.weight": up, "lora_unet_conv_in.lora_down.weight": down},
     torch.cat([w[:, :4] + change, w[:, 4:]], 1))

save_file(out, here / "weights_lora.safetensors", metadata={"multipliers": json.dumps(multipliers)})
print(len(multipliers), "cases,", sum(v.numel() * v.element_size() for v in out.values()), "bytes")
