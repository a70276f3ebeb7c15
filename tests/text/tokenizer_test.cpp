#include "text/tokenizer.h"

#include "text/testing.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::golden_cases;
using testing::golden_rows;
using ::testing::HasSubstr;
using testing::read_text;
using testing::refusal;

void expect_rows(const Tokenizer& tokenizer, const nlohmann::json& texts,
                 const std::vector<std::vector<int>>& rows) {
  ASSERT_EQ(texts.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(tokenizer.encode(texts[i].get<std::string>()), rows[i]) << texts[i];
}

TEST(Tokenizer, MatchesTransformersOnEveryKindOfText) {
  const Golden golden("text_tokens.safetensors");
  expect_rows(*Tokenizer::clip(), golden_cases("text_tokens.safetensors", "texts"),
              golden_rows(golden, ""));
}

TEST(Tokenizer, MatchesTransformersWithAModelsOwnShorterMerges) {
  const Golden golden("text_tokens.safetensors");
  const nlohmann::json texts = golden_cases("text_tokens.safetensors", "texts");
  const std::string merges = read_text(testing::source_path("assets/clip/merges.txt"));
  size_t end = 0;
  for (int lines = 0; lines < 1001; ++lines) end = merges.find('\n', end) + 1;
  expect_rows(*Tokenizer::from_merges(merges.substr(0, end)), texts, golden_rows(golden, "cut_"));
  expect_rows(*Tokenizer::from_merges(
                  golden_cases("text_tokens.safetensors", "odd_merges").get<std::string>()),
              texts, golden_rows(golden, "odd_"));
}

TEST(Tokenizer, DecodesAsTransformersDoes) {
  const Golden golden("text_tokens.safetensors");
  const auto tokenizer = Tokenizer::clip();
  std::vector<std::vector<int>> rows = golden_rows(golden, "");
  for (int id = 0; id < 49408; id += 97) rows.push_back({id});
  for (int id = 94; id < 256; ++id) rows.push_back({id, id + 1});
  const nlohmann::json decoded = golden_cases("text_tokens.safetensors", "decoded");
  ASSERT_EQ(decoded.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(tokenizer->decode(rows[i]), decoded[i].get<std::string>()) << "row " << i;
}

TEST(Tokenizer, KnowsTheSizesOfClip) {
  const auto tokenizer = Tokenizer::clip();
  EXPECT_EQ(tokenizer->vocab_size(), 49408);
  EXPECT_EQ(tokenizer->bos(), 49406);
  EXPECT_EQ(tokenizer->eos(), 49407);
  EXPECT_EQ(tokenizer->comma(), 267);
  EXPECT_EQ(tokenizer->encode(","), std::vector<int>{267});
  EXPECT_EQ(Tokenizer::clip(), tokenizer);
}

TEST(Tokenizer, WithoutMergesEveryByteIsAToken) {
  const auto tokenizer = Tokenizer::from_merges("#version: 0.2\n");
  EXPECT_EQ(tokenizer->vocab_size(), 514);
  EXPECT_EQ(tokenizer->encode("ab"), (std::vector<int>{64, 256 + 65}));
  EXPECT_EQ(tokenizer->eos(), 513);
}

TEST(Tokenizer, ReadsMergesWithWindowsLineEnds) {
  const auto tokenizer = Tokenizer::from_merges("#version: 0.2\r\na b</w>\r\n\r\n");
  EXPECT_EQ(tokenizer->encode("ab"), std::vector<int>{512});
}

TEST(Tokenizer, RefusesInvalidUtf8WithItsPosition) {
  const auto tokenizer = Tokenizer::clip();
  const std::pair<std::string, std::string> cases[] = {
      {"abc\xff", "byte 3 "},      {"\x80", "byte 0 "},
      {"é\xc3", "byte 2 "},        {"a\xed\xa0\x80", "byte 1 "},
      {"\xc0\xaf", "byte 0 "},     {"猫\xf4\x90\x80\x80", "byte 3 "},
      {"\xf0\x9f\x98", "byte 0 "}, {"<|endoftext|>\xfe", "byte 13 "},
  };
  for (const auto& [text, position] : cases)
    EXPECT_THAT(refusal([&] { tokenizer->encode(text); }), HasSubstr(position));
}

TEST(Tokenizer, RefusesTokensOutsideTheVocabulary) {
  for (int id : {-1, 49408})
    EXPECT_THAT(refusal([&] { Tokenizer::clip()->decode(std::vector<int>{id}); }),
                HasSubstr("token " + std::to_string(id)));
}

TEST(Tokenizer, RefusesBrokenMergesNamingTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"#version: 0.2\na b\nab", "line 3 is not a pair"},
      {"a b\na b c\n", "line 2 is not a pair"},
      {"a b\nab xy\n", "line 2 joins a token that no line before it makes"},
      {"a b\na b\n", "line 2 makes a token that exists already"},
      {"a \n", "line 1 joins a token"},
  };
  for (const auto& [merges, found] : cases)
    EXPECT_THAT(refusal(ErrorKind::CorruptFile, [&] { Tokenizer::from_merges(merges); }),
                HasSubstr(found));
}

TEST(Tokenizer, EncodesAMegabyteInAMoment) {
  for (std::string_view piece :
       {"a", "a cat ", "<", "<|endoftext|>", "'", "\u0301", "\u0301\u0323", "1"}) {
    const std::string text = testing::repeat(piece, (1 << 20) / piece.size());
    EXPECT_LT(testing::seconds_of([&] { Tokenizer::clip()->encode(text); }), 20) << piece;
  }
}

}  // namespace
}  // namespace pentimento
