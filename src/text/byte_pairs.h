// Byte-pair encoding of one word (Sennrich et al., https://arxiv.org/abs/1508.07909) over bytes, as
// GPT-2 and CLIP have it: every byte has a printable stand-in character, the last symbol of a word
// carries "</w>", and the pair that was merged first in training is merged first here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pentimento {

// Thread contract: immutable after construction.
class BytePairs {
 public:
  // One pair a line, an optional "#version" line first. Throws CorruptFile naming the line.
  explicit BytePairs(std::string_view merges);

  // Appends the tokens of one word (any bytes, not empty). Time: n log n in its length.
  void encode_word(std::string_view word, std::vector<int>& ids) const;
  // The token as the vocabulary spells it ("cat</w>"), special tokens included.
  const std::string& spelling(int id) const { return spellings_[id]; }
  // Spelled tokens back to bytes; characters that stand for no byte are kept.
  static std::string to_bytes(std::string_view spelled);

  int vocab_size() const { return static_cast<int>(spellings_.size()); }
  int bos() const { return vocab_size() - 2; }
  int eos() const { return vocab_size() - 1; }
  int id_of_byte(unsigned char byte, bool ends_word) const;

 private:
  struct Merge {
    int rank, id;
  };
  const Merge* find_merge(int left, int right) const;

  std::vector<std::string> spellings_;
  std::unordered_map<uint64_t, Merge> merges_;  // left << 32 | right
};

}  // namespace pentimento
