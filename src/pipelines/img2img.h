// Image to image, and text to image when no picture is given: AUTOMATIC1111's pipeline
// (webui-spec §1). SDEdit (https://arxiv.org/abs/2108.01073): the picture's latent is noised to the
// level that `strength` names, then denoised under the prompt.
// A batch is made one picture after another, so picture k is the very picture that seed + k gives.
// Masks and prepared pictures come in by Img2ImgInputs, which the other jobs are built on.
// Limitations: VAE posterior mean instead of a random sample.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/img2img_infotext.h"
#include "pipelines/img2img_inputs.h"
#include "pipelines/img2img_request.h"
#include "pipelines/loaded_model.h"
#include "pipelines/timings.h"
#include "samplers/run_memory.h"
#include "samplers/sampling_plan.h"

namespace pentimento {

// The request resolved against a model and a picture: what will really run.
struct Img2ImgPlan {
  int width = 0, height = 0;  // pixels
  int steps = 0;              // of the whole schedule
  int model_calls = 0;        // that really run: strength 0.5 of 20 steps = 11
  bool from_picture = false;
  double strength = 1, cfg = 7;
  std::string sampler, scheduler;  // display name; label, "Karras"
  SamplingPlan sampling;
  std::vector<uint64_t> seeds, subseeds;  // one a picture
  uint64_t memory_bytes = 0;              // estimated peak
  std::optional<double> seconds;  // for the whole batch, when this machine has done the like before

  // "strength 0.50: runs 11 of 20 steps, about 50 s"
  std::string describe() const;
};

struct Img2ImgPicture {
  Image image;
  Infotext infotext;
  uint64_t seed = 0;
};

struct Img2ImgOptions {
  std::optional<std::filesystem::path> trace_dir;  // intermediate arrays as .npy, first picture
  std::string version;                             // written into the pictures
  Timings* timings = nullptr;                      // learns seconds per step; may be null
  // Sentences for the user before anything is computed: how each LoRA of the prompt fitted the
  // model, which embedding could not be used.
  std::function<void(const std::string&)> on_note;
  // Called as each picture is finished, before the next begins.
  std::function<void(size_t index, const Img2ImgPicture&)> on_picture;
  // ControlNets and image prompts, made for what is about to be painted; absent: prompts alone.
  std::function<Steering(const Scene&)> steer;
  // A small view of the latest x0 estimate, after every step; costs nothing when absent.
  std::function<void(const Tensor& latent)> on_latent;
  // Keeps what the network answers, so that a run cut short goes on where it was; may be null.
  RunMemory* memory = nullptr;
  // Pictures that are finished already: they are not made, reported or returned. May be empty.
  std::function<bool(size_t index)> is_done;
};

// `random_seed` is used where the request names no seed. Throws InvalidArgument, NotFound (a LoRA),
// Unsupported (another network's tag, a sampler this model cannot use), OutOfMemory with the
// numbers.
Img2ImgPlan plan_img2img(const LoadedModel& model, const Img2ImgRequest& request,
                         const InputImage* input, uint64_t random_seed, const Timings* timings);

// Throws OutOfMemory with the numbers when the plan needs more than is available (0 = unknown).
void check_memory(const Img2ImgPlan& plan, uint64_t available_bytes);

// Runs the plan. There is a picture in `inputs` exactly when the plan was made with one.
std::vector<Img2ImgPicture> run_img2img(LoadedModel& model, const Img2ImgRequest& request,
                                        const Img2ImgPlan& plan, const Img2ImgInputs& inputs,
                                        const Img2ImgOptions& options, const Progress& progress);

// The ordinary job: a picture, or none, and nothing else.
inline std::vector<Img2ImgPicture> run_img2img(LoadedModel& model, const Img2ImgRequest& request,
                                               const Img2ImgPlan& plan, const InputImage* input,
                                               const Img2ImgOptions& options,
                                               const Progress& progress) {
  return run_img2img(model, request, plan, Img2ImgInputs{.picture = input}, options, progress);
}

}  // namespace pentimento
