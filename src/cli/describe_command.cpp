// The verb describe: a prompt from a picture, and where it was taken from.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/add_on_path.h"
#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/terminal.h"
#include "image/colour_names.h"
#include "pipelines/clip_terms.h"
#include "pipelines/describe.h"
#include "studio/recorded_prompt.h"
#include "studio/result_json.h"
#include "weights/checkpoint.h"

namespace pentimento {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  std::string clip;
  bool ignore_recorded = false, measure = false;
};

std::string palette_text(const Appearance& appearance) {
  std::string text;
  for (const PaletteColour& colour : appearance.palette) {
    const NamedColour& named = nearest_colour(colour.rgb);
    char part[96];
    std::snprintf(part, sizeof part, "%s#%02x%02x%02x %.0f%% %s", text.empty() ? "" : ", ",
                  colour.rgb[0], colour.rgb[1], colour.rgb[2], 100 * colour.share, named.name_en);
    text += part;
  }
  return text;
}

void print(const std::string& path, const Description& d) {
  std::cout << path << "\n";
  std::cout << "  prompt:   " << d.prompt << "\n";
  if (!d.prompt_zh.empty()) std::cout << "  提示词:   " << d.prompt_zh << "\n";
  if (!d.negative_prompt.empty()) std::cout << "  negative: " << d.negative_prompt << "\n";
  std::cout << "  source:   " << spoken_source(d) << "\n";
  const Appearance& a = d.appearance;
  char measured[160];
  std::snprintf(measured, sizeof measured,
                "%dx%d, brightness %.2f, contrast %.2f, colourfulness %.2f, sharpness %.3f",
                a.width, a.height, a.brightness, a.contrast, a.colourfulness, a.sharpness);
  std::cout << "  measured: " << measured << "\n";
  std::cout << "  palette:  " << palette_text(a) << "\n";
}

// A CLIP model with the table of terms, opened when the first picture asks for it.
class Eyes {
 public:
  Eyes(const Context& context, std::filesystem::path file, const Progress& progress)
      : context_(context), path_(std::move(file)), file_(open_clip(path_)), progress_(progress) {}

  std::string name() const { return path_.stem().string(); }
  bool reads_text() const { return file_.text.has_value(); }

  std::vector<float> see(const Image& picture, const std::vector<Term>& terms) {
    if (!clip_) {
      const std::string hash = checkpoint_sha256(file_.path, context_.paths.cache, progress_);
      clip_ = Clip::load(runtime_, file_, hash);
      vectors_ = term_vectors(*clip_, hash, terms, context_.paths.cache, progress_);
    }
    return term_cosines(*clip_, picture, vectors_, progress_);
  }

 private:
  const Context& context_;
  std::filesystem::path path_;
  ClipFile file_;
  Progress progress_;
  Runtime runtime_{context_.runtime_options()};
  std::unique_ptr<Clip> clip_;
  Tensor vectors_;
};

void run(const Context& context, const Arguments& a) {
  Terminal terminal(context.talk());
  std::unique_ptr<Eyes> eyes;
  if (!a.measure && (!a.clip.empty() || has_add_on(context.paths, kImageEncoders)))
    eyes = std::make_unique<Eyes>(context, find_add_on(context, kImageEncoders, a.clip),
                                  terminal.progress(context.cancel));
  // An image encoder that is there for IP-Adapters may have no words.
  if (eyes && a.clip.empty() && !eyes->reads_text()) eyes.reset();
  std::vector<Term> terms;
  if (eyes) terms = read_terms(context.paths.assets / "describe" / "terms.tsv");
  std::vector<DescribedPicture> described;
  for (const auto& path : expand_inputs(a.inputs)) {
    context.cancel.throw_if_cancelled();
    const InputPicture input = read_input(path);
    DescribeInputs inputs{.ignore_recorded = a.ignore_recorded};
    if (auto recorded = recorded_prompt(input.picture.text)) {
      inputs.recorded = std::move(recorded->info);
      inputs.recorded_by = recorded->program;
    }
    inputs.terms = terms;
    if (eyes) {
      inputs.seen_by = eyes->name();
      inputs.see = [&](const Image& picture, const std::vector<Term>& table) {
        return eyes->see(picture, table);
      };
    }
    described.push_back({path.string(), describe_picture(input.input.image, inputs)});
    terminal.finish();
    if (!context.json) print(path.string(), described.back().description);
  }
  if (context.json) std::cout << describe_json(described) << "\n";
}

}  // namespace

void add_describe(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("describe", "a prompt from a picture, and its colours");
  verb->add_option("image", a->inputs, "pictures, folders of pictures, or - for standard input")
      ->required();
  verb->add_flag("--ignore-metadata", a->ignore_recorded,
                 "look at the picture even if its file records a prompt");
  verb->add_option("--clip", a->clip,
                   "a CLIP model with image and text tower, or its name in models/clip_vision");
  verb->add_flag("--measure", a->measure, "do not look with CLIP, only measure");
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
