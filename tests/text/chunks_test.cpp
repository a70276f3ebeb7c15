#include "text/chunks.h"

#include "text/prompt_limits.h"
#include "text/testing.h"

namespace pentimento {
namespace {

using ::testing::Each;
using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

TEST(Chunks, MatchTheReferenceOnEveryPrompt) {
  const auto tokenizer = Tokenizer::clip();
  for (const auto& row : golden_cases("text_prompts.safetensors", "chunks")) {
    const std::string prompt = row[0];
    const auto chunks = chunk_prompt(*tokenizer, prompt, row[1], {.comma_backtrack = row[2]});
    ASSERT_EQ(chunks.size(), row[3].size()) << prompt;
    for (size_t i = 0; i < chunks.size(); ++i) {
      EXPECT_EQ(chunks[i].tokens, row[3][i][0].get<std::vector<int>>()) << prompt;
      EXPECT_EQ(chunks[i].weights, row[3][i][1].get<std::vector<float>>()) << prompt;
    }
  }
}

TEST(Chunks, HoldSeventySevenTokensBetweenStartAndEnd) {
  const auto tokenizer = Tokenizer::clip();
  for (const char* prompt : {"", "a", "a BREAK b", "(a, b:1.3) "}) {
    for (const TokenChunk& chunk : chunk_prompt(*tokenizer, repeat(prompt, 60), tokenizer->eos())) {
      EXPECT_EQ(chunk.tokens.size(), 77u);
      EXPECT_EQ(chunk.weights.size(), 77u);
      EXPECT_EQ(chunk.tokens.front(), tokenizer->bos());
      EXPECT_EQ(chunk.tokens.back(), tokenizer->eos());
      EXPECT_EQ(chunk.weights.front(), 1);
      EXPECT_EQ(chunk.weights.back(), 1);
    }
  }
}

TEST(Chunks, TheEmptyChunkIsTheEmptyPrompt) {
  const auto tokenizer = Tokenizer::clip();
  const TokenChunk chunk = empty_chunk(*tokenizer, 0);
  EXPECT_EQ(chunk.tokens[0], 49406);
  EXPECT_EQ(chunk.tokens[1], 49407);
  EXPECT_EQ(chunk.tokens[2], 0);
  EXPECT_EQ(chunk.tokens[76], 0);
  EXPECT_THAT(chunk.weights, Each(1.0f));
}

TEST(Chunks, IgnoredEmphasisLeavesAllWeightsOne) {
  const auto tokenizer = Tokenizer::clip();
  const auto chunks = chunk_prompt(*tokenizer, "a (b:2) [c]", tokenizer->eos(), Emphasis::Ignore);
  EXPECT_THAT(chunks[0].weights, Each(1.0f));
}

TEST(Chunks, WithoutEmphasisBracketsAreTokens) {
  const auto tokenizer = Tokenizer::clip();
  const auto chunks = chunk_prompt(*tokenizer, "(a)", tokenizer->eos(), Emphasis::None);
  const std::vector<int> expected = tokenizer->encode("(a)");
  EXPECT_EQ(
      std::vector(chunks[0].tokens.begin() + 1, chunks[0].tokens.begin() + 1 + expected.size()),
      expected);
}

TEST(Chunks, CountTokensAsTheReferenceDoes) {
  const auto tokenizer = Tokenizer::clip();
  for (const auto& row : golden_cases("text_prompts.safetensors", "chunks")) {
    const std::string prompt = row[0];
    if (row[2] != 20 || prompt.find('<') != prompt.npos) continue;
    const TokenCount count = count_tokens(*tokenizer, prompt);
    EXPECT_EQ(count.used, row[4].get<int>()) << prompt;
    EXPECT_EQ(count.capacity, (std::max(count.used, 1) + 74) / 75 * 75) << prompt;
  }
}

TEST(Chunks, CountTheLongestTextOfAPrompt) {
  const auto tokenizer = Tokenizer::clip();
  EXPECT_EQ(count_tokens(*tokenizer, "a cat <lora:x:1>").used, 2);
  EXPECT_EQ(count_tokens(*tokenizer, "a AND a b c AND a b").used, 3);
  EXPECT_EQ(count_tokens(*tokenizer, "a [b c d:e:5]").used, 4);
  EXPECT_EQ(count_tokens(*tokenizer, "[a|b c]").used, 2);
  EXPECT_EQ(count_tokens(*tokenizer, "").capacity, 75);
}

TEST(Chunks, RefuseInvalidUtf8) {
  const auto tokenizer = Tokenizer::clip();
  EXPECT_THAT(refusal([&] { chunk_prompt(*tokenizer, "(a) \xff", 0); }), HasSubstr("byte 4 "));
}

TEST(Chunks, AMegabyteTakesAMoment) {
  const auto tokenizer = Tokenizer::clip();
  for (std::string_view unit : {"a, ", ",", "BREAK ", "(a)"})
    EXPECT_LT(testing::seconds_of([&] {
                chunk_prompt(*tokenizer, repeat(unit, kMaxPromptBytes / unit.size()), 0);
              }),
              20)
        << unit;
}

// --- words that stand for vectors ----------------------------------------------------------------

TEST(Chunks, PutVectorsWhereAWordStands) {
  const auto tokenizer = Tokenizer::clip();
  const std::vector<VectorWord> words = {{tokenizer->encode("cat"), 3},
                                         {tokenizer->encode("cat toy"), 2}};
  const auto chunks = chunk_prompt(*tokenizer, "a (cat:1.5) and a cat toy", tokenizer->eos(),
                                   ChunkOptions{.words = words});
  ASSERT_EQ(chunks.size(), 1u);
  ASSERT_EQ(chunks[0].words.size(), 2u);
  EXPECT_EQ(chunks[0].words[0].position, 2);
  EXPECT_EQ(chunks[0].words[0].word, 0);
  EXPECT_EQ(chunks[0].words[1].position, 7);
  EXPECT_EQ(chunks[0].words[1].word, 1);
  EXPECT_EQ(std::vector<int>(chunks[0].tokens.begin() + 2, chunks[0].tokens.begin() + 5),
            std::vector<int>(3, 0));
  EXPECT_EQ(chunks[0].weights[4], 1.5f);
  EXPECT_EQ(chunks[0].tokens[9], tokenizer->eos());
}

TEST(Chunks, AWordThatDoesNotFitBeginsTheNextChunk) {
  const auto tokenizer = Tokenizer::clip();
  const std::vector<VectorWord> words = {{tokenizer->encode("cat"), 10}};
  const auto chunks = chunk_prompt(*tokenizer, repeat("a ", 70) + "cat", tokenizer->eos(),
                                   ChunkOptions{.words = words});
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_TRUE(chunks[0].words.empty());
  EXPECT_EQ(chunks[1].words.at(0).position, 1);
  const auto whole =
      chunk_prompt(*tokenizer, "cat", tokenizer->eos(),
                   ChunkOptions{.words = std::vector<VectorWord>{{tokenizer->encode("cat"), 75}}});
  EXPECT_EQ(whole.size(), 1u);
}

TEST(Chunks, AWordMovesWithThePhraseBehindTheLastComma) {
  const auto tokenizer = Tokenizer::clip();
  const std::vector<VectorWord> words = {{tokenizer->encode("cat"), 2}};
  // 70 tokens, a comma, two vectors, two more tokens: full; the next breaks after the comma.
  const auto chunks = chunk_prompt(*tokenizer, repeat("a ", 70) + ", cat b c d", tokenizer->eos(),
                                   ChunkOptions{.words = words});
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_TRUE(chunks[0].words.empty());
  ASSERT_EQ(chunks[1].words.size(), 1u);
  EXPECT_EQ(chunks[1].words[0].position, 1);
  EXPECT_EQ(chunks[1].tokens[1], 0);
  EXPECT_EQ(chunks[1].tokens[2], 0);
}

}  // namespace
}  // namespace pentimento
