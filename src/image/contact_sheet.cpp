#include "image/contact_sheet.h"

#include <algorithm>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"
#include "image/vips.h"

namespace pentimento {
namespace {

constexpr int64_t kMostPixels = 200'000'000;
constexpr int kGapPx = 4;

std::string without_markup(const std::string& text) {  // Pango reads <b> and &amp;
  std::string plain;
  for (const char c : text) {
    if (c == '&')
      plain += "&amp;";
    else if (c == '<')
      plain += "&lt;";
    else if (c == '>')
      plain += "&gt;";
    else
      plain += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return plain;
}

// Black letters of `mask` on white, at most `width` wide, in the middle of width x height.
void write_label(Image& page, const std::string& text, int x, int y, int width, int height) {
  Image mask = text_mask(text, height);
  if (mask.empty() || width < 8) return;
  if (mask.width > width)
    mask = resize(mask, width, std::max(1, mask.height * width / mask.width), Filter::Lanczos);
  paste(page, Image(mask.width, mask.height, 3, 0), x + (width - mask.width) / 2,
        y + (height - mask.height) / 2, mask);
}

}  // namespace

Image text_mask(const std::string& text, int height_px) {
  if (text.empty()) return {};
  start_vips();
  VipsImage* out = nullptr;
  // At 72 dpi a point is a pixel; letters take about two thirds of their line.
  const std::string font = "sans " + std::to_string(std::max(6, height_px * 2 / 3));
  if (vips_text(&out, without_markup(text).c_str(), "font", font.c_str(), "dpi", 72, nullptr) !=
      0) {
    take_vips_error();
    return {};
  }
  const VipsHandle ink(out);
  Image mask(vips_image_get_width(out), vips_image_get_height(out), 1);
  size_t size = 0;
  void* bytes = vips_image_write_to_memory(out, &size);
  if (!bytes || size != mask.pixels.size()) {
    g_free(bytes);
    take_vips_error();
    return {};
  }
  std::copy_n(static_cast<const uint8_t*>(bytes), size, mask.pixels.begin());
  g_free(bytes);
  return mask;
}

Image lay_out(const ContactSheet& sheet) {
  const int columns = std::max<int>(1, static_cast<int>(sheet.columns.size()));
  const int rows = std::max<int>(1, static_cast<int>(sheet.rows.size()));
  if (sheet.cells.size() != static_cast<size_t>(columns) * static_cast<size_t>(rows))
    throw Error(ErrorKind::InvalidArgument, "a contact sheet of " + std::to_string(columns) + "x" +
                                                std::to_string(rows) + " has " +
                                                std::to_string(sheet.cells.size()) + " pictures");
  int width = 1, height = 1;
  for (const Image& cell : sheet.cells) {
    width = std::max(width, cell.width);
    height = std::max(height, cell.height);
  }
  const int line = std::clamp(std::min(width, height) / 12, 16, 64);
  const int top = (sheet.title.empty() ? 0 : line * 2) + (sheet.columns.empty() ? 0 : line * 2);
  int left = 0;  // as wide as the longest label beside a row, but never wider than a cell
  for (const std::string& label : sheet.rows)
    left = std::max(left, text_mask(label, line).width + 2 * kGapPx);
  left = std::min(left, width);
  const int64_t page_width = left + int64_t{columns} * (width + kGapPx) - kGapPx,
                page_height = top + int64_t{rows} * (height + kGapPx) - kGapPx;
  if (page_width * page_height > kMostPixels || page_width > 30000 || page_height > 30000)
    throw Error(ErrorKind::InvalidArgument,
                "the contact sheet would be " + std::to_string(page_width) + "x" +
                    std::to_string(page_height) +
                    ", at most 200 megapixels; take fewer or smaller pictures");
  Image page(static_cast<int>(page_width), static_cast<int>(page_height), 3, 255);
  if (!sheet.title.empty()) write_label(page, sheet.title, 0, line / 2, page.width, line);
  for (size_t c = 0; c < sheet.columns.size(); ++c)
    write_label(page, sheet.columns[c], left + static_cast<int>(c) * (width + kGapPx),
                top - line * 3 / 2, width, line);
  for (size_t r = 0; r < sheet.rows.size(); ++r)
    write_label(page, sheet.rows[r], 0,
                top + static_cast<int>(r) * (height + kGapPx) + (height - line) / 2, left, line);
  for (size_t i = 0; i < sheet.cells.size(); ++i) {
    const Image& cell = sheet.cells[i];
    if (cell.empty()) continue;
    const int c = static_cast<int>(i) % columns, r = static_cast<int>(i) / columns;
    paste(page, to_rgb(cell), left + c * (width + kGapPx) + (width - cell.width) / 2,
          top + r * (height + kGapPx) + (height - cell.height) / 2);
  }
  return page;
}

}  // namespace pentimento
