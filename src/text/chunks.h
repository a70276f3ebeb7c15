// Prompts of any length for encoders that read 77 tokens (webui-spec §4.4): start + 75 + end, as
// many times as needed, each chunk encoded on its own. A chunk that is full ends at its last comma
// if that is near, so that no phrase is cut in two.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "text/attention.h"
#include "text/tokenizer.h"

namespace pentimento {

inline constexpr int kChunkTokens = 75;

// A word that stands for learned vectors instead of tokens: a textual inversion's name.
struct VectorWord {
  std::vector<int> ids;  // the name's own tokens
  int vectors = 1;       // 1..75: how many places it takes
};

// Where a chunk holds such a word.
struct WordPlace {
  int position = 0;  // of its first vector among the 77
  int word = 0;      // index into the list of words
};

// One chunk of 77 tokens and their weights (1 for start, end and padding). Places of vectors have
// the token 0.
struct TokenChunk {
  std::vector<int> tokens;
  std::vector<float> weights;
  std::vector<WordPlace> words;
};

struct ChunkOptions {
  Emphasis emphasis = Emphasis::Original;
  // A full chunk is cut after its last comma if at most this many tokens are from there to its end;
  // 0: never (A1111's comma_padding_backtrack).
  int comma_backtrack = 20;
  // Where the tokens of one of these stand in a prompt, the longest first, its vectors take their
  // place; a word that does not fit into a chunk begins the next.
  std::span<const VectorWord> words = {};
};

// The chunks of one prompt (without schedules, AND and tags), at least one.
// pad_token: what fills a chunk after its first end token (49407, or 0 for OpenCLIP).
// Throws what parse_attention throws.
std::vector<TokenChunk> chunk_prompt(const Tokenizer& tokenizer, std::string_view prompt,
                                     int pad_token, const ChunkOptions& options = {});
inline std::vector<TokenChunk> chunk_prompt(const Tokenizer& tokenizer, std::string_view prompt,
                                            int pad_token, Emphasis emphasis) {
  return chunk_prompt(tokenizer, prompt, pad_token, ChunkOptions{.emphasis = emphasis});
}

// What makes the shorter texts of one call as long as the longest.
TokenChunk empty_chunk(const Tokenizer& tokenizer, int pad_token);

// "12/75" for the user: tokens used and the size they are padded to, of the longest text that the
// prompt (with tags, AND and a schedule over `steps`) stands for.
struct TokenCount {
  int used = 0, capacity = kChunkTokens;
};
TokenCount count_tokens(const Tokenizer& tokenizer, std::string_view prompt, int steps = 20);

}  // namespace pentimento
