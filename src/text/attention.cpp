#include "text/attention.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "text/prompt_limits.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr double kRound = 1.1;
constexpr double kSquare = 1 / 1.1;
constexpr double kBreakWeight = -1;
constexpr std::string_view kBreak = "BREAK";

// ":1.2)" with spaces allowed around the number, which is any of the digits and dots.
struct WeightSuffix {
  std::string number;
  size_t end;
};

std::optional<WeightSuffix> read_weight(std::string_view text, size_t colon) {
  size_t at = skip_spaces(text, colon + 1);
  std::string number;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) number += text[at++];
  const size_t digits = at;
  while (at < text.size()) {
    const CodePoint c = decode_utf8(text, at);
    const int digit = digit_value(c.value);
    if (digit < 0 && c.value != '.') break;
    number += digit < 0 ? '.' : static_cast<char>('0' + digit);
    at += c.length;
  }
  if (at == digits) return std::nullopt;
  at = skip_spaces(text, at);
  if (at == text.size() || text[at] != ')') return std::nullopt;
  return WeightSuffix{number, at + 1};
}

double to_weight(const std::string& number) {
  const size_t dots = std::count(number.begin(), number.end(), '.');
  if (dots > 1 || number.find_first_of("0123456789") == number.npos)
    throw Error(
        ErrorKind::InvalidArgument,
        "prompt: '" + excerpt(number) +
            "' is not a weight; write one number, as in (text:1.2), or put a backslash before "
            "the brackets to mean them literally");
  return g_ascii_strtod(number.c_str(), nullptr);
}

// The pieces while brackets open and close around them. Weights are doubles, multiplied innermost
// bracket first: whether two pieces join is decided by their equality.
class Pieces {
 public:
  void add(std::string_view text) { add(text, 1); }

  // A run of text: BREAK as a word of its own, with the spaces around it, becomes a break.
  void add_run(std::string_view text) {
    size_t begin = 0;
    for (size_t at = text.find(kBreak); at != text.npos; at = text.find(kBreak, at)) {
      const size_t end = at + kBreak.size();
      if (!is_word_boundary(text, at) || !is_word_boundary(text, end)) {
        at = end;
        continue;
      }
      add(strip_right(text.substr(begin, at - begin)));
      add(kBreak, kBreakWeight);
      begin = at = skip_spaces(text, end);
    }
    add(text.substr(begin));
  }

  void open(char bracket) {
    std::vector<size_t>& stack = bracket == '(' ? round_ : square_;
    if (stack.size() == kMaxOpenBrackets)
      throw Error(
          ErrorKind::InvalidArgument,
          std::string("prompt: more than ") + std::to_string(kMaxOpenBrackets) + " '" + bracket +
              "' open at once; close them, or put a backslash before those meant literally");
    stack.push_back(texts_.size());
  }
  bool has_open(char bracket) const { return !(bracket == '(' ? round_ : square_).empty(); }
  void close(char bracket, double factor) {
    std::vector<size_t>& stack = bracket == '(' ? round_ : square_;
    multiply(stack.back(), factor);
    stack.pop_back();
  }

  std::vector<WeightedText> finish(Emphasis emphasis) {
    for (size_t begin : round_) multiply(begin, kRound);
    for (size_t begin : square_) multiply(begin, kSquare);
    if (texts_.empty()) add("");

    std::vector<WeightedText> merged;
    for (size_t i = 0; i < texts_.size();) {
      const double weight = weights_[i];
      std::string text = std::move(texts_[i++]);
      while (i < texts_.size() && weights_[i] == weight) text += texts_[i++];
      merged.push_back(finished(std::move(text), weight, emphasis));
    }
    return merged;
  }

 private:
  void add(std::string_view text, double weight) {
    // Every bracket still open holds both neighbours: their weights stay equal.
    const bool joins = !texts_.empty() && weights_.back() == weight && !opened_here(round_) &&
                       !opened_here(square_);
    if (joins) {
      texts_.back() += text;
      return;
    }
    texts_.emplace_back(text);
    weights_.push_back(weight);
  }
  bool opened_here(const std::vector<size_t>& stack) const {
    return !stack.empty() && stack.back() == texts_.size();
  }
  void multiply(size_t begin, double factor) {
    for (size_t i = begin; i < weights_.size(); ++i) weights_[i] *= factor;
  }
  static WeightedText finished(std::string text, double weight, Emphasis emphasis) {
    const bool is_break = weight == kBreakWeight && text == kBreak;
    const float narrow = static_cast<float>(weight);
    if (!std::isfinite(narrow))
      throw Error(ErrorKind::InvalidArgument,
                  "prompt: the weight of '" + excerpt(text) +
                      "' is beyond all numbers; use fewer brackets or a smaller number");
    const bool dropped = emphasis == Emphasis::Ignore && !is_break;
    return {std::move(text), dropped ? 1.0f : narrow, is_break};
  }

  std::vector<std::string> texts_;
  std::vector<double> weights_;
  std::vector<size_t> round_, square_;  // open brackets: the first piece inside each
};

}  // namespace

const char* to_string(Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::None:
      return "None";
    case Emphasis::Ignore:
      return "Ignore";
    case Emphasis::NoNorm:
      return "No norm";
    case Emphasis::Original:
      break;
  }
  return "Original";
}

Emphasis parse_emphasis(std::string_view name) {
  for (Emphasis e : {Emphasis::Original, Emphasis::None, Emphasis::Ignore, Emphasis::NoNorm})
    if (name == to_string(e)) return e;
  throw Error(
      ErrorKind::InvalidArgument,
      "emphasis: '" + excerpt(name) + "' is unknown; expected Original, None, Ignore or No norm");
}

std::vector<WeightedText> parse_attention(std::string_view prompt, Emphasis emphasis) {
  require_prompt(prompt);
  if (emphasis == Emphasis::None) return {{std::string(prompt)}};

  constexpr std::string_view kSpecial = "\\()[]:";
  Pieces pieces;
  for (size_t at = 0; at < prompt.size();) {
    const char c = prompt[at];
    if (c == '\\') {
      const bool escapes =
          at + 1 < prompt.size() && std::string_view("()[]\\").find(prompt[at + 1]) != prompt.npos;
      pieces.add(prompt.substr(at + 1, escapes ? 1 : 0));
      at += escapes ? 2 : 1;
    } else if (c == '(' || c == '[') {
      pieces.open(c);
      ++at;
    } else if (c == ':') {
      const std::optional<WeightSuffix> weight = read_weight(prompt, at);
      const size_t end = weight ? weight->end : at + 1;
      if (weight && pieces.has_open('('))
        pieces.close('(', to_weight(weight->number));
      else
        pieces.add_run(prompt.substr(at, end - at));
      at = end;
    } else if (c == ')' && pieces.has_open('(')) {
      pieces.close('(', kRound);
      ++at;
    } else if (c == ']' && pieces.has_open('[')) {
      pieces.close('[', kSquare);
      ++at;
    } else {
      const size_t end = std::min(prompt.find_first_of(kSpecial, at + 1), prompt.size());
      const bool is_bracket = c == ')' || c == ']';
      pieces.add_run(prompt.substr(at, is_bracket ? 1 : end - at));
      at = is_bracket ? at + 1 : end;
    }
  }
  return pieces.finish(emphasis);
}

}  // namespace pentimento
