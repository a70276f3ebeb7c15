"""OFT merged into single layers by PEFT, with random small numbers.

For each case: CASE/weight of a layer, CASE/lora/... as PEFT spells the file, CASE/expected after merging;
"configs" in the metadata: what PEFT writes into adapter_config.json."""
import json

import peft
import torch
from safetensors.torch import save_file

torch.manual_seed(9)
out, configs = {}, {}


class Net(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = torch.nn.Linear(24, 10) if kind == "linear" else torch.nn.Conv2d(8, 10, 3)


def case(name, kind, **options):
    net = Net(kind)
    with torch.no_grad():
        net.layer.weight.copy_(torch.randn(net.layer.weight.shape) * 0.4)
    weight = net.layer.weight.detach().clone()
    config = peft.OFTConfig(target_modules=["layer"], **options)
    model = peft.get_peft_model(net, config)
    with torch.no_grad():
        for key, p in model.named_parameters():
            if "oft_R" in key:
                p.copy_(torch.randn(p.shape) * 0.2)
    lora = {k: v.detach().clone().contiguous() for k, v in peft.get_peft_model_state_dict(model).items()}
    out[f"{name}/weight"] = weight
    out[f"{name}/expected"] = model.merge_and_unload().layer.weight.detach().clone().contiguous()
    for key, value in lora.items():
        out[f"{name}/lora/{key}"] = value
    written = config.to_dict()
    configs[name] = {k: written[k] for k in ("coft", "eps", "block_share", "use_cayley_neumann", "num_cayley_neumann_terms", "r",
                                             "oft_block_size")} | {"peft_type": "OFT"}


for kind in ["linear", "conv"]:
    case(f"usual_{kind}", kind, oft_block_size=4)
    case(f"by_rank_{kind}", kind, r=4, oft_block_size=0)
    case(f"exact_{kind}", kind, oft_block_size=6, use_cayley_neumann=False)
    case(f"shared_{kind}", kind, oft_block_size=8, block_share=True)
    case(f"held_{kind}", kind, oft_block_size=4, coft=True, eps=0.5)
for terms in [1, 2, 3, 4, 7]:
    case(f"terms_{terms}", "linear", oft_block_size=4, num_cayley_neumann_terms=terms)

save_file(out, "weights_oft.safetensors", metadata={"configs": json.dumps(configs)})
print(len(configs), "cases,", sum(v.numel() * v.element_size() for v in out.values()), "bytes")
