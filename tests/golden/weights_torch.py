"""Files of torch.save as people have them: a training checkpoint with inert objects of PyTorch
Lightning and NumPy beside its weights, and odd tensors (transposed, sliced, expanded, parameters).
weights_torch.safetensors holds the same tensors as they must be read."""
import sys
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

lightning = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": lightning.__name__})
lightning.ModelCheckpoint = ModelCheckpoint
for name in ("pytorch_lightning", "pytorch_lightning.callbacks", lightning.__name__):
    sys.modules.setdefault(name, lightning if name == lightning.__name__ else types.ModuleType(name))

base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
module = torch.nn.Linear(3, 2)
with torch.no_grad():
    module.weight.copy_(base[0, :2, :3])
    module.bias.copy_(base[1, 0, :2])
state = OrderedDict({f"layer.{k}": v for k, v in module.state_dict().items()})
state["plain"] = base
state["transposed"] = base.transpose(0, 2)
state["sliced"] = base[1, 1:, 1:3]
state["row"] = base[1, 2]
state["expanded"] = base[0, 0, :1].add(7).expand(5, 1)
state["parameter"] = torch.nn.Parameter(base[0].bfloat16())
state["half"] = base[1].half()
state["flags"] = torch.tensor([True, False, True])
state["scalar"] = torch.tensor(-3, dtype=torch.int64)
state["nothing"] = torch.zeros(0, 4)
checkpoint = {
    "epoch": 3, "global_step": 470000, "pytorch-lightning_version": "1.4.2",
    "state_dict": state,
    "callbacks": {ModelCheckpoint: {"monitor": "val/loss", "best_model_score": np.float64(0.5)}},
    "optimizer_states": [{"state": {0: {"exp_avg": base}}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999)}]}],
    "lr_schedulers": [], "extra": {1, 2}, "array": np.arange(3.0), "where": torch.device("cpu"), "dtype": torch.float16,
    "large": 1 << 80, "negative": -5, "below": -(1 << 20),
}
for protocol in (2, 4):
    torch.save(checkpoint, here / f"weights_torch_protocol{protocol}.pt", pickle_protocol=protocol)
save_file({k: v.detach().contiguous().clone() for k, v in state.items()}, here / "weights_torch.safetensors")
