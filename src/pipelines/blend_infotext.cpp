#include "pipelines/blend_infotext.h"

#include <charconv>

#include "pipelines/infotext_fields.h"

namespace pentimento {
namespace {

constexpr BlendMethod kMethods[] = {BlendMethod::ImagePrompt, BlendMethod::Latents,
                                    BlendMethod::Style};
constexpr BlendMode kModes[] = {BlendMode::Merge, BlendMode::Mix};
constexpr BlendFocus kFocuses[] = {BlendFocus::Everything, BlendFocus::Style, BlendFocus::Layout};
constexpr PictureFit kFits[] = {PictureFit::Crop, PictureFit::Pad, PictureFit::Squash};
constexpr size_t kMostPictures = 5;

template <typename Choice, size_t N>
void read_word(const Infotext& info, const char* key, const Choice (&known)[N], Choice& choice) {
  const auto word = info.get(key);
  for (const Choice candidate : known)
    if (word && *word == to_string(candidate)) choice = candidate;
}

std::vector<double> numbers_of(const std::string& text) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    double value = 0;
    const auto read = std::from_chars(at, end, value);
    if (read.ec == std::errc()) numbers.push_back(value);
    at = read.ec == std::errc() ? read.ptr : at + 1;
  }
  return numbers;
}

std::string key_of(size_t picture) { return "Blend picture " + std::to_string(picture + 1); }

}  // namespace

InfotextFacts blend_facts(const BlendRequest& r, const BlendTools& tools,
                          std::span<const InputImage> pictures) {
  InfotextFacts facts{{"Blend", to_string(r.method)}};
  std::string weights;
  for (size_t i = 0; i < pictures.size(); ++i)
    weights += (i ? ", " : "") + number_text(r.weights.empty() ? 1.0 : r.weights[i]);
  facts.emplace_back("Blend weights", weights);
  if (r.method == BlendMethod::ImagePrompt) {
    facts.emplace_back("Blend mode", to_string(r.mode));
    facts.emplace_back("Blend focus", to_string(r.focus));
    facts.emplace_back("Blend scale", number_text(r.scale));
    facts.emplace_back("Blend fit", to_string(r.fit));
    facts.emplace_back("Blend starts from", std::to_string(r.start_from + 1));
    facts.emplace_back("Blend IP-Adapter", tools.adapter_name);
    facts.emplace_back("Blend image encoder", tools.clip_name);
  }
  for (size_t i = 0; i < pictures.size(); ++i)
    record_file(facts, key_of(i), pictures[i].name, pictures[i].sha256);
  return facts;
}

bool was_blended(const Infotext& info) { return info.get("Blend").has_value(); }

BlendRequest blend_request_from_infotext(const Infotext& info) {
  BlendRequest r;
  r.image = request_from_infotext(info);
  read_word(info, "Blend", kMethods, r.method);
  read_word(info, "Blend mode", kModes, r.mode);
  read_word(info, "Blend focus", kFocuses, r.focus);
  read_word(info, "Blend fit", kFits, r.fit);
  r.weights = numbers_of(info.get("Blend weights").value_or(""));
  r.scale = read_field_or(info, "Blend scale", 1.0);
  r.start_from = read_field_or(info, "Blend starts from", 0) - 1;
  return r;
}

BlendFiles blend_files_of_infotext(const Infotext& info) {
  BlendFiles files;
  for (size_t i = 0; i < kMostPictures; ++i)
    if (const auto picture = recorded_file(info, key_of(i))) files.pictures.push_back(*picture);
  files.adapter = without_hash(info.get("Blend IP-Adapter").value_or(""));
  files.encoder = without_hash(info.get("Blend image encoder").value_or(""));
  return files;
}

}  // namespace pentimento
