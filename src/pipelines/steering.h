// What steers a run beside its prompts, made ready: control pictures through ControlNets, and image
// prompts through an IP-Adapter. Jobs fill this in (pipelines/control.h, pipelines/blend.h) and
// hand it to run_img2img.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/tensor.h"
#include "image/composite.h"
#include "runtime/control_net.h"

namespace pentimento {

// A1111's control modes. Prompt and Control weaken what goes to the shallow layers (0.825 for every
// layer above the deepest); Control also leaves the negative prompt unsteered, which guidance then
// amplifies.
enum class ControlMode { Balanced, Prompt, Control };

// A rectangle of a picture of that size.
struct PartOfPicture {
  Region region;
  int width = 0, height = 0;
};

// One ControlNet at work. It counts from model call `start` to `end`, as shares of the calls that
// run: A1111's guidance start and end.
struct Control {
  std::shared_ptr<ControlNet> network;  // beside the run's model
  Tensor picture;             // [1,3,H,W] of the run's size, values 0..1, -1 where unknown
  double weight = 1;          // 0..2
  double start = 0, end = 1;  // 0..1, start <= end
  ControlMode mode = ControlMode::Balanced;
};

// The image prompt of each branch of guidance: both or neither.
struct ImagePrompt {
  std::shared_ptr<const ImageKeys> positive, negative;
};

struct Steering {
  std::vector<Control> controls;
  ImagePrompt image;
  std::vector<std::pair<std::string, std::string>> facts;  // for the result's infotext
};

// What is about to be painted, as far as control pictures depend on it.
struct Scene {
  int width = 0, height = 0;          // of the run, pixels
  const Image* picture = nullptr;     // RGB of that size; null: text to image
  const Image* repaint = nullptr;     // what may change, one channel of that size; null: everything
  std::optional<PartOfPicture> part;  // when the run paints only a part of a larger picture
};

}  // namespace pentimento
