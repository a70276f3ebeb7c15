// A network as ncnn keeps it (https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure):
// NAME.param lists the layers in order of computation as text, NAME.bin holds their weights one
// after another, without names.
// Limitations: the layers that upscaling networks are made of (others are refused by name); weights
// as f32 or f16, neither 8-bit nor by a table; no ".param.bin".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "weights/tensor_view.h"

namespace pentimento {

struct NcnnLayer {
  std::string type, name;                      // "Convolution", "Conv_0"
  std::vector<std::string> inputs, outputs;    // names of the values between layers
  std::map<int, std::vector<double>> options;  // by number; a single value is a list of one
  // The whole number under `key`, or `otherwise` when the layer does not say. Throws CorruptFile
  // for anything else.
  int integer(int key, int otherwise) const;
  double number(int key, double otherwise) const;
};

struct NcnnFile {
  std::filesystem::path param, bin;
  std::vector<NcnnLayer> layers;  // in order of computation
  TensorMap tensors;              // "Conv_0.weight" [Cout,Cin,K,K], "Conv_0.bias", "PRelu_1.weight"
};

// `path` is either of the two files; the other lies beside it. Throws NotFound naming the missing
// one, CorruptFile (a listing that contradicts itself, weights too few or too many), Unsupported
// (layers and weight kinds named above).
NcnnFile read_ncnn(const std::filesystem::path& path);

// The same from the text of a listing and mapped weights, for tests and fuzzing.
NcnnFile read_ncnn(std::string_view listing, std::shared_ptr<const MappedFile> weights,
                   const std::string& name);

}  // namespace pentimento
