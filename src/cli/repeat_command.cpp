// The verb repeat: makes a result again from what it remembers, and says whether it is the same.
#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/inputs.h"
#include "cli/repeat_jobs.h"
#include "pipelines/repeat.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

// The hash of a network or a picture that compare_repeat() does not look at.
bool names_something_used(const std::string& key) {
  if (key == "Input SHA-256" || key == "Pixels SHA-256") return false;
  return key.starts_with("ControlNet ") || key.ends_with(" SHA-256") || key == "CatVTON" ||
         key == "Blend IP-Adapter" || key == "Blend image encoder" ||
         key == "Postprocess upscaler hash";
}

void compare_what_was_used(const Infotext& then, const Infotext& now, RepeatReport& report) {
  for (const auto& [key, value] : then.fields)
    if (names_something_used(key))
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
  const MadeWith then = made_with_from_infotext(info);
  if (context.precision_text == "auto" && !then.precision.empty())
    context.precision_text = then.precision;

  Terminal terminal(context.talk());
  const Repeated again = repeat_job(context, a, info, terminal);
  terminal.finish();

  RepeatReport report =
      compare_repeat(old.image, then, to_rgb(again.image), made_with_from_infotext(again.infotext));
  compare_what_was_used(info, again.infotext, report);
  if (!a.output.empty())
    write_picture(a.output, again.image,
                  {.text = {{"parameters", format_infotext(again.infotext)}}});
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
                   "the picture it was made from; of several, all of them in their order (tryon: "
                   "garment, person, person's mask); default: found by name and hash")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->add_option("--mask", a->mask, "the mask it was made with, found in the same way");
  verb->add_option("-m,--model", a->model, "the model; default: found by name and hash");
  verb->add_option("--vae", a->vae, "the VAE file, when one was used");
  verb->add_option("--text-encoder", a->text,
                   "the checkpoint that lent its text encoder, when one did");
  verb->add_option("--upscaler", a->upscaler,
                   "the network that enlarged it, when it is not installed under its name");
  verb->add_option("-o,--output", a->output, "keep the new picture there");
  add_extra_file_options(*verb, context);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
