// The verbs models convert and models merge.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/model_path.h"
#include "cli/models_verbs.h"
#include "studio/result_json.h"
#include "weights/convert.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, DType> kTypes = {
    {"f32", DType::F32}, {"f16", DType::F16}, {"bf16", DType::BF16}};

std::optional<DType> type_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return kTypes.at(text);
}

void add_dtype(CLI::App& verb, std::string& dtype) {
  verb.add_option("--dtype", dtype, "f16 halves an f32 file; bf16, f32; default: as it is")
      ->check(CLI::IsMember({"f16", "bf16", "f32"}));
}

std::string megabytes(uint64_t bytes) {
  return std::to_string((bytes + 500'000) / 1'000'000) + " MB";
}

// The new file: as named, with the extension that other programs look for.
fs::path output_of(const std::string& text) {
  fs::path path = text;
  if (path.extension() != ".safetensors")
    throw Error(ErrorKind::InvalidArgument,
                text + ": the new file must be called something.safetensors");
  return path;
}

struct ConvertArguments {
  std::string from, to, dtype, vae;
  bool prune = false, ema = false, drop_vae = false, extract_vae = false;
};

void run_convert(const Context& context, const ConvertArguments& a) {
  if (a.drop_vae && a.extract_vae)
    throw Error(ErrorKind::InvalidArgument, "--drop-vae and --extract-vae exclude each other");
  ConvertOptions options{.dtype = type_of(a.dtype),
                         .prune = a.prune,
                         .use_ema = a.ema,
                         .vae = a.extract_vae ? VaePart::Only
                                : a.drop_vae  ? VaePart::Drop
                                              : VaePart::Keep,
                         .other_vae = {}};
  if (!a.vae.empty()) options.other_vae = a.vae;
  const fs::path to = output_of(a.to);
  Terminal terminal(context.talk());
  const ConvertReport report =
      convert(find_model(context, a.from), to, options, terminal.progress(context.cancel));
  terminal.finish();
  if (context.json) {
    std::cout << convert_json(to.string(), report) << "\n";
    return;
  }
  std::cout << to.string() << ": " << report.tensors << " tensors, " << megabytes(report.bytes);
  if (report.left_out) std::cout << "; " << report.left_out << " left out";
  if (report.from_ema) std::cout << "; " << report.from_ema << " taken from the EMA copies";
  if (report.from_vae) std::cout << "; " << report.from_vae << " from the other VAE";
  std::cout << "\n";
}

struct MergeArguments {
  std::vector<std::string> models;
  std::string to, mode = "weighted-sum", dtype, vae;
  double ratio = 0.5;
  std::vector<double> blocks;
};

void run_merge(const Context& context, const MergeArguments& a) {
  MergeOptions options{.mode = a.mode == "weighted-sum" ? MergeOptions::Mode::WeightedSum
                                                        : MergeOptions::Mode::AddDifference,
                       .ratio = a.ratio,
                       .blocks = a.blocks,
                       .dtype = type_of(a.dtype),
                       .other_vae = {}};
  if (!a.vae.empty()) options.other_vae = a.vae;
  const fs::path to = output_of(a.to);
  std::optional<fs::path> c;
  if (a.models.size() > 2) c = find_model(context, a.models[2]);
  Terminal terminal(context.talk());
  const MergeReport report =
      merge_models(find_model(context, a.models[0]), find_model(context, a.models[1]), c, to,
                   options, terminal.progress(context.cancel));
  terminal.finish();
  if (context.json) {
    std::cout << merge_json(to.string(), report) << "\n";
    return;
  }
  std::cout << to.string() << ": " << report.merged << " tensors merged, " << report.only_in_a
            << " as in the first model, " << megabytes(report.bytes) << "\n";
}

}  // namespace

void add_models_convert(CLI::App& models, Context& context) {
  auto a = std::make_shared<ConvertArguments>();
  CLI::App* verb = models.add_subcommand(
      "convert", "write a model as .safetensors: smaller numbers, no ballast, another VAE");
  verb->add_option("from", a->from, "a .ckpt, .safetensors, .pt or .gguf file")->required();
  verb->add_option("to", a->to, "the new .safetensors file")->required();
  add_dtype(*verb, a->dtype);
  verb->add_flag("--prune", a->prune, "leave out what only training needs (EMA copies, optimiser)");
  verb->add_flag("--use-ema", a->ema, "take the EMA copies in place of the trained weights");
  verb->add_option("--vae", a->vae, "put this VAE in place of the model's own");
  verb->add_flag("--drop-vae", a->drop_vae, "leave the VAE out");
  verb->add_flag("--extract-vae", a->extract_vae, "write the VAE alone");
  add_json_option(*verb, context);
  verb->callback([&context, a] { run_convert(context, *a); });
}

void add_models_merge(CLI::App& models, Context& context) {
  auto a = std::make_shared<MergeArguments>();
  CLI::App* verb =
      models.add_subcommand("merge", "mix checkpoints: A (1-m) + B m, or A + (B - C) m");
  verb->add_option("models", a->models, "two models, or three for add-difference")
      ->required()
      ->expected(2, 3);
  verb->add_option("-o,--output", a->to, "the new .safetensors file")->required();
  verb->add_option("--mode", a->mode, "weighted-sum or add-difference")
      ->check(CLI::IsMember({"weighted-sum", "add-difference"}))
      ->capture_default_str();
  verb->add_option("-m,--ratio", a->ratio, "share of the second model, 0..1 as a rule")
      ->capture_default_str();
  verb->add_option("--blocks", a->blocks,
                   "a ratio for each block of the UNet, inputs, middle, outputs, with commas")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_dtype(*verb, a->dtype);
  verb->add_option("--vae", a->vae, "put this VAE into the result");
  add_json_option(*verb, context);
  verb->callback([&context, a] { run_merge(context, *a); });
}

}  // namespace pentimento
