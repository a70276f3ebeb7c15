// Image to image again and again, each result the next one's source: AUTOMATIC1111's script
// "Loopback" (webui-spec §3.4). Every loop uses the next seed; the strength goes from the request's
// to `final_strength` along a curve.
// Limitations: no mask, nothing appended to the prompt.
#pragma once

#include <string>
#include <vector>

#include "pipelines/img2img.h"

namespace pentimento {

// How fast the strength reaches its end: sin(pi/2 p), p, 1 - cos(pi/2 p).
enum class LoopCurve { Aggressive, Linear, Lazy };

struct LoopbackRequest {
  Img2ImgRequest base;  // batch: how often to begin anew from the source, with the next seed
  int loops = 4;        // 1..32
  double final_strength = 0.5;  // 0..1
  LoopCurve curve = LoopCurve::Linear;
};

std::vector<std::string> problems_of(const LoopbackRequest& request);
void validate(const LoopbackRequest& request);

// The strength of loop `index`, from 0.
double strength_of_loop(const LoopbackRequest& request, int index);

// Of the first loop; the others differ in strength and seed only. `seconds` is for all of them.
Img2ImgPlan plan_loopback(const LoadedModel& model, const LoopbackRequest& request,
                          const InputImage& picture, uint64_t random_seed, const Timings* timings);

// Every loop's picture in order, batch * loops of them, each reported by options.on_picture.
// options.is_done is asked for whole chains only: a chain is made again from its start (with what
// options.memory knows), or not at all.
std::vector<Img2ImgPicture> run_loopback(LoadedModel& model, const LoopbackRequest& request,
                                         const Img2ImgPlan& plan, const InputImage& picture,
                                         const Img2ImgOptions& options, const Progress& progress);

}  // namespace pentimento
