// Try-on with natural drape: CatVTON (https://arxiv.org/abs/2407.15886) paints the garment of one
// picture onto the person of another. Person and garment lie beside one another in one latent, and
// the network's self-attention carries the one over to the other; no prompt is read.
//   with a mask    an SD 1.5 inpainting checkpoint; [noise, mask, latents of masked person |
//   garment] mask-free      instruct-pix2pix; [noise, latents of person | garment]
// Without the garment's half of the latents comes the other branch of guidance.
// Limitations: the weights are the user's own (CC BY-NC-SA 4.0, not for commercial use); VAE
// posterior mean instead of a random sample; the mask must be drawn by somebody.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/img2img.h"
#include "pipelines/timings.h"
#include "runtime/stable_diffusion.h"
#include "samplers/random.h"
#include "samplers/schedule.h"

namespace pentimento {

// A checkpoint with CatVTON's weights in it. Thread contract: the networks'.
struct DrapeModel {
  std::unique_ptr<StableDiffusion> networks;
  NoiseTable table;
  bool needs_mask = true;            // false: mask-free
  RuntimeOptions runtime;            // precision resolved
  std::string name, sha256;          // of CatVTON's file: "mix-48k-1024"
  std::string base_name, base_hash;  // of the checkpoint they are put into
  std::string vae_name, vae_sha256;  // of a VAE of its own, else empty

  std::string timing_key(const char* what) const;
};

// What a user must be told before using the weights.
inline constexpr const char* kCatVtonLicence =
    "CatVTON's weights are licensed CC BY-NC-SA 4.0: not for commercial use";

struct DrapeFiles {
  std::filesystem::path checkpoint;  // SD 1.5 inpainting; mask-free weights: instruct-pix2pix
  std::filesystem::path attention;   // CatVTON's file or folder
  std::optional<std::filesystem::path> vae;  // sd-vae-ft-mse, as trained with; else its own
};

// Tells `on_note` the licence before anything is read. Throws as open_checkpoint, open_catvton and
// put_into do.
DrapeModel load_drape_model(Runtime& runtime, const DrapeFiles& files,
                            const std::filesystem::path& cache_dir,
                            const std::function<void(const std::string&)>& on_note,
                            const Progress& progress);

// Plain data: what the user asked, complete.
struct DrapeRequest {
  int width = 384, height = 512;  // of the result, multiples of 8; 768 x 1024 is slow and finer
  int steps = 20;                 // 1..1000; the paper's 50
  double cfg = 2.5;               // 1..30: how strictly the garment is followed, and how saturated
  double eta = 1;                 // 0..1, noise added in each step
  std::optional<uint64_t> seed;   // 0..2^32-1; drawn when absent
  RngSource rng = RngSource::Cpu;
  bool repaint = true;  // lay the person's own pixels over what the mask keeps
};

// Every problem, one line each; empty when it can run.
std::vector<std::string> problems_of(const DrapeRequest& request);

struct DrapeInputs {
  const InputImage* garment = nullptr;  // any size, best on white
  const InputImage* person = nullptr;   // any size
  const InputImage* mask = nullptr;     // the person's size, white = wear here; null: mask-free
  const InputImage* garment_mask = nullptr;  // the garment's size, white = garment; may be null
};

// The request resolved: what will really run.
struct DrapePlan {
  int width = 0, height = 0, steps = 0;
  bool needs_mask = true;
  uint64_t seed = 0;
  uint64_t memory_bytes = 0;      // estimated peak
  std::optional<double> seconds;  // when this machine has done the like before

  // "drapes the garment by CatVTON (mask-free): 20 steps at 384x512, about 50 s"
  std::string describe() const;
};

// Throws InvalidArgument with the problems; when person or garment is missing; when there is a mask
// too few or too many, of another size, or an empty one. OutOfMemory with the numbers.
DrapePlan plan_drape(const DrapeModel& model, const DrapeRequest& request,
                     const DrapeInputs& inputs, uint64_t random_seed, const Timings* timings);

// The person, cut to the result's shape, wearing the garment. Of the options counts what one
// picture has: version, timings, on_latent, memory. Reports the stages "encode", "denoise",
// "decode".
Img2ImgPicture run_drape(DrapeModel& model, const DrapeRequest& request, const DrapePlan& plan,
                         const DrapeInputs& inputs, const Img2ImgOptions& options,
                         const Progress& progress);

}  // namespace pentimento
