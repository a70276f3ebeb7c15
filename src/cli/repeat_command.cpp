// The verb repeat: makes a result again from what it remembers, and says whether it is the same.
#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/blend_tools.h"
#include "cli/control_options.h"
#include "cli/inputs.h"
#include "cli/repeat_files.h"
#include "pipelines/blend_infotext.h"
#include "pipelines/control_infotext.h"
#include "pipelines/inpaint_infotext.h"
#include "pipelines/outpaint_infotext.h"
#include "pipelines/painting_presets.h"
#include "pipelines/repeat.h"
#include "runtime/version.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

// The job that the infotext tells of, run again.
struct Again {
  Context& context;
  const RepeatArguments& a;
  const Infotext& info;
  Runtime& runtime;
  LoadedModel& model;
  Terminal& terminal;
  const Progress& progress;
  Timings timings;
  Img2ImgOptions options;
  AddOns add_ons;

  std::vector<Img2ImgPicture> blend() {
    const BlendRequest request = blend_request_from_infotext(info);
    const BlendFiles files = blend_files_of_infotext(info);
    std::vector<InputImage> pictures;
    for (const auto& [name, sha256] : files.pictures)
      pictures.push_back(
          read_input(find_file(a, a.input(pictures.size()), name, sha256, "from", "--input"))
              .input);
    const Img2ImgPlan plan = plan_blend(model, request, pictures, 0, &timings);
    const LoadedBlendTools loaded = load_blend_tools(
        context, request.method, files.adapter, files.encoder, runtime, model, add_ons, progress);
    terminal.say(plan.describe());
    return run_blend(model, loaded.tools(), request, plan, pictures, options, progress);
  }

  std::vector<Img2ImgPicture> inpaint(const InputImage& picture, const MaskFile& file) {
    const InpaintRequest request = inpaint_request_from_infotext(info);
    const InputPicture mask =
        read_input(find_file(a, a.mask, file.name, file.sha256, "with the mask", "--mask"));
    const InpaintPlan plan = plan_inpaint(model, request, picture, mask.input, 0, &timings);
    terminal.say(plan.describe());
    return run_inpaint(model, request, plan, picture, mask.input, options, progress);
  }

  std::vector<Img2ImgPicture> outpaint(const InputImage& picture) {
    const OutpaintRequest request = outpaint_request_from_infotext(info);
    const OutpaintPlan plan = plan_outpaint(model, request, picture, 0, &timings);
    terminal.say(plan.describe());
    return run_outpaint(model, request, plan, picture, options, progress);
  }

  std::vector<Img2ImgPicture> run(const InputImage* picture) {
    if (was_blended(info)) return blend();
    const auto mask = mask_of_infotext(info);
    if (picture && mask) return inpaint(*picture, *mask);
    if (picture && was_outpainted(info)) return outpaint(*picture);
    const Img2ImgRequest request = request_from_infotext(info);
    InputImage painted;
    const PaintingPreset* preset = pre_pass_of_infotext(info);
    if (picture && preset) {
      Stylizer stylizer(runtime, context.paths.assets / "painting");
      painted = with_pre_pass(stylizer, *preset, *picture, progress);
      picture = &painted;
    }
    const Img2ImgPlan plan = plan_img2img(model, request, picture, 0, &timings);
    terminal.say(plan.describe());
    return run_img2img(model, request, plan, picture, options, progress);
  }
};

// The ControlNets that steered it, as --control would name them. They are found by name in the
// models folder.
ControlArguments controls_of(const RepeatArguments& a, const Infotext& info, size_t inputs) {
  ControlArguments controls;
  for (ControlRecord& record : controls_of_infotext(info)) {
    if (!record.sha256.empty())
      record.unit.picture = find_file(a, a.input(inputs++), record.name, record.sha256,
                                      "with the control picture", "--input");
    controls.units.push_back(to_text(record.unit));
  }
  return controls;
}

// What steered it then and now: the networks' hashes are in these fields.
void compare_steering(const Infotext& then, const Infotext& now, RepeatReport& report) {
  for (const auto& [key, value] : then.fields)
    if (key.starts_with("ControlNet ") || key == "Blend IP-Adapter" || key == "Blend image encoder")
      if (const std::string again = now.get(key).value_or("none"); again != value)
        report.differences.push_back(key + " was " + value + ", now it is " + again);
}

void run(Context& context, const RepeatArguments& a) {
  const Picture old = read_picture(a.result);
  const auto parameters = old.text.find("parameters");
  if (parameters == old.text.end())
    throw Error(ErrorKind::InvalidArgument,
                a.result + ": no generation parameters in this picture, so it cannot be repeated");
  const Infotext info = parse_infotext(parameters->second);
  if (const auto job = info.get("Job"))
    throw Error(ErrorKind::Unsupported, a.result + ": was made by '" + *job +
                                            "', which is not repeated; run that verb again on the "
                                            "input that pentimento info names");
  const MadeWith then = made_with_from_infotext(info);
  validate(request_from_infotext(info));
  if (context.precision_text == "auto" && !then.precision.empty())
    context.precision_text = then.precision;

  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  const std::filesystem::path path = find_repeated_model(context, a, then);
  LoadedModel model =
      load_model(runtime, path, find_repeated_vae(context, a, then, path), context.paths.cache,
                 progress, find_repeated_text(context, a, then));
  model.extras = context.extra_files();
  std::optional<InputPicture> input;
  size_t inputs = was_blended(info) ? blend_files_of_infotext(info).pictures.size() : 0;
  if (inputs == 0 && !then.input_sha256.empty())
    input = read_input(
        find_file(a, a.input(inputs++), then.input_name, then.input_sha256, "from", "--input"));
  CommandControls controls(context, controls_of(a, info, inputs), /*from_picture=*/true);
  Again again{.context = context,
              .a = a,
              .info = info,
              .runtime = runtime,
              .model = model,
              .terminal = terminal,
              .progress = progress,
              .timings = Timings(context.paths.cache / "timings.txt"),
              .options = {.version = version_text()},
              .add_ons = AddOns(runtime, context.paths.cache)};
  again.options.timings = &again.timings;
  controls.load(again.add_ons, model, progress);
  controls.steer(again.options);
  const auto pictures = again.run(input ? &input->input : nullptr);
  terminal.finish();

  const MadeWith now = made_with_from_infotext(pictures.at(0).infotext);
  RepeatReport report = compare_repeat(old.image, then, pictures[0].image, now);
  compare_steering(info, pictures[0].infotext, report);
  if (!a.output.empty())
    write_picture(a.output, pictures[0].image,
                  {.text = {{"parameters", format_infotext(pictures[0].infotext)}}});
  if (context.json) {
    std::cout << repeat_json(report) << "\n";
    return;
  }
  if (report.identical) {
    std::cout << "identical\n";
  } else {
    std::cout << "different";
    if (std::isfinite(report.psnr_db) && report.psnr_db > 0)
      std::cout << " (PSNR " << std::lround(report.psnr_db) << " dB)";
    std::cout << "\n";
  }
  for (const std::string& difference : report.differences) std::cout << "  " << difference << "\n";
}

}  // namespace

void add_repeat(CLI::App& app, Context& context) {
  auto a = std::make_shared<RepeatArguments>();
  CLI::App* verb =
      app.add_subcommand("repeat", "make a result again and say whether it is identical");
  verb->add_option("result", a->result, "a picture this program made")->required();
  verb->add_option("--input", a->inputs,
                   "the picture it was made from; of several, all of them in their order; default: "
                   "found by name and hash")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->add_option("--mask", a->mask, "the mask it was made with, found in the same way");
  verb->add_option("-m,--model", a->model, "the model; default: found by name and hash");
  verb->add_option("--vae", a->vae, "the VAE file, when one was used");
  verb->add_option("--text-encoder", a->text,
                   "the checkpoint that lent its text encoder, when one did");
  verb->add_option("-o,--output", a->output, "keep the new picture there");
  add_extra_file_options(*verb, context);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
