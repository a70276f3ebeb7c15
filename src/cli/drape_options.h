// tryon by CatVTON: its options, its weights and the checkpoint they go into, and the run.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/model_options.h"
#include "pipelines/drape.h"

namespace CLI {
class App;
}

namespace pentimento {

struct DrapeArguments {
  std::string weights;      // CatVTON's file or folder, or its name in models/CatVTON
  std::string person_mask;  // where the garment goes on the person
  double eta = 1;
  bool keep_outside = true;
};

void add_drape_options(CLI::App& verb, DrapeArguments& a);

// What to paint it from: pictures, and what tryon's own options say.
struct DrapeOrder {
  const InputImage* garment = nullptr;
  const InputImage* person = nullptr;
  const InputImage* garment_mask = nullptr;
};

// Finds the weights and an SD 1.5 inpainting or instruct-pix2pix checkpoint for them, shows the
// licence, says the plan and paints. `shared`: size, steps, guidance, seed as tryon reads them.
Img2ImgPicture drape(Context& context, Terminal& terminal, const DrapeArguments& a,
                     const ModelArguments& model, const Img2ImgRequest& shared,
                     const DrapeOrder& order);

}  // namespace pentimento
