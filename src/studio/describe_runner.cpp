#include "studio/describe_runner.h"

#include "image/codec.h"
#include "pipelines/describe.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "studio/recorded_prompt.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

class DescribeRunner : public JobRunner {
 public:
  JobKind describe() const override {
    return {.kind = "describe",
            .what = "a prompt from a picture, and its colours",
            .inputs = {{"source", "the picture", true}},
            .fields = {{.name = "ignore_recorded",
                        .type = FieldType::Boolean,
                        .default_value = false,
                        .what = "look at the picture even if its file records a prompt"}}};
  }
  Json resolve(Json request, const JobInputs&) const override { return request; }
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
    const Description description = describe_picture(picture.image, facts);
    Json result = Json::parse(describe_json({{source.name, description}})).at("pictures").at(0);
    result.erase("path");
    result["caption"] = description.prompt;
    result["spoken_source"] = spoken_source(description);
    if (port.result) port.result(result);
    port.progress.at("describe", 1, 1);
  }
};

}  // namespace

std::unique_ptr<JobRunner> make_describe_runner() { return std::make_unique<DescribeRunner>(); }

}  // namespace pentimento
