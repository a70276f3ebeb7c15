// AUTOMATIC1111's prompt language (webui-spec §4): attention, BREAK, chunks with comma
// backtracking, scheduling, alternation, AND, <lora:…>.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace pentimento {

enum class Emphasis { Original, None, Ignore, NoNorm };

struct WeightedText {
  std::string text;
  float weight = 1.0f;
  bool is_break = false;
};
std::vector<WeightedText> parse_attention(std::string_view prompt, Emphasis emphasis = Emphasis::Original);

// <lora:name:0.8> and friends: cut from the positive prompt.
struct ExtraNetwork {
  std::string type, name;                       // "lora", "name"
  std::vector<std::string> args;                // positional, after the name
  std::vector<std::pair<std::string, std::string>> named;
};
struct CleanPrompt {
  std::string text;
  std::vector<ExtraNetwork> networks;
};
CleanPrompt extract_networks(std::string_view prompt);

// [from:to:when] and [a|b] spelled out: `text` is active up to and including call index end_at_step.
struct ScheduledText {
  int end_at_step;
  std::string text;
};
// steps: total model calls the schedule counts (2x for second-order samplers).
std::vector<ScheduledText> schedule_prompt(std::string_view prompt, int steps);
// Index into the schedule for model call `call_index`, from 0.
size_t active_entry(const std::vector<ScheduledText>& schedule, int call_index);

// "a AND b :0.5": sub-prompts with weights. The negative prompt is never split.
struct SubPrompt {
  std::string text;
  float weight = 1.0f;
};
std::vector<SubPrompt> split_and(std::string_view prompt);

// One chunk of 77: start + 75 + end, weights alike (1 for start, end and padding).
struct TokenChunk {
  std::vector<int> tokens;
  std::vector<float> weights;
};
// pad_token: what fills a chunk after its first end token (49407, or 0 for OpenCLIP).
std::vector<TokenChunk> chunk_prompt(const Tokenizer& tokenizer, std::string_view prompt,
                                     int pad_token, Emphasis emphasis = Emphasis::Original);
// "12/75" for the user: tokens used and the size they are padded to.
struct TokenCount { int used = 0, capacity = 75; };
TokenCount count_tokens(const Tokenizer& tokenizer, std::string_view prompt);

}  // namespace pentimento
