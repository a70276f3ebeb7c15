// Weights applied to what the text encoder returned (webui-spec §4.3).
#pragma once

#include <span>

#include "text/attention.h"

namespace pentimento {

// z: [texts,77,W], the encoder's output for one chunk of every text of the call (all schedule
// entries of a prompt); weights: [texts,77], as in TokenChunk. In place: z *= weight of its token;
// Original then multiplies all of z by mean(z before) / mean(z after), unless that is no number.
// None and Ignore leave z alone. Pooled vectors are never weighted.
// Throws InvalidArgument if z is not a whole number of rows.
void apply_emphasis(std::span<float> z, std::span<const float> weights, Emphasis emphasis);

}  // namespace pentimento
