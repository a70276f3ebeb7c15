#include "weights/training_facts.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "weights/config_fields.h"

namespace pentimento {
namespace {

using nlohmann::json;
using Metadata = std::map<std::string, std::string>;

constexpr size_t kMaxJsonBytes = 16u << 20, kMaxTextBytes = 2000, kTags = 24, kTriggers = 8;
constexpr size_t kMaxTagBytes = 80;

std::string trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// The first key that has a value; kohya writes None as text.
std::string first_text(const Metadata& metadata, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto found = metadata.find(key); found != metadata.end()) {
      std::string text = trimmed(found->second);
      if (!text.empty() && text != "None" && text.size() <= kMaxTextBytes) return text;
    }
  return "";
}

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc() || value < 0) return std::nullopt;
  return value;
}

json object_at(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  if (found == metadata.end() || found->second.size() > kMaxJsonBytes) return json::object();
  try {
    return parse_config(found->second, key);
  } catch (const Error&) {
    return json::object();
  }
}

int64_t count_at(const json& value) {
  return value.is_number_integer() ? std::max<int64_t>(0, value.get<int64_t>()) : 0;
}

// {"10_folder": {"tag": 12, …}, …} -> tag and how often, all folders together.
std::vector<std::pair<std::string, int64_t>> tag_counts(const json& frequency) {
  std::map<std::string, int64_t> counts;
  for (const auto& [folder, tags] : frequency.items()) {
    if (!tags.is_object()) continue;
    for (const auto& [tag, count] : tags.items()) {
      const std::string text = trimmed(tag);
      if (text.empty() || text.size() > kMaxTagBytes) continue;
      int64_t& sum = counts[text];
      if (__builtin_add_overflow(sum, count_at(count), &sum)) sum = INT64_MAX;
    }
  }
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::optional<int64_t> image_count(const Metadata& metadata) {
  int64_t sum = 0;  // without repeats, as the tags are counted
  const json folders = object_at(metadata, "ss_dataset_dirs");
  for (const auto& [folder, facts] : folders.items())
    if (facts.is_object() && facts.contains("img_count"))
      if (__builtin_add_overflow(sum, count_at(facts["img_count"]), &sum)) return std::nullopt;
  if (sum) return sum;
  return whole_number(first_text(metadata, {"ss_num_train_images"}));
}

// "a, b ,c" -> its words.
std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (std::string word = trimmed(text.substr(0, comma)); !word.empty())
      words.push_back(std::move(word));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

// Tags that describe nearly every picture of anybody say nothing about this training set.
bool is_common_tag(const std::string& tag) {
  static const std::set<std::string, std::less<>> common = {"1girl",
                                                            "1boy",
                                                            "solo",
                                                            "looking at viewer",
                                                            "simple background",
                                                            "white background",
                                                            "masterpiece",
                                                            "best quality",
                                                            "highres",
                                                            "no humans",
                                                            "realistic",
                                                            "photo"};
  return common.contains(tag);
}

// The file's own word; else the tags that every picture of the set has: captions were written
// around them. Kohya's caption-less sets are named "REPEATS_word".
std::vector<std::string> trigger_words(const Metadata& metadata, const TrainingFacts& facts,
                                       const json& frequency) {
  std::vector<std::string> words = listed(
      first_text(metadata, {"modelspec.trigger_phrase", "ss_trigger_words", "trigger_word"}));
  const int64_t images = facts.images.value_or(0);
  if (words.empty() && images > 0)
    for (const auto& [tag, count] : facts.tags)
      if (count >= images && !is_common_tag(tag)) words.push_back(tag);
  const json folders = object_at(metadata, "ss_dataset_dirs");
  if (words.empty() && frequency.empty())
    for (const auto& [folder, rest] : folders.items())
      if (const size_t bar = folder.find('_'); bar != std::string::npos && bar > 0 &&
                                               whole_number(folder.substr(0, bar)) &&
                                               folder.size() - bar <= kMaxTagBytes)
        if (std::string word = trimmed(folder.substr(bar + 1)); !word.empty())
          words.push_back(std::move(word));
  if (words.size() > kTriggers) words.resize(kTriggers);
  return words;
}

std::string day_of(const Metadata& metadata) {
  const std::string date = first_text(metadata, {"modelspec.date"});
  if (!date.empty()) return date.substr(0, 10);
  const std::string seconds = first_text(metadata, {"ss_training_started_at"});
  const auto whole = whole_number(seconds.substr(0, seconds.find('.')));
  if (!whole || *whole > 4102444800) return "";
  const auto time = static_cast<std::time_t>(*whole);
  std::tm parts{};
  char text[16];
  if (!gmtime_r(&time, &parts) || !std::strftime(text, sizeof text, "%Y-%m-%d", &parts)) return "";
  return text;
}

std::string resolution_of(const Metadata& metadata) {
  std::string text = first_text(metadata, {"modelspec.resolution", "ss_resolution"});
  std::erase_if(text, [](char c) { return c == '(' || c == ')' || c == ' '; });
  std::replace(text.begin(), text.end(), ',', 'x');
  return text;
}

}  // namespace

TrainingFacts training_facts(const Metadata& metadata) {
  TrainingFacts facts;
  facts.title = first_text(metadata, {"modelspec.title", "ss_output_name"});
  facts.author = first_text(metadata, {"modelspec.author"});
  facts.license = first_text(metadata, {"modelspec.license", "license"});
  facts.description = first_text(metadata, {"modelspec.description", "ss_training_comment"});
  facts.base_model =
      first_text(metadata, {"ss_sd_model_name", "ss_base_model_version", "modelspec.architecture"});
  facts.resolution = resolution_of(metadata);
  facts.trained_on = day_of(metadata);
  if (const auto skip = whole_number(first_text(metadata, {"ss_clip_skip"}));
      skip && *skip >= 1 && *skip <= 12)
    facts.clip_skip = static_cast<int>(*skip);
  facts.images = image_count(metadata);
  const json frequency = object_at(metadata, "ss_tag_frequency");
  facts.tags = tag_counts(frequency);
  if (facts.tags.size() > kTags) facts.tags.resize(kTags);
  facts.trigger_words = trigger_words(metadata, facts, frequency);
  return facts;
}

}  // namespace pentimento
