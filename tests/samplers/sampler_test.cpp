// The table of samplers, their names, and laws that hold for every one of them.
#include "samplers/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/brownian_tree.h"
#include "samplers/testing.h"

namespace pentimento {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::noise_of;
using testing::refusal;
using testing::sd_table;
using testing::towards;

TEST(SamplerTable, ListsA1111sSamplersInItsOrder) {
  std::vector<std::string> names;
  for (const SamplerInfo& info : samplers()) names.push_back(info.name);
  EXPECT_THAT(names, ElementsAre("DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun",
                                 "DPM++ 2S a", "DPM++ 3M SDE", "Euler a", "Euler", "LMS", "Heun",
                                 "DPM2", "DPM2 a", "DPM fast", "DPM adaptive", "Restart", "DDIM",
                                 "PLMS", "UniPC", "LCM", "TCD"));
}

TEST(SamplerTable, EverySamplerHasOneSolverAndAKnownDefaultSchedule) {
  for (const SamplerInfo& info : samplers()) {
    EXPECT_EQ(info.solve != nullptr, !info.timestep_based) << info.name;
    EXPECT_EQ(info.solve_timesteps != nullptr, info.timestep_based) << info.name;
    EXPECT_NO_THROW(find_scheduler(info.default_scheduler)) << info.name;
    EXPECT_FALSE(info.aliases.empty()) << info.name;
  }
}

TEST(SamplerName, IsFoundByNameOrAliasInAnyCase) {
  EXPECT_EQ(find_sampler("Euler a").name, "Euler a");
  EXPECT_EQ(find_sampler("euler A").name, "Euler a");
  EXPECT_EQ(find_sampler("k_euler_ancestral").name, "Euler a");
  EXPECT_EQ(find_sampler("DPM++ 2m sde").name, "DPM++ 2M SDE");
}

TEST(SamplerName, AnUnknownOneGetsCloseNames) {
  EXPECT_THAT(refusal(ErrorKind::NotFound, [] { find_sampler("Eular a"); }),
              AllOf(HasSubstr("unknown sampler 'Eular a'"), HasSubstr("mean 'Euler a'")));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [] { find_sampler("DPM++ 2N"); }),
              HasSubstr("'DPM++ 2M'"));
  EXPECT_LT(refusal(ErrorKind::NotFound, [] { find_sampler(std::string(1 << 20, 'x')); }).size(),
            200u);
}

TEST(SamplerName, AScheduleAtItsEndIsSplitOff) {
  const auto expect = [](const char* sampler, const char* scheduler, const char* name,
                         const char* label) {
    const SamplerChoice choice = resolve_sampler_name(sampler, scheduler);
    EXPECT_EQ(choice.sampler->name, name) << sampler;
    EXPECT_EQ(choice.scheduler->label, label) << sampler;
  };
  expect("DPM++ 2M Karras", "", "DPM++ 2M", "Karras");
  expect("DPM++ 2M Karras", "Simple", "DPM++ 2M", "Karras");
  expect("DPM++ 2M SDE Heun Exponential", "Automatic", "DPM++ 2M SDE Heun", "Exponential");
  expect("Euler sgm_uniform", "", "Euler", "SGM Uniform");
  expect("Euler SGMUniform", "", "Euler", "SGM Uniform");
  expect("dpm2 a karras", "", "DPM2 a", "Karras");
  expect("Euler", "karras", "Euler", "Karras");
  expect("", "", "DPM++ 2M", "Automatic");
  expect("DDIM", "", "DDIM", "Automatic");
}

TEST(SamplerName, UnknownPartsAreRefusedUnlikeA1111) {
  refusal(ErrorKind::NotFound, [] { resolve_sampler_name("Foo Karras", ""); });
  refusal(ErrorKind::NotFound, [] { resolve_sampler_name("Euler", "Foo"); });
}

TEST(SamplerName, AutomaticGivesWayToTheSamplersOwnSchedule) {
  EXPECT_EQ(effective_scheduler(resolve_sampler_name("DPM++ 2M", "")).label, "Karras");
  EXPECT_EQ(effective_scheduler(resolve_sampler_name("DPM++ 2M", "Simple")).label, "Simple");
  EXPECT_EQ(effective_scheduler(resolve_sampler_name("Euler", "")).label, "Automatic");
}

// One run over 8 Karras steps with everything a sampler may ask for.
Vec run_sigmas(const SamplerInfo& info, const Denoiser& denoise, SamplerOptions options = {},
               const std::vector<double>& sigmas = make_schedule("karras", 8, sd_table())) {
  const NoiseTable table = sd_table();
  const auto generator = make_generator(RngSource::Cpu, 5);
  const BrownianTree tree(RngSource::Cpu, 60, 5, 0.0291675, 14.614642);
  SamplerInputs in{.denoise = denoise,
                   .noise = [&] { return generator->randn(60); },
                   .brownian = [&](double a, double b) { return tree(a, b); },
                   .on_step = {},
                   .options = options,
                   .table = &table};
  Vec x = noise_of(1, 60);
  for (float& value : x) value *= static_cast<float>(sigmas[0]);
  return sample(info, std::move(x), sigmas, in);
}

TEST(Sampler, EndsAtTheTruthWhenTheDenoiserAlwaysNamesIt) {
  const Vec truth = noise_of(2, 60);
  for (const SamplerInfo& info : samplers()) {
    if (info.timestep_based) continue;
    const Vec end = run_sigmas(info, towards(truth));
    // DPM fast and adaptive stop at sigma_min, TCD at timestep 0: a little noise is left.
    const double left = info.name == "TCD" || info.name.starts_with("DPM ") ? 0.2 : 1e-5;
    for (size_t i = 0; i < end.size(); ++i) EXPECT_NEAR(end[i], truth[i], left) << info.name;
  }
}

TEST(Sampler, GivesTheSameLatentForTheSameInputs) {
  const Denoiser denoise = [](const Vec& x, double sigma) {
    Vec x0 = x;
    for (float& value : x0) value = std::tanh(value / static_cast<float>(1 + sigma));
    return x0;
  };
  for (const SamplerInfo& info : samplers()) {
    if (info.timestep_based) continue;
    EXPECT_EQ(run_sigmas(info, denoise), run_sigmas(info, denoise)) << info.name;
  }
}

TEST(Sampler, WithoutEtaTheStochasticOnesDrawNothingThatShows) {
  // eta 0 makes the ancestral samplers deterministic: another generator changes nothing.
  const NoiseTable table = sd_table();
  const auto sigmas = make_schedule("karras", 6, table);
  const Vec truth = noise_of(2, 60);
  for (const SamplerInfo& info : samplers()) {
    if (info.timestep_based || !info.default_eta || info.brownian) continue;
    const auto with = [&](uint64_t seed) {
      const auto generator = make_generator(RngSource::Cpu, seed);
      SamplerInputs in{.denoise = towards(truth),
                       .noise = [&] { return generator->randn(60); },
                       .brownian = {},
                       .on_step = {},
                       .options = {.eta = 0},
                       .table = &table};
      return sample(info, noise_of(3, 60), sigmas, in);
    };
    EXPECT_EQ(with(1), with(2)) << info.name;
  }
}

TEST(Sampler, IgnoresOptionsItDoesNotKnow) {
  const Denoiser denoise = towards(noise_of(2, 60));
  const SamplerOptions odd{.eta = 0.5, .s_churn = 9, .s_noise = 1.5};
  for (const char* name : {"DPM++ 2M", "LMS", "LCM"})
    EXPECT_EQ(run_sigmas(find_sampler(name), denoise, odd),
              run_sigmas(find_sampler(name), denoise));
  EXPECT_EQ(run_sigmas(find_sampler("Euler a"), denoise, {.s_noise = 1.5}),
            run_sigmas(find_sampler("Euler a"), denoise));
}

TEST(Sampler, StopsWhereTheDenoiserThrows) {
  for (const SamplerInfo& info : samplers()) {
    if (info.timestep_based) continue;
    int calls = 0;
    const Denoiser cancelled = [&](const Vec& x, double) {
      if (++calls == 2) throw Error(ErrorKind::Cancelled, "cancelled");
      return x;
    };
    refusal(ErrorKind::Cancelled, [&] { run_sigmas(info, cancelled); });
    EXPECT_EQ(calls, 2) << info.name;
  }
}

TEST(Sampler, RefusesSchedulesThatAreNone) {
  const SamplerInfo& euler = find_sampler("Euler");
  const auto refused = [&](const std::vector<double>& sigmas) {
    return refusal(ErrorKind::InvalidArgument,
                   [&] { sample(euler, Vec(4), sigmas, {.denoise = towards(Vec(4))}); });
  };
  EXPECT_THAT(refused({}), HasSubstr("0 noise levels"));
  EXPECT_THAT(refused({1}), HasSubstr("1 noise levels"));
  EXPECT_THAT(refused({1, 2, 0}), HasSubstr("descending"));
  EXPECT_THAT(refused({1, 0, -1}), HasSubstr("none negative"));
}

TEST(Sampler, RefusesAnEtaOutOfRange) {
  for (double eta : {-0.1, 1.1, double{NAN}})
    EXPECT_THAT(
        refusal(ErrorKind::InvalidArgument,
                [&] { run_sigmas(find_sampler("Euler a"), towards(Vec(60)), {.eta = eta}); }),
        HasSubstr("eta"));
}

TEST(Sampler, RefusesToRunWithoutWhatItNeeds) {
  const std::vector<double> sigmas = {2, 1, 0};
  const NoiseTable table = sd_table();
  const auto internal = [&](const char* name, const SamplerInputs& in) {
    return refusal(ErrorKind::Internal, [&] { sample(find_sampler(name), Vec(4), sigmas, in); });
  };
  EXPECT_THAT(internal("Euler", {}), HasSubstr("Euler was not given"));
  EXPECT_THAT(internal("DPM++ SDE", {.denoise = towards(Vec(4))}), HasSubstr("was not given"));
  EXPECT_THAT(internal("TCD", {.denoise = towards(Vec(4))}), HasSubstr("was not given"));
  EXPECT_THAT(internal("DDIM", {.denoise = towards(Vec(4))}), HasSubstr("over timesteps"));

  const std::vector<int> timesteps = {1, 501};
  const auto timestep_error = [&](const char* name, const std::vector<int>& steps, ErrorKind kind,
                                  const TimestepInputs& in) {
    return refusal(kind, [&] { sample_timesteps(find_sampler(name), Vec(4), steps, table, in); });
  };
  const TimestepInputs fine{.epsilon = [](const Vec& x, double) { return x; }};
  EXPECT_THAT(timestep_error("Euler", timesteps, ErrorKind::Internal, fine),
              HasSubstr("over sigmas"));
  EXPECT_THAT(timestep_error("DDIM", timesteps, ErrorKind::Internal, {}),
              HasSubstr("was not given"));
  timestep_error("DDIM", {501, 1}, ErrorKind::InvalidArgument, fine);
  timestep_error("DDIM", {1, 1000}, ErrorKind::InvalidArgument, fine);
  timestep_error("DDIM", {-1, 10}, ErrorKind::InvalidArgument, fine);
}

TEST(DpmAdaptive, StopsWithAMessageWhenTheNetworkFails) {
  const Denoiser broken = [](const Vec& x, double) { return Vec(x.size(), NAN); };
  EXPECT_THAT(
      refusal(ErrorKind::Internal, [&] { run_sigmas(find_sampler("DPM adaptive"), broken); }),
      HasSubstr("not a finite number"));
}

TEST(DpmFast, SpendsExactlyTheModelCallsOfItsSchedule) {
  for (int n = 2; n <= 12; ++n) {
    int calls = 0;
    const Denoiser denoise = [&](const Vec& x, double) { return ++calls, x; };
    run_sigmas(find_sampler("DPM fast"), denoise, {}, make_schedule("karras", n, sd_table()));
    EXPECT_EQ(calls, n);
  }
}

}  // namespace
}  // namespace pentimento
