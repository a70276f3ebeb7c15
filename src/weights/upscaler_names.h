// The names that RRDBNet and SRVGGNetCompact have had over the years, brought to BasicSR's. Private
// to weights/.
#pragma once

#include "weights/ncnn_file.h"
#include "weights/tensor_view.h"

namespace pentimento {

// Of a PyTorch or safetensors file, with or without wrappers ("params_ema.", "module."):
//   BasicSR      conv_first  body.0.rdb1.conv1        conv_body       conv_up1  conv_hr  conv_last
//   ESRGAN       conv_first  RRDB_trunk.0.RDB1.conv1  trunk_conv      upconv1   HRconv   conv_last
//   its first    model.0     model.1.sub.0.RDB1.conv1.0  model.1.sub.NB  model.3  model.8  model.10
// Empty when the names are of no such network.
TensorMap upscaler_names_of_today(const TensorMap& tensors);

// Of an ncnn network, whose layers have no names but come in the order of computation. Throws
// Unsupported when the layers between the convolutions are not those of these networks.
TensorMap upscaler_from_ncnn(const NcnnFile& file);

}  // namespace pentimento
