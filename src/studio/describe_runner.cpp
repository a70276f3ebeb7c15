#include "studio/describe_runner.h"

#include "image/codec.h"
#include "pipelines/clip_terms.h"
#include "pipelines/describe.h"
#include "studio/add_on_choice.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "studio/recorded_prompt.h"
#include "studio/result_json.h"
#include "weights/clip_file.h"

namespace pentimento {
namespace {

// A CLIP model with the table of terms; both stay until another model is asked for.
class Eyes {
 public:
  explicit Eyes(DescribeTools tools) : tools_(std::move(tools)) {}

  // The name of the model that looks: the one called `word`, else the first that reads text; ""
  // when there is none. Throws as need_add_on, and Unsupported for a model that reads no text.
  std::string choose(const std::string& word) const {
    if (!tools_.catalog) return "";
    if (!word.empty()) {
      const CatalogModel model = need_add_on(*tools_.catalog, "image_encoder", word);
      if (!open_clip(model.path).text)
        throw CodedError(ErrorKind::Unsupported, "unsupported",
                         model.name + " reads no text: choose a CLIP model with both towers",
                         "request.clip");
      return model.name;
    }
    for (const CatalogModel& model : add_ons_of(*tools_.catalog, "image_encoder"))
      if (open_clip(model.path).text) return model.name;
    return "";
  }

  // For `name` as choose() gave it.
  void look_with(const std::string& name, DescribeInputs& facts, const Progress& progress) {
    terms_ = read_terms(tools_.terms);
    facts.terms = terms_;
    facts.seen_by = name;
    facts.see = [this, name, progress](const Image& picture, const std::vector<Term>& terms) {
      const auto path = need_add_on(*tools_.catalog, "image_encoder", name).path;
      const std::shared_ptr<Clip> clip = tools_.add_ons->clip(path, progress);
      const std::string hash = tools_.add_ons->hash_of(open_clip(path).path, progress);
      if (hash != vectors_of_) {
        vectors_ = term_vectors(*clip, hash, terms, tools_.cache, progress);
        vectors_of_ = hash;
      }
      return term_cosines(*clip, picture, vectors_, progress);
    };
  }

  void drop() {
    if (tools_.add_ons) tools_.add_ons->drop();
    vectors_ = {};
    vectors_of_.clear();
  }

 private:
  DescribeTools tools_;
  std::vector<Term> terms_;
  Tensor vectors_;
  std::string vectors_of_;
};

class DescribeRunner : public JobRunner {
 public:
  explicit DescribeRunner(DescribeTools tools) : eyes_(std::move(tools)) {}

  JobKind describe() const override {
    return {.kind = "describe",
            .what = "a prompt from a picture, and its colours",
            .inputs = {{"source", "the picture", true}},
            .fields = {{.name = "ignore_recorded",
                        .type = FieldType::Boolean,
                        .default_value = false,
                        .what = "look at the picture even if its file records a prompt"},
                       {.name = "measure",
                        .type = FieldType::Boolean,
                        .default_value = false,
                        .what = "do not look with CLIP, only measure"},
                       {.name = "clip",
                        .default_value = "",
                        .what = "a CLIP model with both towers, by id or name; empty: the first",
                        .maximum = 300}}};
  }

  Json resolve(Json request, const JobInputs&) const override {
    if (request.value("measure", false))
      request["clip"] = "";
    else
      request["clip"] = eyes_.choose(request.value("clip", ""));
    return request;
  }

  PlanReport plan(const Json&, const JobInputs&) override {
    return {.pictures = 0, .sentence = "looks at the picture"};
  }

  // The file as it came: what it records of its making wins.
  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    port.progress.at("describe", 0, 1);
    const JobInput& source = inputs.at("source");
    const std::string bytes = read_whole_file(source.file);
    const Picture picture = decode_picture(as_bytes(bytes), source.name);
    DescribeInputs facts{.ignore_recorded = request.at("ignore_recorded")};
    if (auto recorded = recorded_prompt(picture.text)) {
      facts.recorded = std::move(recorded->info);
      facts.recorded_by = recorded->program;
    }
    if (const std::string clip = request.value("clip", ""); !clip.empty())
      eyes_.look_with(clip, facts, port.progress);
    const Description description = describe_picture(picture.image, facts);
    Json result = Json::parse(describe_json({{source.name, description}})).at("pictures").at(0);
    result.erase("path");
    result["caption"] = description.prompt;
    result["spoken_source"] = spoken_source(description);
    if (port.result) port.result(result);
    port.progress.at("describe", 1, 1);
  }

  void unload() override { eyes_.drop(); }

 private:
  Eyes eyes_;
};

}  // namespace

std::unique_ptr<JobRunner> make_describe_runner(DescribeTools tools) {
  return std::make_unique<DescribeRunner>(std::move(tools));
}

}  // namespace pentimento
