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

  // A full chunk is closed before what begins with `token`.
  void make_room(int token) {
    if (token == tokenizer_.comma())
      last_comma_ = size();
    else if (size() == kChunkTokens && backtrack_ != 0 && last_comma_ >= 0 &&
             size() - last_comma_ <= backtrack_)
      break_after_comma();
    if (size() == kChunkTokens) close(/*is_last=*/false);
  }

  void add(int token, float weight) {
    current_.tokens.push_back(token);
    current_.weights.push_back(weight);
  }

  // A word's vectors, together in one chunk.
  void add_word(int word, int vectors, float weight) {
    if (size() + vectors > kChunkTokens) close(/*is_last=*/false);
    current_.words.push_back({size() + 1, word});
    current_.tokens.insert(current_.tokens.end(), static_cast<size_t>(vectors), 0);
    current_.weights.insert(current_.weights.end(), static_cast<size_t>(vectors), weight);
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
                     {current_.weights.begin() + begin, current_.weights.end()},
                     {}};
    current_.tokens.resize(begin);
    current_.weights.resize(begin);
    // Positions count the start token.
    for (const WordPlace& place : current_.words)
      if (place.position > begin) moved.words.push_back({place.position - begin, place.word});
    std::erase_if(current_.words, [&](const WordPlace& place) { return place.position > begin; });
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

// The longest word whose tokens stand at `at`; -1 for none.
int word_at(std::span<const VectorWord> words, const std::vector<int>& tokens, size_t at) {
  int best = -1;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::vector<int>& ids = words[i].ids;
    if (ids.empty() || ids.size() > tokens.size() - at) continue;
    if (best >= 0 && ids.size() <= words[static_cast<size_t>(best)].ids.size()) continue;
    if (std::equal(ids.begin(), ids.end(), tokens.begin() + static_cast<std::ptrdiff_t>(at)))
      best = static_cast<int>(i);
  }
  return best;
}

Chunker fill_chunks(const Tokenizer& tokenizer, std::string_view prompt, int pad_token,
                    const ChunkOptions& options) {
  Chunker chunker(tokenizer, pad_token, options.comma_backtrack);
  for (const WeightedText& piece : parse_attention(prompt, options.emphasis)) {
    if (piece.is_break) {
      chunker.close(/*is_last=*/false);
      continue;
    }
    const std::vector<int> tokens = tokenizer.encode(piece.text);
    for (size_t at = 0; at < tokens.size();) {
      chunker.make_room(tokens[at]);
      const int word = word_at(options.words, tokens, at);
      if (word < 0) {
        chunker.add(tokens[at++], piece.weight);
        continue;
      }
      const VectorWord& vector_word = options.words[static_cast<size_t>(word)];
      chunker.add_word(word, vector_word.vectors, piece.weight);
      at += vector_word.ids.size();
    }
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
