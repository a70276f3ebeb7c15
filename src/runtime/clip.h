// One resident CLIP: pictures, and texts where the file has a text tower, as vectors of one space.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "runtime/compile_record.h"
#include "runtime/runtime.h"
#include "weights/clip_file.h"

namespace pentimento {

struct ImageFeatures {
  Tensor embedding;  // [1,P], not normalised; empty where the file has no projection
  Tensor hidden;     // [1,S,W], hidden states before the last layer; row 0 is the class token's
};

// Thread contract: one thread computes; cancel() of the Progress token ends the running inference.
class Clip {
 public:
  // `weights_id` names the weights in the compile cache (SHA-256).
  static std::unique_ptr<Clip> load(Runtime& runtime, ClipFile file, std::string weights_id);
  virtual ~Clip() = default;

  virtual const VisionConfig& vision() const = 0;
  virtual bool reads_text() const = 0;

  // picture [1,3,S,S], normalised (pipelines/clip_features.h makes it from an Image).
  virtual ImageFeatures image(const Tensor& picture, const Progress& progress) = 0;

  // tokens [n*T], T = max_positions (77), each text begun and ended: [n,P], not normalised.
  // Throws Unsupported when the file has no text tower.
  virtual Tensor text(std::span<const int64_t> tokens, const Progress& progress) = 0;

  virtual uint64_t estimate_bytes() const = 0;  // to look at a picture, weights included

  virtual std::vector<CompileRecord> compile_records() const = 0;
};

}  // namespace pentimento
