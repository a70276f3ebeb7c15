// Control pictures for any job that calls run_img2img: what a user asks of one ControlNet, and how
// it becomes ready to run. Several work at once. Meanings and defaults are those of the ControlNet
// extension for AUTOMATIC1111 (webui-spec §6.8).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/preprocess.h"
#include "pipelines/remembered.h"
#include "pipelines/steering.h"
#include "text/infotext.h"

namespace pentimento {

// Plain data: one unit.
struct ControlUnit {
  std::string network;  // a file, or a name the caller resolves
  std::string picture;  // likewise; empty: the job's own picture
  PreprocessOptions preprocess;
  double weight = 1;          // 0..2
  double start = 0, end = 1;  // 0..1: the share of the steps in which it counts
  ControlMode mode = ControlMode::Balanced;
  ResizeMode resize_mode = ResizeMode::Crop;  // how a picture of another shape fits: not Latent
};

const char* to_string(ControlMode mode);                  // "balanced", "prompt", "control"
ControlMode parse_control_mode(const std::string& text);  // and A1111's labels and numbers

// "NETWORK[:key=value,…]": keys image, pre, weight, start, end, mode, resize, a, b. Throws
// InvalidArgument naming what is wrong.
ControlUnit parse_control_unit(const std::string& text);

// Every problem with the unit, one line each; empty when it can run. Needs no files.
std::vector<std::string> problems_of(const ControlUnit& unit);

struct ReadyControl {
  Control control;
  Image map;  // what the network sees, RGB, for people
};

// `own`: the unit's picture, any size; null: the scene's. What is to be painted (for the
// preprocessor inpaint) is said by the clear parts of an RGBA picture, else by the scene's mask.
// When the scene is a part of a larger picture, the unit's picture counts as one of the whole.
// `remembered`: keeps preprocessed pictures for the next run and the next grid cell; may be null.
// Throws InvalidArgument with the problems, and when there is no picture, or nothing says what to
// paint.
ReadyControl make_control(std::shared_ptr<ControlNet> network, const ControlUnit& unit,
                          const Image* own, const Scene& scene, Remembered* remembered = nullptr);

// "Module: canny, Model: control_canny [1a2b3c4d5e], Weight: 1.0, …": the value of A1111's infotext
// field "ControlNet N". `hash`: SHA-256 of the network's file.
std::string describe_control(const ControlUnit& unit, const std::string& hash);

}  // namespace pentimento
