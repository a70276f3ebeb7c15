#include "pipelines/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "image/contact_sheet.h"
#include "pipelines/tiny_studio.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using Kind = GridParameter::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal;
using testing::TempDir;
using testing::TinyStudio;

TEST(GridValues, AreListsAndRanges) {
  EXPECT_THAT(parse_values("0.3, 0.5 ,0.7", Kind::Number), ElementsAre("0.3", "0.5", "0.7"));
  EXPECT_THAT(parse_values("1-5", Kind::Integer), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(parse_values("10-30 (+10)", Kind::Integer), ElementsAre("10", "20", "30"));
  EXPECT_THAT(parse_values("1-10 [4]", Kind::Integer), ElementsAre("1", "4", "7", "10"));
  EXPECT_THAT(parse_values("0-1 [5]", Kind::Number), ElementsAre("0", "0.25", "0.5", "0.75", "1"));
  EXPECT_THAT(parse_values("0.1-0.4 (+0.1)", Kind::Number),
              ElementsAre("0.1", "0.2", "0.3", "0.4"));
  EXPECT_THAT(parse_values("3-1", Kind::Integer), ElementsAre("3", "2", "1"));
  EXPECT_THAT(parse_values("9-5 (-2)", Kind::Integer), ElementsAre("9", "7", "5"));
  EXPECT_THAT(parse_values("1,4-5,9", Kind::Integer), ElementsAre("1", "4", "5", "9"));
  EXPECT_THAT(parse_values("cat,\"red fox, sly\"", Kind::Text), ElementsAre("cat", "red fox, sly"));
  EXPECT_THAT(parse_values("1-5", Kind::Text), ElementsAre("1-5"));
}

TEST(GridValues, RefuseWhatMeansNothing) {
  const auto axis = [](const char* text) { return [text] { parse_axis(text); }; };
  EXPECT_THAT(refusal(axis("strength")), HasSubstr("expected NAME=VALUES"));
  EXPECT_THAT(refusal(axis("strength=")), HasSubstr("no values"));
  EXPECT_THAT(refusal(axis("strength= , ")), HasSubstr("no values"));
  EXPECT_THAT(refusal(axis("seed=1-100000")), HasSubstr("more than 200"));
  EXPECT_THAT(refusal(axis("seed=5-1 (+2)")), HasSubstr("leads through"));
  EXPECT_THAT(refusal(axis("order=a,b,c,d,e,f")), HasSubstr("at most 5 words"));
  EXPECT_THAT(refusal(ErrorKind::NotFound, axis("colour=1")),
              HasSubstr("there are strength, seed"));
}

TEST(GridAxis, IsFoundByOurNameOrA1111s) {
  EXPECT_EQ(parse_axis("Denoising=0.5").parameter->name, "strength");
  EXPECT_EQ(parse_axis("CFG Scale=7").parameter->name, "cfg");
  EXPECT_EQ(parse_axis("Prompt S/R=a,b").parameter->name, "prompt");
  EXPECT_EQ(parse_axis("clip-skip=1").parameter->name, "clip_skip");
  EXPECT_EQ(parse_axis("sigma_min=1").parameter->name, "sigma_min");
  EXPECT_EQ(parse_axis("Sigma min=1").parameter->name, "s_tmin");
}

TEST(GridAxis, ASeedOfMinusOneIsSomeSeedAndAnotherEachTime) {
  const GridAxis axis = parse_axis("seed=-1,7,-1");
  ASSERT_EQ(axis.values.size(), 3u);
  EXPECT_NE(axis.values[0], axis.values[2]);
  EXPECT_NE(axis.values[0], "-1");
  EXPECT_EQ(axis.values[1], "7");
  EXPECT_EQ(axis.values, parse_axis("Seed=-1,7,-1").values);
}

GridRequest request() {
  GridRequest r;
  r.base.prompt = "a cat in a hat";
  r.base.steps = 2;
  r.base.sampler = "Euler";
  r.base.width = r.base.height = 64;
  return r;
}

TEST(Grid, EveryParameterReachesItsField) {
  struct Case {
    const char* axis;
    bool (*reached)(const GridCell& cell);
  };
  const Case cases[] = {
      {"strength=0.25", [](const GridCell& c) { return c.request.strength == 0.25; }},
      {"seed=77", [](const GridCell& c) { return c.request.seed == 77u; }},
      {"subseed=78", [](const GridCell& c) { return c.request.subseed == 78u; }},
      {"subseed_strength=0.5", [](const GridCell& c) { return c.request.subseed_strength == 0.5; }},
      {"steps=9", [](const GridCell& c) { return c.request.steps == 9; }},
      {"cfg=3.5", [](const GridCell& c) { return c.request.cfg == 3.5; }},
      {"image_cfg=2", [](const GridCell& c) { return c.request.image_cfg == 2; }},
      {"sampler=DDIM", [](const GridCell& c) { return c.request.sampler == "DDIM"; }},
      {"scheduler=Karras", [](const GridCell& c) { return c.request.scheduler == "Karras"; }},
      {"s_churn=1", [](const GridCell& c) { return c.request.s_churn == 1; }},
      {"s_tmin=1", [](const GridCell& c) { return c.request.s_tmin == 1; }},
      {"s_tmax=1", [](const GridCell& c) { return c.request.s_tmax == 1; }},
      {"s_noise=1.01", [](const GridCell& c) { return c.request.s_noise == 1.01; }},
      {"sigma_min=0.1", [](const GridCell& c) { return c.request.sigma_min == 0.1; }},
      {"sigma_max=10", [](const GridCell& c) { return c.request.sigma_max == 10; }},
      {"rho=5", [](const GridCell& c) { return c.request.rho == 5; }},
      {"eta=0.5", [](const GridCell& c) { return c.request.eta == 0.5; }},
      {"clip_skip=2", [](const GridCell& c) { return c.request.clip_skip == 2; }},
      {"noise_multiplier=0.9",
       [](const GridCell& c) { return c.request.initial_noise_multiplier == 0.9; }},
      {"extra_noise=0.1", [](const GridCell& c) { return c.request.extra_noise == 0.1; }},
      {"ensd=31337", [](const GridCell& c) { return c.request.eta_noise_seed_delta == 31337; }},
      {"emphasis=no-norm",
       [](const GridCell& c) { return c.request.emphasis == Emphasis::NoNorm; }},
      {"resize_mode=fill",
       [](const GridCell& c) { return c.request.resize_mode == ResizeMode::Fill; }},
      {"rng=NV", [](const GridCell& c) { return c.request.rng == RngSource::Nv; }},
      {"size=72x80",
       [](const GridCell& c) { return c.request.width == 72 && c.request.height == 80; }},
      {"style=水彩", [](const GridCell& c) { return c.preset == "watercolour"; }},
      {"vae=a.safetensors", [](const GridCell& c) { return c.vae == "a.safetensors"; }},
      {"model=b", [](const GridCell& c) { return c.model == "b"; }},
      {"prompt=cat,dog", [](const GridCell& c) { return c.request.prompt == "a dog in a hat"; }},
      {"order=cat,hat", [](const GridCell& c) { return c.request.prompt == "a hat in a cat"; }},
  };
  std::set<std::string> seen;
  for (const Case& c : cases) {
    GridRequest r = request();
    r.axes[0] = parse_axis(c.axis);
    seen.insert(r.axes[0].parameter->name);
    EXPECT_TRUE(c.reached(plan_grid(r, nullptr).cells.back())) << c.axis;
  }
  EXPECT_EQ(seen.size(), grid_parameters().size());
}

TEST(Grid, CellsStandColumnByRowBySheetAndDearChangesAreFew) {
  GridRequest r = request();
  r.axes[0] = parse_axis("model=a,b");
  r.axes[1] = parse_axis("strength=0.2,0.4,0.6");
  r.axes[2] = parse_axis("vae=u,v");
  const GridPlan plan = plan_grid(r, nullptr);
  ASSERT_EQ(plan.cells.size(), 12u);
  EXPECT_EQ(plan.cells[plan.at(1, 2, 0)].model, "b");
  EXPECT_EQ(plan.cells[plan.at(1, 2, 0)].request.strength, 0.6);
  EXPECT_EQ(plan.cells[plan.at(0, 0, 1)].vae, "v");
  int models = 0, vaes = 0;
  std::string model, vae;
  for (const size_t index : plan.order) {
    models += plan.cells[index].model != model;
    vaes += plan.cells[index].vae != vae;
    model = plan.cells[index].model;
    vae = plan.cells[index].vae;
  }
  EXPECT_EQ(models, 2);
  EXPECT_EQ(vaes, 4);
  EXPECT_EQ(plan.describe(r), "12 pictures: 2 model x 3 strength x 2 vae");
}

struct Painted {
  std::vector<Image> cells;
  int painted = 0, found = 0;
};

Painted paint(const GridRequest& r, const std::filesystem::path& folder, const Progress& progress) {
  TinyStudio& s = TinyStudio::get();
  Painted result;
  const GridOptions options{.version = "v",
                            .timings = nullptr,
                            .folder = folder,
                            .on_cell = [&](size_t, size_t, const Image&, bool from_folder) {
                              ++(from_folder ? result.found : result.painted);
                            }};
  result.cells = run_grid(
      plan_grid(r, &s.cat), [&](const GridCell&) -> LoadedModel& { return s.model; },
      [&](const GridCell&) { return &s.cat; }, options, progress);
  return result;
}

TEST(Grid, ACellIsThePictureThatImg2ImgMakes) {
  TinyStudio& s = TinyStudio::get();
  GridRequest r = request();
  r.axes[0] = parse_axis("strength=0.3,1");
  r.axes[1] = parse_axis("seed=1,2");
  const Painted grid = paint(r, {}, {});
  Img2ImgRequest one = r.base;
  one.strength = 1;
  one.seed = 2;
  const Img2ImgPlan plan = plan_img2img(s.model, one, &s.cat, 0, nullptr);
  EXPECT_EQ(grid.cells.at(3), run_img2img(s.model, one, plan, &s.cat, {}, {})[0].image);
}

TEST(Grid, AnInterruptedGridGoesOnWhereItStopped) {
  TempDir folder;
  GridRequest r = request();
  r.axes[0] = parse_axis("strength=0.3,0.6,1");
  r.axes[1] = parse_axis("cfg=2,5");
  const Painted whole = paint(r, {}, {});
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "grid" && event.done == 4) progress.cancel.cancel();
  };
  EXPECT_THROW(paint(r, folder.path(), progress), Error);
  const Painted rest = paint(r, folder.path(), {});
  EXPECT_EQ(rest.found + rest.painted, 6);
  EXPECT_GE(rest.found, 4);
  EXPECT_EQ(rest.cells, whole.cells);
  EXPECT_EQ(paint(r, folder.path(), {}).found, 6);
  r.base.prompt = "a dog";  // another grid: nothing of the old one is taken for it
  EXPECT_EQ(paint(r, folder.path(), {}).found, 0);
}

TEST(Grid, ADamagedCellIsPaintedAgain) {
  TempDir folder;
  GridRequest r = request();
  r.axes[0] = parse_axis("strength=0.3,1");
  const Painted first = paint(r, folder.path(), {});
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ofstream(entry.path(), std::ios::trunc) << "not a picture";
    break;
  }
  const Painted again = paint(r, folder.path(), {});
  EXPECT_EQ(again.painted, 1);
  EXPECT_EQ(again.cells, first.cells);
}

TEST(Grid, ThePictureAndThePromptsAreEncodedOnceForAllCells) {
  TinyStudio& s = TinyStudio::get();
  GridRequest r = request();
  r.axes[0] = parse_axis("strength=0.3,0.5,0.7,0.9");
  s.model.remembered->forget();
  const size_t before = s.model.remembered->misses();
  paint(r, {}, {});
  EXPECT_EQ(s.model.remembered->misses() - before, 3u);  // the picture and two prompts
}

TEST(Grid, SheetsAndPageShowEveryCellWithItsLabel) {
  GridRequest r = request();
  r.base.prompt = "a <cat> & \"hat\"";
  r.axes[0] = parse_axis("strength=0.3,1");
  r.axes[1] = parse_axis("seed=1,2,3");
  r.axes[2] = parse_axis("cfg=2,5");
  const GridPlan plan = plan_grid(r, nullptr);
  const std::vector<Image> cells(12, Image(40, 30, 3, 90));
  const auto sheets = grid_sheets(r, plan, cells);
  ASSERT_EQ(sheets.size(), 2u);
  EXPECT_GE(sheets[0].width, 80);
  EXPECT_GE(sheets[0].height, 90);
  const std::string page =
      grid_page(r, plan, [](size_t i) { return "cells/a b" + std::to_string(i) + ".png"; });
  EXPECT_THAT(page, HasSubstr("a &lt;cat&gt; &amp; &quot;hat&quot;"));
  EXPECT_THAT(page, HasSubstr("strength 0.3"));
  EXPECT_THAT(page, HasSubstr("seed 3"));
  EXPECT_THAT(page, HasSubstr("<h2>cfg 5</h2>"));
  for (int i = 0; i < 12; ++i)
    EXPECT_THAT(page, HasSubstr("cells/a%20b" + std::to_string(i) + ".png"));
}

TEST(Grid, TheStripIsFiveStrengthsOfOneSeedAtHalfSize) {
  GridRequest r = strip_of(request().base, 512, 384, 512);
  const GridPlan plan = plan_grid(r, nullptr);
  ASSERT_EQ(plan.cells.size(), 5u);
  std::set<uint64_t> seeds;
  double last = 0;
  for (const GridCell& cell : plan.cells) {
    EXPECT_EQ(cell.request.width, 256);
    EXPECT_EQ(cell.request.height, 192);
    EXPECT_GT(cell.request.strength, last);
    last = cell.request.strength;
    seeds.insert(*cell.request.seed);
  }
  EXPECT_EQ(seeds.size(), 1u);
}

TEST(Grid, TheStripOfASmallModelIsNotSmallerThanItPaints) {
  const auto size = [](int width, int height, int native) {
    const GridRequest r = strip_of(request().base, width, height, native);
    return std::pair(r.base.width, r.base.height);
  };
  EXPECT_EQ(size(288, 224, 256), std::pair(256, 192));
  EXPECT_EQ(size(200, 256, 256), std::pair(200, 256));
  EXPECT_EQ(size(1024, 768, 1024), std::pair(512, 384));
  EXPECT_EQ(size(96, 96, 64), std::pair(64, 64));
}

TEST(Grid, TheSameCommandMeansTheSameSeed) {
  GridRequest r = request();
  r.axes[0] = parse_axis("strength=0.3");
  InputImage a{Image(8, 8, 3), "a", "0123456789"}, b{Image(8, 8, 3), "b", "9876543210"};
  EXPECT_EQ(plan_grid(r, &a).cells[0].request.seed, plan_grid(r, &a).cells[0].request.seed);
  EXPECT_NE(plan_grid(r, &a).cells[0].request.seed, plan_grid(r, &b).cells[0].request.seed);
}

TEST(Grid, RefusesWhatNoCellCouldPaint) {
  const auto plan_of = [](auto change) {
    return refusal([&] {
      GridRequest r = request();
      change(r);
      plan_grid(r, nullptr);
    });
  };
  using R = GridRequest&;
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("strength=0.3,1.5"); }),
              HasSubstr("grid cell (strength 1.5): strength is 1.5"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("strength=high"); }),
              HasSubstr("expected a number"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("steps=2.5"); }),
              HasSubstr("expected a whole number"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("seed=-2"); }),
              HasSubstr("expected a seed"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("size=64"); }),
              HasSubstr("expected a size"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("rng=amd"); }), HasSubstr("cpu or nv"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("prompt=fox,dog"); }),
              HasSubstr("'fox', which is not in the prompt"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = parse_axis("order=cat,fox"); }),
              HasSubstr("'fox', which is not in the prompt"));
  EXPECT_THAT(plan_of([](R r) { r.base.batch = 2; }), HasSubstr("one picture in each cell"));
  EXPECT_THAT(plan_of([](R r) { r.axes[0] = r.axes[2] = parse_axis("seed=1"); }),
              HasSubstr("both x and z are seed"));
  EXPECT_THAT(plan_of([](R r) {
                r.axes[0] = parse_axis("seed=1-200");
                r.axes[1] = parse_axis("cfg=1-10");
              }),
              HasSubstr("2000 cells, at most 1000"));
}

TEST(ContactSheet, LeavesRoomForLabelsAndKeepsThePictures) {
  ContactSheet sheet{.title = "", .columns = {"a", "b"}, .rows = {}, .cells = {}};
  sheet.cells = {Image(60, 40, 3, 10), Image(60, 40, 3, 20)};
  const Image page = lay_out(sheet);
  EXPECT_EQ(page.width, 60 + 4 + 60);
  EXPECT_GT(page.height, 40);
  EXPECT_EQ(page.at(5, page.height - 5)[0], 10);
  EXPECT_EQ(page.at(70, page.height - 5)[0], 20);
}

TEST(ContactSheet, WritesItsLabels) {
  const Image ink = text_mask("strength 0.5 <&>", 24);
  ASSERT_FALSE(ink.empty());  // needs a font on the machine
  EXPECT_GT(*std::max_element(ink.pixels.begin(), ink.pixels.end()), 200);
  EXPECT_TRUE(text_mask("", 24).empty());
}

TEST(ContactSheet, RefusesAWrongCountAndAGiant) {
  EXPECT_THAT(refusal([] { lay_out({.title = "", .columns = {"a"}, .rows = {}, .cells = {}}); }),
              HasSubstr("has 0 pictures"));
  EXPECT_THAT(refusal([] {
                ContactSheet sheet;
                sheet.columns.assign(40, "x");
                sheet.cells.assign(40, Image(1000, 20, 3));
                lay_out(sheet);
              }),
              HasSubstr("at most 200 megapixels"));
}

}  // namespace
}  // namespace pentimento
