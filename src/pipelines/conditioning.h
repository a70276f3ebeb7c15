// From prompt text to what the UNet's cross attention reads (webui-spec §4.3-4.6): chunks of 77
// tokens through the text encoders, emphasis applied to their output, one condition for every
// stretch of the prompt's schedule.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/stable_diffusion.h"
#include "text/chunks.h"
#include "text/prompt.h"
#include "weights/embedding.h"

namespace pentimento {

// Textual inversions that a prompt may use: words[i] of the tokenizer's ids stands for
// embeddings[i].
struct PromptWords {
  std::vector<VectorWord> words;
  std::vector<Embedding> embeddings;
};

struct ConditioningOptions {
  int clip_skip = 1;
  Emphasis emphasis = Emphasis::Original;
  int width = 512, height = 512;       // pixels; SDXL is told them
  const PromptWords* words = nullptr;  // borrowed
  int schedule_calls = 20;             // model calls that "[a:b:0.5]" is a share of
};

// One sub-prompt of an AND, over the whole run.
struct ConditionSchedule {
  struct Entry {
    int end_at_step = 0;  // last model call, from 0, that uses this entry
    Tensor context;       // [1,T,D]
    Tensor added;         // [1,A] or empty
  };
  float weight = 1.0f;
  std::vector<Entry> entries;

  const Entry& at_call(int call_index) const;
};

enum class PromptRole { Positive, Negative };  // AND splits only the positive prompt

struct EncodedPrompt {
  std::vector<ConditionSchedule> parts;  // at least one
  std::vector<int64_t> first_tokens;  // [chunks*77] of the first entry, first encoder: for traces
};

// The tokenizer a model wants: CLIP's, or the one that travels in its file.
std::shared_ptr<const Tokenizer> tokenizer_of(const ModelConfig& config);

EncodedPrompt encode_prompt(StableDiffusion& model, const Tokenizer& tokenizer,
                            const std::string& prompt, PromptRole role,
                            const ConditioningOptions& options, const Progress& progress);

}  // namespace pentimento
