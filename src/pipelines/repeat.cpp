#include "pipelines/repeat.h"

#include <cmath>
#include <limits>

#include "base/sha256.h"

namespace pentimento {
namespace {

double psnr(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 0;
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = double{static_cast<double>(a.pixels[i])} - static_cast<double>(b.pixels[i]);
    sum += d * d;
  }
  if (sum == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / sum);
}

}  // namespace

std::string pixels_sha256(const Image& rgb) {
  return sha256_hex(std::as_bytes(std::span(rgb.pixels)));
}

RepeatReport compare_repeat(const Image& old_image, const MadeWith& then, const Image& again,
                            const MadeWith& now) {
  RepeatReport report;
  const Image old_rgb = to_rgb(old_image);
  report.psnr_db = psnr(old_rgb, again);
  // The hash in the file speaks of the pixels before they were compressed, so it also serves JPEG.
  report.identical =
      then.pixels_sha256.empty() ? old_rgb == again : then.pixels_sha256 == now.pixels_sha256;

  const auto differs = [&](const char* what, const std::string& before, const std::string& after) {
    if (!before.empty() && before != after)
      report.differences.push_back(std::string(what) + " was " + before + ", now it is " + after);
  };
  differs("the model", then.model_hash, now.model_hash);
  differs("the VAE", then.vae_hash, now.vae_hash.substr(0, 10));
  differs("the input picture", then.input_sha256, now.input_sha256);
  differs("the set of LoRAs", then.lora_hashes, now.lora_hashes);
  differs("the set of embeddings", then.ti_hashes, now.ti_hashes);
  differs("the precision", then.precision, now.precision);
  differs("the device", then.device, now.device);
  differs("the program", then.version, now.version);
  if (!report.identical && report.differences.empty())
    report.differences.push_back(then.pixels_sha256.empty()
                                     ? "everything the picture remembers is equal; it does not say "
                                       "which program and precision "
                                       "made it"
                                     : "everything the picture remembers is equal; another kind of "
                                       "processor rounds differently");
  return report;
}

}  // namespace pentimento
