// Does making a picture again give the very same pixels? And if not, what was different?
#pragma once

#include <string>
#include <vector>

#include "pipelines/img2img.h"

namespace pentimento {

struct RepeatReport {
  bool identical = false;
  double psnr_db = 0;                    // against the old picture's pixels, when sizes agree
  std::vector<std::string> differences;  // in words: "the model is 1a2b…, then it was 3c4d…"
};

// `old_image` and `then` come from the result file, `again` and `now` from the new run.
RepeatReport compare_repeat(const Image& old_image, const MadeWith& then, const Image& again,
                            const MadeWith& now);

std::string pixels_sha256(const Image& rgb);

}  // namespace pentimento
