// The verb repeat: makes a result again from what it remembers, and says whether it is the same.
#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>

#include "base/sha256.h"
#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/model_path.h"
#include "pipelines/inpaint_infotext.h"
#include "pipelines/outpaint_infotext.h"
#include "pipelines/painting_presets.h"
#include "pipelines/repeat.h"
#include "runtime/version.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string result, model, vae, text, input, mask, output;
};

// A file by the name it had: beside the result, then in the working folder; it must have the same
// bytes unless the user names it.
InputPicture find_file(const Arguments& a, const std::string& given, const std::string& name,
                       const std::string& sha256, const char* what, const char* option) {
  if (!given.empty()) return read_input(given);
  std::string seen;
  for (const fs::path& folder :
       {fs::path(a.result).parent_path(), fs::current_path(),
        fs::path(a.result).parent_path().parent_path(), fs::path("examples")}) {
    const fs::path candidate = folder / name;
    std::error_code error;
    if (name.empty() || !fs::is_regular_file(candidate, error)) continue;
    if (sha256_file(candidate) == sha256) return read_input(candidate);
    seen = candidate.string() + " has that name but other bytes; ";
  }
  throw Error(ErrorKind::NotFound, seen + "the picture was made " + what + " '" + name +
                                       "' (SHA-256 " + sha256.substr(0, 10) + "…); name it with " +
                                       option + " FILE");
}

// The VAE the picture names, or the one given; the model's own when there was none.
std::optional<fs::path> vae_of_then(const Context& context, const Arguments& a,
                                    const MadeWith& then, const fs::path& model) {
  if (!a.vae.empty()) return find_vae(context, a.vae, model);
  if (then.vae_name.empty()) return std::nullopt;
  try {
    return find_vae(context, then.vae_name, model);
  } catch (const Error&) {
    throw Error(ErrorKind::NotFound, "the picture was made with the VAE '" + then.vae_name +
                                         "', which is not in the models folder; name it with "
                                         "--vae FILE");
  }
}

// The checkpoint that lent its text encoder, where one did.
std::optional<fs::path> find_text(const Context& context, const Arguments& a,
                                  const MadeWith& then) {
  if (!a.text.empty()) return find_text_encoder(context, a.text);
  if (then.text_name.empty()) return std::nullopt;
  try {
    return find_text_encoder(context, then.text_name);
  } catch (const Error&) {
    throw Error(ErrorKind::NotFound, "the picture was made with the text encoder of '" +
                                         then.text_name + "'; name it with --text-encoder FILE");
  }
}

// The job that the infotext tells of, run again.
struct Again {
  Context& context;
  const Arguments& a;
  const Infotext& info;
  Runtime& runtime;
  LoadedModel& model;
  Terminal& terminal;
  const Progress& progress;
  Timings timings;
  Img2ImgOptions options;

  std::vector<Img2ImgPicture> inpaint(const InputImage& picture, const MaskFile& file) {
    const InpaintRequest request = inpaint_request_from_infotext(info);
    const InputPicture mask =
        find_file(a, a.mask, file.name, file.sha256, "with the mask", "--mask");
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

void run(Context& context, const Arguments& a) {
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
  const fs::path path = a.model.empty()
                            ? find_model_by_hash(context, then.model_name, then.model_hash)
                            : find_model(context, a.model);
  LoadedModel model = load_model(runtime, path, vae_of_then(context, a, then, path),
                                 context.paths.cache, progress, find_text(context, a, then));
  model.extras = context.extra_files();
  std::optional<InputPicture> input;
  if (!then.input_sha256.empty())
    input = find_file(a, a.input, then.input_name, then.input_sha256, "from", "--input");
  Again again{.context = context,
              .a = a,
              .info = info,
              .runtime = runtime,
              .model = model,
              .terminal = terminal,
              .progress = progress,
              .timings = Timings(context.paths.cache / "timings.txt"),
              .options = {.version = version_text()}};
  again.options.timings = &again.timings;
  const auto pictures = again.run(input ? &input->input : nullptr);
  terminal.finish();

  const MadeWith now = made_with_from_infotext(pictures.at(0).infotext);
  const RepeatReport report = compare_repeat(old.image, then, pictures[0].image, now);
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
  auto a = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("repeat", "make a result again and say whether it is identical");
  verb->add_option("result", a->result, "a picture this program made")->required();
  verb->add_option("--input", a->input,
                   "the picture it was made from; default: found by name and hash");
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
