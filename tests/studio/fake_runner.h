// A runner that paints plain colours, as slowly as asked, and misbehaves when its prompt says so:
// "crash" ends the process, "fail" throws, "full disk" finds no room, "wait" lasts until cancelled.
#pragma once

#include <cstdlib>
#include <thread>

#include "studio/coded_error.h"
#include "studio/job_runner.h"
#include "studio/request_json.h"
#include "text/infotext.h"

namespace pentimento::testing {

class FakeRunner : public JobRunner {
 public:
  FakeRunner(std::string kind, int step_ms) : kind_(std::move(kind)), step_ms_(step_ms) {}

  JobKind describe() const override {
    JobKind kind{.kind = kind_,
                 .what = "paints plain colours",
                 .fields = img2img_fields(kind_ != "txt2img")};
    if (kind_ != "txt2img") kind.inputs = {{"source", "the picture to start from", true}};
    if (kind_ == "inpaint") {
      kind.inputs.push_back({"mask", "white = repaint", true});
      for (const char* name : {"mask_blur", "only_masked_padding"})
        kind.fields.push_back({.name = name, .type = FieldType::Integer, .default_value = 4});
      for (const char* name : {"mask_invert", "only_masked"})
        kind.fields.push_back({.name = name, .type = FieldType::Boolean, .default_value = false});
      kind.fields.push_back({.name = "masked_content", .default_value = "original"});
    }
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
    const int steps = request.at("steps").get<int>(), batch = request.at("batch").get<int>();
    for (int k = 0; k < batch; ++k) {
      for (int step = 0; step <= steps || prompt.find("wait") != std::string::npos; ++step) {
        port.progress.at("denoise", std::min(step, steps), steps);
        if (step == 1 && port.preview) port.preview(Image(8, 8, 3, 100));
        std::this_thread::sleep_for(std::chrono::milliseconds(step_ms_));
      }
      port.picture(k, painted(request, k));
    }
  }

 private:
  RunnerPicture painted(Json request, int k) const {
    const int64_t seed = request.at("seed").get<int64_t>() + k;
    request["seed"] = seed;
    request["batch"] = 1;
    RunnerPicture made;
    made.image = Image(request.at("width").get<int>(), request.at("height").get<int>(), 3,
                       static_cast<uint8_t>(seed));
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
};

inline JobRunners fake_runners(int step_ms = 2) {
  JobRunners runners;
  for (const char* kind : {"img2img", "txt2img", "inpaint"})
    runners.push_back(std::make_unique<FakeRunner>(kind, step_ms));
  return runners;
}

}  // namespace pentimento::testing
