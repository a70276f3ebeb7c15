#include "text/tokenizer.h"

#include <array>

#include "base/error.h"
#include "text/byte_pairs.h"
#include "text/prompt_limits.h"
#include "text/unicode.h"

extern "C" const char pentimento_clip_merges[], pentimento_clip_merges_end[];

namespace pentimento {
namespace {

constexpr std::array<std::string_view, 2> kSpecials = {"<|startoftext|>", "<|endoftext|>"};
constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                           "'m", "'ll", "'d"};

// The special token that stands at `at`: 0, 1 or -1.
int special_at(std::string_view text, size_t at) {
  for (int i = 0; i < 2; ++i)
    if (text.substr(at).starts_with(kSpecials[i])) return i;
  return -1;
}

// End of the run of characters from `at` that `belongs` accepts.
template <class Predicate>
size_t run_end(std::string_view text, size_t at, Predicate belongs) {
  while (at < text.size()) {
    const CodePoint c = decode_utf8(text, at);
    if (!belongs(c.value)) break;
    at += c.length;
  }
  return at;
}

bool is_other(char32_t c) { return !is_white_space(c) && !is_letter(c) && !is_number(c); }

// CLIP's word pattern at `at`, which is no white space:
//   's|'t|'re|'ve|'m|'ll|'d | letters+ | one number | anything else+
size_t word_end(std::string_view text, size_t at) {
  for (std::string_view contraction : kContractions)
    if (text.substr(at).starts_with(contraction)) return at + contraction.size();
  const CodePoint c = decode_utf8(text, at);
  if (is_letter(c.value)) return run_end(text, at, is_letter);
  if (is_number(c.value)) return at + c.length;
  return run_end(text, at, is_other);
}

class ClipTokenizer final : public Tokenizer {
 public:
  explicit ClipTokenizer(std::string_view merges) : pairs_(merges) {}

  std::vector<int> encode(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  int vocab_size() const override { return pairs_.vocab_size(); }
  int bos() const override { return pairs_.bos(); }
  int eos() const override { return pairs_.eos(); }
  int comma() const override { return pairs_.id_of_byte(',', /*ends_word=*/true); }

 private:
  void encode_plain(std::string_view text, std::vector<int>& ids) const;

  BytePairs pairs_;
};

std::vector<int> ClipTokenizer::encode(std::string_view text) const {
  require_utf8(text);
  // Special tokens are found in the text as it was written; what lies between is cleaned.
  std::vector<int> ids;
  size_t begin = 0;
  for (size_t at = text.find('<'); at < text.size(); at = text.find('<', at)) {
    const int special = special_at(text, at);
    if (special < 0) {
      ++at;
      continue;
    }
    encode_plain(text.substr(begin, at - begin), ids);
    ids.push_back(pairs_.bos() + special);
    begin = at += kSpecials[special].size();
  }
  encode_plain(text.substr(begin), ids);
  return ids;
}

void ClipTokenizer::encode_plain(std::string_view text, std::vector<int>& ids) const {
  const std::string clean = to_lower(to_nfc(text));
  const std::string_view view = clean;
  for (size_t at = 0; at < view.size();) {
    const CodePoint c = decode_utf8(view, at);
    if (is_white_space(c.value)) {
      at += c.length;
      continue;
    }
    // "<|ENDOFTEXT|>" is no token, but the pattern lists its lower case before everything else.
    if (const int special = special_at(view, at); special >= 0) {
      const std::string_view name = kSpecials[special];
      pairs_.encode_word(name.substr(0, 2), ids);
      pairs_.encode_word(name.substr(2, name.size() - 4), ids);
      pairs_.encode_word(name.substr(name.size() - 2), ids);
      at += name.size();
      continue;
    }
    const size_t end = word_end(view, at);
    pairs_.encode_word(view.substr(at, end - at), ids);
    at = end;
  }
}

std::string ClipTokenizer::decode(std::span<const int> ids) const {
  std::string bytes;
  for (int id : ids) {
    if (id < 0 || id >= vocab_size())
      throw Error(ErrorKind::InvalidArgument, "token " + std::to_string(id) +
                                                  " is not in the vocabulary; expected 0 to " +
                                                  std::to_string(vocab_size() - 1));
    bytes += BytePairs::to_bytes(pairs_.spelling(id));
  }
  const std::string spelled = replace_invalid_utf8(bytes);
  constexpr std::string_view kWordEnd = "</w>";
  std::string text;
  for (size_t begin = 0;;) {
    const size_t end = spelled.find(kWordEnd, begin);
    text.append(spelled, begin, end - begin);
    if (end == spelled.npos) break;
    text += ' ';
    begin = end + kWordEnd.size();
  }
  return std::string(strip(text));
}

}  // namespace

std::shared_ptr<const Tokenizer> Tokenizer::clip() {
  static const std::shared_ptr<const Tokenizer> tokenizer =
      from_merges({pentimento_clip_merges, pentimento_clip_merges_end});
  return tokenizer;
}

std::shared_ptr<const Tokenizer> Tokenizer::from_merges(std::string_view merges) {
  return std::make_shared<ClipTokenizer>(merges);
}

}  // namespace pentimento
