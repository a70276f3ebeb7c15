// What a picture itself says of its making, whichever program wrote it: AUTOMATIC1111 and its
// relatives (text "parameters"), ComfyUI ("prompt", a graph as JSON), InvokeAI
// ("invokeai_metadata", "sd-metadata"), Fooocus ("parameters" as JSON).
// Limitations: of a ComfyUI graph the first sampler counts whose prompt can be followed to a text.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "text/infotext.h"

namespace pentimento {

struct RecordedPrompt {
  std::string program;  // "AUTOMATIC1111", "ComfyUI", "InvokeAI", "Fooocus"
  Infotext info;        // prompt, negative prompt, and settings under A1111's names
};

// `text`: a picture's text chunks by keyword (image/codec.h). Nothing when no chunk holds a prompt;
// damaged or hostile chunks count as none. Never throws Error.
std::optional<RecordedPrompt> recorded_prompt(const std::map<std::string, std::string>& text);

}  // namespace pentimento
