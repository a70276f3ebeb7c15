#include "studio/try_on_runner.h"

#include "studio/coded_error.h"
#include "studio/diffusion_run.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

struct TryOnJob {
  TryOnRequest request;
  ModelChoice choice;
  Json kind, place;  // as they are written
};

template <typename Visitor, typename Request>
void visit(Visitor& field, Request& r) {
  field("around", r.around_px);
  field("seam", r.seam_px);
  field("seam_strength", r.seam_strength);
}

TryOnJob job_from_json(const Json& json) {
  TryOnJob job;
  job.request.image.strength = 1;
  read_img2img(json, job.request.image, job.choice);
  Reader reader(json);
  visit(reader, job.request);
  job.kind = json.value("kind", Json(nullptr));
  job.place = json.value("place", Json(nullptr));
  if (job.kind == "upper") job.request.kind = GarmentKind::Upper;
  if (job.kind == "lower") job.request.kind = GarmentKind::Lower;
  if (job.kind == "dress") job.request.kind = GarmentKind::Dress;
  if (job.place.is_array() && !job.place.empty()) {
    if (job.place.size() != 3)
      throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                       "place has " + std::to_string(job.place.size()) +
                           " numbers, expected left, top and width as shares of the picture",
                       "request.place");
    job.request.place = {{job.place[0], job.place[1], job.place[2]}};
  }
  return job;
}

Json job_to_json(const TryOnJob& job) {
  Json json = img2img_to_json(job.request.image, job.choice);
  Writer writer;
  visit(writer, job.request);
  json.update(writer.json);
  json["kind"] = job.kind.is_null() ? Json("auto") : job.kind;
  json["place"] = job.place;
  return json;
}

// The pictures of a job, kept while the pipeline looks at them.
struct TryOnPictures {
  explicit TryOnPictures(const JobInputs& files, const FindFaces& find)
      : garment(input_of(files, "source").value()),
        mask(input_of(files, "garment_mask")),
        person(input_of(files, "person")) {
    if (person && find) faces = find(to_rgb(person->image));
  }
  TryOnInputs inputs() const {
    return {.garment = &garment,
            .garment_mask = mask ? &*mask : nullptr,
            .person = person ? &*person : nullptr,
            .faces = faces};
  }
  InputImage garment;
  std::optional<InputImage> mask, person;
  std::vector<Face> faces;
};

class TryOnRunner : public DiffusionRunner {
 public:
  TryOnRunner(DiffusionTools tools, FindFaces find)
      : DiffusionRunner(std::move(tools)), find_(std::move(find)) {}

  JobKind describe() const override {
    return {.kind = "try_on",
            .what = "a garment from a shop's picture, worn; its print and logo stay as they are",
            .inputs = {{"source", "the garment, before a plain background", true},
                       {"person", "who wears it; without, somebody is painted around it", false},
                       {"garment_mask", "where the garment is, white on black", false}},
            .fields = try_on_fields(),
            .unavailable = tools_.unavailable()};
  }

  Json resolve(Json request, const JobInputs&) const override {
    TryOnJob job = job_from_json(request);
    tools_.decide(job.request.image, job.choice);
    const auto problems = problems_of(job.request);
    if (!problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& files) override {
    const TryOnJob job = job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const TryOnPictures pictures(files, find_);
    const Timings timings(tools_.timings_file);
    const TryOnPlan plan =
        plan_try_on(*model, job.request, pictures.inputs(), *job.request.image.seed, &timings);
    PlanReport report = report_of(plan.around);
    report.steps_that_run = plan.around.model_calls + plan.over_seam.model_calls;
    report.seconds = plan.seconds;
    report.sentence = plan.describe();
    return report;
  }

  void run(const Json& request, const JobInputs& files, const RunnerPort& port) override {
    const TryOnJob job = job_from_json(request);
    DiffusionRun run(tools_, job.choice, files, port);
    const TryOnPictures pictures(files, find_);
    const TryOnPlan plan = plan_try_on(*run.model, job.request, pictures.inputs(),
                                       *job.request.image.seed, &run.timings);
    run.join_runs();  // of both passes
    const Img2ImgPicture made =
        run_try_on(*run.model, job.request, plan, pictures.inputs(), run.options, port.progress);
    RunnerPicture picture = tools_.picture(job.request.image, *run.model, made);
    picture.request = job_to_json(job);
    port.picture(0, std::move(picture));
  }

 private:
  FindFaces find_;
};

}  // namespace

std::vector<Field> try_on_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields) {
    if (field.name == "strength") field.default_value = 1;
    if (field.name == "batch") field.maximum = 1;
  }
  const std::vector<Field> more = {
      {.name = "kind",
       .default_value = "auto",
       .what = "what the garment is; auto: told from its shape",
       .choices = {"auto", "upper", "lower", "dress"}},
      {.name = "place",
       .type = FieldType::Array,
       .what = "left, top and width of the garment as shares of the picture; null: as it fits",
       .maximum = 3,
       .items = FieldType::Number},
      {.name = "around",
       .type = FieldType::Integer,
       .default_value = 96,
       .what = "with a person: how many pixels around the garment are repainted",
       .minimum = 8,
       .maximum = 1024},
      {.name = "seam",
       .type = FieldType::Integer,
       .default_value = 10,
       .what = "pixels on both sides of the garment's edge",
       .minimum = 2,
       .maximum = 64},
      {.name = "seam_strength",
       .type = FieldType::Number,
       .default_value = 0.3,
       .what = "of the second pass over the seam; 0: none",
       .minimum = 0,
       .maximum = 1}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::unique_ptr<JobRunner> make_try_on_runner(DiffusionTools tools, FindFaces find) {
  return std::make_unique<TryOnRunner>(std::move(tools), std::move(find));
}

}  // namespace pentimento
