// A plain figure before a plain wall, drawn from a few shapes: where a person will stand, as a hint
// to the model that paints one, and where on it a garment hangs.
#pragma once

#include "image/composite.h"
#include "image/image.h"

namespace pentimento {

enum class GarmentKind { Upper, Lower, Dress };

// RGB, width x height (upright: about 2 wide to 3 high).
Image draw_body_template(int width, int height);

// Where a garment of that shape hangs on the figure: as large as fits the place of its kind,
// proportions kept. aspect: height / width of the cut-out garment.
Region garment_place(GarmentKind kind, int width, int height, double aspect);

// What a garment of that aspect most likely is: a dress when it is much higher than wide.
GarmentKind likely_kind(double aspect);

}  // namespace pentimento
