// What a model file is, in a few plain values: what `inspect MODEL` and the model library show.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "weights/training_facts.h"

namespace pentimento {

struct ModelSummary {
  bool readable = false;  // tensors were found and told apart
  bool usable = false;    // this program can make pictures with it, or use it beside a model
  std::string reason;     // why it is not readable or not usable: one line, else empty
  std::string format;     // "safetensors" "torch" "diffusers" "gguf" "onnx" "ncnn" …; "" unknown
  std::string kind;       // kind_word(): "checkpoint" "vae" "lora" …; also "onnx", "ncnn"
  std::string kind_sentence;  // kind_description(): "a LoRA, an addition to a model …"
  // The family of models it is, or has to be used with: "SD1" "SD2" "SDXL" "Custom", or one that
  // this program does not run: "Flux" "SD3" "Wan" …; empty when it fits any or nothing tells.
  std::string base;
  std::string method;      // of kind "lora": "LoRA" "LoHa" "DoRA" "LoKr, full difference" …
  std::string family;      // checkpoints: "SD1" …, else empty
  std::string variant;     // checkpoints: "base", "inpaint" …, else empty
  bool distilled = false;  // checkpoints: LCM or Turbo, few steps
  std::string prediction;  // checkpoints: "epsilon" or "v_prediction"
  int native_size_px = 0;  // checkpoints: the square edge they were trained at
  std::string precision;   // dtype that most bytes have: "F16"
  int64_t parameters = 0;  // numbers in all tensors
  int64_t tensors = 0;
  int vectors = 0;                 // of kind "embedding": tokens it takes in the prompt
  std::string word;                // of kind "embedding": its name in prompts, "": the file's
  std::vector<std::string> notes;  // how uncertain things were decided, what is not used
  TrainingFacts training;          // what the metadata claims: title, tags, trigger words …
  std::map<std::string, std::string> metadata;  // as in the file
};

// Reads names and shapes only. Never throws for what is in the file: a hostile, damaged or missing
// one gives a summary with a reason.
ModelSummary summarise(const std::filesystem::path& path);

}  // namespace pentimento
