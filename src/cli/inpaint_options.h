// The options about masks.
#pragma once

#include <string>

#include "pipelines/inpaint.h"

namespace CLI {
class App;
}

namespace pentimento {

struct InpaintArguments {
  std::string mask, intent, content = "original";
};

void add_mask_options(CLI::App& verb, InpaintRequest& request, InpaintArguments& a);

// Puts the words into the request and lets the intent choose whatever the user has not.
void read_mask_words(const CLI::App& verb, InpaintRequest& request, const InpaintArguments& a);

}  // namespace pentimento
