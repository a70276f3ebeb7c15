// A garment from a shop's picture, worn: the way that keeps its pixels. The garment is cut out,
// laid on a figure or on the picture of a person, and everything else (or what is next to it) is
// painted by the model; then a second, gentle pass over the seam. Print and logo stay as they are.
// Of a person's picture, heads stay as they are, and everything higher than the garment.
// Limitations: the garment keeps the shape it was photographed in: no drape, no pose. A person's
// picture is worked on, and returned, at about the model's size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/cutout.h"
#include "pipelines/body_template.h"
#include "pipelines/img2img.h"
#include "runtime/face_finder.h"

namespace pentimento {

struct TryOnRequest {
  Img2ImgRequest image;  // prompt of the person, steps, seed …; strength: of the painting around
  std::optional<GarmentKind> kind;  // told from the shape when absent
  // Where the garment goes, as shares 0..1 of the picture: left and top corner and width; when
  // absent on the figure, under a person's chin, or in the middle of a picture without a face.
  struct Place {
    double left, top, width;
  };
  std::optional<Place> place;
  int around_px = 96;          // with a person: how far around the garment is repainted; 8..1024
  int seam_px = 10;            // on both sides of the garment's edge; inside, pixels stay; 2..64
  double seam_strength = 0.3;  // 0..1 of the second pass; 0: none
};

// Every problem, one line each; empty when it can run. Needs no model and no picture.
std::vector<std::string> problems_of(const TryOnRequest& request);

struct TryOnInputs {
  const InputImage* garment = nullptr;
  const InputImage* garment_mask = nullptr;  // by hand: wins over the cut-out; the garment's size
  const InputImage* person = nullptr;        // none: a figure is drawn
  std::vector<Face> faces = {};              // of the person's picture, as FaceFinder finds them
};

struct TryOnPlan {
  Image start;    // RGB, the garment laid on: what the model begins with
  Image garment;  // 1 channel, the same size: 255 where the garment lies and is seen
  Region place;
  GarmentKind kind = GarmentKind::Upper;
  Image repaint, seam;  // 1 channel: 255 where the passes may paint
  Img2ImgPlan around, over_seam;
  std::optional<double> seconds;

  // "upper garment at 512x768, keeps 14 % of the picture; strength 1.00: runs …; seam …"
  std::string describe() const;
};

// Throws InvalidArgument with the problems, or saying why no garment was found and that a mask
// helps; what plan_img2img throws.
TryOnPlan plan_try_on(const LoadedModel& model, const TryOnRequest& request,
                      const TryOnInputs& inputs, uint64_t random_seed, const Timings* timings);

// Every pixel of the garment farther than seam_px from its edge is bit-identical to plan.start;
// with a person, so is every pixel of a head, and every one farther than around_px from the garment
// or more than twice seam_px higher than it.
Img2ImgPicture run_try_on(LoadedModel& model, const TryOnRequest& request, const TryOnPlan& plan,
                          const TryOnInputs& inputs, const Img2ImgOptions& options,
                          const Progress& progress);

}  // namespace pentimento
