// Pictures in a table with labels above the columns and beside the rows, on white.
// Limitations: labels are set in the system's sans font; without any font they stay blank.
#pragma once

#include <string>
#include <vector>

#include "image/image.h"

namespace pentimento {

// One line of text as a mask, 255 = ink; empty when nothing can be drawn (no text, no font).
// height_px: of the letters with their room above and below, 8..512.
Image text_mask(const std::string& text, int height_px);

struct ContactSheet {
  std::string title;                 // over everything; may be empty
  std::vector<std::string> columns;  // labels; empty: no row of labels
  std::vector<std::string> rows;
  std::vector<Image> cells;  // RGB, row by row; an empty image leaves its place white
};
// All cells get the place of the largest. Throws InvalidArgument when the number of cells is not
// rows x columns (none counts as one), or the sheet would be over 200 megapixels.
Image lay_out(const ContactSheet& sheet);

}  // namespace pentimento
