// Where faces are in a picture: what a job must leave alone.
// Limitations: of faces smaller than about a fifteenth of the picture's longer side it misses some;
// it also takes a cat's face, and at times a cup, for one.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/progress.h"
#include "image/image.h"
#include "runtime/runtime.h"

namespace pentimento {

// From the brows to the chin, in pixels of the picture; may reach over its edges.
struct Face {
  double left = 0, top = 0, right = 0, bottom = 0;
  double score = 0;  // 0.5..1
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// Thread contract: may be shared; one looks at a time.
class FaceFinder {
 public:
  // `assets`: the folder with blazeface_back.tflite, read when first needed. `runtime` must outlive
  // this.
  FaceFinder(Runtime& runtime, std::filesystem::path assets);
  ~FaceFinder();

  // RGB of any size; the surest face first. Always computed in f32: the same picture has the same
  // faces. Throws NotFound, CorruptFile of the network's file.
  std::vector<Face> find(const Image& picture, const Progress& progress);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
