#include "pipelines/clip_terms.h"

#include <memory>
#include <numeric>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

constexpr const char* kName = "vectors";
constexpr size_t kDigits = 16;  // of each hash in the file's name

std::filesystem::path file_of(const std::string& clip_sha256,
                              const std::vector<std::string>& sentences,
                              const std::filesystem::path& cache_dir) {
  std::string all;
  for (const std::string& sentence : sentences) all += sentence + "\n";
  const std::string table = sha256_hex(std::as_bytes(std::span(all.data(), all.size())));
  return cache_dir / "terms" /
         (clip_sha256.substr(0, kDigits) + "-" + table.substr(0, kDigits) + ".safetensors");
}

// Nothing when the file is not there, damaged, or of another count.
std::optional<Tensor> read_vectors(const std::filesystem::path& file, size_t count) {
  try {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return {};
    const TensorFile tensors = read_safetensors(file);
    const TensorView& view = tensors.tensors.at(kName);
    if (view.shape.size() != 2 || view.shape[0] != static_cast<int64_t>(count)) return {};
    return Tensor(view.shape, view.to_f32());
  } catch (const std::exception&) {
    return {};
  }
}

void write_vectors(const std::filesystem::path& file, const Tensor& vectors) {
  auto owner = std::make_shared<std::vector<float>>(vectors.data);
  const TensorView view{.dtype = DType::F32,
                        .shape = vectors.shape,
                        .bytes = std::as_bytes(std::span(*owner)),
                        .owner = owner};
  try {
    std::filesystem::create_directories(file.parent_path());
    write_safetensors(file, {{kName, view}}, {});
  } catch (const std::exception&) {  // computed again next time
  }
}

}  // namespace

std::string sentence_of(const Term& term) {
  if (term.category == "subject") return "a picture of " + term.en;
  if (term.category == "style") return "a picture in the style: " + term.en;
  if (term.category == "light") return "a picture with " + term.en;
  if (term.category == "colour") return "a picture in " + term.en;
  if (term.category == "garment") return "a picture of somebody wearing " + term.en;
  return term.en;
}

Tensor term_vectors(Clip& clip, const std::string& clip_sha256, const std::vector<Term>& terms,
                    const std::filesystem::path& cache_dir, const Progress& progress) {
  if (!clip.reads_text())
    throw Error(ErrorKind::Unsupported,
                "the CLIP model has no text tower, so it cannot compare pictures with words; use "
                "a whole CLIP model");
  std::vector<std::string> sentences;
  for (const Term& term : terms) sentences.push_back(sentence_of(term));
  const auto file = file_of(clip_sha256, sentences, cache_dir);
  if (!cache_dir.empty())
    if (auto known = read_vectors(file, terms.size())) return *std::move(known);
  Tensor vectors = text_embeddings(clip, sentences, progress);
  if (!cache_dir.empty()) write_vectors(file, vectors);
  return vectors;
}

std::vector<float> term_cosines(Clip& clip, const Image& picture, const Tensor& vectors,
                                const Progress& progress) {
  const Tensor seen = image_embedding(clip, picture, progress);
  const auto width = static_cast<std::ptrdiff_t>(vectors.dim(1));
  if (static_cast<std::ptrdiff_t>(seen.size()) != width)
    throw Error(ErrorKind::Internal, "the terms' vectors are of another CLIP model");
  std::vector<float> cosines;
  for (auto row = vectors.data.begin(); row != vectors.data.end(); row += width)
    cosines.push_back(std::inner_product(row, row + width, seen.data.begin(), 0.0f));
  return cosines;
}

}  // namespace pentimento
