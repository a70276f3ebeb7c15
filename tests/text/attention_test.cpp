#include "text/attention.h"

#include "text/prompt_limits.h"
#include "text/testing.h"

namespace pentimento {
namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

std::string plain_text(const std::vector<WeightedText>& pieces) {
  std::string text;
  for (const WeightedText& piece : pieces) text += piece.text;
  return text;
}

TEST(Attention, MatchesTheReferenceOnEveryPrompt) {
  for (const auto& row : golden_cases("text_prompts.safetensors", "attention")) {
    const std::string prompt = row[0];
    if (row[1].is_null()) {
      EXPECT_THAT(refusal([&] { parse_attention(prompt); }), HasSubstr("is not a weight"))
          << prompt;
      continue;
    }
    const std::vector<WeightedText> pieces = parse_attention(prompt);
    ASSERT_EQ(pieces.size(), row[1].size()) << prompt;
    for (size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_EQ(pieces[i].text, row[1][i][0].get<std::string>()) << prompt;
      EXPECT_EQ(pieces[i].weight, row[1][i][1].get<float>()) << prompt;
      EXPECT_EQ(pieces[i].is_break, row[1][i][0] == "BREAK" && row[1][i][1] == -1) << prompt;
    }
  }
}

TEST(Attention, ReadsTheDocumentedExample) {
  const auto pieces = parse_attention("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).");
  const std::pair<const char*, float> expected[] = {
      {"a ", 1.0f},    {"house", 1.573f}, {" ", 1.1f},      {"on", 1.0f}, {" a ", 1.1f},
      {"hill", 0.55f}, {", sun, ", 1.1f}, {"sky", 1.4641f}, {".", 1.1f}};
  ASSERT_EQ(pieces.size(), std::size(expected));
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].text, expected[i].first);
    EXPECT_FLOAT_EQ(pieces[i].weight, expected[i].second);
  }
}

TEST(Attention, BreakInsideBracketsIsAWordOfNegativeWeight) {
  const auto pieces = parse_attention("(a BREAK b)");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[1].text, "BREAK");
  EXPECT_FALSE(pieces[1].is_break);
  EXPECT_FLOAT_EQ(pieces[1].weight, -1.1f);
}

TEST(Attention, NoneReadsNoSyntaxAtAll) {
  const auto pieces = parse_attention(R"((a:1.2.3) BREAK [b] \( )", Emphasis::None);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].text, R"((a:1.2.3) BREAK [b] \( )");
  EXPECT_EQ(pieces[0].weight, 1);
  EXPECT_FALSE(pieces[0].is_break);
}

TEST(Attention, IgnoreCutsAlikeAndDropsTheWeights) {
  const char* prompt = "a (b:1.5) BREAK [c]";
  const auto weighted = parse_attention(prompt, Emphasis::NoNorm);
  const auto ignored = parse_attention(prompt, Emphasis::Ignore);
  ASSERT_EQ(weighted.size(), ignored.size());
  for (size_t i = 0; i < weighted.size(); ++i) {
    EXPECT_EQ(weighted[i].text, ignored[i].text);
    EXPECT_EQ(weighted[i].is_break, ignored[i].is_break);
    if (!ignored[i].is_break) {
      EXPECT_EQ(ignored[i].weight, 1);
    }
  }
}

TEST(Attention, WithoutBracketsOrBackslashesNothingIsLost) {
  for (const char* prompt : {"a cat: 3, {x} 猫", " spaces  kept ", "", "a) b] c:1.2) d"})
    EXPECT_EQ(plain_text(parse_attention(prompt)), prompt);
}

TEST(Attention, EmphasisNamesAreTheOriginals) {
  for (Emphasis e : {Emphasis::Original, Emphasis::None, Emphasis::Ignore, Emphasis::NoNorm})
    EXPECT_EQ(parse_emphasis(to_string(e)), e);
  EXPECT_STREQ(to_string(Emphasis::NoNorm), "No norm");
  EXPECT_THAT(refusal([] { parse_emphasis("loud"); }), HasSubstr("'loud'"));
}

TEST(Attention, RefusesNumbersThatAreNone) {
  for (const char* prompt : {"(a:1.2.3)", "(a:.)", "(猫:+.)", "(a:..5)"})
    EXPECT_THAT(refusal([&] { parse_attention(prompt); }), HasSubstr("is not a weight")) << prompt;
}

TEST(Attention, RefusesWeightsBeyondAllNumbers) {
  EXPECT_THAT(refusal([] { parse_attention("(a:" + repeat("9", 400) + ")"); }), HasSubstr("'a'"));
  EXPECT_THAT(refusal([] { parse_attention("(a:" + repeat("9", 39) + ")"); }), HasSubstr("'a'"));
  EXPECT_THAT(refusal([] { parse_attention("((a:" + repeat("9", 400) + "):0)"); }),
              HasSubstr("'a'"));
  EXPECT_EQ(parse_attention("(a:0." + repeat("0", 400) + "1)")[0].weight, 0);
}

TEST(Attention, RefusesDeepNestingAndTellsWhatToDo) {
  for (char bracket : {'(', '['}) {
    const std::string allowed(kMaxOpenBrackets, bracket);
    EXPECT_NO_THROW(parse_attention(allowed));
    for (size_t depth : {kMaxOpenBrackets + 1, size_t{100000}})
      EXPECT_THAT(refusal([&] { parse_attention(std::string(depth, bracket) + "a"); }),
                  HasSubstr("close them"));
  }
  EXPECT_NO_THROW(parse_attention(repeat("()[]", 100000)));
}

TEST(Attention, RefusesInvalidUtf8AndEndlessPrompts) {
  EXPECT_THAT(refusal([] { parse_attention("(caf\xe9)"); }), HasSubstr("byte 4 is not UTF-8"));
  EXPECT_THAT(refusal([] { parse_attention(std::string(kMaxPromptBytes + 1, 'a')); }),
              HasSubstr("1048577 bytes long"));
}

TEST(Attention, AMegabyteOfAnythingTakesAMoment) {
  const std::string deep(kMaxOpenBrackets, '(');
  for (const std::string& unit :
       {std::string("a"), std::string("(a)"), std::string("\\("), std::string(":"),
        std::string("BREAK "), std::string(": 1 "), std::string("(a:2)[b]"), std::string("]"),
        std::string("a(b)c:1.5)")}) {
    const std::string prompt = deep + repeat(unit, (kMaxPromptBytes - deep.size()) / unit.size());
    EXPECT_LT(testing::seconds_of([&] {
                try {
                  parse_attention(prompt);
                } catch (const Error&) {
                }
              }),
              20)
        << unit;
  }
}

}  // namespace
}  // namespace pentimento
