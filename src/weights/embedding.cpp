#include "weights/embedding.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "weights/checkpoint.h"
#include "weights/config_fields.h"
#include "weights/identify.h"
#include "weights/messages.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using nlohmann::json;

constexpr int64_t kMostWidth = 8192;

// [W] or [n,W] -> [n,W].
Tensor rows_of(const TensorView& tensor, const std::string& where) {
  Shape shape = tensor.shape;
  if (shape.size() == 1) shape.insert(shape.begin(), 1);
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 || shape[1] > kMostWidth)
    throw Error(ErrorKind::CorruptFile, where + ": its vectors have the shape " +
                                            to_string(tensor.shape) + ", expected [n,width]");
  if (shape[0] > kMaxEmbeddingVectors)
    throw Error(ErrorKind::Unsupported, where + ": has " + std::to_string(shape[0]) +
                                            " vectors; a prompt holds at most 75 in one piece");
  Tensor rows(shape, tensor.to_f32());
  for (const float value : rows.data)
    if (!std::isfinite(value))
      throw Error(ErrorKind::CorruptFile, where + ": holds numbers that are none (NaN)");
  return rows;
}

const TensorView* find(const TensorMap& tensors, const char* name) {
  const auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

// Lists of numbers, at most two deep: [W] or [n,W].
TensorView tensor_from(const json& lists, const std::string& where) {
  const auto bad = [&] {
    return Error(ErrorKind::CorruptFile, where + ": its vectors are no lists of numbers");
  };
  if (!lists.is_array() || lists.empty()) throw bad();
  const bool nested = lists[0].is_array();
  const size_t rows = nested ? lists.size() : 1, columns = nested ? lists[0].size() : lists.size();
  auto values = std::make_shared<std::vector<float>>();
  for (size_t r = 0; r < rows; ++r) {
    const json& row = nested ? lists[r] : lists;
    if (!row.is_array() || row.size() != columns) throw bad();
    for (const json& value : row) {
      if (!value.is_number()) throw bad();
      values->push_back(value.get<float>());
    }
  }
  return {.dtype = DType::F32,
          .shape = {static_cast<int64_t>(rows), static_cast<int64_t>(columns)},
          .bytes = std::as_bytes(std::span(*values)),
          .owner = values};
}

}  // namespace

bool Embedding::fits(const std::vector<int>& widths) const {
  if (vectors.size() != widths.size()) return false;
  for (size_t i = 0; i < widths.size(); ++i)
    if (vectors[i].dim(1) != widths[i]) return false;
  return true;
}

Embedding embedding_of(const TensorMap& tensors, std::string name, const std::string& where) {
  Embedding embedding{.name = std::move(name), .vectors = {}, .hash = {}};
  const TensorView *l = find(tensors, "clip_l"), *g = find(tensors, "clip_g");
  if (l && g) {
    embedding.vectors = {rows_of(*l, where), rows_of(*g, where)};
    if (embedding.vectors[0].dim(0) != embedding.vectors[1].dim(0))
      throw Error(ErrorKind::CorruptFile,
                  where + ": has " + std::to_string(embedding.vectors[0].dim(0)) +
                      " vectors for one text encoder and " +
                      std::to_string(embedding.vectors[1].dim(0)) + " for the other");
    return embedding;
  }
  const TensorView* only = find(tensors, "string_to_param.*");
  if (!only) only = find(tensors, "emb_params");
  if (!only && identify(tensors) == WeightKind::Embedding)
    for (const auto& [key, tensor] :
         tensors)  // the first under "string_to_param.", or the only one
      if (!only && (tensors.size() == 1 || key.starts_with("string_to_param."))) only = &tensor;
  if (!only)
    throw Error(ErrorKind::Unsupported, where + ": is " + kind_description(identify(tensors)) +
                                            "; expected a textual inversion");
  embedding.vectors = {rows_of(*only, where)};
  return embedding;
}

Embedding embedding_from_json(std::string_view text, std::string name, const std::string& where) {
  const json root = parse_config(text, where);
  if (const auto own = root.find("name"); own != root.end() && own->is_string()) {
    const std::string given = own->get<std::string>();
    if (!given.empty() && given.size() <= 200) name = given;
  }
  const auto params = root.find("string_to_param");
  if (params == root.end() || !params->is_object() || params->empty())
    throw Error(ErrorKind::CorruptFile, where + ": holds no \"string_to_param\"");
  const json& first = params->begin().value();
  const json& lists =
      first.is_object() && first.contains("TORCHTENSOR") ? first["TORCHTENSOR"] : first;
  Embedding embedding{.name = std::move(name), .vectors = {}, .hash = {}};
  embedding.vectors = {rows_of(tensor_from(lists, where), where)};
  return embedding;
}

Embedding open_embedding(const std::filesystem::path& path, const std::string& name,
                         const std::filesystem::path& cache_dir) {
  Embedding embedding = embedding_of(read_tensor_file(path).tensors, name, path.string());
  embedding.hash = checkpoint_sha256(path, cache_dir).substr(0, 12);
  return embedding;
}

}  // namespace pentimento
