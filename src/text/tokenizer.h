// CLIP's byte-level BPE (https://github.com/openai/CLIP), lower-cased, with ftfy-free cleaning as
// transformers' CLIPTokenizer does it.
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
  // A model's own merges (one pair a line): vocabulary = 256 bytes, 256 bytes + </w>, merges, two
  // special tokens last.
  static std::shared_ptr<const Tokenizer> from_merges(std::string_view merges);
  virtual ~Tokenizer() = default;

  // Token ids without start and end. Invalid UTF-8 throws InvalidArgument with the byte's position.
  virtual std::vector<int> encode(std::string_view text) const = 0;
  virtual std::string decode(std::span<const int> ids) const = 0;
  virtual int vocab_size() const = 0;
  virtual int bos() const = 0;
  virtual int eos() const = 0;
  virtual int comma() const = 0;  // id of ",</w>"
};

}  // namespace pentimento
