// Plans: what runs, from where, how often; and the laws of running them.
#include "samplers/sampling_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/testing.h"

namespace pentimento {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::network_towards;
using testing::noise_of;
using testing::refusal;
using testing::sd_table;

SamplingPlan plan_of(const char* sampler, int steps, std::optional<double> strength = {},
                     const PlanOptions& options = {}) {
  return plan_sampling(resolve_sampler_name(sampler, ""), steps, strength, sd_table(), options);
}

TEST(Plan, RunsA1111sShareOfTheSchedule) {
  const SamplingPlan plan = plan_of("Euler", 20, 0.5);
  EXPECT_EQ(plan.steps, 11);
  EXPECT_EQ(plan.schedule_steps, 20);
  EXPECT_EQ(plan.model_calls, 11);
  EXPECT_EQ(plan.prompt_calls, 20);
  const auto all = make_schedule("automatic", 20, sd_table());
  EXPECT_EQ(plan.sigmas, std::vector<double>(all.begin() + 9, all.end()));
}

TEST(Plan, OfTextRunsTheWholeSchedule) {
  const SamplingPlan plan = plan_of("Euler", 20);
  EXPECT_FALSE(plan.from_picture);
  EXPECT_EQ(plan.sigmas, make_schedule("automatic", 20, sd_table()));
  EXPECT_EQ(plan.start_image, 0);
  EXPECT_EQ(plan.start_noise, plan.sigmas[0]);
}

TEST(Plan, FullStrengthRunsEveryStepFromThePicture) {
  const SamplingPlan plan = plan_of("Euler", 20, 1.0);
  EXPECT_EQ(plan.steps, 20);
  EXPECT_EQ(plan.start_image, 1);
}

TEST(Plan, StrengthZeroRunsNothing) {
  for (const SamplerInfo& info : samplers())
    for (bool fix : {false, true}) {
      const SamplingPlan plan = plan_of(info.name.c_str(), 20, 0.0, PlanOptions{.fix_steps = fix});
      EXPECT_EQ(plan.model_calls, 0) << info.name;
      EXPECT_EQ(plan.steps, 0) << info.name;
      EXPECT_EQ(plan.schedule_steps, 20) << info.name;
    }
}

TEST(Plan, FixStepsLengthensTheScheduleInstead) {
  const SamplingPlan plan = plan_of("Euler", 20, 0.5, {.fix_steps = true});
  EXPECT_EQ(plan.schedule_steps, 40);
  EXPECT_EQ(plan.model_calls, 20);
  EXPECT_EQ(plan.prompt_calls, 20);
}

TEST(Plan, NamesTheScheduleInEffect) {
  EXPECT_EQ(plan_of("DPM++ 2M", 20).scheduler, "Karras");
  EXPECT_EQ(plan_of("DPM++ 2M SDE", 20).scheduler, "Exponential");
  EXPECT_EQ(plan_of("Euler", 20).scheduler, "Automatic");
  EXPECT_EQ(plan_of("LCM", 4).scheduler, "Automatic");
  EXPECT_EQ(plan_of("DDIM", 20).scheduler, "");
}

TEST(Plan, DiscardsThePenultimateLevelWhereTheSamplerOrTheUserSaysSo) {
  auto longer = make_schedule("karras", 11, sd_table());
  longer.erase(longer.end() - 2);
  EXPECT_EQ(plan_of("DPM2", 10).sigmas, longer);
  auto euler = make_schedule("automatic", 11, sd_table());
  euler.erase(euler.end() - 2);
  EXPECT_EQ(plan_of("Euler", 10, {}, {.discard_penultimate = true}).sigmas, euler);
  EXPECT_EQ(plan_of("DDIM", 10, {}, {.discard_penultimate = true}).timesteps,
            make_timesteps(11, sd_table()));
}

TEST(Plan, TheBrownianPathSpansTheWholeScheduleNotItsEnd) {
  const SamplingPlan plan = plan_of("DPM++ SDE", 20, 0.4);
  EXPECT_NEAR(plan.brownian_max, 14.614642, 1e-5);
  EXPECT_NEAR(plan.brownian_min, 0.0291675, 1e-6);
  EXPECT_LT(plan.sigmas[0], 3);
}

TEST(Plan, TakesTheScheduleOptions) {
  const PlanOptions options{.schedule = {.sigma_min = 0.1, .sigma_max = 10}};
  const auto sigmas = plan_of("DPM++ 2M", 8, {}, options).sigmas;
  EXPECT_NEAR(sigmas[0], 10, 1e-5);
  EXPECT_NEAR(sigmas[7], 0.1, 1e-6);
}

TEST(Plan, CountsBothCallsOfSecondOrderSamplers) {
  const SamplingPlan plan = plan_of("Heun", 10);
  EXPECT_EQ(plan.model_calls, 19);  // the step down to 0 is Euler's
  EXPECT_EQ(plan.prompt_calls, 20);
}

TEST(Plan, OfTimestepSamplersHasA1111sOffByOnes) {
  EXPECT_EQ(plan_of("DDIM", 20).model_calls, 19);
  EXPECT_EQ(plan_of("DDIM", 30).model_calls, 30);  // 31 timesteps
  EXPECT_EQ(plan_of("PLMS", 20).model_calls, 20);
  EXPECT_EQ(plan_of("UniPC", 20).model_calls, 20);
  const SamplingPlan plan = plan_of("DDIM", 20, 0.5);
  EXPECT_THAT(plan.timesteps, ElementsAre(1, 51, 101, 151, 201, 251, 301, 351, 401, 451));
  EXPECT_EQ(plan.model_calls, 9);
  const double acp = sd_table().alphas_cumprod()[501];
  EXPECT_DOUBLE_EQ(plan.start_image, std::sqrt(acp));
  EXPECT_DOUBLE_EQ(plan.start_noise, std::sqrt(1 - acp));
  EXPECT_EQ(plan.sigmas.size(), plan.timesteps.size());
  EXPECT_GT(plan.sigmas.front(), plan.sigmas.back());
}

TEST(Plan, RefusesWhatLeavesNothingToSolve) {
  const auto refused = [](const char* sampler, const char* scheduler, int steps,
                          std::optional<double> strength, bool fix) {
    return refusal(ErrorKind::InvalidArgument, [&] {
      plan_sampling(resolve_sampler_name(sampler, scheduler), steps, strength, sd_table(),
                    {.fix_steps = fix});
    });
  };
  EXPECT_THAT(refused("Euler", "", 0, {}, false), HasSubstr("steps is 0"));
  EXPECT_THAT(refused("Euler", "", 20, 1.5, false), HasSubstr("strength is 1.5"));
  EXPECT_THAT(refused("DPM fast", "", 20, 0.01, false),
              AllOf(HasSubstr("DPM fast"), HasSubstr("raise the strength")));
  EXPECT_THAT(refused("DPM adaptive", "", 20, 0.01, false), HasSubstr("DPM adaptive"));
  EXPECT_THAT(refused("Euler", "DDIM", 20, 0.01, true), HasSubstr("only 999 noise levels"));
  EXPECT_THAT(refused("DDIM", "", 20, 0.01, true), HasSubstr("2000 timesteps"));
  EXPECT_THAT(refused("TCD", "", 51, {}, false), AllOf(HasSubstr("51"), HasSubstr("50")));
}

TEST(Start, MixesPictureAndNoiseAsThePlanSays) {
  const Vec init = {1, 2}, noise = {0.5, -0.5};
  const SamplingPlan euler = plan_of("Euler", 20, 0.5);
  const float sigma = static_cast<float>(euler.sigmas[0]);
  EXPECT_FLOAT_EQ(start(euler, init, noise)[0], 1 + 0.5f * sigma);
  // Multiplier on all noise; extra noise is not multiplied by sigma.
  const Vec x = start(euler, init, noise, {.noise_multiplier = 0.9, .extra_noise = 0.2});
  EXPECT_FLOAT_EQ(x[1], 2 - 0.5f * 0.9f * (sigma + 0.2f));
  EXPECT_EQ(start(euler, init, noise, {.noise_multiplier = 0}), init);

  const SamplingPlan ddim = plan_of("DDIM", 20, 0.5);
  const float a = static_cast<float>(ddim.start_image), b = static_cast<float>(ddim.start_noise);
  EXPECT_FLOAT_EQ(start(ddim, init, noise)[0], a + 0.5f * b);
  EXPECT_FLOAT_EQ(start(ddim, init, noise, {.extra_noise = 0.2})[0], a + 0.5f * (b + 0.2f * a));
}

TEST(Start, OfTextIsNoiseAtTheFirstLevel) {
  const Vec noise = {0.5, -0.5};
  const SamplingPlan euler = plan_of("Euler", 20);
  const float sigma = static_cast<float>(euler.sigmas[0]);
  EXPECT_FLOAT_EQ(start(euler, {}, noise)[0], 0.5f * sigma);
  EXPECT_EQ(start(plan_of("DDIM", 20), {}, noise), noise);
  const SamplingPlan sgm = plan_of("Euler", 20, {}, {.sgm_noise_multiplier = true});
  EXPECT_FLOAT_EQ(start(sgm, {}, noise)[0], 0.5f * std::sqrt(1 + sigma * sigma));
  // Pictures never take sgm's start.
  EXPECT_EQ(plan_of("Euler", 20, 1.0, {.sgm_noise_multiplier = true}).start_noise, sigma);
}

TEST(Start, OfStrengthZeroIsThePictureItself) {
  const Vec init = {1, 2}, noise = {0.5, -0.5};
  for (const char* sampler : {"Euler", "DDIM", "LCM"})
    EXPECT_EQ(start(plan_of(sampler, 20, 0.0), init, noise, {.extra_noise = 0.5}), init);
}

TEST(Start, RefusesALatentThatDoesNotFitItsNoise) {
  EXPECT_THAT(
      refusal(ErrorKind::Internal, [] { start(plan_of("Euler", 20, 0.5), Vec(3), Vec(4)); }),
      HasSubstr("3 values"));
}

// Runs a plan on a [4,3,5] latent.
Vec run_plan(const SamplingPlan& plan, const Network& network, const Vec& init,
             std::optional<LatentMask> mask = {}, StepCallback on_step = {}) {
  ImageNoise noise(RngSource::Cpu, 4, 3, 5, {.seed = 8});
  const Vec x = start(plan, plan.from_picture ? init : Vec{}, noise.first());
  return run(plan, sd_table(), x, noise,
             {.network = network, .mask = std::move(mask), .on_step = std::move(on_step)});
}

TEST(Run, StrengthZeroReturnsThePictureAndAsksNoNetwork) {
  const Vec init = noise_of(4, 60);
  const Network never = [](const Vec&, double) -> Vec { throw std::logic_error("asked"); };
  for (const SamplerInfo& info : samplers())
    EXPECT_EQ(run_plan(plan_of(info.name.c_str(), 20, 0.0), never, init), init) << info.name;
}

TEST(Run, EverySamplerFindsTheLatentItsNetworkKnows) {
  const NoiseTable table = sd_table();
  const Vec truth = noise_of(2, 60), init = noise_of(4, 60);
  for (const SamplerInfo& info : samplers())
    for (std::optional<double> strength : {std::optional<double>(), std::optional<double>(0.8)}) {
      const Vec end =
          run_plan(plan_of(info.name.c_str(), 12, strength), network_towards(truth, table), init);
      for (size_t i = 0; i < end.size(); ++i) EXPECT_NEAR(end[i], truth[i], 0.2) << info.name;
    }
}

TEST(Run, ReportsEveryStepOnceAndItsTotal) {
  const NoiseTable table = sd_table();
  for (const SamplerInfo& info : samplers()) {
    const SamplingPlan plan = plan_of(info.name.c_str(), 12, 0.8);
    int last = 0, total = -1;
    run_plan(plan, network_towards(noise_of(2, 60), table), noise_of(4, 60), {},
             [&](int done, int of, const Vec& denoised) {
               EXPECT_EQ(done, last + 1) << info.name;
               EXPECT_EQ(denoised.size(), 60u);
               last = done;
               total = of;
             });
    EXPECT_EQ(total, info.name == "DPM adaptive" ? 0 : last) << info.name;
    const bool own_steps = info.name == "Restart" || info.name.starts_with("DPM ");
    EXPECT_TRUE(own_steps || last == plan.steps) << info.name;
  }
}

TEST(Run, OutsideTheMaskThePictureStaysBitForBit) {
  const NoiseTable table = sd_table();
  const Vec init = noise_of(4, 60), truth = noise_of(2, 60);
  LatentMask mask{Vec(60, 0.0f), init};
  for (size_t i = 0; i < 30; ++i) mask.repaint[i] = 1;
  for (const SamplerInfo& info : samplers()) {
    const Vec end =
        run_plan(plan_of(info.name.c_str(), 12, 0.8), network_towards(truth, table), init, mask);
    for (size_t i = 30; i < 60; ++i) EXPECT_EQ(end[i], init[i]) << info.name;
    for (size_t i = 0; i < 30; ++i) EXPECT_NEAR(end[i], truth[i], 0.2) << info.name;
  }
}

TEST(Run, SigmaSamplersBlendTheMaskAfterTheCallTimestepOnesBefore) {
  const Vec init(60, 5.0f);
  const LatentMask keep_all{Vec(60, 0.0f), init};
  std::vector<float> seen;
  const Network network = [&](const Vec& z, double) {
    seen.push_back(z[0]);
    return Vec(z.size(), 0.25f);
  };
  std::vector<float> denoised;
  const StepCallback watch = [&](int, int, const Vec& x0) { denoised.push_back(x0[0]); };
  run_plan(plan_of("Euler", 6, 0.8), network, init, keep_all, watch);
  EXPECT_THAT(denoised, ::testing::Each(5.0f));
  EXPECT_NE(seen[0], 5.0f);

  seen.clear();
  run_plan(plan_of("DDIM", 6, 0.8), network, init, keep_all, watch);
  EXPECT_THAT(seen, ::testing::Each(5.0f));
}

TEST(Run, AMaskOfOnesChangesNothing) {
  const NoiseTable table = sd_table();
  const Vec init = noise_of(4, 60), truth = noise_of(2, 60);
  for (const char* name : {"Euler a", "DPM++ 2M SDE", "UniPC", "LCM"}) {
    const SamplingPlan plan = plan_of(name, 8, 0.8);
    const Network network = network_towards(truth, table);
    EXPECT_EQ(run_plan(plan, network, init, LatentMask{Vec(60, 1.0f), init}),
              run_plan(plan, network, init))
        << name;
  }
}

TEST(Run, NvSeedsReachTheBrownianPathToo) {
  const NoiseTable table = sd_table();
  const SamplingPlan plan = plan_of("DPM++ 2M SDE", 6);
  const Network network = [](const Vec& z, double) { return z; };
  const auto with = [&](RngSource source) {
    ImageNoise noise(source, 4, 3, 5, {.seed = 8});
    return run(plan, table, Vec(60, 0.0f), noise, {.network = network});
  };
  EXPECT_NE(with(RngSource::Cpu), with(RngSource::Nv));
  EXPECT_EQ(with(RngSource::Nv), with(RngSource::Nv));
}

TEST(Run, LcmAsksOnlyAtTheTimestepsItWasDistilledOn) {
  const NoiseTable table = sd_table();
  std::vector<double> asked;
  const Network network = [&](const Vec& z, double t) {
    asked.push_back(t);
    return z;
  };
  ImageNoise noise(RngSource::Cpu, 4, 3, 5, {.seed = 8});
  run(plan_sampling(resolve_sampler_name("LCM", "Karras"), 6, {}, table), table, Vec(60), noise,
      {.network = network});
  for (double t : asked) EXPECT_EQ(std::fmod(t + 1, 20), 0) << t;
}

TEST(Run, WorksOnTablesOfAnotherLength) {
  const NoiseTable table(0.001, 0.1, "linear", 40, false);
  const Vec truth = noise_of(2, 60);
  for (const SamplerInfo& info : samplers()) {
    ImageNoise noise(RngSource::Cpu, 4, 3, 5, {.seed = 8});
    const SamplingPlan plan = plan_sampling(resolve_sampler_name(info.name, ""), 5, 0.7, table);
    const Vec end = run(plan, table, start(plan, Vec(60, 0.5f), noise.first()), noise,
                        {.network = network_towards(truth, table)});
    for (size_t i = 0; i < end.size(); ++i) EXPECT_NEAR(end[i], truth[i], 0.35) << info.name;
  }
}

TEST(Run, RefusesANetworkOrMaskOfAnotherSize) {
  const SamplingPlan plan = plan_of("Euler", 4);
  EXPECT_THAT(refusal(ErrorKind::Internal,
                      [&] { run_plan(plan, [](const Vec&, double) { return Vec(3); }, {}); }),
              HasSubstr("returned 3 values"));
  const Network network = [](const Vec& z, double) { return z; };
  EXPECT_THAT(refusal(ErrorKind::Internal,
                      [&] {
                        run_plan(plan, network, {}, LatentMask{Vec(3), Vec(60)});
                      }),
              HasSubstr("mask"));
}

}  // namespace
}  // namespace pentimento
