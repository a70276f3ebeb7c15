#include "text/infotext_compat.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "text/attention.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

using Field = std::pair<const char*, const char*>;

constexpr Field kDefaults[] = {
    {"Clip skip", "1"},
    {"Hires resize", "0x0"},
    {"Hires sampler", "Use same sampler"},
    {"Hires schedule type", "Use same scheduler"},
    {"Hires checkpoint", "Use same checkpoint"},
    {"Hires prompt", ""},
    {"Hires negative prompt", ""},
    {"Mask mode", "Inpaint masked"},
    {"Masked content", "original"},
    {"Inpaint area", "Whole picture"},
    {"Masked area padding", "32"},
    {"RNG", "GPU"},
    {"Schedule type", "Automatic"},
    {"Schedule max sigma", "0"},
    {"Schedule min sigma", "0"},
    {"Schedule rho", "0"},
    {"VAE Encoder", "Full"},
    {"VAE Decoder", "Full"},
    {"FP8 weight", "Disable"},
    {"Refiner switch by sampling steps", "False"},
};

bool uses_emphasis(std::string_view prompt) {
  try {
    for (const WeightedText& piece : parse_attention(prompt))
      if (piece.weight != 1 && piece.text != "BREAK") return true;
    return false;
  } catch (const Error&) {
    return true;  // brackets, and more than can be read
  }
}

// "v1.7.0-225-gabcdef": release 1.7.0 and 225 commits after it; "1.6.0-RC" comes before 1.6.0.
struct Version {
  std::array<int, 3> release = {};
  int after = 0;  // -1 for a release candidate
  bool operator<(const Version& other) const {
    return std::tie(release, after) < std::tie(other.release, other.after);
  }
};

std::optional<int> take_number(std::string_view& text) {
  constexpr size_t kDigits = 9;
  size_t digits = 0;
  while (digits < text.size() && g_ascii_isdigit(text[digits])) ++digits;
  if (digits == 0 || digits > kDigits) return std::nullopt;
  const int number =
      static_cast<int>(g_ascii_strtoll(std::string(text.substr(0, digits)).c_str(), nullptr, 10));
  text.remove_prefix(digits);
  return number;
}

std::optional<Version> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version version;
  for (size_t i = 0; i < version.release.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) break;
      text.remove_prefix(1);
    }
    const std::optional<int> number = take_number(text);
    if (!number) return std::nullopt;
    version.release[i] = *number;
  }
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with("RC") || text.starts_with("rc")) {
    version.after = -1;
    text.remove_prefix(2);
    take_number(text);
  } else if (!text.empty()) {
    const std::optional<int> commits = take_number(text);
    if (!commits) return std::nullopt;
    version.after = *commits;
  }
  if (!text.empty() && !text.starts_with('-')) return std::nullopt;
  return version;
}

void add_hypernet(Infotext& info) {
  if (const auto name = info.get("Hypernet"))
    info.prompt += "<hypernet:" + *name + ":" + info.get("Hypernet strength").value_or("1.0") + ">";
}

// "name (0123abcd)" -> "name "; A1111 keeps the space.
std::string without_hash(const std::string& name) {
  for (size_t end = name.size(); end > 0;) {
    const size_t open = name.rfind('(', end - 1);
    if (open == name.npos) break;
    size_t close = open + 1;
    while (close < name.size() && g_ascii_isxdigit(name[close])) ++close;
    if (close > open + 1 && close < name.size() && name[close] == ')') return name.substr(0, open);
    end = open;
  }
  return name;
}

void add_additional_networks(Infotext& info) {
  constexpr std::string_view kModel = "AddNet Model ";
  std::unordered_map<std::string, std::string_view> values;
  for (const auto& [key, value] : info.fields) values.emplace(key, value);
  std::string tags;
  for (const auto& [key, model] : info.fields) {
    if (!key.starts_with(kModel)) continue;
    const std::string number = key.substr(kModel.size());
    const auto module = values.find("AddNet Module " + number);
    if (module == values.end() || module->second != "LoRA") continue;
    const auto weight = values.find("AddNet Weight A " + number);
    tags += "<lora:" + without_hash(model) + ":";
    tags += weight == values.end() ? "1.0" : weight->second;
    tags += '>';
  }
  if (!tags.empty()) info.prompt += "\n" + tags;
}

// The first pass that A1111 chose before it could be set: about 512x512 pixels, sides by 64.
std::pair<int, int> old_first_pass(int width, int height) {
  const double scale = std::sqrt(512.0 * 512.0 / (double{1} * width * height));
  const auto side = [&](int length) {
    return static_cast<int>(std::ceil(scale * length / 64)) * 64;
  };
  return {side(width), side(height)};
}

void restore_first_pass(Infotext& info) {
  std::optional<std::pair<int, int>> first = parse_size(info.get("First pass size").value_or(""));
  if (!first) return;
  const std::pair<int, int> size =
      parse_size(info.get("Size").value_or("")).value_or(std::pair(512, 512));
  if (first->first == 0 || first->second == 0) {
    if (size.first == 0 || size.second == 0) return;
    first = old_first_pass(size.first, size.second);
  }
  const auto text = [](std::pair<int, int> s) {
    return std::to_string(s.first) + "x" + std::to_string(s.second);
  };
  info.set("Size", text(*first));
  info.set("Hires resize", text(size));
}

void switch_on_old_behaviour(Infotext& info) {
  const std::optional<Version> version = parse_version(info.get("Version").value_or(""));
  if (!version) return;
  const Version v160{{1, 6, 0}}, v170_tsnr{{1, 7, 0}, 225}, v180{{1, 8, 0}};
  const std::string sampler = info.get("Sampler").value_or("");
  if (*version < v160 && info.prompt.find('[') != info.prompt.npos)
    info.set("Old prompt editing timelines", "True");
  if (*version < v160 && (sampler == "DDIM" || sampler == "PLMS")) info.set("Pad conds v0", "True");
  if (*version < v170_tsnr) info.set("Downcast alphas_cumprod", "True");
  if (*version < v180 && !info.get("Refiner").value_or("").empty())
    info.set("Refiner switch by sampling steps", "True");
}

// A1111's schedules, in its order: label, name, alias.
constexpr std::array<const char*, 3> kSchedules[] = {
    {"Automatic", "automatic"},
    {"Uniform", "uniform"},
    {"Karras", "karras"},
    {"Exponential", "exponential"},
    {"Polyexponential", "polyexponential"},
    {"SGM Uniform", "sgm_uniform", "SGMUniform"},
    {"KL Optimal", "kl_optimal"},
    {"Align Your Steps", "align_your_steps"},
    {"Simple", "simple"},
    {"Normal", "normal"},
    {"DDIM", "ddim"},
    {"Beta", "beta"},
};

}  // namespace

void add_infotext_defaults(Infotext& info) {
  for (const auto& [key, value] : kDefaults)
    if (!info.get(key)) info.set(key, value);
  if (!info.get("Cache FP16 weight for LoRA") && info.get("FP8 weight") != "Disable")
    info.set("Cache FP16 weight for LoRA", "False");
  if (!info.get("Emphasis") && (uses_emphasis(info.prompt) || uses_emphasis(info.negative_prompt)))
    info.set("Emphasis", "Original");
}

void upgrade_infotext(Infotext& info) {
  add_hypernet(info);
  restore_first_pass(info);
  switch_on_old_behaviour(info);
  add_additional_networks(info);
}

SamplerName split_sampler_name(std::string_view sampler, std::string_view schedule) {
  SamplerName found{std::string(sampler), "Automatic"};
  for (const auto& names : kSchedules)
    for (const char* name : names)
      if (name && schedule == name) found.schedule = names[0];
  // The longest name: "SGM Uniform" before "Uniform".
  size_t longest = 0;
  for (const auto& names : kSchedules) {
    for (const char* name : names) {
      const std::string suffix = name ? " " + std::string(name) : "";
      if (suffix.size() <= longest || !sampler.ends_with(suffix)) continue;
      longest = suffix.size();
      found.schedule = names[0];
    }
  }
  found.sampler.resize(sampler.size() - longest);
  return found;
}

}  // namespace pentimento
