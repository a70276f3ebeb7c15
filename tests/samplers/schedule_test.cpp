// Noise tables, schedules and step rules against k-diffusion, torch and scipy.
#include "samplers/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "samplers/beta_distribution.h"
#include "samplers/testing.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::AllOf;
using testing::Golden;
using ::testing::HasSubstr;
using testing::refusal;

const Golden& golden() {
  static const Golden file("samplers_schedules.safetensors");
  return file;
}

NoiseTable sd_table(bool zero_terminal_snr = false) {
  return NoiseTable(0.00085, 0.012, "scaled_linear", 1000, zero_terminal_snr);
}

struct NamedTable {
  std::string name;
  NoiseTable table;
};
const std::vector<NamedTable>& tables() {
  static const std::vector<NamedTable> kTables = {
      {"sd", sd_table()},
      {"linear", NoiseTable(0.0001, 0.02, "linear", 1000, false)},
      {"zero_snr", sd_table(true)},
      {"lcm", sd_table().distilled(50)}};
  return kTables;
}

// Every value to the relative tolerance, so that small sigmas count as much as large ones.
void expect_values(std::span<const double> values, const std::string& key, double tolerance) {
  const auto expected = golden().tensor(key).data;
  ASSERT_EQ(values.size(), expected.size()) << key;
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], tolerance * std::abs(expected[i]))
        << key << " [" << i << "]";
}

TEST(NoiseTable, HoldsTheAlphasAndSigmasOfTheTrainingSchedule) {
  for (const auto& [name, table] : tables()) {
    expect_values(table.alphas_cumprod(), name + "/alphas_cumprod", 1e-8);
    expect_values(table.sigmas(), name + "/sigmas", 1e-8);
  }
}

TEST(NoiseTable, HasStableDiffusionsRange) {
  EXPECT_NEAR(sd_table().sigma_min(), 0.0291675, 1e-7);
  EXPECT_NEAR(sd_table().sigma_max(), 14.614642, 1e-6);
  EXPECT_NEAR(sd_table(true).sigma_max(), 4518.76, 0.01);
}

TEST(NoiseTable, InterpolatesLogSigmaBetweenTimesteps) {
  for (const auto& [name, table] : tables()) {
    std::vector<double> sigmas;
    for (float t : golden().tensor(name + "/timesteps").data) sigmas.push_back(table.sigma_of(t));
    expect_values(sigmas, name + "/sigma_of", 1e-6);
  }
}

TEST(NoiseTable, FindsTheFractionalTimestepOfASigma) {
  for (const auto& [name, table] : tables()) {
    const auto expected = golden().tensor(name + "/timestep_of").data;
    const auto sigmas = golden().tensor(name + "/query").data;
    for (size_t i = 0; i < sigmas.size(); ++i)
      EXPECT_NEAR(table.timestep_of(sigmas[i]), expected[i], 1e-4) << name << " " << sigmas[i];
  }
}

TEST(NoiseTable, TimestepsOfItsOwnSigmasAreWhole) {
  for (const auto& [name, table] : tables()) {
    const int stride = name == "lcm" ? 20 : 1;
    for (size_t i = 0; i < table.sigmas().size(); ++i)
      EXPECT_EQ(table.timestep_of(table.sigmas()[i]), static_cast<double>((i + 1) * stride - 1));
  }
}

TEST(NoiseTable, RefusesSchedulesItCannotMean) {
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { NoiseTable(0.1, 0.2, "cosine", 1000, false); }),
              AllOf(HasSubstr("'cosine'"), HasSubstr("scaled_linear")));
  EXPECT_THAT(
      refusal(ErrorKind::InvalidArgument, [] { NoiseTable(0.5, 0.2, "linear", 1000, false); }),
      AllOf(HasSubstr("0.5"), HasSubstr("0.2")));
  for (double bad : {0.0, -1.0, 1.0, double{NAN}})
    refusal(ErrorKind::InvalidArgument, [&] { NoiseTable(bad, bad, "linear", 1000, false); });
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { NoiseTable(0.1, 0.2, "linear", 1, false); }),
              HasSubstr("1 timesteps"));
  EXPECT_THAT(
      refusal(ErrorKind::InvalidArgument, [] { NoiseTable(0.5, 0.9, "linear", 1000, false); }),
      HasSubstr("leave no signal"));
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { sd_table().distilled(1001); }),
              HasSubstr("1001"));
  refusal(ErrorKind::InvalidArgument, [] { sd_table().distilled(1); });
}

TEST(Schedule, EveryNameMatchesItsReferenceAtManyLengths) {
  for (const auto& [name, table] : tables()) {
    const std::vector<int> lengths = name == "sd"
                                         ? std::vector<int>{1, 2, 3, 4, 7, 10, 11, 20, 30, 50, 150}
                                         : std::vector<int>{1, 4, 11, 20};
    for (const SchedulerInfo& scheduler : schedulers())
      for (int n : lengths)
        expect_values(make_schedule(scheduler.name, n, table),
                      name + "/" + scheduler.name + "/" + std::to_string(n), 2e-6);
  }
}

TEST(Schedule, TakesAnotherRangeRhoShapeOrFamily) {
  const NoiseTable table = sd_table();
  for (const char* name :
       {"karras", "exponential", "polyexponential", "sgm_uniform", "kl_optimal", "normal", "beta"})
    expect_values(make_schedule(name, 9, table, {.sigma_min = 0.1, .sigma_max = 10}),
                  std::string("range/") + name, 2e-6);
  expect_values(make_schedule("karras", 9, table, {.rho = 5}), "rho/karras", 2e-6);
  expect_values(make_schedule("polyexponential", 9, table, {.rho = 2}), "rho/polyexponential",
                2e-6);
  expect_values(make_schedule("beta", 9, table, {.beta_alpha = 1.7, .beta_beta = 0.4}),
                "shape/beta", 2e-6);
  expect_values(make_schedule("align_your_steps", 9, table, {.sdxl = true}),
                "sdxl/align_your_steps", 2e-6);
  expect_values(make_schedule("align_your_steps", 11, table, {.sdxl = true}),
                "sdxl/align_your_steps/11", 2e-6);
}

TEST(Schedule, IgnoresRhoWhereItMeansNothing) {
  EXPECT_EQ(make_schedule("exponential", 9, sd_table(), {.rho = 5}),
            make_schedule("exponential", 9, sd_table()));
}

TEST(Schedule, DescendsStrictlyFromTheNoisiestLevelForEveryLength) {
  const NoiseTable table = sd_table();
  for (const SchedulerInfo& scheduler : schedulers())
    for (int n = 1; n <= 150; ++n) {
      const auto sigmas = make_schedule(scheduler.name, n, table);
      const size_t extra =
          scheduler.name == "ddim" ? (999 / (1000 / n) + (999 % (1000 / n) > 0)) - n : 0;
      EXPECT_EQ(sigmas.size(), n + 1 + extra) << scheduler.name << " " << n;
      EXPECT_LE(sigmas.front(), 14.6151) << scheduler.name;
      for (size_t i = 0; i + 1 < sigmas.size(); ++i)
        EXPECT_GT(sigmas[i], sigmas[i + 1]) << scheduler.name << " " << n << " [" << i << "]";
      if (scheduler.name == "kl_optimal")
        EXPECT_NEAR(sigmas.back(), table.sigma_min(), 1e-6);
      else
        EXPECT_EQ(sigmas.back(), 0) << scheduler.name;
    }
}

TEST(Schedule, MatchesTheSpecificationsVectors) {
  const NoiseTable table = sd_table();
  const auto expect_near = [](const std::vector<double>& values, std::vector<double> expected) {
    ASSERT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 6e-5);
  };
  expect_near(make_schedule("uniform", 10, table),
              {14.6146, 7.8399, 4.6092, 2.9183, 1.9502, 1.3449, .9324, .6250, .3687, .0292, 0});
  expect_near(
      make_schedule("karras", 20, table),
      {14.6146, 11.7254, 9.3402, 7.3836, 5.7894, 4.4998, 3.4647, 2.6408, 1.9909, 1.4832, 1.0908,
       .7909,   .5647,   .3964,  .2730,  .1842,  .1213,  .0779,  .0485,  .0292,  0});
  expect_near(make_schedule("simple", 10, table),
              {14.6146, 8.3028, 5.0878, 3.3211, 2.2765, 1.6129, 1.1606, .8299, .5693, .3417, 0});
  expect_near(make_schedule("sgm_uniform", 10, table),
              {14.6146, 8.3072, 5.0924, 3.3251, 2.2797, 1.6156, 1.1629, .8319, .5712, .3437, 0});
  expect_near(make_schedule("ddim", 10, table),
              {8.3907, 5.1344, 3.3478, 2.2929, 1.6237, 1.1682, .8357, .5741, .3462, .0413, 0});
}

TEST(Schedule, IsFoundByNameLabelOrAliasInAnyCase) {
  EXPECT_EQ(find_scheduler("sgm_uniform").label, "SGM Uniform");
  EXPECT_EQ(find_scheduler("SGM UNIFORM").name, "sgm_uniform");
  EXPECT_EQ(find_scheduler("SGMUniform").name, "sgm_uniform");
  EXPECT_EQ(find_scheduler("").name, "automatic");
}

TEST(Schedule, ComesInA1111sOrder) {
  std::vector<std::string> names;
  for (const SchedulerInfo& info : schedulers()) names.push_back(info.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("automatic", "uniform", "karras", "exponential",
                                     "polyexponential", "sgm_uniform", "kl_optimal",
                                     "align_your_steps", "simple", "normal", "ddim", "beta"));
  EXPECT_EQ(find_scheduler("karras").default_rho, 7);
  EXPECT_EQ(find_scheduler("polyexponential").default_rho, 1);
  EXPECT_EQ(find_scheduler("simple").default_rho, -1);
  EXPECT_TRUE(find_scheduler("simple").need_inner_model);
  EXPECT_FALSE(find_scheduler("karras").need_inner_model);
}

TEST(Schedule, AnUnknownNameGetsCloseOnes) {
  EXPECT_THAT(refusal(ErrorKind::NotFound, [] { find_scheduler("karas"); }),
              AllOf(HasSubstr("unknown scheduler 'karas'"), HasSubstr("'Karras'")));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [] { find_scheduler("turbo"); }), HasSubstr("' or '"));
}

TEST(Schedule, RefusesRangesAndShapesOutOfRange) {
  const NoiseTable table = sd_table();
  const auto refused = [&](int steps, const ScheduleOptions& options) {
    return refusal(ErrorKind::InvalidArgument,
                   [&] { make_schedule("karras", steps, table, options); });
  };
  EXPECT_THAT(refused(0, {}), HasSubstr("steps is 0"));
  EXPECT_THAT(refused(10, {.sigma_min = 20}), HasSubstr("sigma_max > sigma_min > 0"));
  EXPECT_THAT(refused(10, {.sigma_min = -1}), HasSubstr("sigma_max > sigma_min > 0"));
  EXPECT_THAT(refused(10, {.sigma_max = INFINITY}), HasSubstr("sigma_max > sigma_min > 0"));
  EXPECT_THAT(refused(10, {.rho = -1}), HasSubstr("rho"));
  EXPECT_THAT(refused(10, {.beta_alpha = 0}), HasSubstr("alpha"));
  EXPECT_THAT(refused(10, {.beta_beta = 101}), HasSubstr("beta"));
}

TEST(BetaDistribution, QuantileInvertsKnownShapes) {
  EXPECT_DOUBLE_EQ(beta_quantile(0, 0.6, 0.6), 0);
  EXPECT_DOUBLE_EQ(beta_quantile(1, 0.6, 0.6), 1);
  EXPECT_NEAR(beta_quantile(0.5, 0.6, 0.6), 0.5, 1e-14);
  EXPECT_NEAR(beta_quantile(0.3, 1, 1), 0.3, 1e-14);                        // uniform
  EXPECT_NEAR(beta_quantile(0.2, 3, 1), std::cbrt(0.2), 1e-14);             // cdf x³
  EXPECT_NEAR(beta_quantile(0.75, 0.5, 0.5), 0.853553390593273762, 1e-14);  // sin²(3 pi / 8)
}

TEST(Timesteps, AreA1111sForDdimPlmsAndUniPc) {
  for (int n : {1, 2, 3, 7, 9, 20, 30, 50, 150, 600, 1000}) {
    const auto expected = golden().integers("timesteps/" + std::to_string(n));
    const auto timesteps = make_timesteps(n, sd_table());
    EXPECT_TRUE(std::equal(timesteps.begin(), timesteps.end(), expected.begin(), expected.end()))
        << n;
  }
}

TEST(Timesteps, RefuseMoreStepsThanTheModelHas) {
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { make_timesteps(1001, sd_table()); }),
              AllOf(HasSubstr("1001"), HasSubstr("1 to 1000")));
  refusal(ErrorKind::InvalidArgument, [] { make_timesteps(0, sd_table()); });
}

TEST(Img2ImgSteps, FollowA1111sRuleFor1To150StepsAndManyStrengths) {
  const auto rows = golden().integers("img2img_steps");
  for (size_t i = 0; i < rows.size(); i += 6) {
    const int steps = static_cast<int>(rows[i]);
    const double strength = static_cast<double>(rows[i + 1]) / 1000;
    const StepPlan usual = img2img_steps(steps, strength, false);
    const StepPlan fixed = img2img_steps(steps, strength, true);
    EXPECT_EQ(usual.steps, rows[i + 2]);
    EXPECT_EQ(usual.t_enc, rows[i + 3]) << steps << " at " << strength;
    EXPECT_EQ(fixed.steps, rows[i + 4]) << steps << " at " << strength;
    EXPECT_EQ(fixed.t_enc, rows[i + 5]);
  }
}

TEST(Img2ImgSteps, RefusesValuesOutOfRange) {
  const auto refused = [](int steps, double strength, bool fix) {
    return refusal(ErrorKind::InvalidArgument, [&] { img2img_steps(steps, strength, fix); });
  };
  EXPECT_THAT(refused(0, 0.5, false), HasSubstr("steps is 0"));
  EXPECT_THAT(refused(20, 1.01, false), HasSubstr("strength is 1.01"));
  EXPECT_THAT(refused(20, -0.1, false), HasSubstr("expected 0 to 1"));
  EXPECT_THAT(refused(20, NAN, false), HasSubstr("expected 0 to 1"));
  EXPECT_THAT(refused(150, 0.0001, true), HasSubstr("raise the strength"));
}

}  // namespace
}  // namespace pentimento
