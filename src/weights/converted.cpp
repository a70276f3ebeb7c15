#include "weights/converted.h"

#include <algorithm>

#include "base/error.h"
#include "base/half.h"
#include "weights/checkpoint.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

bool is_real(DType dtype) {
  return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 ||
         dtype == DType::BF16 || is_quantised(dtype);
}

}  // namespace

TensorView stored_as(std::vector<float> values, const Shape& shape, DType dtype) {
  if (dtype == DType::F32) {
    auto owner = std::make_shared<std::vector<float>>(std::move(values));
    return {
        .dtype = dtype, .shape = shape, .bytes = std::as_bytes(std::span(*owner)), .owner = owner};
  }
  auto owner = std::make_shared<std::vector<uint16_t>>(values.size());
  const auto to_bits = dtype == DType::BF16 ? f32_to_bf16 : f32_to_f16;
  std::transform(values.begin(), values.end(), owner->begin(), to_bits);
  return {
      .dtype = dtype, .shape = shape, .bytes = std::as_bytes(std::span(*owner)), .owner = owner};
}

PendingTensor converted(const TensorView& tensor, std::optional<DType> dtype) {
  const DType now = is_quantised(tensor.dtype) ? DType::F16 : tensor.dtype;
  const DType wanted = dtype && is_real(tensor.dtype) ? *dtype : now;
  return {wanted, tensor.shape, [tensor, wanted] {
            if (tensor.dtype == wanted) return tensor;
            return stored_as(tensor.to_f32(), tensor.shape, wanted);
          }};
}

int put_vae(const std::filesystem::path& path, std::optional<DType> dtype,
            PendingTensors& tensors) {
  const VaeFile vae = open_vae(path);
  if (vae.config.tiny)
    throw Error(ErrorKind::InvalidArgument,
                path.string() +
                    ": is a tiny autoencoder, which checkpoints do not hold; use it "
                    "beside the model with --vae");
  const Renamed renamed = vae_to_ldm(vae.tensors);
  for (const auto& [name, tensor] : renamed.tensors)
    tensors.insert_or_assign("first_stage_model." + name, converted(tensor, dtype));
  return static_cast<int>(renamed.tensors.size());
}

uint64_t bytes_of(const PendingTensors& tensors) {
  uint64_t bytes = 0;
  for (const auto& [name, tensor] : tensors)
    bytes += static_cast<uint64_t>(element_count(tensor.shape)) * dtype_size(tensor.dtype);
  return bytes;
}

std::map<std::string, std::string> kept_metadata(const TensorFile& file) {
  auto metadata = file.format == TensorFormat::Safetensors ? file.metadata
                                                           : std::map<std::string, std::string>{};
  metadata["format"] = "pt";  // what other readers look for
  return metadata;
}

void require_other_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  if (std::filesystem::equivalent(from, to, error) && !error)
    throw Error(ErrorKind::InvalidArgument,
                to.string() + ": is the file that is read; choose another name for the new one");
}

}  // namespace pentimento
