// Any bytes as a prompt, an infotext, a styles file and a list of merges: only Error may come out,
// and the laws below hold.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "text/csv.h"
#include "text/infotext.h"
#include "text/infotext_compat.h"
#include "text/json_string.h"
#include "text/prompt.h"
#include "text/unicode.h"

namespace {

using namespace pentimento;

constexpr size_t kLong = 4096;  // what multiplies the work is left out from here on

void require(bool law) {
  if (!law) std::abort();
}

// Whether `action` went through; a refusal must be of `kind`.
template <class Action>
bool accepted(ErrorKind kind, Action action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    require(error.kind() == kind);
    require(find_invalid_utf8(error.what()) == std::string_view::npos);
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return false;
  }
}

void try_attention(std::string_view text) {
  for (Emphasis emphasis : {Emphasis::Original, Emphasis::None, Emphasis::Ignore}) {
    accepted(ErrorKind::InvalidArgument, [&] {
      const auto pieces = parse_attention(text, emphasis);
      require(!pieces.empty());
      for (const WeightedText& piece : pieces) {
        require(std::isfinite(piece.weight));
        require(emphasis == Emphasis::Original || piece.weight == 1 || piece.is_break);
      }
      if (emphasis == Emphasis::None) require(pieces.size() == 1 && pieces[0].text == text);
      if (text.find_first_of("()[]\\") == text.npos && text.find("BREAK") == text.npos)
        require(pieces.size() == 1 && pieces[0].text == text);
    });
  }
}

void try_schedule(std::string_view text, int steps, const PromptScheduleOptions& options) {
  accepted(ErrorKind::InvalidArgument, [&] {
    const auto schedule = schedule_prompt(text, steps, options);
    require(!schedule.empty());
    for (size_t i = 0; i < schedule.size(); ++i) {
      require(schedule[i].end_at_step > (i ? schedule[i - 1].end_at_step : 0));
      require(schedule[i].text.size() <= text.size());
      require(find_invalid_utf8(schedule[i].text) == std::string::npos);
      require(active_entry(schedule, schedule[i].end_at_step) == i);
    }
    require(schedule.back().end_at_step ==
            (options.old_scheduling && options.base_steps ? options.base_steps : steps));
    if (text.find('[') == text.npos) require(schedule.size() == 1 && schedule[0].text == text);
  });
}

void try_prompt(std::string_view text) {
  try_attention(text);
  try_schedule(text, 7, {});
  try_schedule(text, 5, {.base_steps = 4});
  try_schedule(text, 5, {.base_steps = 4, .old_scheduling = true});
  accepted(ErrorKind::InvalidArgument, [&] {
    for (const SubPrompt& part : split_and(text)) require(std::isfinite(part.weight));
  });
  accepted(ErrorKind::InvalidArgument, [&] {
    const CleanPrompt clean = extract_networks(text);
    require(clean.text.size() <= text.size());
    require(clean.networks.empty() == (clean.text == text));
  });

  const auto tokenizer = Tokenizer::clip();
  accepted(ErrorKind::InvalidArgument, [&] {
    const std::vector<int> ids = tokenizer->encode(text);
    require(find_invalid_utf8(tokenizer->decode(ids)) == std::string::npos);
  });
  accepted(ErrorKind::InvalidArgument, [&] {
    const auto chunks = chunk_prompt(*tokenizer, text, 0);
    require(!chunks.empty());
    for (const TokenChunk& chunk : chunks)
      require(chunk.tokens.size() == 77 && chunk.weights.size() == 77);
    if (text.size() < kLong) require(count_tokens(*tokenizer, text).used >= 0);
  });
}

void try_infotext(std::string_view text) {
  Infotext info = parse_infotext(text);
  for (const auto& [key, value] : info.fields) require(info.get(key) == value);
  const std::string written = format_infotext(info);
  require(find_invalid_utf8(written) == std::string::npos);
  // What the format itself cannot hold is named in infotext.h.
  bool is_lossless = info.fields.size() >= 3 &&
                     info.negative_prompt.find("\nNegative prompt:") == std::string::npos;
  for (const auto& [key, value] : info.fields) is_lossless &= key != value;
  if (is_lossless) require(parse_infotext(written) == info);

  upgrade_infotext(info);
  add_infotext_defaults(info);
  const Infotext once = info;
  add_infotext_defaults(info);
  require(info == once);
  format_infotext(info);
  split_sampler_name(text, text);
  parse_size(text);
}

void try_files(std::string_view text) {
  accepted(ErrorKind::CorruptFile, [&] {
    const std::vector<Style> styles = parse_styles(text);
    require(parse_styles(format_styles(styles)) == styles);
    accepted(ErrorKind::InvalidArgument, [&] {
      std::vector<std::string> texts;
      for (const Style& style : styles) texts.push_back(style.prompt);
      apply_styles(text, texts);
    });
    if (text.size() < kLong) extract_styles(text, text, styles);
  });
  for (const auto& row : parse_csv(text)) {
    const auto again = parse_csv(format_csv_row(row));
    require(again.size() == 1 ? again[0] == row : row == std::vector<std::string>{""});
  }
  accepted(ErrorKind::CorruptFile, [&] {
    const auto tokenizer = Tokenizer::from_merges(text);
    for (int id = 0; id < tokenizer->vocab_size(); ++id) tokenizer->decode(std::vector<int>{id});
    tokenizer->encode("a photo of a cat, 猫");
  });
}

void try_strings(std::string_view text) {
  const std::string clean = replace_invalid_utf8(text);
  require(find_invalid_utf8(clean) == std::string::npos);
  require((clean == text) == (find_invalid_utf8(text) == text.npos));
  require(parse_json_string(to_json_string(text)) == text);
  if (const auto read = parse_json_string(text))
    require(parse_json_string(to_json_string(*read)) == read);
  require(strip_comments(text).find('#') == std::string::npos);
  require(to_nfc(to_nfc(clean)) == to_nfc(clean));
  require(find_invalid_utf8(excerpt(text)) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_strings(text);
  try_prompt(replace_invalid_utf8(text));
  if (find_invalid_utf8(text) != text.npos) try_prompt(text);
  try_infotext(text);
  try_files(text);
  return 0;
}
