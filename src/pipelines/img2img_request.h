// What a user asks of the image-to-image job, complete and free of any resource: it can be stored,
// compared and sent. Field meanings and defaults are AUTOMATIC1111's (webui-spec §1, §6.3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/resize.h"
#include "samplers/random.h"
#include "text/prompt.h"

namespace pentimento {

// A picture to start from, and how to recognise it again.
struct InputImage {
  Image image;         // upright sRGB, 1, 3 or 4 channels
  std::string name;    // file name without folders, for people
  std::string sha256;  // of the file's bytes
};

struct Img2ImgRequest {
  std::string prompt, negative_prompt;

  double strength = 0.75;    // 0..1, share of the schedule that runs; 0 keeps the picture
  bool fix_steps = false;    // "do exactly the number of steps the slider says"
  std::optional<int> steps;  // 1..1000; the model's default when absent
  std::string sampler;       // display name or alias; empty: the model's default
  std::string scheduler = "Automatic";
  std::optional<double> cfg;  // guidance, 0..100; the model's default when absent
  double image_cfg = 1.5;     // instruct-pix2pix: guidance towards the source picture

  int width = 0, height = 0;  // pixels; 0: from the picture (or the model's native size)
  ResizeMode resize_mode = ResizeMode::Stretch;
  int batch = 1;  // pictures, 1..100; picture k uses seed + k

  std::optional<uint64_t> seed;     // 0..2^32-1; drawn when absent
  std::optional<uint64_t> subseed;  // variation seed
  double subseed_strength = 0;      // 0..1
  int seed_resize_width = 0, seed_resize_height = 0;
  int64_t eta_noise_seed_delta = 0;  // ENSD
  RngSource rng = RngSource::Cpu;

  std::optional<int> clip_skip;  // 1..12, counted from the last layer; the model's when absent
  Emphasis emphasis = Emphasis::Original;
  std::optional<double> eta;  // the sampler's default when absent
  double s_churn = 0, s_tmin = 0, s_tmax = 0, s_noise = 1;
  double sigma_min = 0, sigma_max = 0, rho = 0;  // 0: the schedule's own
  double initial_noise_multiplier = 1;           // 0..1.5
  double extra_noise = 0;                        // 0..1
  bool color_correction = false;                 // give the result the source picture's colours
};

// Every problem with the request, one line each, naming the field, what was found and what is
// allowed; empty when it can run. Needs no model.
std::vector<std::string> problems_of(const Img2ImgRequest& request);

// Throws InvalidArgument with the first problems joined.
void validate(const Img2ImgRequest& request);

}  // namespace pentimento
