// The verb outpaint: grows a picture beyond its borders.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>

#include "base/error.h"
#include "cli/generation_options.h"
#include "cli/inputs.h"
#include "pipelines/outpaint.h"

namespace pentimento {
namespace {

struct Arguments {
  OutpaintRequest request;
  GenerationArguments generation;
  std::vector<std::string> inputs;
  std::string left = "0", right = "0", top = "0", bottom = "0", all, aspect, fill = "patches";
};

const std::map<std::string, OutpaintFill> kFills = {{"edge", OutpaintFill::Edge},
                                                    {"blur", OutpaintFill::Blur},
                                                    {"mirror", OutpaintFill::Mirror},
                                                    {"noise", OutpaintFill::Noise},
                                                    {"patches", OutpaintFill::Patches}};

double parse_aspect(const std::string& text) {
  double width = 0, height = 1;
  char rest = 0;
  const int read = std::sscanf(text.c_str(), "%lf:%lf%c", &width, &height, &rest);
  if ((read == 2 || (read == 1 && text.find(':') == std::string::npos)) && width > 0 &&
      height > 0 && std::isfinite(width / height))
    return width / height;
  throw Error(ErrorKind::InvalidArgument,
              "--aspect " + text + ": expected width:height, as 16:9 or 1:1");
}

void read_extents(Arguments& a) {
  OutpaintRequest& r = a.request;
  if (!a.all.empty()) r.left = r.right = r.top = r.bottom = parse_extent(a.all);
  const auto side = [](const std::string& text, Extent& extent) {
    if (text != "0") extent = parse_extent(text);
  };
  side(a.left, r.left);
  side(a.right, r.right);
  side(a.top, r.top);
  side(a.bottom, r.bottom);
  if (!a.aspect.empty()) r.aspect = parse_aspect(a.aspect);
  r.fill = kFills.at(a.fill);
}

void run(Context& context, Arguments& a) {
  read_words(a.request.base, a.generation);
  read_extents(a);
  validate(a.request);
  const auto inputs = expand_inputs(a.inputs);
  PaintingSession session(context, a.generation, "outpaint", inputs.size(), a.request.base.batch);
  OutpaintPlan plan;
  for (const auto& path : inputs) {
    const InputPicture picture = read_input(path);
    plan = plan_outpaint(session.model(), a.request, picture.input, session.seed(),
                         &session.timings());
    const Img2ImgOptions options = session.begin(path, plan.describe());
    run_outpaint(session.model(), a.request, plan, picture.input, options, session.progress());
  }
  session.end(plan.img2img);
}

}  // namespace

void add_outpaint(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("outpaint", "let a picture grow beyond its borders");
  verb->add_option("input", a->inputs, "pictures, folders of pictures, or - for standard input")
      ->required();
  verb->add_option("--left", a->left, "how far: 128, 128px, or 25% of the picture's width");
  verb->add_option("--right", a->right, "the same to the right");
  verb->add_option("--top,--up", a->top, "upwards");
  verb->add_option("--bottom,--down", a->bottom, "downwards");
  verb->add_option("--all", a->all, "on all four sides");
  verb->add_option("--aspect", a->aspect,
                   "width:height, as 16:9: grows the shorter direction, equally on both sides");
  verb->add_option(
          "--fill", a->fill,
          "what the new part begins with: patches (pieces of the picture itself), blur, edge, "
          "mirror (reflection with noise), noise (with the picture's texture and colours; for "
          "strengths near 1)")
      ->check(CLI::IsMember(keys_of(kFills)))
      ->capture_default_str();
  verb->add_option("--overlap", a->request.overlap_px,
                   "pixels of the picture that are painted again so that both parts meet")
      ->capture_default_str();
  verb->add_option("--feather", a->request.feather_px,
                   "pixels over which both are mixed; 0 leaves every original pixel untouched")
      ->capture_default_str();
  verb->add_option("--noise-detail", a->request.noise_detail,
                   "0..4, of --fill noise: the lower, the more details")
      ->group("Fine control")
      ->capture_default_str();
  verb->add_option("--noise-colour", a->request.noise_colour,
                   "0..1, of --fill noise: how much it varies in colour")
      ->group("Fine control")
      ->capture_default_str();
  verb->add_flag("!--no-match-tone", a->request.match_tone,
                 "leave a shift of colour as the model made it")
      ->group("Fine control");
  add_picture_options(*verb, a->request.base, a->generation);
  add_generation_options(*verb, a->request.base, a->generation);
  add_extra_file_options(*verb, context);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
