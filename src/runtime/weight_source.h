// Where the weights of a network lie: in a file that compiled networks in the cache can point into
// instead of holding a copy (a UNet's entry shrinks from 1.7 GB to a few MB).
#pragma once

#include <filesystem>
#include <memory>

#include "openvino/core/model.hpp"
#include "weights/tensor_view.h"

namespace pentimento {

class MappedFile;

// The mapped file that holds most of these tensors' bytes; none when they are in memory only.
std::shared_ptr<const MappedFile> main_file(const TensorMap& tensors);

// Marks every constant whose bytes lie inside `file` with its offset there. Returns how many bytes
// of constants lie elsewhere: those the cache entry has to hold itself.
uint64_t mark_offsets(ov::Model& model, const MappedFile& file);

// Gives back the memory of pages of `file` that were read through any mapping of it in this
// process; they are read again from the disk cache of the system when touched.
void release_pages(const std::filesystem::path& file);

}  // namespace pentimento
