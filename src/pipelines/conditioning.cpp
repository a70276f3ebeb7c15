#include "pipelines/conditioning.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace pentimento {
namespace {

using Chunks = std::vector<TokenChunk>;

double mean_of(const std::vector<Tensor>& hidden, size_t begin, size_t end) {
  double sum = 0;
  for (const Tensor& text : hidden)
    for (size_t i = begin; i < end; ++i) sum += text.data[i];
  return sum / (static_cast<double>(hidden.size()) * static_cast<double>(end - begin));
}

// Multiplies every token's vector by its weight; Original then restores the mean, which A1111 takes
// over all texts of the call, chunk by chunk.
void apply_emphasis(std::vector<Tensor>& hidden, const std::vector<Chunks>& chunks,
                    Emphasis emphasis) {
  if (emphasis == Emphasis::None || emphasis == Emphasis::Ignore) return;
  const auto width = static_cast<size_t>(hidden[0].dim(2));
  const auto length = static_cast<size_t>(hidden[0].dim(1));
  for (size_t chunk = 0; chunk < chunks[0].size(); ++chunk) {
    const size_t begin = chunk * length * width, end = begin + length * width;
    const double before = mean_of(hidden, begin, end);
    for (size_t text = 0; text < hidden.size(); ++text)
      for (size_t token = 0; token < length; ++token) {
        const float weight = chunks[text][chunk].weights[token];
        float* row = hidden[text].data.data() + begin + token * width;
        for (size_t i = 0; i < width; ++i) row[i] *= weight;
      }
    if (emphasis == Emphasis::NoNorm) continue;
    const auto restore = static_cast<float>(before / mean_of(hidden, begin, end));
    for (Tensor& text : hidden)
      for (size_t i = begin; i < end; ++i) text.data[i] *= restore;
  }
}

struct EncodedTexts {
  std::vector<Tensor> hidden;  // one a text: [chunks,77,W]
  std::vector<Tensor> pooled;  // one a text: [1,P] of the first chunk, or empty
  std::vector<int64_t> first_tokens;
};

EncodedTexts encode_texts(StableDiffusion& model, size_t encoder, const Tokenizer& tokenizer,
                          const std::vector<std::string>& texts, const ConditioningOptions& options,
                          const Progress& progress) {
  const int pad = model.config().text.at(encoder).pad_token;
  ChunkOptions chunking{.emphasis = options.emphasis};
  if (options.words) chunking.words = options.words->words;
  std::vector<Chunks> chunks;
  size_t most = 1;
  for (const std::string& text : texts) {
    chunks.push_back(chunk_prompt(tokenizer, text, pad, chunking));
    most = std::max(most, chunks.back().size());
  }
  const TokenChunk empty = chunk_prompt(tokenizer, "", pad, options.emphasis).at(0);
  EncodedTexts result;
  for (Chunks& list : chunks) {
    list.resize(most, empty);
    std::vector<int64_t> tokens;
    std::vector<TokenVectors> vectors;
    for (const TokenChunk& chunk : list) {
      for (const WordPlace& place : chunk.words)
        vectors.push_back(
            {static_cast<int64_t>(tokens.size()) + place.position,
             &options.words->embeddings.at(static_cast<size_t>(place.word)).vectors.at(encoder)});
      tokens.insert(tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    }
    TextEncoding encoding =
        model.encode_text(encoder, tokens, options.clip_skip, progress, vectors);
    if (!encoding.pooled.empty()) {
      const int64_t width = encoding.pooled.dim(1);
      encoding.pooled.data.resize(static_cast<size_t>(width));
      encoding.pooled.shape = {1, width};
    }
    result.hidden.push_back(std::move(encoding.hidden));
    result.pooled.push_back(std::move(encoding.pooled));
    if (result.first_tokens.empty()) result.first_tokens = std::move(tokens);
  }
  apply_emphasis(result.hidden, chunks, options.emphasis);
  return result;
}

// [chunks,77,W] of each encoder side by side -> [1, chunks*77, sum of W].
Tensor join_hidden(const std::vector<const Tensor*>& hidden) {
  int64_t length = hidden[0]->dim(0) * hidden[0]->dim(1), width = 0;
  for (const Tensor* part : hidden) width += part->dim(2);
  Tensor joined({1, length, width});
  float* out = joined.data.data();
  for (int64_t token = 0; token < length; ++token)
    for (const Tensor* part : hidden) {
      const int64_t w = part->dim(2);
      out = std::copy_n(part->data.data() + token * w, w, out);
    }
  return joined;
}

// cos then sin of value * 10000^(-i/half): how SDXL is told a number.
void append_sinusoid(std::vector<float>& out, double value, int width) {
  const int half = width / 2;
  const auto angle = [&](int i) { return value * std::exp(-std::log(10000.0) * i / half); };
  for (int i = 0; i < half; ++i) out.push_back(static_cast<float>(std::cos(angle(i))));
  for (int i = 0; i < half; ++i) out.push_back(static_cast<float>(std::sin(angle(i))));
}

// SDXL's vector: pooled text, then (height, width, crop top, crop left, target height, target
// width).
Tensor added_embedding(const UnetConfig& unet, const Tensor& pooled,
                       const ConditioningOptions& options) {
  if (unet.added_channels == 0) return {};
  if (unet.added_time_ids == 0) return pooled;
  std::vector<float> values = pooled.data;
  const int width = (unet.added_channels - static_cast<int>(pooled.size())) / unet.added_time_ids;
  const double ids[] = {double(options.height), double(options.width), 0, 0,
                        double(options.height), double(options.width)};
  for (int i = 0; i < unet.added_time_ids; ++i) append_sinusoid(values, ids[i % 6], width);
  const auto count = static_cast<int64_t>(values.size());
  return Tensor({1, count}, std::move(values));
}

}  // namespace

const ConditionSchedule::Entry& ConditionSchedule::at_call(int call_index) const {
  for (const Entry& entry : entries)
    if (call_index <= entry.end_at_step) return entry;
  return entries.front();  // a sampler that runs longer than planned: A1111 starts over
}

std::shared_ptr<const Tokenizer> tokenizer_of(const ModelConfig& config) {
  return config.tokenizer_merges.empty() ? Tokenizer::clip()
                                         : Tokenizer::from_merges(config.tokenizer_merges);
}

EncodedPrompt encode_prompt(StableDiffusion& model, const Tokenizer& tokenizer,
                            const std::string& prompt, PromptRole role,
                            const ConditioningOptions& options, const Progress& progress) {
  const ModelConfig& config = model.config();
  const auto sub_prompts =
      role == PromptRole::Positive ? split_and(prompt) : std::vector<SubPrompt>{{prompt, 1.0f}};
  EncodedPrompt result;
  for (const SubPrompt& sub : sub_prompts) {
    const auto schedule = schedule_prompt(sub.text, options.schedule_calls);
    std::vector<std::string> texts;
    for (const ScheduledText& entry : schedule) texts.push_back(entry.text);

    std::vector<EncodedTexts> encoders;
    for (size_t i = 0; i < config.text.size(); ++i)
      encoders.push_back(encode_texts(model, i, tokenizer, texts, options, progress));
    if (result.first_tokens.empty()) result.first_tokens = encoders[0].first_tokens;

    // SDXL was trained with an empty prompt of zeros, and A1111 gives an empty negative as that.
    const bool zero =
        config.family == Family::SDXL && role == PromptRole::Negative &&
        std::all_of(texts.begin(), texts.end(), [](const auto& t) { return t.empty(); });
    ConditionSchedule part;
    part.weight = sub.weight;
    for (size_t text = 0; text < texts.size(); ++text) {
      std::vector<const Tensor*> hidden;
      for (const EncodedTexts& encoder : encoders) hidden.push_back(&encoder.hidden[text]);
      Tensor context = join_hidden(hidden);
      Tensor pooled = encoders.back().pooled[text];
      if (zero) {
        std::fill(context.data.begin(), context.data.end(), 0.0f);
        std::fill(pooled.data.begin(), pooled.data.end(), 0.0f);
      }
      part.entries.push_back({schedule[text].end_at_step, std::move(context),
                              added_embedding(config.unet, pooled, options)});
    }
    result.parts.push_back(std::move(part));
  }
  return result;
}

}  // namespace pentimento
