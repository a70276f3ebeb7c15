// The verbs img2img and txt2img: one set of options, with or without pictures to start from.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "cli/control_options.h"
#include "cli/generation_options.h"
#include "cli/inputs.h"
#include "pipelines/painting_presets.h"

namespace pentimento {
namespace {

struct Arguments {
  Img2ImgRequest request;
  GenerationArguments generation;
  ControlArguments controls;
  std::vector<std::string> inputs;
  std::string style;
  bool list_styles = false, pre_pass = true;
};

void list_presets() {
  for (const PaintingPreset& preset : painting_presets())
    std::printf("%-15s %s, %s\n", preset.key.c_str(), preset.name_en.c_str(),
                preset.name_zh.c_str());
}

// The request within the chosen preset; what the user set himself stays.
Img2ImgRequest styled(const Arguments& a, const CLI::App& verb, const PaintingPreset& preset,
                      const ModelConfig& config) {
  Img2ImgRequest styled = a.request;
  apply_settings(preset, config, styled);
  if (verb.count("--strength")) styled.strength = a.request.strength;
  if (verb.count("--sampler")) styled.sampler = a.request.sampler;
  if (verb.count("--cfg")) styled.cfg = a.request.cfg;
  const PresetPrompts prompts = prompts_of(preset, config, a.request);
  styled.prompt = prompts.prompt;
  styled.negative_prompt = prompts.negative_prompt;
  return styled;
}

void run(Context& context, Arguments& a, const CLI::App& verb, const char* job) {
  if (a.list_styles) return list_presets();
  read_words(a.request, a.generation);
  validate(a.request);
  const PaintingPreset* preset = a.style.empty() ? nullptr : &find_preset(a.style);
  if (std::string(job) == "img2img" && a.inputs.empty())
    throw Error(ErrorKind::InvalidArgument,
                "no input picture given; try: pentimento img2img photo.jpg");
  std::vector<std::filesystem::path> inputs = expand_inputs(a.inputs);
  CommandControls controls(context, a.controls, /*from_picture=*/!inputs.empty());
  if (inputs.empty()) inputs.emplace_back();  // text to image: one run without a picture
  PaintingSession session(context, a.generation, job, inputs.size(), a.request.batch);
  Img2ImgRequest request = a.request;
  std::optional<Stylizer> stylizer;
  if (preset) {
    request = styled(a, verb, *preset, session.model().config());
    if (a.pre_pass && !preset->pre_pass.empty())
      stylizer.emplace(session.runtime(), context.paths.assets / "painting");
  }
  AddOns add_ons(session.runtime(), context.paths.cache);
  controls.load(add_ons, session.model(), session.progress());
  Img2ImgPlan plan;
  for (const auto& path : inputs) {
    std::optional<InputPicture> input;
    if (!path.empty()) input = read_input(path);
    if (stylizer)
      input->input = with_pre_pass(*stylizer, *preset, input->input, session.progress());
    const InputImage* picture = input ? &input->input : nullptr;
    plan = plan_img2img(session.model(), request, picture, session.seed(), &session.timings());
    count_steering(plan, session.model(), controls.cost(), &session.timings());
    Img2ImgOptions options = session.begin(path, plan.describe());
    controls.steer(options);
    Img2ImgInputs all{.picture = picture, .mask = nullptr, .finish = {}, .facts = {}};
    if (preset) all.facts = preset_facts(*preset, stylizer.has_value());
    run_img2img(session.model(), request, plan, all, options, session.progress());
  }
  session.end(plan);
}

void add_verb(CLI::App& app, Context& context, const char* name, const char* description,
              bool from_picture) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(name, description);
  if (from_picture) {
    verb->add_option("input", arguments->inputs,
                     "pictures, folders of pictures, or - for standard input");
    verb->add_option("--style", arguments->style,
                     "a ready way of painting, English or Chinese: watercolour, 油画, …");
    verb->add_flag("!--no-pre-pass", arguments->pre_pass,
                   "with --style: do not lay the painting network's style on beforehand");
    verb->add_flag("--list-styles", arguments->list_styles, "name the styles and stop");
    add_picture_options(*verb, arguments->request, arguments->generation);
  }
  add_generation_options(*verb, arguments->request, arguments->generation);
  add_extra_file_options(*verb, context);
  add_control_options(*verb, arguments->controls);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, arguments, verb, name] { run(context, *arguments, *verb, name); });
}

}  // namespace

void add_img2img(CLI::App& app, Context& context) {
  add_verb(app, context, "img2img", "repaint a picture under a prompt, keeping its composition",
           true);
}

void add_txt2img(CLI::App& app, Context& context) {
  add_verb(app, context, "txt2img", "paint a picture from a prompt alone", false);
}

}  // namespace pentimento
