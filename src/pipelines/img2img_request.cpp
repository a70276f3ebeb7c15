#include "pipelines/img2img_request.h"

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

class Problems {
 public:
  template <typename T>
  void range(const char* field, T value, T low, T high) {
    if (!(value >= low && value <= high)) {  // false for NaN too
      std::ostringstream text;
      text << field << " is " << value << ", expected " << low << " to " << high;
      list_.push_back(text.str());
    }
  }
  void text(const char* field, const std::string& value) {
    const size_t at = find_invalid_utf8(value);
    if (at != std::string::npos)
      list_.push_back(std::string(field) + " is not UTF-8 at byte " + std::to_string(at) +
                      "; save the text as UTF-8");
  }
  void size(const char* field, int value) {
    if (value == 0) return;
    if (value < 16 || value > 8192 || value % 8 != 0)
      list_.push_back(std::string(field) + " is " + std::to_string(value) +
                      ", expected a multiple of 8 from 16 to 8192");
  }
  template <typename Find>
  void known(Find find) {
    try {
      find();
    } catch (const Error& error) {
      list_.push_back(error.what());
    }
  }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

}  // namespace

std::vector<std::string> problems_of(const Img2ImgRequest& r) {
  Problems problems;
  problems.text("prompt", r.prompt);
  problems.text("negative prompt", r.negative_prompt);
  problems.range("strength", r.strength, 0.0, 1.0);
  if (r.steps) problems.range("steps", *r.steps, 1, 1000);
  if (r.cfg) problems.range("cfg", *r.cfg, 0.0, 100.0);
  problems.range("image cfg", r.image_cfg, 0.0, 100.0);
  problems.size("width", r.width);
  problems.size("height", r.height);
  problems.range("batch", r.batch, 1, 100);
  if (r.seed) problems.range<uint64_t>("seed", *r.seed, 0, 4294967295ull);
  if (r.subseed) problems.range<uint64_t>("variation seed", *r.subseed, 0, 4294967295ull);
  problems.range("variation strength", r.subseed_strength, 0.0, 1.0);
  problems.range("clip skip", r.clip_skip, 1, 12);
  if (r.eta) problems.range("eta", *r.eta, 0.0, 1.0);
  problems.range("s_churn", r.s_churn, 0.0, 100.0);
  problems.range("s_tmin", r.s_tmin, 0.0, 1000.0);
  problems.range("s_tmax", r.s_tmax, 0.0, 1000.0);
  problems.range("s_noise", r.s_noise, 0.0, 2.0);
  problems.range("sigma min", r.sigma_min, 0.0, 1000.0);
  problems.range("sigma max", r.sigma_max, 0.0, 1000.0);
  problems.range("rho", r.rho, 0.0, 100.0);
  problems.range("noise multiplier", r.initial_noise_multiplier, 0.0, 1.5);
  problems.range("extra noise", r.extra_noise, 0.0, 1.0);
  problems.known(
      [&] { resolve_sampler_name(r.sampler.empty() ? "DPM++ 2M" : r.sampler, r.scheduler); });
  return problems.take();
}

void validate(const Img2ImgRequest& request) {
  const auto problems = problems_of(request);
  if (problems.empty()) return;
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  throw Error(ErrorKind::InvalidArgument, text);
}

}  // namespace pentimento
