// What a picture in a painting style remembers; no Stable Diffusion model has any part in it.
#pragma once

#include "pipelines/recorded_file.h"
#include "pipelines/stylize.h"

namespace pentimento {

// `style`: the picture that served as the style, when one did.
Infotext stylize_infotext(const StylizeRequest& request, const RecordedFile& input,
                          const std::optional<RecordedFile>& style, const Image& result,
                          const std::string& version);

bool was_stylized(const Infotext& info);

// Without the style picture itself, which style_image_of_infotext() names. Throws InvalidArgument
// for a style that is not known.
StylizeRequest stylize_request_from_infotext(const Infotext& info);
std::optional<RecordedFile> style_image_of_infotext(const Infotext& info);

}  // namespace pentimento
