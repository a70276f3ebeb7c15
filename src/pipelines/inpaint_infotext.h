// What an inpainted picture remembers beyond img2img's fields: A1111's keys where it has them.
#pragma once

#include "pipelines/inpaint.h"
#include "pipelines/recorded_file.h"

namespace pentimento {

InfotextFacts inpaint_facts(const InpaintRequest& request, const InpaintPlan& plan,
                            const InputImage& mask);

// Was the picture made with a mask, and which?
std::optional<RecordedFile> mask_of_infotext(const Infotext& info);

// The request that makes the picture again, as request_from_infotext().
InpaintRequest inpaint_request_from_infotext(const Infotext& info);

// "retouch"; "" for None, which is also what unknown words mean.
const char* to_string(InpaintIntent intent);
const char* to_string(MaskedContent content);  // "latent noise", A1111's words

}  // namespace pentimento
