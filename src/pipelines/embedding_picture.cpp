#include "pipelines/embedding_picture.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/error.h"
#include "image/inflate.h"
#include "weights/base_model.h"
#include "weights/checkpoint.h"
#include "weights/identify.h"

namespace pentimento {
namespace {

constexpr size_t kMaxUnpacked = 64u << 20;

Error damaged(const std::string& where, const char* what) {
  return Error(ErrorKind::CorruptFile, where + ": the textual inversion in it " + what);
}

std::string from_base64(std::string_view text, const std::string& where) {
  std::array<int, 256> value{};
  value.fill(-1);
  const std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < alphabet.size(); ++i)
    value[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '=') continue;
    const int six = value[static_cast<unsigned char>(c)];
    if (six < 0) throw damaged(where, "is not base64");
    bits = bits << 6 | static_cast<uint32_t>(six);
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255);
  }
  return bytes;
}

// --- pixels --------------------------------------------------------------------------------------

// Columns [left, right) of rows [top, bottom): low four bits of each channel.
struct Block {
  int left, right, top, bottom;
};

class LowBits {
 public:
  explicit LowBits(const Image& image) : image_(image) {}

  uint8_t at(int x, int y, int c) const { return pixel(x, y)[c] & 15; }
  bool is_lit(int x, int y) const {  // no channel is black
    const uint8_t* p = pixel(x, y);
    return p[0] && p[1] && p[2];
  }
  bool column_is_blank(int x, const Block& in) const {
    for (int y = in.top; y < in.bottom; ++y)
      for (int c = 0; c < 3; ++c)
        if (at(x, y, c)) return false;
    return true;
  }

 private:
  const uint8_t* pixel(int x, int y) const {
    return &image_.pixels[(static_cast<size_t>(y) * static_cast<size_t>(image_.width) +
                           static_cast<size_t>(x)) *
                          3];
  }
  const Image& image_;
};

// The rectangle that holds every pixel with three lit channels; empty when there is none.
Block without_black_border(const LowBits& bits, int width, int height) {
  Block block{width, 0, height, 0};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if (bits.is_lit(x, y)) {
        block.left = std::min(block.left, x);
        block.right = std::max(block.right, x + 1);
        block.top = std::min(block.top, y);
        block.bottom = std::max(block.bottom, y + 1);
      }
  return block;
}

// The bits of a block, unmasked by A1111's linear congruential generator.
std::vector<uint8_t> unmasked(const LowBits& bits, const Block& block) {
  std::vector<uint8_t> values;
  uint32_t seed = 0;
  for (int y = block.top; y < block.bottom; ++y)
    for (int x = block.left; x < block.right; ++x)
      for (int c = 0; c < 3; ++c) {
        seed = 1664525u * seed + 1013904223u;
        values.push_back(static_cast<uint8_t>(bits.at(x, y, c) ^ (seed % 255 & 15)));
      }
  return values;
}

// Two blank columns part the low halves (left), the picture, and the high halves (right).
std::optional<std::string> json_in_pixels(const Image& rgb, const std::string& where) {
  const LowBits bits(rgb);
  const Block all = without_black_border(bits, rgb.width, rgb.height);
  int first = -1, last = -1;
  for (int x = all.left; x < all.right; ++x)
    if (bits.column_is_blank(x, all)) {
      if (first < 0) first = x;
      last = x;
    }
  if (first < 0 || first == last) return std::nullopt;
  const std::vector<uint8_t> low = unmasked(bits, {all.left, first, all.top, all.bottom});
  const std::vector<uint8_t> high = unmasked(bits, {last + 1, all.right, all.top, all.bottom});
  if (low.empty() || low.size() != high.size()) return std::nullopt;
  std::vector<uint8_t> packed(low.size());
  for (size_t i = 0; i < packed.size(); ++i)
    packed[i] = static_cast<uint8_t>(high[i] << 4 | low[i]);
  // zlib's header: a picture that happens to have two blank columns is no embedding.
  if (packed.size() < 6 || (packed[0] & 15) != 8 || (packed[0] * 256 + packed[1]) % 31 != 0)
    return std::nullopt;
  size_t budget = kMaxUnpacked;
  auto text = inflated({reinterpret_cast<const char*>(packed.data()), packed.size()}, budget);
  if (!text) throw damaged(where, "is cut short or too large");
  return text;
}

}  // namespace

std::optional<std::string> embedding_json(const Picture& picture, const std::string& where) {
  const auto text = picture.text.find("sd-ti-embedding");
  if (text != picture.text.end()) return from_base64(text->second, where);
  return json_in_pixels(to_rgb(picture.image), where);
}

Embedding open_embedding_picture(const std::filesystem::path& path, const std::string& name,
                                 const std::filesystem::path& cache_dir) {
  const auto json = embedding_json(read_picture(path), path.string());
  if (!json)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is a picture with no textual inversion in it");
  Embedding embedding = embedding_from_json(*json, name, path.string());
  embedding.hash = checkpoint_sha256(path, cache_dir).substr(0, 12);
  return embedding;
}

bool may_hold_embedding(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".png" || extension == ".webp";
}

ModelSummary summarise_embedding_picture(const std::filesystem::path& path) {
  ModelSummary summary;
  summary.format = "picture";
  summary.kind = "picture";
  try {
    const auto json = embedding_json(read_picture(path), path.string());
    if (!json) {
      summary.reason = path.string() + ": is a picture with no textual inversion in it";
      return summary;
    }
    summary.kind = kind_word(WeightKind::Embedding);
    summary.kind_sentence = kind_description(WeightKind::Embedding);
    const Embedding embedding = embedding_from_json(*json, path.stem().string(), path.string());
    summary.readable = summary.usable = true;
    summary.word = embedding.name;
    summary.precision = "F32";
    TensorMap tensors;
    for (const Tensor& vectors : embedding.vectors) {
      summary.vectors = static_cast<int>(vectors.dim(0));
      summary.parameters += static_cast<int64_t>(vectors.size());
      ++summary.tensors;
      tensors["emb_params"].shape = vectors.shape;
    }
    summary.base = base_of_file(WeightKind::Embedding, tensors);
    summary.notes = {"is a textual inversion inside a picture, its word is " + embedding.name,
                     "takes " + std::to_string(summary.vectors) + " of the prompt's tokens"};
  } catch (const Error& error) {
    summary.reason = error.what();
  }
  return summary;
}

ModelSummary summarise_any(const std::filesystem::path& path) {
  return may_hold_embedding(path) ? summarise_embedding_picture(path) : summarise(path);
}

}  // namespace pentimento
