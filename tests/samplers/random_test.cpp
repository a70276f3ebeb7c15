// Random numbers against torch, numpy, torchsde and A1111's arrangement of them.
#include "samplers/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "samplers/brownian_tree.h"
#include "samplers/seed_sequence.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;

const Golden& golden() {
  static const Golden file("samplers_random.safetensors");
  return file;
}

struct Draws {
  uint64_t seed;
  std::vector<int> sizes;
};
const std::vector<Draws> kDraws = {{0, {16}},
                                   {42, {16, 17, 1000}},
                                   {5, {5, 5, 16, 1, 15, 2}},
                                   {4294967295, {1, 31, 32}},
                                   {4294967303, {396, 3}},
                                   {123456789, {15, 33, 14}}};

std::vector<float> draw(RngSource source, const Draws& draws) {
  const auto generator = make_generator(source, draws.seed);
  std::vector<float> all;
  for (int size : draws.sizes) {
    const auto values = generator->randn(size);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::string key_of(const char* source, const Draws& draws) {
  std::string key = std::string(source) + "/" + std::to_string(draws.seed) + "/";
  for (size_t i = 0; i < draws.sizes.size(); ++i)
    key += (i ? "-" : "") + std::to_string(draws.sizes[i]);
  return key;
}

std::vector<float> every_997th(const std::vector<float>& values) {
  std::vector<float> some;
  for (size_t i = 0; i < values.size(); i += 997) some.push_back(values[i]);
  return some;
}

TEST(TorchRng, IsBitIdenticalToTorchForShortAndLongDraws) {
  for (const Draws& draws : kDraws)
    EXPECT_EQ(draw(RngSource::Cpu, draws), golden().tensor(key_of("cpu", draws)).data)
        << "seed " << draws.seed;
}

TEST(TorchRng, IsBitIdenticalToTorchForAWholeLatent) {
  EXPECT_EQ(every_997th(make_generator(RngSource::Cpu, 7)->randn(262147)),
            golden().tensor("cpu/7/big").data);
}

TEST(TorchRng, UsesTheLow32BitsOfTheSeed) {
  EXPECT_EQ(make_generator(RngSource::Cpu, 42)->randn(20),
            make_generator(RngSource::Cpu, (uint64_t{9} << 32) + 42)->randn(20));
}

// modules/rng_philox.py documents seed 0; its last digits are from an earlier, exact 2 pi.
TEST(PhiloxRng, MatchesTheNumbersA1111DocumentsToSixDigits) {
  const auto expect_start = [](const std::vector<float>& values, std::vector<double> expected) {
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6);
  };
  const auto seed_0 = make_generator(RngSource::Nv, 0);
  expect_start(seed_0->randn(12),
               {-0.924663, -0.425344, -2.643846, 0.145184, -0.120867, -0.579726, -0.622851,
                -0.328387, -1.074542, -0.363144, -1.671051, 2.265505});
  const auto seed_42 = make_generator(RngSource::Nv, 42);
  expect_start(seed_42->randn(16), {0.194019, 2.161374, -0.172051, 0.84906});
  expect_start(seed_42->randn(16), {0.139138, -0.108216, -0.717422, 0.756649});
}

TEST(PhiloxRng, MatchesTheReferenceWithinOneUnitInTheLastPlace) {
  const auto expect_close = [](const std::vector<float>& values, const std::string& key) {
    const auto expected = golden().tensor(key).data;
    ASSERT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_LE(std::abs(values[i] - expected[i]),
                std::abs(std::nextafter(expected[i], 9.0f) - expected[i]))
          << key << " value " << i;
  };
  for (const Draws& draws : kDraws) expect_close(draw(RngSource::Nv, draws), key_of("nv", draws));
  expect_close(every_997th(make_generator(RngSource::Nv, 7)->randn(262147)), "nv/7/big");
}

TEST(PhiloxRng, ReadsAll64BitsOfTheSeed) {
  EXPECT_NE(make_generator(RngSource::Nv, 42)->randn(4),
            make_generator(RngSource::Nv, (uint64_t{9} << 32) + 42)->randn(4));
}

struct NoiseCase {
  const char* name;
  int channels, height, width;
  ImageNoiseOptions options;
};
const std::vector<NoiseCase> kNoises = {
    {"plain", 4, 5, 7, {.seed = 42}},
    {"variation", 4, 5, 7, {.seed = 42, .subseed = 1234, .subseed_strength = 0.3}},
    {"variation_full", 4, 5, 7, {.seed = 42, .subseed = 1234, .subseed_strength = 1}},
    {"variation_same", 4, 5, 7, {.seed = 42, .subseed = 42, .subseed_strength = 0.25}},
    {"larger", 4, 9, 11, {.seed = 3, .seed_resize_width = 40, .seed_resize_height = 48}},
    {"smaller", 4, 5, 4, {.seed = 3, .seed_resize_width = 72, .seed_resize_height = 64}},
    {"mixed", 4, 5, 9, {.seed = 3, .seed_resize_width = 48, .seed_resize_height = 88}},
    {"resized_variation",
     4,
     9,
     6,
     {.seed = 3,
      .subseed = 9,
      .subseed_strength = 0.6,
      .seed_resize_width = 72,
      .seed_resize_height = 40}},
    {"ensd", 4, 5, 7, {.seed = 42, .eta_noise_seed_delta = 31337}},
    {"negative_ensd", 4, 5, 7, {.seed = 42, .eta_noise_seed_delta = -50}},
};

void expect_noises(RngSource source, const std::string& prefix) {
  for (const NoiseCase& c : kNoises) {
    if (source == RngSource::Nv && c.options.eta_noise_seed_delta < 0) continue;
    ImageNoise noise(source, c.channels, c.height, c.width, c.options);
    std::vector<float> draws = noise.first();
    for (int i = 0; i < 2; ++i) {
      const auto next = noise.next();
      draws.insert(draws.end(), next.begin(), next.end());
    }
    EXPECT_LE(relative_error(draws, golden().tensor(prefix + c.name).data), 1e-6) << c.name;
  }
}

TEST(ImageNoise, MatchesA1111OnTheCpuSource) { expect_noises(RngSource::Cpu, "noise/cpu/"); }
TEST(ImageNoise, MatchesA1111OnTheNvSource) { expect_noises(RngSource::Nv, "noise/nv/"); }

TEST(ImageNoise, WithoutOptionsIsTheGeneratorItself) {
  ImageNoise noise(RngSource::Cpu, 4, 8, 8, {.seed = 11});
  const auto generator = make_generator(RngSource::Cpu, 11);
  EXPECT_EQ(noise.first(), generator->randn(256));
  EXPECT_EQ(noise.next(), generator->randn(256));
}

TEST(ImageNoise, IsTheSameForTheSameSeed) {
  const ImageNoiseOptions options{.seed = 8, .subseed = 9, .subseed_strength = 0.5};
  ImageNoise a(RngSource::Nv, 4, 6, 6, options), b(RngSource::Nv, 4, 6, 6, options);
  EXPECT_EQ(a.first(), b.first());
  EXPECT_EQ(a.next(), b.next());
}

TEST(ImageNoise, StaysFiniteForALatentOneRowHigh) {
  ImageNoise noise(RngSource::Cpu, 4, 1, 8, {.seed = 1, .subseed = 2, .subseed_strength = 0.5});
  for (float value : noise.first()) EXPECT_TRUE(std::isfinite(value));
}

TEST(ImageNoise, CountsSeedResizeInLatentPixelsOfTheModel) {
  // Scale 16: 64 pixels are the 4 latent pixels there are, so nothing is resized.
  ImageNoise resized(RngSource::Cpu, 4, 4, 4,
                     {.seed = 1, .seed_resize_width = 64, .seed_resize_height = 64}, 16);
  ImageNoise plain(RngSource::Cpu, 4, 4, 4, {.seed = 1}, 16);
  EXPECT_EQ(resized.first(), plain.first());
}

TEST(SeedSequence, MatchesNumpy) {
  struct Case {
    uint64_t entropy;
    std::vector<uint64_t> spawn_key;
  };
  const std::vector<Case> cases = {{0, {}},
                                   {42, {}},
                                   {4294967301, {}},
                                   {42, {0, 0}},
                                   {42, {1, 1}},
                                   {7, {12345, 17}},
                                   {uint64_t{1} << 63, {(uint64_t{1} << 33) + 1, 34}},
                                   {4294967295, {4294967295, 32}}};
  const auto halves = golden().integers("seed_sequence");
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto state = SeedSequence(cases[i].entropy, cases[i].spawn_key, 24).generate_state(4);
    for (size_t word = 0; word < 4; ++word)
      EXPECT_EQ(state[word], halves[(i * 4 + word) * 2] << 16 | halves[(i * 4 + word) * 2 + 1])
          << "case " << i << " word " << word;
  }
}

void expect_tree(const std::string& name, const BrownianTree& tree) {
  const Tensor queries = golden().tensor("tree/" + name + "/queries");
  const Tensor values = golden().tensor("tree/" + name + "/values");
  const size_t n = static_cast<size_t>(values.dim(1));
  for (size_t i = 0; i < static_cast<size_t>(values.dim(0)); ++i) {
    const std::vector<float> expected(values.data.begin() + i * n,
                                      values.data.begin() + (i + 1) * n);
    EXPECT_LE(relative_error(tree(queries.data[2 * i], queries.data[2 * i + 1]), expected), 2e-6)
        << name << " query " << i;
  }
}

TEST(BrownianTree, MatchesTorchsde) {
  expect_tree("cpu", BrownianTree(RngSource::Cpu, 60, 42, 0.0291675, 14.614642));
}
TEST(BrownianTree, MatchesTorchsdeForLongIntervalsAndLongSeeds) {
  expect_tree("cpu_large", BrownianTree(RngSource::Cpu, 60, 4294967299, 0.04, 4518.7563));
}
TEST(BrownianTree, MatchesTorchsdeWithPhiloxInside) {
  expect_tree("nv", BrownianTree(RngSource::Nv, 60, 42, 0.0291675, 14.614642));
}

TEST(BrownianTree, IncrementsAddUp) {
  const BrownianTree tree(RngSource::Cpu, 60, 1, 0.03, 14.6);
  const auto whole = tree(10, 1), first = tree(10, 4), second = tree(4, 1);
  for (size_t i = 0; i < whole.size(); ++i)
    EXPECT_NEAR(3 * whole[i], std::sqrt(6.0) * first[i] + std::sqrt(3.0) * second[i], 1e-5);
}

TEST(BrownianTree, NoiseHasUnitVarianceAndChangesSignWithTheDirection) {
  const BrownianTree tree(RngSource::Cpu, 20000, 3, 0.03, 14.6);
  const auto down = tree(5, 4.5), up = tree(4.5, 5);
  double square = 0;
  for (size_t i = 0; i < down.size(); ++i) {
    square += double{down[i]} * down[i] / static_cast<double>(down.size());
    EXPECT_EQ(down[i], -up[i]);
  }
  EXPECT_NEAR(square, 1, 0.03);
}

}  // namespace
}  // namespace pentimento
