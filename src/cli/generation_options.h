// The options that all painting verbs share, and what all of them do around their job: open the
// model, draw a seed, write each picture as it is finished, say the last line.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/outputs.h"
#include "pipelines/img2img.h"
#include "studio/result_json.h"

namespace pentimento {

struct GenerationArguments {
  std::string output, model, vae, text, trace_dir;
  std::string resize_mode = "stretch", rng = "cpu", emphasis = "original";
  int quality = 80;
};

// Model, prompt, steps, sampler, seed, size, output, …
void add_generation_options(CLI::App& verb, Img2ImgRequest& request, GenerationArguments& a);
// Strength and what else only a run that starts from a picture has.
void add_picture_options(CLI::App& verb, Img2ImgRequest& request, GenerationArguments& a);
// Puts the words that were parsed as text into the request.
void read_words(Img2ImgRequest& request, const GenerationArguments& a);

// Every key of a table, for CLI::IsMember and messages.
template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& entry : map) names.push_back(entry.first);
  return names;
}

class PaintingSession {
 public:
  // Everything that can be refused cheaply is refused here, before the model is read.
  PaintingSession(Context& context, const GenerationArguments& arguments, const char* job,
                  size_t inputs, int batch);

  Runtime& runtime() { return runtime_; }
  LoadedModel& model() { return model_; }
  Timings& timings() { return timings_; }
  Terminal& terminal() { return terminal_; }
  const Progress& progress() const { return progress_; }
  uint64_t seed() const { return seed_; }  // used where the request names none

  // Says the plan's line, and returns options whose on_picture writes the results of `input`.
  Img2ImgOptions begin(const std::filesystem::path& input, const std::string& plan_line);
  // The last line, or the JSON object.
  void end(const Img2ImgPlan& plan);

 private:
  Context& context_;
  const GenerationArguments& arguments_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Outputs outputs_;
  Terminal terminal_;
  Progress progress_;
  Runtime runtime_;
  LoadedModel model_;
  Timings timings_;
  uint64_t seed_;
  std::vector<WrittenPicture> written_;
};

}  // namespace pentimento
