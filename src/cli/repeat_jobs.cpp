#include "cli/repeat_jobs.h"

#include <algorithm>

#include "base/error.h"
#include "cli/blend_tools.h"
#include "cli/control_options.h"
#include "cli/drape_options.h"
#include "cli/upscaling.h"
#include "image/resize.h"
#include "pipelines/blend_infotext.h"
#include "pipelines/control_infotext.h"
#include "pipelines/infotext_fields.h"
#include "pipelines/inpaint_infotext.h"
#include "pipelines/outpaint_infotext.h"
#include "pipelines/painting_presets.h"
#include "pipelines/stylize_infotext.h"
#include "pipelines/try_on_infotext.h"
#include "pipelines/upscale_infotext.h"
#include "runtime/version.h"

namespace pentimento {
namespace {

// What the result was made with, found again, and how it is shown.
struct Order {
  Context& context;
  const RepeatArguments& a;
  const Infotext& info;
  Terminal& terminal;
  MadeWith then = made_with_from_infotext(info);
  Progress progress = terminal.progress(context.cancel);
  size_t given = 0;  // of --input

  InputPicture next_input(const RecordedFile& file, const char* what) {
    return read_input(find_file(a, a.input(given++), file.name, file.sha256, what, "--input"));
  }
  InputPicture source() { return next_input({then.input_name, then.input_sha256}, "from"); }
  InputPicture mask(const RecordedFile& file) const {
    return read_input(find_file(a, a.mask, file.name, file.sha256, "with the mask", "--mask"));
  }
};

bool was_draped(const Infotext& info) { return info.get("CatVTON").has_value(); }

// What a picture does not tell enough of: it was made of other pictures that nobody kept.
void refuse_what_cannot_be_repeated(const Order& order) {
  const Infotext& info = order.info;
  std::string job;
  if (info.get("Hires upscaler")) job = "hires fix";
  if (info.get("Denoising curve")) job = "loopback";
  if (const auto named = info.get("Job"))
    if (!was_stylized(info) && !was_enlarged(info) && !was_tried_on(info) && !was_draped(info))
      job = *named;
  if (!job.empty())
    throw Error(ErrorKind::Unsupported, order.a.result + ": was made by '" + job +
                                            "', which is not repeated; run that job again on the "
                                            "input that pentimento info names");
}

Repeated stylized(Order& order, Runtime& runtime) {
  StylizeRequest request = stylize_request_from_infotext(order.info);
  const InputPicture photo = order.source();
  const auto style = style_image_of_infotext(order.info);
  if (style) request.style_image = order.next_input(*style, "in the style of").input.image;
  Stylizer stylizer(runtime, order.context.paths.assets / "painting");
  Repeated again{stylize(stylizer, request, photo.input.image, order.progress), {}};
  again.infotext = stylize_infotext(request, {photo.input.name, photo.input.sha256}, style,
                                    again.image, version_text());
  return again;
}

Repeated draped(Order& order) {
  const Infotext& info = order.info;
  const InputPicture garment = order.source();
  const InputPicture person =
      order.next_input(person_of_infotext(info).value_or(RecordedFile{}), "with the person");
  DrapeArguments drape_options{.weights = without_hash(info.get("CatVTON").value_or("")),
                               .person_mask = "",
                               .eta = read_field_or(info, "Eta", 1.0),
                               .keep_outside = info.get("Overlay").value_or("") != "False"};
  if (const auto mask = recorded_file(info, "Person mask"))
    drape_options.person_mask = find_file(order.a, order.a.input(order.given++), mask->name,
                                          mask->sha256, "with the person's mask", "--input");
  std::optional<InputPicture> garment_mask;
  if (const auto mask = garment_mask_of_infotext(info)) garment_mask = order.mask(*mask);
  const std::filesystem::path model = find_repeated_model(order.context, order.a, order.then);
  const auto vae = find_repeated_vae(order.context, order.a, order.then, model);
  Img2ImgPicture made = drape(order.context, order.terminal, drape_options,
                              {.model = model, .vae = vae ? vae->string() : "none", .text = ""},
                              request_from_infotext(info),
                              {.garment = &garment.input,
                               .person = &person.input,
                               .garment_mask = garment_mask ? &garment_mask->input : nullptr});
  return {std::move(made.image), std::move(made.infotext)};
}

// `model`: null where nothing painted it over.
Repeated enlarged(Order& order, Runtime& runtime, LoadedModel* model, Timings& timings) {
  UpscaleOrder upscale{.request = upscale_request_from_infotext(order.info), .entry = {}};
  upscale.entry =
      find_upscaler(upscaler_folders(order.context.paths),
                    order.a.upscaler.empty() ? upscale.request.upscaler : order.a.upscaler);
  const auto network = open_network(runtime, upscale.entry);
  upscale.network = network.get();
  upscale.model = model;
  if (model) upscale.refine = refine_request_from_infotext(order.info);
  Upscaled made =
      upscale_picture(runtime, upscale, order.source(), timings, order.terminal, order.progress);
  return {std::move(made.image), std::move(made.infotext)};
}

// As the server's job "refine" enlarges, before tiles are painted over.
Image enlarged_for_tiles(Order& order, Runtime& runtime, const Image& picture) {
  const auto size = parse_size(order.info.get("Size").value_or(""));
  const std::string upscaler = sd_upscaler_of_infotext(order.info);
  if (!size || upscaler == "None" || *size == std::pair(picture.width, picture.height))
    return picture;
  const auto [width, height] = *size;
  if (upscaler == "Nearest") return resize(picture, width, height, Filter::Nearest);
  const UpscaleRequest request{.width = width, .height = height, .upscaler = upscaler};
  const UpscalerEntry entry = find_upscaler(upscaler_folders(order.context.paths), upscaler);
  const auto network = open_network(runtime, entry);
  const UpscalePlan plan =
      plan_upscale(request, entry, network.get(), picture.width, picture.height, nullptr);
  return to_rgb(run_upscale(network.get(), plan, picture, order.progress));
}

// A job that a model painted.
struct Painting {
  Order& order;
  Runtime& runtime;
  LoadedModel& model;
  Timings& timings;
  AddOns& add_ons;
  Img2ImgOptions options;

  Img2ImgPicture blended(const std::vector<InputImage>& pictures) {
    const BlendRequest request = blend_request_from_infotext(order.info);
    const BlendFiles files = blend_files_of_infotext(order.info);
    const Img2ImgPlan plan = plan_blend(model, request, pictures, 0, &timings);
    const LoadedBlendTools loaded =
        load_blend_tools(order.context, request.method, files.adapter, files.encoder, runtime,
                         model, add_ons, order.progress);
    order.terminal.say(plan.describe());
    return run_blend(model, loaded.tools(), request, plan, pictures, options, order.progress).at(0);
  }

  Img2ImgPicture inpainted(const InputImage& picture, const RecordedFile& file) {
    const InpaintRequest request = inpaint_request_from_infotext(order.info);
    const InputPicture mask = order.mask(file);
    const InpaintPlan plan = plan_inpaint(model, request, picture, mask.input, 0, &timings);
    order.terminal.say(plan.describe());
    return run_inpaint(model, request, plan, picture, mask.input, options, order.progress).at(0);
  }

  Img2ImgPicture outpainted(const InputImage& picture) {
    const OutpaintRequest request = outpaint_request_from_infotext(order.info);
    const OutpaintPlan plan = plan_outpaint(model, request, picture, 0, &timings);
    order.terminal.say(plan.describe());
    return run_outpaint(model, request, plan, picture, options, order.progress).at(0);
  }

  Img2ImgPicture tried_on(const InputImage& garment) {
    const TryOnRequest request = try_on_request_from_infotext(order.info);
    std::optional<InputPicture> person, mask;
    if (const auto file = person_of_infotext(order.info))
      person = order.next_input(*file, "with the person");
    if (const auto file = garment_mask_of_infotext(order.info)) mask = order.mask(*file);
    TryOnInputs inputs{.garment = &garment,
                       .garment_mask = mask ? &mask->input : nullptr,
                       .person = person ? &person->input : nullptr};
    if (person)
      inputs.faces = FaceFinder(runtime, order.context.paths.assets / "faces")
                         .find(to_rgb(person->input.image), order.progress);
    const TryOnPlan plan = plan_try_on(model, request, inputs, 0, &timings);
    order.terminal.say(plan.describe());
    return run_try_on(model, request, plan, inputs, options, order.progress);
  }

  Img2ImgPicture refined(InputImage picture) {
    picture.image = enlarged_for_tiles(order, runtime, to_rgb(picture.image));
    const RefineRequest request = refine_request_from_infotext(order.info);
    const RefinePlan plan =
        plan_refine(model, request, picture.image.width, picture.image.height, 0, &timings);
    order.terminal.say(plan.describe());
    Img2ImgPicture made = run_refine(model, request, plan, picture, options, order.progress);
    if (const auto upscaler = order.info.get("SD upscale upscaler"))
      made.infotext.set("SD upscale upscaler", *upscaler);
    return made;
  }

  // `picture`: null for text to image.
  Img2ImgPicture painted(const InputImage* picture) {
    const Img2ImgRequest request = request_from_infotext(order.info);
    InputImage prepared;
    const PaintingPreset* preset = pre_pass_of_infotext(order.info);
    if (picture && preset) {
      Stylizer stylizer(runtime, order.context.paths.assets / "painting");
      prepared = with_pre_pass(stylizer, *preset, *picture, order.progress);
      picture = &prepared;
    }
    const Img2ImgPlan plan = plan_img2img(model, request, picture, 0, &timings);
    order.terminal.say(plan.describe());
    return run_img2img(model, request, plan, picture, options, order.progress).at(0);
  }

  Img2ImgPicture run(const std::vector<InputImage>& pictures) {
    if (was_blended(order.info)) return blended(pictures);
    if (pictures.empty()) return painted(nullptr);
    const InputImage& picture = pictures[0];
    if (was_tried_on(order.info)) return tried_on(picture);
    if (was_refined(order.info)) return refined(picture);
    if (const auto mask = mask_of_infotext(order.info)) return inpainted(picture, *mask);
    if (was_outpainted(order.info)) return outpainted(picture);
    return painted(&picture);
  }
};

// The pictures a job starts from, but for those that only some jobs have.
std::vector<InputImage> pictures_of(Order& order) {
  std::vector<InputImage> pictures;
  if (was_blended(order.info))
    for (const RecordedFile& file : blend_files_of_infotext(order.info).pictures)
      pictures.push_back(order.next_input(file, "from").input);
  else if (!order.then.input_sha256.empty())
    pictures.push_back(order.source().input);
  return pictures;
}

// The ControlNets that steered it, as --control would name them. They are found by name in the
// models folder.
ControlArguments controls_of(Order& order) {
  ControlArguments controls;
  for (ControlRecord& record : controls_of_infotext(order.info)) {
    if (!record.sha256.empty())
      record.unit.picture = find_file(order.a, order.a.input(order.given++), record.name,
                                      record.sha256, "with the control picture", "--input");
    controls.units.push_back(to_text(record.unit));
  }
  return controls;
}

LoadedModel model_of(const Order& order, Runtime& runtime) {
  const std::filesystem::path path = find_repeated_model(order.context, order.a, order.then);
  LoadedModel model =
      load_model(runtime, path, find_repeated_vae(order.context, order.a, order.then, path),
                 order.context.paths.cache, order.progress,
                 find_repeated_text(order.context, order.a, order.then));
  model.extras = order.context.extra_files();
  return model;
}

}  // namespace

Repeated repeat_job(Context& context, const RepeatArguments& a, const Infotext& info,
                    Terminal& terminal) {
  Order order{.context = context, .a = a, .info = info, .terminal = terminal};
  refuse_what_cannot_be_repeated(order);
  if (was_draped(info)) return draped(order);
  Runtime runtime(context.runtime_options());
  Timings timings(context.paths.cache / "timings.txt");
  if (was_stylized(info)) return stylized(order, runtime);
  if (was_enlarged(info) && !was_refined(info)) return enlarged(order, runtime, nullptr, timings);
  if (!was_refined(info)) validate(request_from_infotext(info));  // else its size is no tile's
  LoadedModel model = model_of(order, runtime);
  if (was_enlarged(info)) return enlarged(order, runtime, &model, timings);

  const std::vector<InputImage> pictures = pictures_of(order);
  AddOns add_ons(runtime, context.paths.cache);
  CommandControls controls(context, controls_of(order), /*from_picture=*/true);
  Painting painting{.order = order,
                    .runtime = runtime,
                    .model = model,
                    .timings = timings,
                    .add_ons = add_ons,
                    .options = {.version = version_text(), .timings = &timings}};
  controls.load(add_ons, model, order.progress);
  controls.steer(painting.options);
  Img2ImgPicture made = painting.run(pictures);
  return {std::move(made.image), std::move(made.infotext)};
}

}  // namespace pentimento
