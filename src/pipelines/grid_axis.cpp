#include "pipelines/grid_axis.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <regex>

#include "base/error.h"
#include "base/sha256.h"
#include "pipelines/infotext_fields.h"
#include "pipelines/painting_presets.h"
#include "text/csv.h"

namespace pentimento {
namespace {

using Kind = GridParameter::Kind;
using Values = std::vector<std::string>;

constexpr size_t kMostValues = 200;

[[noreturn]] void refuse_value(const std::string& value, const char* expected) {
  throw Error(ErrorKind::InvalidArgument, "grid value '" + value + "': expected " + expected);
}

double number_of(const std::string& text) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !std::isfinite(value))
    refuse_value(text, "a number");
  return value;
}

int64_t whole_of(const std::string& text) {
  int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size())
    refuse_value(text, "a whole number");
  return value;
}

uint64_t seed_of(const std::string& text) {
  const int64_t value = whole_of(text);
  if (value < 0) refuse_value(text, "a seed from 0 to 4294967295");
  return static_cast<uint64_t>(value);
}

// Search and replace (A1111's "Prompt S/R").
void replace_in_prompts(GridCell& cell, const std::string& value, const Values& all) {
  const std::string& wanted = all.front();
  bool found = false;
  for (std::string* prompt : {&cell.request.prompt, &cell.request.negative_prompt}) {
    size_t at = 0;
    while ((at = prompt->find(wanted, at)) != std::string::npos) {
      prompt->replace(at, wanted.size(), value);
      at += value.size();
      found = true;
    }
  }
  if (!found)
    throw Error(ErrorKind::InvalidArgument,
                "the grid replaces '" + wanted + "', which is not in the prompt");
}

// A value of "order" is the words in one order, joined by "\n"; `all[0]` is their first order.
Values split_lines(const std::string& text) {
  Values words;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    words.push_back(text.substr(begin, end - begin));
  words.push_back(text.substr(begin));
  return words;
}

void reorder_in_prompt(GridCell& cell, const std::string& value, const Values& all) {
  std::string& prompt = cell.request.prompt;
  std::vector<std::pair<size_t, std::string>> places;
  for (const std::string& word : split_lines(all.front())) {
    const size_t at = prompt.find(word);
    if (at == std::string::npos)
      throw Error(ErrorKind::InvalidArgument,
                  "the grid orders '" + word + "', which is not in the prompt");
    places.emplace_back(at, word);
  }
  std::sort(places.begin(), places.end());
  const Values order = split_lines(value);
  std::string result;
  size_t from = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    result += prompt.substr(from, places[i].first - from) + order[i];
    from = places[i].first + places[i].second.size();
  }
  prompt = result + prompt.substr(from);
}

void set_size(GridCell& cell, const std::string& value, const Values&) {
  const auto size = parse_size(value);
  if (!size) refuse_value(value, "a size, as 512x768");
  cell.request.width = size->first;
  cell.request.height = size->second;
}

template <size_t N>
size_t place_of(const char* const (&words)[N], const std::string& value, const char* expected) {
  for (size_t i = 0; i < N; ++i)
    if (value == words[i]) return i;
  refuse_value(value, expected);
}

void set_resize_mode(GridCell& cell, const std::string& value, const Values&) {
  constexpr const char* kModes[] = {"stretch", "crop", "fill", "latent"};
  cell.request.resize_mode =
      static_cast<ResizeMode>(place_of(kModes, value, "stretch, crop, fill or latent"));
}

void set_emphasis(GridCell& cell, const std::string& value, const Values&) {
  constexpr const char* kKinds[] = {"original", "none", "ignore", "no-norm"};
  cell.request.emphasis =
      static_cast<Emphasis>(place_of(kKinds, value, "original, none, ignore or no-norm"));
}

void set_noise_delta(GridCell& cell, const std::string& value, const Values&) {
  cell.request.eta_noise_seed_delta = whole_of(value);
}

void set_rng(GridCell& cell, const std::string& value, const Values&) {
  if (value != "CPU" && value != "cpu" && value != "NV" && value != "nv")
    refuse_value(value, "cpu or nv");
  cell.request.rng = std::tolower(value[0]) == 'n' ? RngSource::Nv : RngSource::Cpu;
}

template <auto Field>
void set_number(GridCell& cell, const std::string& value, const Values&) {
  cell.request.*Field = number_of(value);
}
template <auto Field>
void set_whole(GridCell& cell, const std::string& value, const Values&) {
  cell.request.*Field = static_cast<int>(std::clamp<int64_t>(whole_of(value), -1, 100'000));
}
template <auto Field>
void set_seed(GridCell& cell, const std::string& value, const Values&) {
  cell.request.*Field = seed_of(value);
}
template <auto Field>
void set_text(GridCell& cell, const std::string& value, const Values&) {
  cell.request.*Field = value;
}
template <auto Field>
void set_file(GridCell& cell, const std::string& value, const Values&) {
  cell.*Field = value;
}
void set_preset(GridCell& cell, const std::string& value, const Values&) {
  cell.preset = find_preset(value).key;
}

std::vector<GridParameter> all_parameters() {
  const Kind integer = Kind::Integer, number = Kind::Number, text = Kind::Text;
  return {
      {"strength", {"Denoising"}, number, 0, set_number<&Img2ImgRequest::strength>},
      {"seed", {"Seed"}, integer, 0, set_seed<&Img2ImgRequest::seed>},
      {"subseed", {"Var. seed"}, integer, 0, set_seed<&Img2ImgRequest::subseed>},
      {"subseed_strength",
       {"Var. strength"},
       number,
       0,
       set_number<&Img2ImgRequest::subseed_strength>},
      {"steps", {"Steps"}, integer, 0, set_whole<&Img2ImgRequest::steps>},
      {"cfg", {"CFG Scale"}, number, 0, set_number<&Img2ImgRequest::cfg>},
      {"image_cfg", {"Image CFG Scale"}, number, 0, set_number<&Img2ImgRequest::image_cfg>},
      {"prompt", {"Prompt S/R"}, text, 0, replace_in_prompts},
      {"order", {"Prompt order"}, text, 0, reorder_in_prompt},
      {"sampler", {"Sampler"}, text, 0, set_text<&Img2ImgRequest::sampler>},
      {"scheduler", {"Schedule type"}, text, 0, set_text<&Img2ImgRequest::scheduler>},
      {"s_churn", {"Sigma Churn"}, number, 0, set_number<&Img2ImgRequest::s_churn>},
      {"s_tmin", {"Sigma min"}, number, 0, set_number<&Img2ImgRequest::s_tmin>},
      {"s_tmax", {"Sigma max"}, number, 0, set_number<&Img2ImgRequest::s_tmax>},
      {"s_noise", {"Sigma noise"}, number, 0, set_number<&Img2ImgRequest::s_noise>},
      {"sigma_min", {"Schedule min sigma"}, number, 0, set_number<&Img2ImgRequest::sigma_min>},
      {"sigma_max", {"Schedule max sigma"}, number, 0, set_number<&Img2ImgRequest::sigma_max>},
      {"rho", {"Schedule rho"}, number, 0, set_number<&Img2ImgRequest::rho>},
      {"eta", {"Eta"}, number, 0, set_number<&Img2ImgRequest::eta>},
      {"clip_skip", {"Clip skip"}, integer, 0.05, set_whole<&Img2ImgRequest::clip_skip>},
      {"noise_multiplier",
       {"Initial noise multiplier"},
       number,
       0,
       set_number<&Img2ImgRequest::initial_noise_multiplier>},
      {"extra_noise", {"Extra noise"}, number, 0, set_number<&Img2ImgRequest::extra_noise>},
      {"ensd", {"Eta noise seed delta"}, integer, 0, set_noise_delta},
      {"emphasis", {"Emphasis"}, text, 0.05, set_emphasis},
      {"resize_mode", {"Resize mode"}, text, 0.05, set_resize_mode},
      {"rng", {"RNG source"}, text, 0, set_rng},
      {"size", {"Size"}, text, 0.3, set_size},
      {"style", {"Styles"}, text, 0.05, set_preset},
      {"vae", {"VAE"}, text, 0.7, set_file<&GridCell::vae>},
      {"model", {"Checkpoint name"}, text, 1.0, set_file<&GridCell::model>},
  };
}

std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)))
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Our own names first: A1111 calls "Sigma min" what is s_tmin here.
const GridParameter& find_parameter(std::string_view name) {
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  for (const GridParameter& parameter : grid_parameters())
    if (wanted == parameter.name) return parameter;
  std::string known;
  for (const GridParameter& parameter : grid_parameters()) {
    for (const std::string& alias : parameter.aliases)
      if (plain(name) == plain(alias)) return parameter;
    known += (known.empty() ? "" : ", ") + parameter.name;
  }
  throw Error(ErrorKind::NotFound,
              "grid: no parameter '" + std::string(name) + "'; there are " + known);
}

std::string value_text(double value, Kind kind) {
  if (kind == Kind::Integer) return std::to_string(std::llround(value));
  // 0.1 + 0.2 should read 0.3
  return number_text(std::round(value * 1e6) / 1e6);
}

// "1-5", "1-10 (+2)", "1-10 [5]"; nothing when it is not a range.
Values range_values(const std::string& text, Kind kind) {
  static const std::regex kRange(
      R"(\s*([+-]?\s*\d+(?:\.\d*)?)\s*-\s*([+-]?\s*\d+(?:\.\d*)?)\s*(?:\(\s*([+-]?\d+(?:\.\d*)?)\s*\)|\[\s*(\d+)\s*\])?\s*)");
  std::smatch match;
  if (text.size() > 100 || !std::regex_match(text, match, kRange)) return {};
  const auto part = [&](size_t i) {
    std::string digits = match[i].str();
    digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
    if (!digits.empty() && digits[0] == '+') digits.erase(0, 1);
    return number_of(digits);
  };
  const double from = part(1), to = part(2);
  Values values;
  if (match[4].matched) {
    const auto count = static_cast<size_t>(std::min(part(4), 1.0 + kMostValues));
    for (size_t i = 0; i < count; ++i) {
      const double share = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0;
      const double value = from + share * (to - from);
      values.push_back(value_text(kind == Kind::Integer ? std::trunc(value) : value, kind));
    }
    return values;
  }
  const double step = match[3].matched ? part(3) : (to >= from ? 1 : -1);
  if (step == 0 || (to - from) * step < 0)
    refuse_value(text, "a range that its step leads through");
  for (size_t i = 0; i <= kMostValues; ++i) {
    const double value = from + static_cast<double>(i) * step;
    if ((step > 0 && value > to + 1e-9) || (step < 0 && value < to - 1e-9)) break;
    values.push_back(value_text(value, kind));
  }
  return values;
}

Values permutations(Values words) {
  if (words.size() > 5)
    throw Error(ErrorKind::InvalidArgument, "grid: at most 5 words can be put in every order");
  std::vector<size_t> order(words.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Values all;
  do {
    std::string value;
    for (const size_t i : order) value += (value.empty() ? "" : "\n") + words[i];
    all.push_back(value);
  } while (std::next_permutation(order.begin(), order.end()));
  return all;
}

// A1111's -1 asks for some seed: another one each time, but in every grid the same.
void draw_seeds(Values& values) {
  uint64_t drawn = 0;
  for (std::string& value : values)
    if (value == "-1") {
      const std::string hash = sha256_hex("seed " + std::to_string(++drawn));
      value = std::to_string(std::stoull(hash.substr(0, 8), nullptr, 16));
    }
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

const std::vector<GridParameter>& grid_parameters() {
  static const std::vector<GridParameter> kParameters = all_parameters();
  return kParameters;
}

std::vector<std::string> parse_values(std::string_view text, Kind kind) {
  const auto rows = parse_csv(text);
  Values values;
  if (!rows.empty())
    for (const std::string& field : rows.front()) {
      const std::string value = trimmed(field);
      if (value.empty()) continue;
      const Values range = kind == Kind::Text ? Values() : range_values(value, kind);
      if (range.empty())
        values.push_back(value);
      else
        values.insert(values.end(), range.begin(), range.end());
    }
  if (values.empty())
    throw Error(ErrorKind::InvalidArgument, "grid: no values in '" + std::string(text) + "'");
  if (values.size() > kMostValues)
    throw Error(ErrorKind::InvalidArgument,
                "grid: more than " + std::to_string(kMostValues) + " values in one direction");
  return values;
}

GridAxis parse_axis(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    throw Error(ErrorKind::InvalidArgument, "grid: '" + std::string(text) +
                                                "' is no axis; expected NAME=VALUES, as "
                                                "strength=0.3,0.5,0.7");
  GridAxis axis;
  axis.parameter = &find_parameter(text.substr(0, equals));
  axis.values = parse_values(text.substr(equals + 1), axis.parameter->kind);
  if (axis.parameter->name == "seed" || axis.parameter->name == "subseed") draw_seeds(axis.values);
  if (axis.parameter->name == "order") axis.values = permutations(axis.values);
  return axis;
}

}  // namespace pentimento
