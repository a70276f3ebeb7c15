// Checkpoints made into other files: another type of number, without ballast, with another VAE, or
// mixed with each other. Everything is streamed: one tensor is in memory at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "weights/tensor_file.h"

namespace pentimento {

enum class VaePart { Keep, Drop, Only };  // Only: the file becomes a VAE of its own

struct ConvertOptions {
  std::optional<DType> dtype;  // F32, F16 or BF16 for everything that is a real number; else as is
  // Leaves out what only training needs: EMA copies, the optimiser's state, noise tables.
  bool prune = false;
  bool use_ema =
      false;  // takes the EMA copies in place of the trained weights, then leaves them out
  VaePart vae = VaePart::Keep;
  std::optional<std::filesystem::path> other_vae;  // put in place of its own
};

struct ConvertReport {
  int tensors = 0, left_out = 0, from_ema = 0, from_vae = 0;
  uint64_t bytes = 0;  // of the new file's tensors
};

// Reads any file of tensors and writes a safetensors file; metadata is kept. Throws what
// read_tensor_file and open_vae throw; InvalidArgument when the options contradict each other or
// the file (no EMA copies, no VAE) and when both paths are one file.
ConvertReport convert(const std::filesystem::path& from, const std::filesystem::path& to,
                      const ConvertOptions& options, const Progress& progress);

// A1111's checkpoint merger, in f32:
//   WeightedSum     A (1 - m) + B m
//   AddDifference   A + (B - C) m
// The result has A's tensors and, where a base model meets an inpainting or edit model A, A's extra
// input channels.
struct MergeOptions {
  enum class Mode { WeightedSum, AddDifference } mode = Mode::WeightedSum;
  double ratio = 0.5;  // m; -10..10
  // m for each block of the UNet: inputs, middle, outputs in order (25 for SD 1.x and 2.x, 19 for
  // SDXL); empty: `ratio` everywhere. Time embedding counts as the first, the last convolution as
  // the last, everything else has `ratio`.
  std::vector<double> blocks;
  std::optional<DType> dtype;
  std::optional<std::filesystem::path> other_vae;
};

struct MergeReport {
  int merged = 0, only_in_a = 0;
  uint64_t bytes = 0;
};

// `c` is needed by AddDifference alone. Throws what read_tensor_file throws; InvalidArgument when
// the models differ in shape, have different layouts, or the options do not fit.
MergeReport merge_models(const std::filesystem::path& a, const std::filesystem::path& b,
                         const std::optional<std::filesystem::path>& c,
                         const std::filesystem::path& to, const MergeOptions& options,
                         const Progress& progress);

}  // namespace pentimento
