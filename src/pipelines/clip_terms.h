// The table of terms as vectors of a CLIP model: computed once for each model and table, which
// takes minutes on a large one, and kept on disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "pipelines/clip_features.h"
#include "pipelines/describe.h"

namespace pentimento {

// What CLIP is asked to compare with the picture: it was trained on sentences. "a cat" as a subject
// becomes "a picture of a cat".
std::string sentence_of(const Term& term);

// [terms, P], unit vectors. `clip_sha256` names the model; an empty `cache_dir` keeps nothing. A
// damaged or unwritable file only costs the time. Reports the stage "text". Throws Unsupported when
// the model reads no text.
Tensor term_vectors(Clip& clip, const std::string& clip_sha256, const std::vector<Term>& terms,
                    const std::filesystem::path& cache_dir, const Progress& progress);

// The cosine of the picture with each term.
std::vector<float> term_cosines(Clip& clip, const Image& picture, const Tensor& vectors,
                                const Progress& progress);

}  // namespace pentimento
