// Runs that are cut short and begun again with what the network had answered.
#include "samplers/run_memory.h"

#include <gtest/gtest.h>

#include "samplers/testing.h"

namespace pentimento {
namespace {

using testing::noise_of;
using testing::sd_table;

constexpr int kSize = 4 * 4 * 4;

class Answers : public RunMemory {
 public:
  std::optional<Vec> recall(const std::string& question) override {
    if (next_ < kept_.size() && kept_[next_].first == question) return kept_[next_++].second;
    kept_.resize(next_);
    return std::nullopt;
  }
  void keep(const std::string& question, const Vec& answer) override {
    kept_.emplace_back(question, answer);
    next_ = kept_.size();
  }
  void begin_again() { next_ = 0; }
  size_t size() const { return kept_.size(); }

 private:
  std::vector<std::pair<std::string, Vec>> kept_;
  size_t next_ = 0;
};

struct Cut {};

// A network with a will of its own, cut off after `calls` calls (-1: never).
struct Bend {
  int left;
  int made = 0;
  Vec operator()(const Vec& z, double t) {
    if (left-- == 0) throw Cut{};
    ++made;
    Vec out(z.size());
    for (size_t i = 0; i < z.size(); ++i)
      out[i] = static_cast<float>(z[i] - 0.2 * std::tanh(0.8 * z[i] + 0.3 * z[(i + 1) % z.size()]) *
                                             std::cos(t / 150));
    return out;
  }
};

struct Job {
  std::string sampler;
  std::optional<double> strength;
  SamplerOptions options;
};

Vec run_with(const Job& job, Network network) {
  const NoiseTable table = sd_table();
  const SamplingPlan plan =
      plan_sampling(resolve_sampler_name(job.sampler, ""), 7, job.strength, table);
  ImageNoise noise(RngSource::Cpu, 4, 4, 4, {.seed = 11});
  const Vec first = noise.first();
  Vec x = start(plan, job.strength ? noise_of(3, kSize) : Vec{}, first);
  return run(plan, table, std::move(x), noise,
             {.network = std::move(network), .options = job.options, .mask = {}, .on_step = {}});
}

void expect_same_wherever_cut(const Job& job) {
  Bend whole{-1};
  const Vec expected = run_with(job, std::ref(whole));
  ASSERT_GT(whole.made, 1);
  for (int cut = 0; cut < whole.made; ++cut) {
    Answers memory;
    Bend first{cut}, second{-1};
    EXPECT_THROW(run_with(job, with_memory(std::ref(first), &memory)), Cut);
    EXPECT_EQ(memory.size(), static_cast<size_t>(cut));
    memory.begin_again();
    int recalled = 0;
    const Vec x = run_with(job, with_memory(std::ref(second), &memory, [&] { ++recalled; }));
    EXPECT_EQ(x, expected) << "cut after " << cut << " calls";
    EXPECT_EQ(recalled, cut);
    EXPECT_EQ(second.made, whole.made - cut) << "asked again what it had been told";
  }
}

class EverySampler : public ::testing::TestWithParam<std::string> {};

TEST_P(EverySampler, GoesOnToTheVerySameLatentWhereverItWasCut) {
  expect_same_wherever_cut({.sampler = GetParam(), .strength = std::nullopt, .options = {}});
  expect_same_wherever_cut({.sampler = GetParam(), .strength = 0.7, .options = {}});
}

TEST_P(EverySampler, GoesOnWithNoiseOptionsToo) {
  const SamplerInfo& info = find_sampler(GetParam());
  if (!info.uses_churn && !info.default_eta) return;
  SamplerOptions options{.s_churn = 8, .s_noise = 1.01};
  if (info.default_eta) options.eta = 0.6;
  expect_same_wherever_cut({.sampler = GetParam(), .strength = 0.8, .options = options});
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const SamplerInfo& info : samplers()) names.push_back(info.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, EverySampler, ::testing::ValuesIn(names()), [](const auto& info) {
  std::string word;
  for (const char c : info.param) word += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return word;
});

TEST(RunMemory, IsForgottenFromWhereTheRunTakesAnotherWay) {
  const Job job{.sampler = "Euler", .strength = std::nullopt, .options = {}};
  Answers memory;
  Bend first{-1}, second{-1};
  run_with(job, with_memory(std::ref(first), &memory));
  memory.begin_again();
  // Another strength asks other questions: nothing old may answer them.
  const Job other{.sampler = "Euler", .strength = 0.5, .options = {}};
  Bend alone{-1};
  EXPECT_EQ(run_with(other, with_memory(std::ref(second), &memory)),
            run_with(other, std::ref(alone)));
  EXPECT_EQ(second.made, alone.made);
  EXPECT_EQ(memory.size(), static_cast<size_t>(alone.made));
}

TEST(RunMemory, AQuestionIsItsInputAndItsTimestep) {
  const Vec a = noise_of(1, 8);
  Vec b = a;
  b[7] = std::nextafter(b[7], 9.0f);
  EXPECT_EQ(RunMemory::question(a, 5), RunMemory::question(a, 5));
  EXPECT_NE(RunMemory::question(a, 5), RunMemory::question(b, 5));
  EXPECT_NE(RunMemory::question(a, 5), RunMemory::question(a, 5.5));
}

}  // namespace
}  // namespace pentimento
