"""A GGUF file with one tensor of every type that is read, written by the `gguf` package, and what that
package makes of them (weights_gguf.safetensors). K-quant blocks are random bytes with sensible scales, so that
every bit of the formats is exercised."""
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFWriter, GGMLQuantizationType as Q, quants
from gguf.constants import GGML_QUANT_SIZES
from safetensors.torch import save_file

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
rng = np.random.default_rng(6)
writer = GGUFWriter(here / "weights_gguf.gguf", "sd1")
writer.add_name("tiny")
writer.add_uint32("answer", 42)
writer.add_array("some.list", ["a", "bc"])
writer.add_bool("yes", True)
expected = {}


def blocks(kind, rows, columns):
    per_block, size = GGML_QUANT_SIZES[kind]
    data = rng.integers(0, 256, (rows * columns // per_block, size), dtype=np.uint8)
    scales = {Q.Q2_K: (80, 2), Q.Q3_K: (108, 1), Q.Q4_K: (0, 2), Q.Q5_K: (0, 2), Q.Q6_K: (208, 1), Q.Q4_0: (0, 1),
              Q.Q4_1: (0, 2), Q.Q5_0: (0, 1), Q.Q5_1: (0, 2), Q.Q8_0: (0, 1)}
    at, count = scales[kind]
    values = (rng.standard_normal((len(data), count)) * 0.05).astype(np.float16)
    data[:, at:at + 2 * count] = values.view(np.uint8)
    return data.reshape(rows, -1)


for kind in [Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0, Q.Q2_K, Q.Q3_K, Q.Q4_K, Q.Q5_K, Q.Q6_K]:
    raw = blocks(kind, 3, 512)
    writer.add_tensor(kind.name, raw, raw_dtype=kind)
    expected[kind.name] = torch.from_numpy(quants.dequantize(raw, kind).reshape(3, 512).copy())
for name, dtype in [("F32", np.float32), ("F16", np.float16)]:
    values = rng.standard_normal((2, 3, 5)).astype(dtype)
    writer.add_tensor(name, values)
    expected[name] = torch.from_numpy(values.astype(np.float32))
values = rng.standard_normal((2, 32)).astype(np.float32)
bf16 = quants.quantize(values, Q.BF16)
writer.add_tensor("BF16", bf16, raw_dtype=Q.BF16)
expected["BF16"] = torch.from_numpy(quants.dequantize(bf16, Q.BF16).reshape(2, 32).copy())
# ComfyUI-GGUF's way with a convolution whose rows are no whole blocks.
raw = blocks(Q.Q4_K, 9, 256)
writer.add_tensor("conv", raw, raw_dtype=Q.Q4_K)
writer.add_array("comfy.gguf.orig_shape.conv", [16, 16, 3, 3])
expected["conv"] = torch.from_numpy(quants.dequantize(raw, Q.Q4_K).reshape(16, 16, 3, 3).copy())
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(expected, here / "weights_gguf.safetensors")
print(len(expected), "tensors,", (here / "weights_gguf.gguf").stat().st_size, "bytes")
