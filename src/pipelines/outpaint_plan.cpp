// Resolving an outpaint request: the canvas and the passes that fill it.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "pipelines/infotext_fields.h"
#include "pipelines/outpaint.h"
#include "pipelines/picture_size.h"
#include "pipelines/problems.h"

namespace pentimento {
namespace {

constexpr int kLargestEdgePx = 8192;
// At least this share of a window is known picture: less, and the model paints something else.
constexpr double kKnownShare = 0.4;

struct Growth {
  int left = 0, right = 0, top = 0, bottom = 0;
  int total() const { return left + right + top + bottom; }
};

int pixels_of(const Extent& extent, int edge) {
  return static_cast<int>(std::lround(extent.percent ? extent.amount * edge / 100 : extent.amount));
}

Growth growth_of(const OutpaintRequest& r, const Image& picture) {
  Growth g{pixels_of(r.left, picture.width), pixels_of(r.right, picture.width),
           pixels_of(r.top, picture.height), pixels_of(r.bottom, picture.height)};
  if (r.aspect > 0) {
    const int width = picture.width + g.left + g.right, height = picture.height + g.top + g.bottom;
    const int wider = static_cast<int>(std::lround(height * r.aspect)) - width,
              taller = static_cast<int>(std::lround(width / r.aspect)) - height;
    if (wider > 0) {
      g.left += wider / 2;
      g.right += wider - wider / 2;
    } else if (taller > 0) {
      g.top += taller / 2;
      g.bottom += taller - taller / 2;
    }
  }
  return g;
}

// Adds the passes that grow `known` by `amount` towards one side. A window spans the whole other
// direction and, along the way it grows, as much as makes up the model's native area.
void add_passes(std::vector<OutpaintPass>& passes, Region& known, Side side, int amount,
                int overlap, const Img2ImgRequest& base, int native) {
  if (amount <= 0) return;
  const bool sideways = side == Side::Left || side == Side::Right;
  const int across = sideways ? known.height() : known.width();
  const int along = sideways ? known.width() : known.height();
  const double scale = std::min(1.0, static_cast<double>(native) / across);
  const double reach = static_cast<double>(native) * native / (across * scale) / scale;
  const int most = std::max(8, static_cast<int>(reach * (1 - kKnownShare)));
  const int count = (amount + most - 1) / most;
  for (int done = 0, i = 1; i <= count; ++i) {
    const int step = static_cast<int>(int64_t{amount} * i / count) - done;
    done += step;
    const int seen = std::clamp(static_cast<int>(reach) - step, std::min(overlap * 2, along),
                                sideways ? known.width() : known.height());
    OutpaintPass pass{.side = side, .known = known, .fresh = known, .window = known};
    switch (side) {
      case Side::Left:
        pass.fresh = {known.left - step, known.top, known.left, known.bottom};
        pass.window = {known.left - step, known.top, known.left + seen, known.bottom};
        known.left -= step;
        break;
      case Side::Right:
        pass.fresh = {known.right, known.top, known.right + step, known.bottom};
        pass.window = {known.right - seen, known.top, known.right + step, known.bottom};
        known.right += step;
        break;
      case Side::Top:
        pass.fresh = {known.left, known.top - step, known.right, known.top};
        pass.window = {known.left, known.top - step, known.right, known.top + seen};
        known.top -= step;
        break;
      case Side::Bottom:
        pass.fresh = {known.left, known.bottom, known.right, known.bottom + step};
        pass.window = {known.left, known.bottom - seen, known.right, known.bottom + step};
        known.bottom += step;
        break;
    }
    const double edge = std::sqrt(static_cast<double>(pass.window.width()) * pass.window.height());
    const PictureSize size =
        size_for(static_cast<double>(pass.window.width()) / pass.window.height(),
                 std::clamp(edge, 0.75 * native, 1.0 * native), native);
    pass.width = base.width ? base.width : size.width;
    pass.height = base.height ? base.height : size.height;
    passes.push_back(pass);
  }
}

}  // namespace

Extent parse_extent(std::string_view text) {
  std::string_view rest = text;
  Extent extent;
  const auto ends = [&](std::string_view unit) {
    if (rest.size() < unit.size() || rest.substr(rest.size() - unit.size()) != unit) return false;
    rest.remove_suffix(unit.size());
    return true;
  };
  extent.percent = ends("%");
  if (!extent.percent) ends("px");
  const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), extent.amount);
  if (end.ec != std::errc() || end.ptr != rest.data() + rest.size() ||
      !std::isfinite(extent.amount))
    throw Error(ErrorKind::InvalidArgument,
                "'" + std::string(text) +
                    "' is no length: expected pixels or percent, as 128, "
                    "128px or 25%");
  return extent;
}

std::string to_string(const Extent& extent) {
  return number_text(extent.amount) + (extent.percent ? "%" : "");
}

std::vector<std::string> problems_of(const OutpaintRequest& r) {
  Problems problems(problems_of(r.base));
  const auto side = [&](const char* field, const Extent& extent) {
    problems.range(field, extent.amount, 0.0, extent.percent ? 400.0 : double{kLargestEdgePx});
  };
  side("left", r.left);
  side("right", r.right);
  side("top", r.top);
  side("bottom", r.bottom);
  if (r.aspect != 0) problems.range("aspect", r.aspect, 0.1, 10.0);
  problems.range("noise detail", r.noise_detail, 0.0, 4.0);
  problems.range("noise colour", r.noise_colour, 0.0, 1.0);
  problems.range("overlap", r.overlap_px, 16, 256);
  problems.range("feather", r.feather_px, 0, std::max(r.overlap_px, 16));
  if (r.base.resize_mode != ResizeMode::Stretch)
    problems.add("resize mode is set, but growing a picture never resizes it");
  return problems.take();
}

void validate(const OutpaintRequest& request) { refuse(problems_of(request)); }

OutpaintPlan plan_outpaint(const LoadedModel& model, const OutpaintRequest& r,
                           const InputImage& picture, uint64_t random_seed,
                           const Timings* timings) {
  validate(r);
  const Image& image = picture.image;
  const Growth grow = growth_of(r, image);
  if (grow.total() == 0)
    throw Error(ErrorKind::InvalidArgument,
                r.aspect > 0 ? "the picture has that aspect already: nothing would grow"
                             : "nothing would grow: say how far with --left, --right, --top, "
                               "--bottom or --aspect");
  OutpaintPlan plan;
  plan.result_width = image.width + grow.left + grow.right;
  plan.result_height = image.height + grow.top + grow.bottom;
  if (plan.result_width > kLargestEdgePx || plan.result_height > kLargestEdgePx)
    throw Error(ErrorKind::InvalidArgument,
                "the result would be " + std::to_string(plan.result_width) + "x" +
                    std::to_string(plan.result_height) + ", at most 8192 on a side");
  plan.original = {grow.left, grow.top, grow.left + image.width, grow.top + image.height};

  const int native = model.config().native_size_px;
  plan.shows_fill =
      r.fill == OutpaintFill::Patches && model.config().variant == Variant::SourceConditioned;
  Region known = plan.original;
  const auto add = [&](Side side, int amount) {
    add_passes(plan.passes, known, side, amount, r.overlap_px, r.base, native);
  };
  add(Side::Left, grow.left);
  add(Side::Right, grow.right);
  add(Side::Top, grow.top);
  add(Side::Bottom, grow.bottom);

  double seconds = 0;
  bool all_known = true;
  for (const OutpaintPass& pass : plan.passes) {  // the largest pass tells the memory
    Img2ImgRequest base = plan.shows_fill ? only_touched_up(r.base) : r.base;
    base.width = pass.width;
    base.height = pass.height;
    Img2ImgPlan one = plan_img2img(model, base, &picture, random_seed, timings);
    all_known = all_known && one.seconds;
    seconds += one.seconds.value_or(0);
    if (one.memory_bytes > plan.img2img.memory_bytes) plan.img2img = std::move(one);
  }
  if (all_known) plan.seconds = seconds;
  return plan;
}

std::string OutpaintPlan::describe() const {
  char text[160];
  std::snprintf(text, sizeof text, "grows %dx%d to %dx%d in %zu pass%s, ", original.width(),
                original.height(), result_width, result_height, passes.size(),
                passes.size() == 1 ? "" : "es");
  Img2ImgPlan all = img2img;
  all.seconds = seconds;
  return text + all.describe();
}

}  // namespace pentimento
