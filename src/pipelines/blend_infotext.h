// What a blended picture remembers beyond img2img's fields.
#pragma once

#include "pipelines/blend.h"
#include "pipelines/recorded_file.h"

namespace pentimento {

InfotextFacts blend_facts(const BlendRequest& request, const BlendTools& tools,
                          std::span<const InputImage> pictures);

bool was_blended(const Infotext& info);

// The request that makes the picture again, as request_from_infotext().
BlendRequest blend_request_from_infotext(const Infotext& info);

// What it was made of.
struct BlendFiles {
  std::vector<RecordedFile> pictures;
  std::string adapter, encoder;  // names of their files; empty where there was none
};
BlendFiles blend_files_of_infotext(const Infotext& info);

}  // namespace pentimento
