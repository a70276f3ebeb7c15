// What works beside a model, through the runners: ControlNets in every kind that takes them,
// blends, refining in tiles, CLIP that describes, and trying on.
#include <functional>
#include <map>

#include "studio/blend_runner.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/describe_runner.h"
#include "studio/grid_runner.h"
#include "studio/img2img_runner.h"
#include "studio/inpaint_runner.h"
#include "studio/loopback_runner.h"
#include "studio/refine_runner.h"
#include "studio/runner_fixture.h"
#include "studio/try_on_runner.h"
#include "studio/txt2img_runner.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::refusal;
using testing::says;

class AddOnRunners : public testing::RunnerTest {
 protected:
  static Json unit(Json more = Json::object()) {
    Json unit = {{"network", "tiny_control"}, {"preprocessor", "canny"}};
    unit.update(more);
    return unit;
  }
  static Json controlled(Json more = Json::object()) {
    Json request = small({{"control", {unit()}}});
    request.update(more);
    return request;
  }
  static JobInputs with_lines() {
    JobInputs files = inputs();
    files["control_1"] = file("cc", "lines.png");
    return files;
  }
};

TEST_F(AddOnRunners, EveryKindOfPaintingTakesControlNets) {
  std::map<std::string, std::unique_ptr<JobRunner>> runners;
  runners["img2img"] = make_img2img_runner(*tools_);
  runners["txt2img"] = make_txt2img_runner(*tools_);
  runners["inpaint"] = make_inpaint_runner(*tools_);
  for (const auto& [kind, runner] : runners) {
    SCOPED_TRACE(kind);
    const Json size = {{"width", 64}, {"height", 48}};
    const Json plain = resolved(*runner, small(size)),
               steered = resolved(*runner, controlled(size), with_lines());
    EXPECT_FALSE(plain.contains("control"));
    EXPECT_EQ(steered["control"][0]["weight"], 1.0) << "every choice is stored";
    const auto without = run(*runner, plain), with = run(*runner, steered, with_lines());
    EXPECT_NE(without.at(0).image.pixels, with.at(0).image.pixels);
    EXPECT_TRUE(says(with[0].infotext, "ControlNet 0: \"Module: canny, Model: tiny_control ["))
        << with[0].infotext;
    expect_repeatable(*runner, with[0], with_lines());
  }
}

TEST_F(AddOnRunners, AGridIsSteeredCellByCell) {
  const auto runner = make_grid_runner(*tools_);
  const Json grid = {{"x", "seed=1-2"}, {"width", 64}, {"height", 48}};
  const auto painted = [&](const Json& request, const JobInputs& files) {
    std::map<int, RunnerPicture> pictures;
    RunnerPort port;
    port.picture = [&](int index, RunnerPicture picture) { pictures[index] = std::move(picture); };
    runner->run(request, files, port);
    return pictures;
  };
  const Json steered = resolved(*runner, controlled(grid), with_lines());
  auto plain = painted(resolved(*runner, small(grid)), inputs());
  auto cells = painted(steered, with_lines());
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_NE(cells[1].image.pixels, plain[1].image.pixels);
  EXPECT_TRUE(says(cells[2].infotext, "ControlNet 0")) << cells[2].infotext;
  EXPECT_EQ(cells[2].request["control"], steered["control"]);
  EXPECT_EQ(painted(cells[2].request, with_lines())[1].image.pixels, cells[2].image.pixels)
      << "a cell's own request makes it again";
  EXPECT_TRUE(says(refusal([&] { runner->resolve(steered, {}); }), "nothing to look at"));
}

TEST_F(AddOnRunners, AControlNetLooksAtTheSourceUnlessItHasAPicture) {
  const auto runner = make_img2img_runner(*tools_);
  const Json request = resolved(*runner, controlled({{"width", 64}, {"height", 48}}));
  const auto source = run(*runner, request), lines = run(*runner, request, with_lines());
  EXPECT_NE(source[0].image.pixels, lines[0].image.pixels);
  JobInputs same = inputs();
  same["control_1"] = same["source"];
  EXPECT_EQ(run(*runner, request, same)[0].image.pixels, source[0].image.pixels);
}

TEST_F(AddOnRunners, SecondPassesAndLoopsAreSteeredToo) {
  const auto txt2img = make_txt2img_runner(*tools_);
  Json hires = controlled({{"width", 64}, {"height", 48}, {"hires", true}, {"hires_steps", 2}});
  const auto high = run(*txt2img, resolved(*txt2img, hires, with_lines()), with_lines());
  EXPECT_EQ(high.at(0).image.width, 128);
  hires["control"] = Json::array();
  EXPECT_NE(run(*txt2img, resolved(*txt2img, hires))[0].image.pixels, high[0].image.pixels);
  const auto loopback = make_loopback_runner(*tools_);
  const auto loops = run(*loopback, resolved(*loopback, controlled({{"loops", 2}})));
  ASSERT_EQ(loops.size(), 2u);
  EXPECT_TRUE(says(loops[1].infotext, "ControlNet 0"));
}

TEST_F(AddOnRunners, ControlNetsThatCannotWorkAreRefusedByName) {
  const auto img2img = make_img2img_runner(*tools_), txt2img = make_txt2img_runner(*tools_);
  const auto refused = [&](JobRunner& runner, const Json& request, const JobInputs& files,
                           ErrorKind kind = ErrorKind::InvalidArgument) {
    return refusal(kind, [&] { resolved(runner, request, files); });
  };
  const auto with_unit = [&](const Json& more) { return small({{"control", {unit(more)}}}); };
  EXPECT_TRUE(says(
      refused(*img2img, with_unit({{"network", "tiny_contrl"}}), inputs(), ErrorKind::NotFound),
      "did you mean tiny_control?"));
  EXPECT_TRUE(says(refused(*img2img, with_unit({{"network", ""}}), inputs()), "no ControlNet"));
  EXPECT_TRUE(says(refused(*img2img, with_unit({{"preprocessor", "depth"}}), inputs()),
                   "request.control[0].preprocessor"));
  EXPECT_TRUE(says(refused(*img2img, with_unit({{"weight", 2.5}}), inputs()), "0 to 2"));
  EXPECT_TRUE(says(refused(*img2img, with_unit({{"start", 0.8}, {"end", 0.2}}), inputs()),
                   "start lies behind its end"));
  EXPECT_TRUE(says(refused(*img2img, with_unit({{"wait", 1}}), inputs()), "is not a field"));
  EXPECT_TRUE(says(refused(*txt2img, controlled(), {}), "control_1"));
  EXPECT_TRUE(says(
      refused(*img2img, small({{"control", {unit(), unit(), unit(), unit()}}}), inputs()), "3"));
  EXPECT_TRUE(says(refused(*img2img, small({{"control", {Json::object()}}}), inputs()), "network"));
}

TEST_F(AddOnRunners, TheTableShowsAllOfAUnit) {
  const JobKind kind = make_img2img_runner(*tools_)->describe();
  const Json field = to_json(kind.fields.back());
  EXPECT_EQ(field["name"], "control");
  EXPECT_EQ(field["fields"][0]["name"], "network");
  EXPECT_EQ(field["fields"][1]["choices"][1], "canny");
  EXPECT_EQ(kind.inputs.back().name, "control_3");
  EXPECT_EQ(kind.inputs.back().field, "control");
  EXPECT_FALSE(kind.inputs.back().required);
}

TEST_F(AddOnRunners, BlendByLatentsOrByImagePrompt) {
  const auto runner = make_blend_runner(*tools_, *runtime_, *folder_ / "none");
  JobInputs files = {{"source", file("aa", "source.png")}, {"second", file("cc", "lines.png")}};
  const Json size = {{"width", 64}, {"height", 48}};
  Json request = small(size);
  request["method"] = "latents";
  request["weights"] = {3, 1};
  const Json latents = resolved(*runner, request, files);
  EXPECT_EQ(latents["strength"], 0.6);
  EXPECT_TRUE(says(runner->plan(latents, files).sentence, "blending by latents"));
  const auto blended = run(*runner, latents, files);
  EXPECT_TRUE(says(blended.at(0).infotext, "Blend weights: \"3, 1\"")) << blended[0].infotext;
  expect_repeatable(*runner, blended[0], files);

  const Json prompted = resolved(*runner, small(size), files);
  EXPECT_EQ(prompted["method"], "image-prompt") << "auto: there is an IP-Adapter";
  EXPECT_EQ(prompted["ip_adapter"], "ip_plain");
  EXPECT_EQ(prompted["image_encoder"], "clip");
  const auto seen = run(*runner, prompted, files);
  EXPECT_TRUE(says(seen.at(0).infotext, "Blend: image-prompt"));
  expect_repeatable(*runner, seen[0], files);
  Json both = small(size);
  both["control"] = Json::array({unit()});
  EXPECT_TRUE(says(refusal([&] { resolved(*runner, both, files); }), "nothing to look at"))
      << "it starts from noise";
  files["control_1"] = file("cc", "lines.png");
  EXPECT_NE(run(*runner, resolved(*runner, both, files), files)[0].image.pixels,
            seen[0].image.pixels);
  runner->unload();
}

TEST_F(AddOnRunners, BlendRefusesWhatDoesNotFit) {
  const auto runner = make_blend_runner(*tools_, *runtime_, *folder_ / "none");
  const JobInputs two = {{"source", file("aa", "source.png")}, {"second", file("cc", "lines.png")}};
  const auto refused = [&](const Json& more, const JobInputs& files,
                           ErrorKind kind = ErrorKind::InvalidArgument) {
    return refusal(kind, [&] { resolved(*runner, small(more), files); });
  };
  EXPECT_TRUE(says(refused({{"weights", {1, 2, 3}}}, two), "3 weights for 2 pictures"));
  EXPECT_TRUE(says(refused(Json::object(), {{"source", file("aa", "source.png")}}),
                   "pictures to blend: 1, expected 2"));
  EXPECT_TRUE(says(refused({{"ip_adapter", "nobody's"}}, two, ErrorKind::NotFound),
                   "no IP-Adapter called"));
  EXPECT_TRUE(says(refused({{"image_encoder", "nobody's"}}, two, ErrorKind::NotFound),
                   "no image encoder called"));
  EXPECT_TRUE(says(refused({{"method", "magic"}}, two), "request.method"));
  EXPECT_TRUE(says(refused({{"start_from", 3}}, two), "start_from"));
}

TEST_F(AddOnRunners, RefiningEnlargesAndPaintsEveryTile) {
  const auto runner = make_refine_runner(*tools_, {});
  const Json request = resolved(*runner, small({{"upscaler", "Lanczos"},
                                                {"scale", 2},
                                                {"width", 64},
                                                {"height", 64},
                                                {"overlap", 16},
                                                {"batch", 2},
                                                {"strength", 0.4}}));
  const PlanReport plan = runner->plan(request, inputs());
  EXPECT_EQ(plan.width, 128);
  EXPECT_EQ(plan.height, 96);
  EXPECT_EQ(plan.pictures, 2);
  EXPECT_TRUE(says(plan.sentence, "in 6 tiles of 64x64")) << plan.sentence;
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[1].image.width, 128);
  EXPECT_EQ(pictures[1].image.height, 96);
  EXPECT_EQ(pictures[1].seed, 10);
  EXPECT_TRUE(says(pictures[0].infotext, "SD upscale upscaler: Lanczos"));
  EXPECT_TRUE(says(pictures[0].infotext, "SD upscale overlap: 16"));
  expect_repeatable(*runner, pictures[1]);
  Json steered = request;
  steered["batch"] = 1;
  steered["control"] = Json::array({unit()});
  EXPECT_NE(run(*runner, resolved(*runner, steered, with_lines()), with_lines())[0].image.pixels,
            pictures[0].image.pixels);
}

TEST_F(AddOnRunners, RefiningRefusesWhatItCannotPaint) {
  const auto runner = make_refine_runner(*tools_, {});
  const auto refused = [&](const Json& more) {
    return refusal([&] { resolved(*runner, small(more)); });
  };
  EXPECT_TRUE(says(refused({{"width", 64}, {"overlap", 64}}), "at least twice the overlap"));
  EXPECT_TRUE(says(refused({{"scale", 9}}), "request.scale"));
  Image huge(2048, 2048, 3, 0);
  write("huge.png", huge);
  const JobInputs files = {{"source", file("dd", "huge.png")}};
  const Json much = resolved(*runner, small({{"upscaler", "Lanczos"}, {"scale", 8}}), files);
  EXPECT_TRUE(says(refusal([&] { runner->plan(much, files); }), "max_picture_pixels"));
  EXPECT_TRUE(says(refusal([&] { run(*runner, much, files); }), "max_picture_pixels"));
}

TEST_F(AddOnRunners, ClipDescribesWhatItSees) {
  std::ofstream(*folder_ / "terms.tsv") << "subject\ta cat\t猫\nsubject\ta dog\t狗\n";
  const auto runner = make_describe_runner(
      {tools_->catalog, tools_->add_ons, *folder_ / "terms.tsv", *folder_ / "cache"});
  const auto described = [&](const Json& more) {
    Json result;
    RunnerPort port;
    port.result = [&](const Json& found) { result = found; };
    runner->run(resolved(*runner, more), inputs(), port);
    return result;
  };
  const Json seen = described(Json::object());
  EXPECT_EQ(seen["source"], "seen");
  EXPECT_EQ(seen["by"], "clip");
  EXPECT_TRUE(says(seen["caption"], "a cat") || says(seen["caption"], "a dog")) << seen.dump();
  EXPECT_EQ(described({{"measure", true}})["source"], "measured");
  EXPECT_EQ(described({{"clip", "clip"}}), seen);
  EXPECT_TRUE(says(refusal(ErrorKind::NotFound,
                           [&] {
                             resolved(*runner, {{"clip", "clap"}});
                           }),
                   "did you mean clip?"));
  runner->unload();
}

TEST_F(AddOnRunners, TryingOnKeepsTheGarmentAndPaintsTheRest) {
  Image shirt(120, 120, 3, 200);
  for (int y = 20; y < 100; ++y)
    for (int x = 20; x < 100; ++x) {
      uint8_t* pixel = shirt.at(x, y);
      pixel[0] = static_cast<uint8_t>(150 + (x + y) % 60);
      pixel[1] = pixel[2] = 20;
    }
  write("shirt.png", shirt);
  const auto runner = make_try_on_runner(*tools_);
  JobInputs files = {{"source", file("ee", "shirt.png")}};
  const Json request =
      resolved(*runner, small({{"width", 96}, {"height", 128}, {"kind", "upper"}}), files);
  EXPECT_EQ(request["strength"], 1);
  EXPECT_TRUE(says(runner->plan(request, files).sentence, "upper garment"));
  const auto worn = run(*runner, request, files);
  ASSERT_EQ(worn.size(), 1u);
  EXPECT_EQ(worn[0].image.width, 96);
  EXPECT_EQ(worn[0].image.height, 128);
  expect_repeatable(*runner, worn[0], files);
  files["person"] = file("aa", "source.png");
  EXPECT_EQ(run(*runner, resolved(*runner, small(Json::object()), files), files).size(), 1u);
  const auto refused = [&](const Json& more) {
    return refusal([&] { resolved(*runner, small(more), files); });
  };
  EXPECT_TRUE(says(refused({{"kind", "hat"}}), "request.kind"));
  EXPECT_TRUE(says(refused({{"place", {0.1, 0.2}}}), "left, top and width"));
  EXPECT_TRUE(says(refused({{"seam", 1}}), "request.seam"));
}

}  // namespace
}  // namespace pentimento
