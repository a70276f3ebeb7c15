// Every sampler's whole way, from the plan to the last latent, against k-diffusion, diffusers and
// A1111's behaviour restated (tests/golden/samplers_trajectories.py): what the network is shown at
// every call, when, and what comes out.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "samplers/sampling_plan.h"
#include "samplers/solvers.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;

constexpr int kChannels = 4, kHeight = 3, kWidth = 5;
constexpr double kTolerance = 1e-5;

const Golden& golden() {
  static const Golden file("samplers_trajectories.safetensors");
  return file;
}

struct Case {
  std::string name, sampler, scheduler;
  int steps = 0;
  std::optional<double> strength;
  Prediction prediction = Prediction::Epsilon;
  uint64_t seed = 0;
  std::map<std::string, double> options;

  double option(const std::string& key, double fallback) const {
    const auto found = options.find(key);
    return found == options.end() ? fallback : found->second;
  }
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::istringstream lines(golden().text("cases"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    const auto next = [&] {
      std::string field;
      std::getline(fields, field, '|');
      return field;
    };
    Case c;
    c.name = next();
    c.sampler = next();
    c.scheduler = next();
    c.steps = std::stoi(next());
    if (const std::string strength = next(); !strength.empty()) c.strength = std::stod(strength);
    c.prediction = next() == "v" ? Prediction::V : Prediction::Epsilon;
    c.seed = std::stoull(next());
    std::istringstream options(next());
    for (std::string option; options >> option;) {
      const size_t equals = option.find('=');
      c.options[option.substr(0, equals)] = std::stod(option.substr(equals + 1));
    }
    cases.push_back(c);
  }
  return cases;
}

// The fixed nonlinear function of the golden script; remembers what it was asked.
struct RecordingNetwork {
  Prediction prediction;
  std::vector<Vec> inputs;
  std::vector<double> timesteps;

  Vec operator()(const Vec& z, double t) {
    inputs.push_back(z);
    timesteps.push_back(t);
    Vec out(z.size());
    for (size_t i = 0; i < z.size(); ++i) {
      const double neighbour = z[(i + 1) % z.size()];
      const double bend =
          std::tanh(0.8 * z[i] + 0.3 * neighbour + 0.1 * std::sin(static_cast<double>(i))) *
          (1 + 0.2 * std::cos(t / 150));
      out[i] =
          static_cast<float>(prediction == Prediction::Epsilon ? z[i] - 0.2 * bend : 0.6 * bend);
    }
    return out;
  }
};

Vec init_latent() {
  Vec init = make_generator(RngSource::Cpu, 99)->randn(kChannels * kHeight * kWidth);
  for (float& value : init) value *= 0.8f;
  return init;
}

void expect_case(const Case& c) {
  const NoiseTable table(0.00085, 0.012, "scaled_linear", 1000, c.option("zero_snr", 0) != 0);
  const SamplingPlan plan =
      plan_sampling(resolve_sampler_name(c.sampler, c.scheduler), c.steps, c.strength, table,
                    {.fix_steps = c.option("fix_steps", 0) != 0,
                     .discard_penultimate = c.option("discard", 0) != 0});
  ImageNoise noise(
      RngSource::Cpu, kChannels, kHeight, kWidth,
      {.seed = c.seed, .eta_noise_seed_delta = static_cast<int64_t>(c.option("ensd", 0))});
  RecordingNetwork network{c.prediction, {}, {}};
  RunInputs inputs{.network = [&](const Vec& z, double t) { return network(z, t); },
                   .prediction = c.prediction,
                   .options = {.s_churn = c.option("s_churn", 0),
                               .s_tmin = c.option("s_tmin", 0),
                               .s_tmax = c.option("s_tmax", 0),
                               .s_noise = c.option("s_noise", 1)}};
  if (c.options.contains("eta")) inputs.options.eta = c.option("eta", 0);
  int reported = 0;
  inputs.on_step = [&](int done, int, const Vec&) { EXPECT_EQ(done, ++reported); };

  const Vec x = start(plan, c.strength ? init_latent() : Vec{}, noise.first());
  const Vec final = run(plan, table, x, noise, inputs);

  EXPECT_LE(relative_error(final, golden().tensor(c.name + "/final").data), kTolerance);
  if (plan.model_calls_exact) {
    EXPECT_EQ(static_cast<int>(network.inputs.size()), plan.model_calls);
  }
  if (network.inputs.empty()) return;
  const Tensor expected = golden().tensor(c.name + "/inputs");
  const auto timesteps = golden().tensor(c.name + "/timesteps").data;
  ASSERT_EQ(network.inputs.size(), timesteps.size());
  for (size_t call = 0; call < timesteps.size(); ++call) {
    const auto row = expected.data.begin() + static_cast<std::ptrdiff_t>(call * x.size());
    EXPECT_LE(
        relative_error(network.inputs[call], Vec(row, row + static_cast<std::ptrdiff_t>(x.size()))),
        kTolerance)
        << "call " << call;
    EXPECT_NEAR(network.timesteps[call], timesteps[call], 1000 * kTolerance) << "call " << call;
  }
}

TEST(Trajectory, OfEverySamplerMatchesItsReferenceAtEveryCall) {
  std::set<std::string> covered;
  for (const Case& c : read_cases()) {
    SCOPED_TRACE("case " + c.name + ": " + c.sampler + " " + c.scheduler + ", " +
                 std::to_string(c.steps) + " steps");
    expect_case(c);
    covered.insert(c.sampler);
  }
  EXPECT_EQ(covered.size(), samplers().size());
}

// Also whether the way back up adds noise, which float32 rounding decides for one of two restarts.
TEST(Trajectory, RestartWalksBetweenTheSameLevelsForEveryNumberOfSteps) {
  const NoiseTable table(0.00085, 0.012, "scaled_linear", 1000, false);
  for (int n = 18; n <= 60; ++n) {
    const auto intervals = restart_intervals(make_schedule("karras", n, table));
    const auto expected = golden().tensor("restart/" + std::to_string(n)).data;
    ASSERT_EQ(2 * intervals.size(), expected.size()) << n;
    for (size_t i = 0; i < intervals.size(); ++i) {
      EXPECT_NEAR(intervals[i].from, expected[2 * i], 1e-6 * expected[2 * i]) << n;
      EXPECT_NEAR(intervals[i].to, expected[2 * i + 1], 1e-6 * expected[2 * i + 1]) << n;
      if (i > 0) {
        EXPECT_EQ(intervals[i - 1].to < intervals[i].from, expected[2 * i - 1] < expected[2 * i])
            << n << " steps, step " << i;
      }
    }
  }
}

TEST(Trajectory, TcdsOwnScheduleIsDiffusersForEveryNumberOfSteps) {
  const NoiseTable table(0.00085, 0.012, "scaled_linear", 1000, false);
  for (int n = 1; n <= 50; ++n) {
    const auto sigmas = tcd_schedule(n, table);
    const auto expected = golden().tensor("tcd_schedule/" + std::to_string(n)).data;
    EXPECT_EQ(std::vector<float>(sigmas.begin(), sigmas.end()), expected) << n;
  }
}

}  // namespace
}  // namespace pentimento
