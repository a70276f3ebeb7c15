#include "pipelines/control.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "image/codec.h"
#include "pipelines/add_on_files.h"
#include "pipelines/add_ons.h"
#include "pipelines/control_infotext.h"
#include "pipelines/control_stack.h"
#include "pipelines/grid.h"
#include "pipelines/guidance.h"
#include "pipelines/img2img.h"
#include "pipelines/inpaint.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::golden_path;
using testing::refusal;
using testing::relative_error;
using testing::says;
using testing::TempDir;

TEST(ControlUnit, IsReadFromOneWord) {
  const ControlUnit unit = parse_control_unit(
      "nets/canny:v2.safetensors:pre=canny,image=my, photo.png,weight=0.8,start=0.1,end=0.6,"
      "mode=prompt,resize=fill,a=50,b=120");
  EXPECT_EQ(unit.network, "nets/canny:v2.safetensors");
  EXPECT_EQ(unit.picture, "my, photo.png");
  EXPECT_EQ(unit.preprocess.preprocessor, Preprocessor::Canny);
  EXPECT_EQ(unit.preprocess.threshold_a, 50);
  EXPECT_EQ(unit.preprocess.threshold_b, 120);
  EXPECT_EQ(unit.weight, 0.8);
  EXPECT_EQ(unit.start, 0.1);
  EXPECT_EQ(unit.end, 0.6);
  EXPECT_EQ(unit.mode, ControlMode::Prompt);
  EXPECT_EQ(unit.resize_mode, ResizeMode::Fill);
  EXPECT_EQ(parse_control_unit("tile").network, "tile");
  EXPECT_TRUE(problems_of(parse_control_unit("tile")).empty());
}

TEST(ControlUnit, RefusesWhatItCannotRead) {
  EXPECT_TRUE(says(refusal([] { parse_control_unit(":weight=1"); }), "names no ControlNet"));
  EXPECT_TRUE(says(refusal([] { parse_control_unit("x:weight=much"); }), "not a number"));
  EXPECT_TRUE(says(refusal([] { parse_control_unit("x:weight=1,wait=2"); }), "'wait=2'"));
  EXPECT_TRUE(says(refusal([] { parse_control_unit("x:mode=strong"); }), "balanced"));
  EXPECT_TRUE(says(refusal([] { parse_control_unit("x:resize=squash"); }), "stretch"));
  EXPECT_TRUE(says(refusal(ErrorKind::Unsupported, [] { parse_control_unit("x:pre=depth_midas"); }),
                   "depth_midas"));
  const ControlUnit wrong{
      .network = "", .weight = 3, .start = 0.7, .end = 0.2, .resize_mode = ResizeMode::Latent};
  EXPECT_EQ(problems_of(wrong).size(), 4u);
  EXPECT_FALSE(problems_of(ControlUnit{.network = "x", .weight = NAN}).empty());
}

TEST(ControlUnit, IsDescribedAsA1111DoesIt) {
  const ControlUnit unit = parse_control_unit("nets/canny.pth:pre=canny,weight=1,end=0.5,mode=2");
  EXPECT_EQ(describe_control(unit, "0123456789abcdef"),
            "Module: canny, Model: canny [0123456789], Weight: 1.0, Resize Mode: Crop and Resize, "
            "Threshold A: 100.0, Threshold B: 200.0, Guidance Start: 0.0, Guidance End: 0.5, "
            "Pixel Perfect: True, Control Mode: ControlNet is more important");
}

// Finds ones everywhere, and remembers what it was asked.
struct FakeNet : ControlNet {
  struct Nothing : StableDiffusion::Prepared {};
  bool pools = false;
  size_t outputs = 13;
  std::vector<size_t> asked;  // conditions of each evaluation

  bool global_pool() const override { return pools; }
  Tensor hint(const Tensor&, const Progress&) override { return Tensor({1, 1, 1, 1}); }
  std::shared_ptr<const StableDiffusion::Prepared> prepare(const UnetCondition&,
                                                           const Progress&) override {
    return std::make_shared<Nothing>();
  }
  std::vector<Residuals> evaluate(
      const Tensor&, double, const Tensor&,
      std::span<const std::shared_ptr<const StableDiffusion::Prepared>> conditions,
      const Progress&) override {
    asked.push_back(conditions.size());
    Tensor ones({1, 1, 1, 2}, 1.0f);
    ones.data[1] = 3.0f;
    return std::vector<Residuals>(conditions.size(), Residuals(outputs, ones));
  }
  uint64_t estimate_bytes(int width, int height) const override {
    return 1000 + static_cast<uint64_t>(width) * static_cast<uint64_t>(height);
  }
  std::vector<CompileRecord> compile_records() const override { return {}; }
};

struct Stack {
  std::vector<Control> controls;
  ConditionSchedule::Entry positive, negative;

  std::vector<Residuals> at(int call, int calls) {
    ControlStack stack(controls, calls, {});
    const ControlStack::Branch branches[] = {{&positive, false}, {&negative, true}};
    return stack.evaluate(Tensor({1, 4, 1, 1}), 500, call, branches, {});
  }
};

TEST(ControlStack, WeighsEveryLayerAlikeWhenBalanced) {
  Stack stack{.controls = {{.network = std::make_shared<FakeNet>(), .weight = 0.5}}};
  const auto found = stack.at(0, 10);
  for (const Residuals& branch : found) {
    ASSERT_EQ(branch.size(), 13u);
    for (const Tensor& layer : branch) EXPECT_FLOAT_EQ(layer.data[0], 0.5f);
  }
}

TEST(ControlStack, SoftensTheShallowLayersWhenThePromptCountsMore) {
  Stack stack{.controls = {{.network = std::make_shared<FakeNet>(), .mode = ControlMode::Prompt}}};
  const auto found = stack.at(0, 10);
  ASSERT_FALSE(found[1].empty());
  for (size_t i = 0; i < 13; ++i)
    EXPECT_NEAR(found[0][i].data[0], std::pow(0.825, 12.0 - static_cast<double>(i)), 1e-6);
  // SDXL's ten are the first ten of these.
  EXPECT_NEAR(control_scale(1, ControlMode::Prompt, 9), 0.561515625, 1e-9);
}

TEST(ControlStack, LeavesTheNegativePromptAloneWhenControlCountsMore) {
  const auto net = std::make_shared<FakeNet>();
  Stack stack{.controls = {{.network = net, .mode = ControlMode::Control}}};
  const auto found = stack.at(0, 10);
  EXPECT_FALSE(found[0].empty());
  EXPECT_TRUE(found[1].empty());
  EXPECT_EQ(net->asked, std::vector<size_t>{1});
}

TEST(ControlStack, PoolsOverThePictureWhereTheNetworkWasTrainedTo) {
  const auto net = std::make_shared<FakeNet>();
  net->pools = true;
  const auto found = Stack{.controls = {{.network = net}}}.at(0, 10);
  EXPECT_EQ(found[0][0].data, (std::vector<float>{2, 2}));
  EXPECT_TRUE(found[1].empty());
}

TEST(ControlStack, AsksANetworkOnlyBetweenItsStartAndEnd) {
  const auto net = std::make_shared<FakeNet>();
  Stack stack{.controls = {{.network = net, .start = 0.3, .end = 0.6}}};
  std::vector<int> at_work;
  for (int call = 0; call < 10; ++call)
    if (!stack.at(call, 10)[0].empty()) at_work.push_back(call);
  EXPECT_EQ(at_work, (std::vector<int>{3, 4, 5, 6}));
  EXPECT_EQ(net->asked.size(), 4u);
}

TEST(ControlStack, AddsUpWhatSeveralFind) {
  Stack stack{.controls = {{.network = std::make_shared<FakeNet>(), .weight = 0.5},
                           {.network = std::make_shared<FakeNet>(), .weight = 0.25}}};
  EXPECT_FLOAT_EQ(stack.at(0, 1)[1][7].data[1], 3 * 0.75f);
}

// The tiny model and its ControlNet.
struct Studio {
  TempDir folder;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model = load_model(runtime, golden_path("pipelines_sd1"), {}, folder / "hashes", {});
  AddOns add_ons{runtime, folder / "hashes"};
  std::filesystem::path control_path = testing::write_controlnet(folder.path());
  InputImage cat{to_rgb(read_picture(golden_path("pipelines_input.png")).image), "cat.png", "01"};

  std::shared_ptr<ControlNet> net() { return add_ons.control_net(control_path, model, {}); }
};

Studio& studio() {
  static Studio shared;
  return shared;
}

std::vector<Img2ImgPicture> paint(const std::vector<ControlUnit>& units, int steps = 4,
                                  const Image* own = nullptr) {
  Studio& s = studio();
  Img2ImgRequest request;
  request.seed = 5;
  request.steps = steps;
  request.prompt = "a cat";
  const Img2ImgPlan plan = plan_img2img(s.model, request, &s.cat, 0, nullptr);
  Img2ImgOptions options;
  if (!units.empty())
    options.steer = [&](const Scene& scene) {
      Steering steering;
      for (const ControlUnit& unit : units) {
        steering.controls.push_back(make_control(s.net(), unit, own, scene).control);
        steering.facts.emplace_back("ControlNet 0", describe_control(unit, "ab"));
      }
      return steering;
    };
  return run_img2img(s.model, request, plan, &s.cat, options, {});
}

TEST(Control, ChangesThePictureAndGivesTheSameOneAgain) {
  const ControlUnit unit{.network = "tiny", .preprocess = {Preprocessor::Canny}};
  const auto plain = paint({}), steered = paint({unit}), again = paint({unit});
  EXPECT_NE(plain[0].image, steered[0].image);
  EXPECT_EQ(steered[0].image, again[0].image);
  EXPECT_NE(steered[0].image, paint({{.network = "tiny"}})[0].image);
  EXPECT_TRUE(says(format_infotext(steered[0].infotext), "Module: canny"));
}

int largest_difference(const Image& a, const Image& b) {
  int worst = a.pixels.size() == b.pixels.size() ? 0 : 255;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i)
    worst = std::max(worst, std::abs(a.pixels[i] - b.pixels[i]));
  return worst;
}

// Within the rounding of another network: it adds zeros where the plain one adds nothing.
TEST(Control, OfNoWeightLeavesThePictureAsItWas) {
  const auto plain = paint({});
  EXPECT_LE(largest_difference(paint({{.network = "tiny", .weight = 0}})[0].image, plain[0].image),
            1);
  EXPECT_LE(largest_difference(paint({{.network = "tiny", .start = 1}})[0].image, plain[0].image),
            1);
}

TEST(Control, TwoOfHalfTheWeightDoTheWorkOfOne) {
  const ControlUnit half{.network = "tiny", .weight = 0.5};
  const Image one = paint({{.network = "tiny", .weight = 1}})[0].image,
              two = paint({half, half})[0].image;
  EXPECT_LE(largest_difference(one, two), 1);
}

// An inpaint job shows its controls the region that is painted, and what the mask lets change.
TEST(Control, SeesTheRegionThatIsPainted) {
  Studio& s = studio();
  InpaintRequest request;
  request.base.seed = 5;
  request.base.steps = 2;
  request.base.width = request.base.height = 64;
  request.only_masked = true;
  request.only_masked_padding = 4;
  InputImage mask{Image(s.cat.image.width, s.cat.image.height, 1), "mask.png", "02"};
  for (int y = 10; y < 30; ++y) std::fill_n(mask.image.at(12, y), 20, uint8_t{255});
  const InpaintPlan plan = plan_inpaint(s.model, request, s.cat, mask, 0, nullptr);
  ASSERT_TRUE(plan.region.has_value());
  int asked = 0;
  Img2ImgOptions options;
  options.steer = [&](const Scene& scene) {
    ++asked;
    EXPECT_EQ(scene.part->region, *plan.region);
    EXPECT_EQ(scene.part->width, s.cat.image.width);
    EXPECT_EQ(scene.picture->width, plan.img2img.width);
    EXPECT_EQ(scene.repaint->height, plan.img2img.height);
    const ControlUnit unit{.network = "tiny", .preprocess = {Preprocessor::Inpaint}};
    Steering steering;
    steering.controls.push_back(make_control(s.net(), unit, nullptr, scene).control);
    return steering;
  };
  run_inpaint(s.model, request, plan, s.cat, mask, options, {});
  EXPECT_EQ(asked, 1);
}

// The network itself, but that every hint after the first must come without computing: it is asked
// with a run that is cancelled already.
struct FirstHintOnly : ControlNet {
  explicit FirstHintOnly(std::shared_ptr<ControlNet> net) : net(std::move(net)) {}
  std::shared_ptr<ControlNet> net;
  int hints = 0;

  bool global_pool() const override { return net->global_pool(); }
  Tensor hint(const Tensor& picture, const Progress& progress) override {
    Progress cancelled;
    cancelled.cancel.cancel();
    return net->hint(picture, hints++ == 0 ? progress : cancelled);
  }
  std::shared_ptr<const StableDiffusion::Prepared> prepare(const UnetCondition& condition,
                                                           const Progress& progress) override {
    return net->prepare(condition, progress);
  }
  std::vector<Residuals> evaluate(
      const Tensor& x, double timestep, const Tensor& hint,
      std::span<const std::shared_ptr<const StableDiffusion::Prepared>> conditions,
      const Progress& progress) override {
    return net->evaluate(x, timestep, hint, conditions, progress);
  }
  uint64_t estimate_bytes(int width, int height) const override {
    return net->estimate_bytes(width, height);
  }
  std::vector<CompileRecord> compile_records() const override { return net->compile_records(); }
};

TEST(ControlFeatures, AreComputedOnceForAllCellsOfAGrid) {
  Studio& s = studio();
  const auto net = std::make_shared<FirstHintOnly>(s.net());
  const ControlUnit unit{.network = "tiny", .preprocess = {Preprocessor::SoftEdge}};
  Remembered& pictures = s.add_ons.control_pictures();
  const size_t before = pictures.misses();
  GridRequest request;
  request.base.seed = 5;
  request.base.steps = 2;
  request.axes[0] = parse_axis("strength=0.4,0.7,1");
  request.axes[1] = parse_axis("cfg=2,5");
  GridOptions options;
  options.steering.steer = [&](LoadedModel&, const Scene& scene) {
    Steering steering;
    steering.controls.push_back(make_control(net, unit, nullptr, scene, &pictures).control);
    return steering;
  };
  options.steering.cost = [&](LoadedModel&) {
    return SteeringCost{.controls = {{.network = net}}};
  };
  const auto cells = run_grid(
      plan_grid(request, &s.cat), [&](const GridCell&) -> LoadedModel& { return s.model; },
      [&](const GridCell&) { return &s.cat; }, options, {});
  EXPECT_EQ(cells.size(), 6u);
  EXPECT_EQ(net->hints, 6);                   // asked for in each cell, computed in the first
  EXPECT_EQ(pictures.misses() - before, 1u);  // preprocessed once
  const ControlUnit other{.network = "tiny", .preprocess = {Preprocessor::Canny}};
  const Scene scene{.width = 64, .height = 64, .picture = &s.cat.image};
  make_control(net, other, nullptr, scene, &pictures);
  EXPECT_EQ(pictures.misses() - before, 2u);  // another preprocessor is another picture
}

TEST(ControlFeatures, SteeredCellsAreNotTakenForOthers) {
  Studio& s = studio();
  GridRequest request;
  request.axes[0] = parse_axis("strength=0.4");
  const GridPlan plan = plan_grid(request, &s.cat);
  EXPECT_NE(cell_file_name(plan, 0, s.model, &s.cat, "v"),
            cell_file_name(plan, 0, s.model, &s.cat, "v", "canny:weight=1"));
}

TEST(SteeringCost, AddsMemoryAndSecondsOfWhatStandsBesideTheModel) {
  Studio& s = studio();
  Img2ImgRequest request;
  request.steps = 10;
  request.strength = 1;
  request.seed = 1;
  Timings timings{{}};
  const auto plan_with = [&](const SteeringCost& cost) {
    Img2ImgPlan plan = plan_img2img(s.model, request, &s.cat, 0, &timings);
    count_steering(plan, s.model, cost, &timings);
    return plan;
  };
  const auto fake = std::make_shared<FakeNet>();
  const SteeringCost half{.controls = {{.network = fake, .start = 0, .end = 0.45}}};
  const Img2ImgPlan plain = plan_with({});
  const auto pixels = static_cast<uint64_t>(plain.width * plain.height);
  EXPECT_EQ(plan_with(half).memory_bytes - plain.memory_bytes, 1000 + pixels);
  EXPECT_FALSE(plan_with(half).seconds);

  timings.learn(s.model.timing_key("unet"), 1e6, 1);
  timings.learn(s.model.timing_key("decode"), 1e6, 1);
  EXPECT_FALSE(plan_with(half).seconds);  // the control's share is not known
  timings.learn(s.model.timing_key("control"), 1e6, 1);
  const double known = *plan_with({}).seconds, each = static_cast<double>(pixels) * 1e-6;
  EXPECT_NEAR(*plan_with(half).seconds - known, 5 * 2 * each, 1e-9);  // calls 0 to 4, both branches
  const SteeringCost prompts_alone{
      .controls = {{.network = fake, .mode = ControlMode::Control}, {.network = fake}}};
  EXPECT_NEAR(*plan_with(prompts_alone).seconds - known, (10 + 20) * each, 1e-9);
}

TEST(SteeringCost, IsLearntFromRuns) {
  Studio& s = studio();
  Timings timings{{}};
  Img2ImgRequest request;
  request.seed = 5;
  request.steps = 3;
  const Img2ImgPlan plan = plan_img2img(s.model, request, &s.cat, 0, &timings);
  Img2ImgOptions options{.timings = &timings};
  options.steer = [&](const Scene& scene) {
    Steering steering;
    steering.controls.push_back(make_control(s.net(), {.network = "tiny"}, nullptr, scene).control);
    return steering;
  };
  run_img2img(s.model, request, plan, &s.cat, options, {});
  EXPECT_TRUE(timings.seconds(s.model.timing_key("control"), 1));
  EXPECT_TRUE(timings.seconds(s.model.timing_key("unet"), 1));
}

TEST(SteeringCost, IsRefusedWhenItDoesNotFit) {
  struct Giant : FakeNet {
    uint64_t estimate_bytes(int, int) const override { return uint64_t{1} << 60; }
  };
  Studio& s = studio();
  Img2ImgPlan plan = plan_img2img(s.model, {}, &s.cat, 0, nullptr);
  const SteeringCost cost{.controls = {{.network = std::make_shared<Giant>()}}};
  EXPECT_TRUE(
      says(refusal(ErrorKind::OutOfMemory, [&] { count_steering(plan, s.model, cost, nullptr); }),
           "of memory"));
}

TEST(ControlRecord, IsTheUnitThatWasWritten) {
  ControlUnit unit = parse_control_unit(
      "canny, the "
      "second:pre=canny,weight=0.8,start=0.1,end=0.6,mode=prompt,resize=fill,a=50,b=120");
  const InputImage own{Image(8, 8, 3), "my, photo.png", "0123"};
  Infotext info;
  for (const auto& [key, value] : control_facts(0, unit, "0123456789abcdef", &own))
    info.fields.emplace_back(key, value);
  for (const auto& [key, value] : control_facts(1, {.network = "tile"}, "ab", nullptr))
    info.fields.emplace_back(key, value);
  const auto records = controls_of_infotext(parse_infotext("\n" + format_infotext(info)));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].name, "my, photo.png");
  EXPECT_EQ(records[0].sha256, "0123");
  EXPECT_EQ(to_text(records[0].unit), to_text(unit));
  EXPECT_EQ(records[1].unit.network, "tile");
  EXPECT_TRUE(records[1].sha256.empty());
  const ControlUnit again = parse_control_unit(to_text(unit));
  EXPECT_EQ(to_text(again), to_text(unit));
  info.set("ControlNet 0", "Weight: much");
  EXPECT_TRUE(says(refusal([&] { controls_of_infotext(info); }), "expected a number"));
  info.set("ControlNet 0", "none");
  EXPECT_TRUE(says(refusal([&] { controls_of_infotext(info); }), "names no model"));
}

// Guidance combines what the UNet says when each branch is steered by its own residuals.
TEST(Control, GuidesBothBranches) {
  Studio& s = studio();
  StableDiffusion& model = *s.model.networks;
  const ConditioningOptions conditioning{.width = 48, .height = 64};
  const auto positive =
      encode_prompt(model, *s.model.tokenizer, "a cat", PromptRole::Positive, conditioning, {});
  const auto negative =
      encode_prompt(model, *s.model.tokenizer, "blurred", PromptRole::Negative, conditioning, {});
  const Tensor x({1, 4, 8, 6}, 0.3f);
  std::vector<Control> controls{
      {.network = s.net(), .picture = Tensor({1, 3, 64, 48}, 0.7f), .weight = 0.6}};
  ControlStack stack(controls, 1, {});
  Guidance guidance(model, positive, negative, {}, {.cfg = 5, .controls = &stack}, x.shape, {});
  const Vec guided = guidance.predict(x.data, 400);

  std::vector<Tensor> alone;
  for (const EncodedPrompt* prompt : {&positive, &negative}) {
    const UnetCondition condition{.context = prompt->parts[0].entries[0].context};
    auto found = s.net()->evaluate(x, 400, s.net()->hint(controls[0].picture, {}),
                                   std::vector{s.net()->prepare(condition, {})}, {});
    for (Tensor& layer : found[0])
      for (float& value : layer.data) value *= 0.6f;
    alone.push_back(
        model.predict(x, 400, std::vector{model.prepare(condition, 8, 6, {})}, found, {})[0]);
  }
  std::vector<float> expected(x.size());
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] = alone[1].data[i] + 5 * (alone[0].data[i] - alone[1].data[i]);
  EXPECT_LE(relative_error(guided, expected), 1e-4);
}

TEST(MakeControl, MarksWhatIsPaintedAndRefusesWhenNobodySays) {
  const ControlUnit unit{.network = "x", .preprocess = {Preprocessor::Inpaint}};
  const Image picture(16, 8, 3, 200);
  Image mask(16, 8, 1, 0);
  *mask.at(3, 2) = 255;
  const auto marked = [](const ReadyControl& ready) {
    return std::count(ready.control.picture.data.begin(), ready.control.picture.data.end(), -1.0f);
  };
  EXPECT_EQ(marked(make_control(nullptr, unit, nullptr,
                                {.width = 16, .height = 8, .picture = &picture, .repaint = &mask})),
            3);
  Image clear(16, 8, 4, 255);
  clear.at(5, 5)[3] = 0;
  clear.at(6, 5)[3] = 0;
  const ReadyControl own = make_control(nullptr, unit, &clear, {.width = 16, .height = 8});
  EXPECT_EQ(marked(own), 6);
  EXPECT_EQ(own.map.at(5, 5)[0], 0);
  const Scene bare{.width = 16, .height = 8, .picture = &picture};
  EXPECT_TRUE(says(refusal([&] { make_control(nullptr, unit, nullptr, bare); }), "transparent"));
  EXPECT_TRUE(says(
      refusal([&] { make_control(nullptr, {.network = "x"}, nullptr, {.width = 8, .height = 8}); }),
      "no picture to look at"));
  EXPECT_TRUE(
      says(refusal([&] { make_control(nullptr, {}, &picture, bare); }), "names no ControlNet"));
}

// A control picture of the whole follows when only a part is painted.
TEST(MakeControl, TakesThePartOfTheControlPictureThatIsPainted) {
  Image own(80, 40, 3, 0);  // half the size of the whole, its right half white
  for (int y = 0; y < 40; ++y) std::fill_n(own.at(40, y), 40 * 3, uint8_t{255});
  const Image region(32, 32, 3, 9);
  const auto map_of = [&](const Region& part) {
    return make_control(nullptr, {.network = "x"}, &own,
                        {.width = 32,
                         .height = 32,
                         .picture = &region,
                         .part = PartOfPicture{part, 160, 80}})
        .map;
  };
  EXPECT_EQ(map_of({0, 0, 40, 40}), Image(32, 32, 3, 0));
  EXPECT_EQ(map_of({120, 40, 160, 80}), Image(32, 32, 3, 255));
  const Image across = map_of({60, 20, 100, 60});
  EXPECT_EQ(across.at(4, 16)[0], 0);
  EXPECT_EQ(across.at(28, 16)[0], 255);
}

TEST(AddOns, KeepANetworkAndRefuseOneOfAnotherKind) {
  Studio& s = studio();
  EXPECT_EQ(s.net(), s.net());
  EXPECT_TRUE(says(
      refusal(ErrorKind::Unsupported, [&] { s.add_ons.ip_adapter(s.control_path, s.model, {}); }),
      "expected an IP-Adapter"));
  EXPECT_TRUE(says(refusal(ErrorKind::Unsupported, [&] { s.add_ons.clip(s.control_path, {}); }),
                   "image encoder"));
}

}  // namespace
}  // namespace pentimento
