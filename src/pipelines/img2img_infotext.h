// The request as A1111's generation parameters, and back: what a picture remembers, enough to make
// it again.
#pragma once

#include "pipelines/img2img_request.h"
#include "text/infotext.h"

namespace pentimento {

// What a finished picture knows beyond the request: everything that was resolved.
struct MadeWith {
  std::string sampler, scheduler;  // display name; label, "Karras"
  int steps = 20;
  double cfg = 7;
  int clip_skip = 1;               // of the model, where the request names none
  uint64_t seed = 0, subseed = 0;  // of this very picture
  int width = 0, height = 0;
  std::string model_name, model_hash;  // 10 digits
  std::string vae_name, vae_hash;
  std::string text_name;                 // of the checkpoint that lent its text encoder, else empty
  std::string lora_hashes, ti_hashes;    // "name: 12 digits, …", A1111's fields
  std::string input_name, input_sha256;  // empty for text to image
  std::string precision, device;         // "bf16", "CPU"
  std::string pixels_sha256;             // of the result's 8-bit RGB
  std::vector<std::pair<std::string, std::string>> facts;  // of the job that made it, in order
  std::string version;                                     // "pentimento 0.1.0 (OpenVINO 2026.4.1)"
};

Infotext to_infotext(const Img2ImgRequest& request, const MadeWith& made);

// The request that makes the picture again (batch 1, every resolved value pinned). Fields this
// program does not know are ignored; values out of range stay and are refused by validate().
Img2ImgRequest request_from_infotext(const Infotext& info);
MadeWith made_with_from_infotext(const Infotext& info);

}  // namespace pentimento
