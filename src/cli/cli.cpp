#include "cli/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "base/error.h"
#include "base/version.h"
#include "cli/context.h"
#include "cli/usage_error.h"

namespace pentimento {
namespace {

constexpr const char* kFooter = R"(
A photo becomes a painting at once, without any download:
  pentimento stylize photo.jpg --style starry-night
Repainted under words, by the small model that comes with the program:
  pentimento img2img photo.jpg --prompt "watercolour" --strength 0.6
With a Stable Diffusion model (.safetensors or .ckpt from Civitai or Hugging Face):
  pentimento img2img photo.jpg --model dreamshaper.safetensors --prompt "watercolour, soft light" --strength 0.5
Make a result again, exactly:
  pentimento repeat result.png
Exit codes: 0 done, 2 wrong usage, 3 not found, 4 corrupt file, 5 unsupported, 6 not enough memory,
7 disk or network, 70 a defect of this program, 130 interrupted.)";

int report(const Error& error, const Context& context) {
  if (error.kind() == ErrorKind::Cancelled)
    std::fprintf(stderr, "stopped; nothing half-written was left\n");
  else
    std::fprintf(stderr, "pentimento: %s\n", error.what());
  if (context.json) std::printf("{\"error\": {\"kind\": \"%s\"}}\n", error_name(error.kind()));
  return exit_code(error.kind());
}

}  // namespace

int run_cli(int argc, char** argv) {
  Context context;
  context.paths = default_paths();
  context.cancel = cancel_on_interrupt();

  CLI::App app("Pentimento: image-to-image Stable Diffusion for ordinary computers", "pentimento");
  app.set_version_flag("--version", std::string("pentimento ") + kVersion);
  app.require_subcommand(1);
  app.footer(kFooter);
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_img2img(app, context);
  add_txt2img(app, context);
  add_inpaint(app, context);
  add_outpaint(app, context);
  add_grid(app, context);
  add_strip(app, context);
  add_stylize(app, context);
  add_upscale(app, context);
  add_describe(app, context);
  add_try_on(app, context);
  add_blend(app, context);
  add_preprocess(app, context);
  add_repeat(app, context);
  add_info(app, context);
  add_inspect(app, context);
  add_models(app, context);
  add_devices(app, context);
  add_bench(app, context);
  add_cache(app, context);
  add_serve(app, context);
  add_import(app, context);
  add_completion(app, context);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    const std::string verb = verb_of(app);
    std::fprintf(stderr, "pentimento: %s\nTry: pentimento %s--help\n",
                 usage_error(app, error).c_str(), verb.empty() ? "" : (verb + " ").c_str());
    return exit_code(ErrorKind::InvalidArgument);
  } catch (const Error& error) {
    return report(error, context);
  } catch (const std::bad_alloc&) {
    return report(
        Error(ErrorKind::OutOfMemory,
              "the computer ran out of memory; close other programs, or ask for a smaller "
              "--width and --height"),
        context);
  } catch (const std::exception& error) {
    return report(
        Error(ErrorKind::Internal, std::string("a defect of this program: ") + error.what()),
        context);
  }
}

}  // namespace pentimento
