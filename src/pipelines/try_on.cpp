#include "pipelines/try_on.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/sha256.h"
#include "image/blur.h"
#include "image/mask.h"
#include "image/morphology.h"
#include "image/resize.h"
#include "pipelines/try_on_infotext.h"
#include "samplers/run_memory.h"

namespace pentimento {
namespace {

constexpr int kLatentPixel_px = 8;
constexpr double kPersonLimit = 1.5;  // times the model's native size, on the longer side
constexpr double kPersonTop = 0.22, kPersonWidth = 0.55;  // where there is no face to go by
// From a face (brows to chin) to the head around it, and to where garments are, in faces.
constexpr double kHairAbove = 0.65, kHairBeside = 0.35, kChinBelow = 0.1;
constexpr double kCollarBelow = 0.15, kWaistBelow = 3.2, kUpperWidth = 3.4, kLowerWidth = 2.3;
constexpr double kNarrowest = 0.1, kLeastHeight = 0.15;  // of a place in the picture
constexpr const char* kFigure =
    "a person standing upright, wearing the garment, plain studio "
    "background, full body, photograph";

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::InvalidArgument, message);
}

int round_to_latent(double length) {
  return std::max(kLatentPixel_px,
                  static_cast<int>(std::lround(length / kLatentPixel_px)) * kLatentPixel_px);
}

CutOut cut_out(const TryOnInputs& inputs) {
  const Image& garment = inputs.garment->image;
  if (inputs.garment_mask) {
    const Image mask = mask_from_image(inputs.garment_mask->image, MaskRounding::Keep);
    if (mask.width != garment.width || mask.height != garment.height)
      refuse("garment mask: " + std::to_string(mask.width) + "x" + std::to_string(mask.height) +
             ", expected the garment picture's " + std::to_string(garment.width) + "x" +
             std::to_string(garment.height));
    if (auto by_hand = cut_out_of_mask(mask)) return *std::move(by_hand);
    refuse("garment mask: is empty; paint the garment white");
  }
  CutOutResult found = cut_out_from_plain(garment);
  if (found.cut_out) return *std::move(found.cut_out);
  refuse(inputs.garment->name + ": " + describe(found.problem));
}

// The picture that is worked on, without the garment.
Image canvas_of(const TryOnRequest& request, const TryOnInputs& inputs, int native) {
  const int asked_w = request.image.width, asked_h = request.image.height;
  if (!inputs.person) {
    const int width = asked_w > 0 ? asked_w : native;
    return draw_body_template(round_to_latent(width),
                              round_to_latent(asked_h > 0 ? asked_h : width * 1.5));
  }
  const Image person = to_rgb(inputs.person->image);
  const double longer = std::max(person.width, person.height);
  const double scale = std::min(1.0, kPersonLimit * native / longer);
  const int width = round_to_latent(asked_w > 0 ? asked_w : person.width * scale);
  const int height = round_to_latent(asked_h > 0 ? asked_h : person.height * scale);
  return resize_image(person, width, height, ResizeMode::Crop);
}

// The faces as they lie on the canvas, which shows the middle of the person's picture.
std::vector<Face> faces_on(const Image& canvas, const TryOnInputs& inputs) {
  const double width = inputs.person->image.width, height = inputs.person->image.height;
  const double scale = std::max(canvas.width / width, canvas.height / height);
  const double left = (canvas.width - width * scale) / 2,
               top = (canvas.height - height * scale) / 2;
  std::vector<Face> faces = inputs.faces;
  for (Face& face : faces) {
    face.left = face.left * scale + left;
    face.right = face.right * scale + left;
    face.top = face.top * scale + top;
    face.bottom = face.bottom * scale + top;
  }
  return faces;
}

// Face and hair, an ellipse each.
Image heads(const std::vector<Face>& faces, int width, int height) {
  Image mask(width, height, 1);
  for (const Face& face : faces) {
    const double top = face.top - kHairAbove * face.height(),
                 bottom = face.bottom + kChinBelow * face.height();
    const double half_width = (0.5 + kHairBeside) * face.width(), half_height = (bottom - top) / 2;
    const double x0 = (face.left + face.right) / 2, y0 = (top + bottom) / 2;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        if (std::hypot((x + 0.5 - x0) / half_width, (y + 0.5 - y0) / half_height) <= 1)
          *mask.at(x, y) = 255;
  }
  return mask;
}

// Under the chin, or from the waist down; nothing where the picture ends before.
std::optional<TryOnRequest::Place> place_under(const Face& face, GarmentKind kind,
                                               const Image& canvas) {
  const bool lower = kind == GarmentKind::Lower;
  const double width = std::clamp((lower ? kLowerWidth : kUpperWidth) * face.width() / canvas.width,
                                  kNarrowest, 1.0);
  const double middle = (face.left + face.right) / 2 / canvas.width;
  const double top =
      (face.bottom + (lower ? kWaistBelow : kCollarBelow) * face.height()) / canvas.height;
  if (top > 1 - kLeastHeight) return {};
  return TryOnRequest::Place{middle - width / 2, top, width};
}

Region place_of(const TryOnRequest& request, bool on_person, const std::vector<Face>& faces,
                GarmentKind kind, const Image& canvas, double aspect) {
  if (!request.place && !on_person) return garment_place(kind, canvas.width, canvas.height, aspect);
  auto found = request.place;
  if (!found && !faces.empty()) found = place_under(faces[0], kind, canvas);
  const auto place =
      found.value_or(TryOnRequest::Place{(1 - kPersonWidth) / 2, kPersonTop, kPersonWidth});
  const int left = static_cast<int>(std::lround(place.left * canvas.width));
  const int top = static_cast<int>(std::lround(place.top * canvas.height));
  const double width = place.width * canvas.width;
  const Region region{left, top, left + std::max(1, static_cast<int>(std::lround(width))),
                      top + std::max(1, static_cast<int>(std::lround(width * aspect)))};
  return region;
}

// The garment's box, scaled to the place, laid on the canvas but behind `heads`; and its mask
// there.
void lay(TryOnPlan& plan, const Image& garment, const CutOut& cut, const Image& heads) {
  const Image box = crop(with_alpha(to_rgb(garment), cut.mask), cut.box);
  const Image scaled = resize(box, plan.place.width(), plan.place.height(), Filter::Lanczos);
  Image over(plan.start.width, plan.start.height, 4);
  paste(over, scaled, plan.place.left, plan.place.top);
  plan.garment = Image(over.width, over.height, 1);
  for (size_t i = 0; i < plan.garment.pixels.size(); ++i) {
    if (heads.pixels[i]) over.pixels[4 * i + 3] = 0;
    plan.garment.pixels[i] = over.pixels[4 * i + 3];
  }
  plan.start = to_rgb(alpha_composite(with_alpha(plan.start), over));
}

// A mask that is soft towards the inside only: 0 wherever `mask` is 0.
Image softened(const Image& mask, int px) {
  const Image blurred = box_blur(shrink(mask, px), px);
  Image result = blurred;
  for (size_t i = 0; i < result.pixels.size(); ++i)
    if (mask.pixels[i] == 0) result.pixels[i] = 0;
  return result;
}

Image both(const Image& a, const Image& b) {
  Image result = a;
  for (size_t i = 0; i < result.pixels.size(); ++i)
    result.pixels[i] = std::min(a.pixels[i], b.pixels[i]);
  return result;
}

void clear_above(Image& mask, int y) {
  const auto rows = static_cast<size_t>(std::clamp(y, 0, mask.height));
  std::fill_n(mask.pixels.begin(), rows * static_cast<size_t>(mask.width), uint8_t{0});
}

bool is_blank(const Image& mask) {
  return std::all_of(mask.pixels.begin(), mask.pixels.end(), [](uint8_t v) { return v == 0; });
}

Img2ImgRequest pass(const TryOnRequest& request, const TryOnPlan& plan, double strength) {
  Img2ImgRequest image = request.image;
  image.width = plan.start.width;
  image.height = plan.start.height;
  image.strength = strength;
  image.batch = 1;
  if (image.prompt.empty()) image.prompt = kFigure;
  return image;
}

// One repaint of `picture` where `mask` says; elsewhere it stays, bit for bit.
Img2ImgPicture repaint(LoadedModel& model, const Img2ImgRequest& request, const Img2ImgPlan& plan,
                       const InputImage& picture, const Image& mask, int soft_px,
                       InfotextFacts facts, const Img2ImgOptions& options,
                       const Progress& progress) {
  RepaintMask where;
  where.repaint = mask;
  Img2ImgInputs inputs;
  inputs.picture = &picture;
  inputs.mask = &where;
  inputs.facts = std::move(facts);
  const Image blend = softened(mask, soft_px);
  inputs.finish = [&](Image painted, const FinishedLatents&) {
    return blend_by_mask(picture.image, painted, blend);
  };
  return run_img2img(model, request, plan, inputs, options, progress).at(0);
}

}  // namespace

std::vector<std::string> problems_of(const TryOnRequest& request) {
  std::vector<std::string> problems = problems_of(request.image);
  if (request.image.batch != 1)
    problems.push_back("batch: " + std::to_string(request.image.batch) + ", expected 1");
  if (!(request.seam_strength >= 0 && request.seam_strength <= 1))
    problems.push_back("seam strength: " + std::to_string(request.seam_strength) +
                       ", expected 0 to 1");
  if (request.seam_px < 2 || request.seam_px > 64)
    problems.push_back("seam: " + std::to_string(request.seam_px) + ", expected 2 to 64 pixels");
  if (request.around_px < 8 || request.around_px > 1024)
    problems.push_back("around: " + std::to_string(request.around_px) +
                       ", expected 8 to 1024 pixels");
  if (request.place) {
    const auto& [left, top, width] = *request.place;
    if (!(left >= 0 && left < 1 && top >= 0 && top < 1 && width > 0.05 && width <= 1))
      problems.push_back(
          "place: expected left and top of 0 to 1 and a width of 0.05 to 1, as shares of the "
          "picture");
  }
  return problems;
}

std::string TryOnPlan::describe() const {
  double kept = 0;
  for (const uint8_t value : repaint.pixels) kept += value == 0;
  char text[200];
  std::snprintf(text, sizeof text, "%s at %dx%d, keeps %.0f %% of the picture; ", to_string(kind),
                start.width, start.height, 100 * kept / static_cast<double>(repaint.pixels.size()));
  std::string line = text + around.describe();
  if (over_seam.model_calls > 0) {
    std::snprintf(text, sizeof text, "; then the seam at strength %.2f", over_seam.strength);
    line += text;
  }
  return line;
}

TryOnPlan plan_try_on(const LoadedModel& model, const TryOnRequest& request,
                      const TryOnInputs& inputs, uint64_t random_seed, const Timings* timings) {
  std::string all;
  for (const std::string& problem : problems_of(request))
    all += (all.empty() ? "" : "; ") + problem;
  if (!all.empty()) refuse(all);
  const CutOut cut = cut_out(inputs);
  const double aspect = static_cast<double>(cut.box.height()) / cut.box.width();

  TryOnPlan plan;
  plan.kind = request.kind.value_or(likely_kind(aspect));
  plan.start = canvas_of(request, inputs, model.config().native_size_px);
  const auto faces = inputs.person ? faces_on(plan.start, inputs) : std::vector<Face>{};
  const Image kept_heads = heads(faces, plan.start.width, plan.start.height);
  plan.place = place_of(request, inputs.person != nullptr, faces, plan.kind, plan.start, aspect);
  lay(plan, inputs.garment->image, cut, kept_heads);

  const Image kept = shrink(binarised(plan.garment), request.seam_px / 2);
  if (is_blank(shrink(kept, request.seam_px)))
    refuse(inputs.garment->name +
           ": the garment is too small here to keep its pixels; make it "
           "larger with a wider place, or lessen the seam");
  plan.repaint = inverted(kept);
  plan.seam = both(grow(binarised(plan.garment), request.seam_px),
                   inverted(shrink(binarised(plan.garment), request.seam_px)));
  if (inputs.person) {
    plan.repaint = both(plan.repaint, grow(binarised(plan.garment), request.around_px));
    clear_above(plan.repaint, plan.place.top - 2 * request.seam_px);
    plan.repaint = both(plan.repaint, inverted(kept_heads));
    plan.seam = both(plan.seam, inverted(kept_heads));
  }

  const InputImage start{plan.start, inputs.garment->name, inputs.garment->sha256};
  plan.around = plan_img2img(model, pass(request, plan, request.image.strength), &start,
                             random_seed, timings);
  if (request.seam_strength > 0)
    plan.over_seam = plan_img2img(model, pass(request, plan, request.seam_strength), &start,
                                  plan.around.seeds.at(0), timings);
  if (plan.around.seconds) plan.seconds = *plan.around.seconds + plan.over_seam.seconds.value_or(0);
  return plan;
}

Img2ImgPicture run_try_on(LoadedModel& model, const TryOnRequest& request, const TryOnPlan& plan,
                          const TryOnInputs& inputs, const Img2ImgOptions& options,
                          const Progress& progress) {
  const InfotextFacts facts = try_on_facts(request, plan.kind, inputs);
  Img2ImgOptions pass_options = options;
  pass_options.on_picture = nullptr;
  pass_options.is_done = nullptr;
  std::optional<JoinedRuns> memory;  // both passes make one picture
  if (options.memory) memory.emplace(*options.memory);
  pass_options.memory = memory ? &*memory : nullptr;
  InputImage picture{plan.start, inputs.garment->name, inputs.garment->sha256};
  Img2ImgPicture made =
      repaint(model, pass(request, plan, request.image.strength), plan.around, picture,
              plan.repaint, std::max(1, request.seam_px / 4), facts, pass_options, progress);
  if (request.seam_strength <= 0) return made;

  picture.image = made.image;
  pass_options.trace_dir.reset();
  const Img2ImgPicture seamless =
      repaint(model, pass(request, plan, request.seam_strength), plan.over_seam, picture, plan.seam,
              std::max(1, request.seam_px / 2), facts, pass_options, progress);
  made.image = seamless.image;
  if (made.infotext.get("Pixels SHA-256"))
    made.infotext.set("Pixels SHA-256", sha256_hex(std::as_bytes(std::span(made.image.pixels))));
  return made;
}

}  // namespace pentimento
