// Try-on with natural drape: CatVTON (https://arxiv.org/abs/2407.15886) paints the garment of one
// picture onto the person of another. Person and garment lie beside one another in one latent, and
// the network's self-attention carries the one over to the other; no prompt is read.
//   with a mask    an SD 1.5 inpainting checkpoint; [noise, mask, latents of masked person |
//   garment] mask-free      instruct-pix2pix; [noise, latents of person | garment]
// Without the garment's half of the latents comes the other branch of guidance.
// Limitations: the weights are the user's own (CC BY-NC-SA 4.0, not for commercial use); VAE
// posterior mean instead of a random sample; making the mask is somebody else's work.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/image.h"
#include "runtime/stable_diffusion.h"
#include "samplers/random.h"
#include "samplers/schedule.h"

namespace pentimento {

// A checkpoint with CatVTON's weights in it. Thread contract: the networks'.
struct DrapeModel {
  std::unique_ptr<StableDiffusion> networks;
  NoiseTable table;
  bool needs_mask = true;  // false: mask-free
  std::string name;        // of the weights, for people
};

// What a user must be told before using the weights.
inline constexpr const char* kCatVtonLicence =
    "CatVTON's weights are licensed CC BY-NC-SA 4.0: not for commercial use";

// `attention`: CatVTON's file or folder; `vae`: sd-vae-ft-mse, which it was trained with, else the
// checkpoint's own. Throws as open_checkpoint, open_catvton and put_into do.
DrapeModel load_drape_model(Runtime& runtime, const std::filesystem::path& checkpoint,
                            const std::filesystem::path& attention,
                            const std::optional<std::filesystem::path>& vae,
                            const std::filesystem::path& cache_dir, const Progress& progress);

// Plain data: what the user asked, complete.
struct DrapeRequest {
  int width = 384, height = 512;  // of the result, multiples of 8; 768 x 1024 is slow and finer
  int steps = 20;                 // 1..1000; the paper's 50
  double cfg = 2.5;               // 1..30: how strictly the garment is followed, and how saturated
  double eta = 1;                 // 0..1, noise added in each step
  uint64_t seed = 0;              // 0..2^32-1
  RngSource rng = RngSource::Cpu;
  bool repaint = true;  // lay the person's own pixels over what the mask keeps
};

// Every problem, one line each; empty when it can run.
std::vector<std::string> problems_of(const DrapeRequest& request);

struct DrapeInputs {
  Image person, garment;  // any size
  Image mask;             // one channel, the person's size, 255 = wear here; empty for mask-free
};

// The person, cut to the result's shape, wearing the garment. Throws InvalidArgument with the
// problems, and when there is a mask too few or too many, or an empty one. Reports the stages
// "encode", "denoise", "decode".
Image run_drape(DrapeModel& model, const DrapeRequest& request, const DrapeInputs& inputs,
                const Progress& progress);

}  // namespace pentimento
