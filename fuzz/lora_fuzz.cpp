// A safetensors header's worth of a LoRA: any bytes as a file, taken apart into modules, its base
// told, its metadata understood.
#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/base_model.h"
#include "weights/lora_merge.h"
#include "weights/summary.h"
#include "weights/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pentimento::fuzz::BytesAsFile file(data, size);
  const pentimento::ModelSummary summary = pentimento::summarise(file.path());
  if (summary.usable && !summary.reason.empty()) __builtin_trap();
  // Every module laid over layers of a few shapes.
  try {
    const pentimento::TensorFile opened = pentimento::read_tensor_file(file.path());
    for (const pentimento::LoraModule& module : pentimento::split_lora(opened.tensors).modules)
      for (const pentimento::Shape& shape : {pentimento::Shape{8}, {8, 8}, {4, 12}, {4, 4, 3, 3}}) {
        if (!pentimento::changes(module, pentimento::LayerTensor::Weight) ||
            pentimento::misfit(module, pentimento::LayerTensor::Weight, shape))
          continue;
        std::vector<float> values(static_cast<size_t>(pentimento::element_count(shape)), 0.5f);
        pentimento::merge(module, pentimento::LayerTensor::Weight, shape, 0.5f, values);
      }
  } catch (const pentimento::Error&) {
  }
  // The metadata alone, without the labour of finding a valid header.
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* key : {"ss_tag_frequency", "ss_dataset_dirs", "ss_training_started_at",
                          "modelspec.trigger_phrase", "ss_resolution"})
    pentimento::training_facts({{key, text}});
  return 0;
}
