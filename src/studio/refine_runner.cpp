#include "studio/refine_runner.h"

#include <algorithm>

#include "image/resize.h"
#include "pipelines/refine.h"
#include "pipelines/upscale.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr int64_t kMostPixels = 64'000'000;
constexpr int kStep_px = 8;

struct RefineJob {
  RefineRequest request;  // its image's width and height are those of a tile
  ModelChoice choice;
  std::string upscaler = kDefaultUpscaler;
  double scale = 2;
};

template <typename Visitor, typename Job>
void visit(Visitor& field, Job& job) {
  field("upscaler", job.upscaler);
  field("scale", job.scale);
  field("overlap", job.request.overlap_px);
  field("match_colours", job.request.match_colours);
}

RefineJob job_from_json(const Json& json) {
  RefineJob job;
  job.request.image.strength = 0.2;
  read_img2img(json, job.request.image, job.choice);
  Reader reader(json);
  visit(reader, job);
  return job;
}

Json job_to_json(const RefineJob& job) {
  Json json = img2img_to_json(job.request.image, job.choice);
  Writer writer;
  visit(writer, job);
  json.update(writer.json);
  return json;
}

// Each picture of the batch by itself: seed + k.
RefineRequest picture_of(const RefineJob& job, int k) {
  RefineRequest request = job.request;
  request.image.batch = 1;
  request.image.seed = (*job.request.image.seed + static_cast<uint64_t>(k)) & 0xffffffffu;
  return request;
}

struct Size {
  int width, height;
};
// webui-spec §6.8: int(px * scale) // 8 * 8; "None" leaves the picture alone.
Size enlarged_size(const RefineJob& job, const Image& picture) {
  const bool same = job.upscaler == "None" || job.scale == 1;
  const auto edge = [&](int px) {
    return same ? px : std::max(kStep_px, static_cast<int>(px * job.scale) / kStep_px * kStep_px);
  };
  const Size size{edge(picture.width), edge(picture.height)};
  if (int64_t{size.width} * size.height > kMostPixels)
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     "the result would be " + std::to_string(size.width) + "x" +
                         std::to_string(size.height) + ", more than max_picture_pixels, " +
                         std::to_string(kMostPixels),
                     "request.scale")
        .with_limit("max_picture_pixels");
  return size;
}

int64_t pixel_steps(const RefinePlan& plan, const RefineJob& job) {
  return int64_t{plan.tile.width} * plan.tile.height * static_cast<int64_t>(plan.tiles.size()) *
         plan.tile.model_calls * job.request.image.batch;
}

class RefineRunner : public DiffusionRunner {
 public:
  RefineRunner(DiffusionTools tools, Enlarge enlarge)
      : DiffusionRunner(std::move(tools)), enlarge_(std::move(enlarge)) {}

  JobKind describe() const override {
    JobKind kind{.kind = "refine",
                 .what = "enlarge a picture, then paint it over in tiles",
                 .inputs = {{"source", "the picture", true}},
                 .fields = refine_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    RefineJob job = job_from_json(request);
    tools_.decide(job.request.image, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/true);
    const auto problems = problems_of(picture_of(job, 0));
    if (!problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const RefineJob job = job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const Size size = enlarged_size(job, input_of(inputs, "source").value().image);
    const Timings timings(tools_.timings_file);
    const RefinePlan plan = plan_refine(*model, picture_of(job, 0), size.width, size.height,
                                        *job.request.image.seed, &timings);
    refuse_too_much(pixel_steps(plan, job));
    PlanReport report = report_of(plan.tile);
    report.width = size.width;
    report.height = size.height;
    report.pictures = job.request.image.batch;
    report.steps_that_run = plan.tile.model_calls * static_cast<int>(plan.tiles.size());
    report.seconds = plan.seconds;
    if (report.seconds) *report.seconds *= report.pictures;
    report.sentence = plan.describe();
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const RefineJob job = job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    InputImage picture = input_of(inputs, "source").value();
    picture.image = enlarged(job, to_rgb(picture.image));
    run.join_runs();  // of all tiles of all pictures
    for (int k = 0; k < job.request.image.batch; ++k) {
      const RefineRequest asked = picture_of(job, k);
      const RefinePlan plan = plan_refine(*run.model, asked, picture.image.width,
                                          picture.image.height, *asked.image.seed, &run.timings);
      refuse_too_much(pixel_steps(plan, job));
      Img2ImgPicture made =
          run_refine(*run.model, asked, plan, picture, run.options, port.progress);
      if (job.upscaler != "None") made.infotext.set("SD upscale upscaler", job.upscaler);
      RunnerPicture finished = tools_.picture(asked.image, *run.model, made);
      RefineJob single = job;
      single.request = asked;
      finished.request = job_to_json(single);
      port.picture(k, std::move(finished));
    }
  }

 private:
  Image enlarged(const RefineJob& job, const Image& picture) const {
    const Size size = enlarged_size(job, picture);
    if (job.upscaler == "None" || (size.width == picture.width && size.height == picture.height))
      return picture;
    if (job.upscaler == "Lanczos") return resize(picture, size.width, size.height, Filter::Lanczos);
    if (job.upscaler == "Nearest") return resize(picture, size.width, size.height, Filter::Nearest);
    return to_rgb(enlarge_(picture, size.width, size.height, job.upscaler));
  }

  Enlarge enlarge_;
};

}  // namespace

std::vector<Field> refine_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields) {
    if (field.name == "strength") field.default_value = 0.2;
    if (field.name == "width" || field.name == "height")
      field.what = "of a tile, pixels, a multiple of 8; 0: the model's size";
  }
  const std::vector<Field> more = {
      {.name = "upscaler",
       .default_value = kDefaultUpscaler,
       .what = "what enlarges first: None, Lanczos, Nearest or an upscaler",
       .maximum = 200},
      {.name = "scale",
       .type = FieldType::Number,
       .default_value = 2,
       .what = "how many times as wide and high; not with None",
       .minimum = 1,
       .maximum = 8},
      {.name = "overlap",
       .type = FieldType::Integer,
       .default_value = 64,
       .what = "pixels that neighbouring tiles share",
       .minimum = 8,
       .maximum = 256},
      {.name = "match_colours",
       .type = FieldType::Boolean,
       .default_value = true,
       .what = "give each tile back the mean and spread of its colours"}};
  fields.insert(fields.end(), more.begin(), more.end());
  fields.push_back(control_field());
  return fields;
}

std::unique_ptr<JobRunner> make_refine_runner(DiffusionTools tools, Enlarge enlarge) {
  return std::make_unique<RefineRunner>(std::move(tools), std::move(enlarge));
}

}  // namespace pentimento
