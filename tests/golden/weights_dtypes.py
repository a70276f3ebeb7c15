"""One small tensor of every dtype, as the reference writer lays them out (safetensors.torch)."""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

values = torch.arange(6).reshape(2, 3)
tensors = {
    "F64": values.double(), "F32": values.float(), "F16": values.half(), "BF16": values.bfloat16(),
    "I64": values.long(), "I32": values.int(), "I16": values.short(), "I8": values.char(), "U8": values.byte(),
    "BOOL": torch.tensor([False, True, True]), "scalar": torch.tensor(-1.5), "nothing": torch.zeros(0, 4),
}
out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".safetensors")
save_file(tensors, out, {"title": 'näme "quoted"'})
