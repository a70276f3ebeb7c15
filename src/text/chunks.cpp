#include "text/chunks.h"

#include <algorithm>
#include <set>

#include "text/extra_networks.h"
#include "text/prompt_schedule.h"
#include "text/sub_prompts.h"

namespace pentimento {
namespace {

// Fills chunks of 75 with weighted tokens; start, end and padding are added as each is closed.
class Chunker {
 public:
  Chunker(const Tokenizer& tokenizer, int pad_token, int comma_backtrack)
      : tokenizer_(tokenizer), pad_(pad_token), backtrack_(comma_backtrack) {}

  void add(int token, float weight) {
    if (token == tokenizer_.comma())
      last_comma_ = size();
    else if (size() == kChunkTokens && backtrack_ != 0 && last_comma_ >= 0 &&
             size() - last_comma_ <= backtrack_)
      break_after_comma();
    if (size() == kChunkTokens) close(/*is_last=*/false);
    current_.tokens.push_back(token);
    current_.weights.push_back(weight);
  }

  // `used` counts a chunk as full unless it is the last.
  void close(bool is_last) {
    used_ += is_last ? size() : kChunkTokens;
    chunks_.push_back(wrapped(std::move(current_)));
    current_ = {};
    last_comma_ = -1;
  }

  std::vector<TokenChunk> finish() {
    if (size() > 0 || chunks_.empty()) close(/*is_last=*/true);
    return std::move(chunks_);
  }
  int used() const { return used_; }

 private:
  int size() const { return static_cast<int>(current_.tokens.size()); }

  void break_after_comma() {
    const int begin = last_comma_ + 1;
    TokenChunk moved{{current_.tokens.begin() + begin, current_.tokens.end()},
                     {current_.weights.begin() + begin, current_.weights.end()}};
    current_.tokens.resize(begin);
    current_.weights.resize(begin);
    close(/*is_last=*/false);
    current_ = std::move(moved);
  }

  TokenChunk wrapped(TokenChunk chunk) const {
    chunk.tokens.insert(chunk.tokens.begin(), tokenizer_.bos());
    chunk.weights.insert(chunk.weights.begin(), 1.0f);
    chunk.tokens.resize(kChunkTokens + 2, tokenizer_.eos());
    chunk.weights.resize(kChunkTokens + 2, 1.0f);
    const auto first_end = std::find(chunk.tokens.begin(), chunk.tokens.end(), tokenizer_.eos());
    std::fill(first_end + 1, chunk.tokens.end(), pad_);
    return chunk;
  }

  const Tokenizer& tokenizer_;
  int pad_, backtrack_;
  std::vector<TokenChunk> chunks_;
  TokenChunk current_;
  int last_comma_ = -1;  // its place in the current chunk
  int used_ = 0;
};

Chunker fill_chunks(const Tokenizer& tokenizer, std::string_view prompt, int pad_token,
                    const ChunkOptions& options) {
  Chunker chunker(tokenizer, pad_token, options.comma_backtrack);
  for (const WeightedText& piece : parse_attention(prompt, options.emphasis)) {
    if (piece.is_break) {
      chunker.close(/*is_last=*/false);
      continue;
    }
    for (int token : tokenizer.encode(piece.text)) chunker.add(token, piece.weight);
  }
  return chunker;
}

}  // namespace

std::vector<TokenChunk> chunk_prompt(const Tokenizer& tokenizer, std::string_view prompt,
                                     int pad_token, const ChunkOptions& options) {
  return fill_chunks(tokenizer, prompt, pad_token, options).finish();
}

TokenChunk empty_chunk(const Tokenizer& tokenizer, int pad_token) {
  return chunk_prompt(tokenizer, "", pad_token).front();
}

TokenCount count_tokens(const Tokenizer& tokenizer, std::string_view prompt, int steps) {
  std::set<std::string> texts;
  for (const SubPrompt& part : split_and(extract_networks(prompt).text))
    for (ScheduledText& entry : schedule_prompt(part.text, steps))
      texts.insert(std::move(entry.text));

  TokenCount count;
  for (const std::string& text : texts) {
    Chunker chunker = fill_chunks(tokenizer, text, tokenizer.eos(), {});
    chunker.finish();
    count.used = std::max(count.used, chunker.used());
  }
  const int chunks = (std::max(count.used, 1) + kChunkTokens - 1) / kChunkTokens;
  count.capacity = chunks * kChunkTokens;
  return count;
}

}  // namespace pentimento
