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

// An img2img or txt2img request and which model it is for.
struct Img2ImgJob {
  Img2ImgRequest request;
  // Ids or names in the model library; empty: the default. vae: also "automatic", and "none" for
  // the model's own. text_encoder: the model that lends it to one without.
  std::string model, vae, text_encoder;
  std::vector<ControlUnit> controls = {};  // of kinds that have the field `control`
};

// The table: names as Img2ImgRequest's, limits of the server. `with_picture` false: text to image.
std::vector<Field> img2img_fields(bool with_picture);

// `json` has passed check(); fields that txt2img lacks take their defaults.
Img2ImgJob img2img_job_from_json(const Json& json);
void read_img2img_job(const Json& json, Img2ImgJob& job);  // what is absent or null stays
Json img2img_job_to_json(const Img2ImgJob& job);  // every field, seeds as they are; `control` only
                                                  // when there are some
Img2ImgJob img2img_job_from_infotext(const Infotext& info);

}  // namespace pentimento
