// A runner that paints plain colours, as slowly as asked, and misbehaves when its prompt says so:
// "crash" ends the process, "fail" throws, "full disk" finds no room, "wait" lasts until cancelled.
#pragma once

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/grid_runner.h"
#include "studio/inpaint_json.h"
#include "studio/job_runner.h"
#include "studio/loopback_runner.h"
#include "studio/outpaint_runner.h"
#include "studio/refine_runner.h"
#include "studio/request_json.h"
#include "studio/txt2img_json.h"
#include "text/infotext.h"

namespace pentimento::testing {

class FakeRunner : public JobRunner {
 public:
  // `computed` counts the steps that were really made; may be null.
  FakeRunner(std::string kind, int step_ms, std::shared_ptr<std::atomic<int>> computed = {})
      : kind_(std::move(kind)), step_ms_(step_ms), computed_(std::move(computed)) {}

  JobKind describe() const override {
    JobKind kind{.kind = kind_,
                 .what = "paints plain colours",
                 .fields = kind_ == "txt2img"    ? txt2img_fields()
                           : kind_ == "loopback" ? loopback_fields()
                           : kind_ == "inpaint"  ? inpaint_fields()
                           : kind_ == "outpaint" ? outpaint_fields()
                           : kind_ == "grid"     ? grid_fields()
                           : kind_ == "refine"   ? refine_fields()
                                                 : img2img_fields(true)};
    if (kind_ != "txt2img")
      kind.inputs = {{"source", "the picture to start from", kind_ != "grid"}};
    if (kind_ == "inpaint") kind.inputs.push_back({"mask", "white = repaint", true});
    if (kind_ == "img2img") kind.fields.push_back(control_field());
    if (kind_ != "outpaint" && kind_ != "grid") add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs&) const override {
    for (const char* name : {"seed", "subseed"})
      if (request.at(name).is_null()) request[name] = std::rand();
    for (const char* name : {"width", "height"})
      if (request.at(name) == 0) request[name] = 64;
    if (request.at("steps").is_null()) request["steps"] = 4;
    return request;
  }

  PlanReport plan(const Json& request, const JobInputs&) override {
    return {.steps = request.at("steps").get<int>(),
            .steps_that_run = request.at("steps").get<int>(),
            .width = 64,
            .height = 64,
            .pictures = request.at("batch").get<int>(),
            .seconds = 0.5,
            .sentence = "paints"};
  }

  void run(const Json& request, const JobInputs&, const RunnerPort& port) override {
    const std::string prompt = request.at("prompt");
    if (prompt.find("crash") != std::string::npos) std::abort();
    if (prompt.find("fail") != std::string::npos)
      throw Error(ErrorKind::Unsupported, "the prompt asked for failure");
    if (prompt.find("full disk") != std::string::npos)
      throw CodedError(ErrorKind::Io, "disk_full", "no room");
    const int steps = request.at("steps").get<int>();
    const int batch = request.at("batch").get<int>() * request.value("loops", 1);
    RunMemory* memory = port.memory ? port.memory("fake") : nullptr;
    for (int k = 0; k < batch; ++k) {
      if (port.has_picture && port.has_picture(k)) continue;
      if (memory) memory->begin_picture();
      const Network step_once = with_memory(
          [&](const Vec& x, double) {
            std::this_thread::sleep_for(std::chrono::milliseconds(step_ms_));
            if (computed_) ++*computed_;
            return x;
          },
          memory);
      for (int step = 0; step <= steps || prompt.find("wait") != std::string::npos; ++step) {
        port.progress.at("denoise", std::min(step, steps), steps);
        if (step == 1 && port.preview) port.preview(Image(8, 8, 3, 100));
        step_once(Vec(4, static_cast<float>(k)), step);
      }
      port.picture(k, painted(request, k));
    }
  }

 private:
  RunnerPicture painted(Json request, int k) const {
    const int64_t seed = request.at("seed").get<int64_t>() + k;
    request["seed"] = seed;
    request["batch"] = 1;
    const int scale = request.value("hires", false) ? request["hires_scale"].get<int>() : 1;
    RunnerPicture made;
    made.image = Image(request.at("width").get<int>() * scale,
                       request.at("height").get<int>() * scale, 3, static_cast<uint8_t>(seed));
    made.image.pixels[0] = static_cast<uint8_t>(seed >> 8);
    made.image.pixels[1] = static_cast<uint8_t>(seed >> 16);
    made.prompt = request.at("prompt");
    made.negative_prompt = request.at("negative_prompt");
    made.model = "tiny";
    made.seed = seed;
    Infotext info;
    info.prompt = made.prompt;
    info.set("Steps", request.at("steps").dump());
    info.set("Sampler", "Euler a");
    info.set("CFG scale", "7");
    info.set("Seed", std::to_string(seed));
    info.set("Size", request.at("width").dump() + "x" + request.at("height").dump());
    info.set("Model hash", "0123456789");
    info.set("Model", "tiny");
    made.infotext = format_infotext(info);
    made.request = request;
    return made;
  }
  std::string kind_;
  int step_ms_;
  std::shared_ptr<std::atomic<int>> computed_;
};

inline JobRunners fake_runners(int step_ms = 2,
                               const std::shared_ptr<std::atomic<int>>& computed = {}) {
  JobRunners runners;
  for (const char* kind :
       {"img2img", "txt2img", "inpaint", "outpaint", "loopback", "grid", "refine"})
    runners.push_back(std::make_unique<FakeRunner>(kind, step_ms, computed));
  return runners;
}

}  // namespace pentimento::testing
