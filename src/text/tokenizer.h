// CLIP's byte-level BPE (https://github.com/openai/CLIP), id for id as transformers' CLIPTokenizer
// on the `tokenizers` backend has it (5.x; 4.x's CLIPTokenizerFast differs only in taking
// "<|ENDOFTEXT|>" for the special token): normal form C, lower case, words. Nothing is repaired:
// &amp; and curly quotes stay what they are. The slow class of 4.x mends them where the ftfy
// package is installed, and where it is not, sets Chinese characters apart and drops control
// characters.
//
// Limitations: the backend orders 98 combining marks as Unicode 9 did, this orders them as Unicode
// does now; characters younger than the installed GLib's tables count as punctuation.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// Thread contract: immutable after construction; share freely.
class Tokenizer {
 public:
  // The 48,894 merges of CLIP, shipped inside the program.
  static std::shared_ptr<const Tokenizer> clip();
  // A model's own merges (one pair a line, as in merges.txt): vocabulary = 256 bytes, 256 bytes +
  // </w>, merges, <|startoftext|>, <|endoftext|>. Throws CorruptFile naming the line.
  static std::shared_ptr<const Tokenizer> from_merges(std::string_view merges);
  virtual ~Tokenizer() = default;

  // Token ids without start and end. Invalid UTF-8 throws InvalidArgument with the byte's position.
  virtual std::vector<int> encode(std::string_view text) const = 0;
  // The text, words apart by spaces; half a character is U+FFFD. Throws InvalidArgument for an id
  // outside the vocabulary.
  virtual std::string decode(std::span<const int> ids) const = 0;
  virtual int vocab_size() const = 0;
  virtual int bos() const = 0;
  virtual int eos() const = 0;
  virtual int comma() const = 0;  // id of ",</w>"
};

}  // namespace pentimento
