// What converting and merging share. Private to weights/.
#pragma once

#include <filesystem>
#include <optional>

#include "weights/tensor_file.h"

namespace pentimento {

// The values in another type, rounded to nearest even.
TensorView stored_as(std::vector<float> values, const Shape& shape, DType dtype);

// The tensor as it will be written: real numbers in `dtype`, quantised ones at least unpacked,
// whole numbers as they are.
PendingTensor converted(const TensorView& tensor, std::optional<DType> dtype);

// Puts the VAE of that file under LDM's names; returns the number of tensors.
int put_vae(const std::filesystem::path& vae, std::optional<DType> dtype, PendingTensors& tensors);

uint64_t bytes_of(const PendingTensors& tensors);
// Safetensors metadata as it was; of other formats nothing but the note which format it was.
std::map<std::string, std::string> kept_metadata(const TensorFile& file);
// Throws InvalidArgument when both names are one file.
void require_other_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pentimento
