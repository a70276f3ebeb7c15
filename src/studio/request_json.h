// Between JSON and the pipelines' request types: the only place that knows both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipelines/control.h"
#include "pipelines/img2img_request.h"
#include "studio/fields.h"
#include "text/infotext.h"

namespace pentimento {

// What a job paints with.
struct ModelChoice {
  // Ids or names in the model library; empty: the default. vae: also "automatic", and "none" for
  // the model's own. text_encoder: the model that lends it to one without.
  std::string model, vae, text_encoder;
  std::vector<ControlUnit> controls = {};  // of kinds that have the field `control`
};

// An img2img request and what it is painted with; other kinds' jobs add their own fields to these
// two.
struct Img2ImgJob {
  Img2ImgRequest request;
  ModelChoice choice;
};

// The table: names as Img2ImgRequest's, limits of the server. `with_picture` false: text to image.
std::vector<Field> img2img_fields(bool with_picture);

// `json` has passed check(); fields that txt2img lacks take their defaults.
void read_img2img(const Json& json, Img2ImgRequest& request,
                  ModelChoice& choice);  // what is absent or null stays
Json img2img_to_json(const Img2ImgRequest& request,
                     const ModelChoice& choice);  // every field, seeds as they are; `control` only
                                                  // when there are some
Img2ImgJob img2img_job_from_json(const Json& json);
Json img2img_job_to_json(const Img2ImgJob& job);
Img2ImgJob img2img_job_from_infotext(const Infotext& info);

}  // namespace pentimento
