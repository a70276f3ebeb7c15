#include "text/unicode.h"

#include <glib.h>

#include <memory>
#include <random>

#include "text/testing.h"

namespace pentimento {
namespace {

bool has_decomposition(char32_t c) {
  gunichar first, second;
  return g_unichar_decompose(c, &first, &second);
}

TEST(Unicode, EveryCharacterComesBack) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string bytes;
    append_utf8(bytes, c);
    const CodePoint read = decode_utf8(bytes, 0);
    ASSERT_TRUE(read.valid) << static_cast<uint32_t>(c);
    ASSERT_TRUE(read.value == c);
    ASSERT_EQ(read.length, bytes.size());
  }
}

TEST(Unicode, InvalidBytesAreReplacedByTheLongestPrefix) {
  // The Unicode standard's own examples (table 3-8 and after).
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            testing::repeat("\uFFFD", 8) + "A");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            testing::repeat("\uFFFD", 8) + "A");
  EXPECT_EQ(replace_invalid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            testing::repeat("\uFFFD", 5) + "A" + testing::repeat("\uFFFD", 2) + "B");
  EXPECT_EQ(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            testing::repeat("\uFFFD", 4) + "A");
}

TEST(Unicode, SpacesArePythons) {
  EXPECT_EQ(strip("\x1c\u3000 a b\u00a0\x85\xc2\x85\n"), "a b\u00a0\x85");
  EXPECT_EQ(strip(" \t\n"), "");
  EXPECT_EQ(strip("\u200b"), "\u200b");
  EXPECT_EQ(strip_right(" a "), " a");
  EXPECT_FALSE(is_white_space(0x1C));
  EXPECT_TRUE(is_space(0x1C));
}

TEST(Unicode, WordsEndWhereLettersDigitsAndUnderscoresDo) {
  EXPECT_TRUE(is_word_boundary("a b", 1));
  EXPECT_FALSE(is_word_boundary("ab", 1));
  EXPECT_FALSE(is_word_boundary("a_", 1));
  EXPECT_FALSE(is_word_boundary("猫a", 3));
  EXPECT_TRUE(is_word_boundary("，a", 3));
  EXPECT_TRUE(is_word_boundary("a", 0));
  EXPECT_TRUE(is_word_boundary("a", 1));
  EXPECT_FALSE(is_word_boundary("", 0));
}

TEST(Unicode, ExcerptsAreShortCleanAndWhole) {
  EXPECT_EQ(excerpt("a\nb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(excerpt(testing::repeat("猫", 41)), testing::repeat("猫", 40) + "…");
  EXPECT_EQ(excerpt(testing::repeat("猫", 40)), testing::repeat("猫", 40));
}

TEST(Unicode, LowerCaseIsUnicodes) {
  EXPECT_EQ(to_lower("ÀÉÎ ΣΊΣ Ёж ⅣⒷ İ K Å ẞ Ǆ 𐐀 猫"), "àéî σίσ ёж ⅳⓑ i\u0307 k å ß ǆ 𐐨 猫");
}

TEST(Unicode, NormalFormsCompose) {
  EXPECT_EQ(to_nfc("e\u0301 \u1112\u1161\u11ab \u212b q\u0307\u0323"), "é 한 Å q\u0323\u0307");
  EXPECT_EQ(to_nfc(std::string_view("a\0e\u0301\0", 6)), std::string_view("a\0é\0", 5));
}

TEST(Unicode, NormalFormsAreGLibsOwn) {
  std::vector<char32_t> pool;
  for (char32_t c = 1; c < 0x30000; ++c)
    if (g_unichar_isdefined(c) && g_unichar_type(c) != G_UNICODE_SURROGATE &&
        (c < 0x180 || g_unichar_combining_class(c) != 0 || (c >= 0x1100 && c < 0x1200) ||
         has_decomposition(c)))
      pool.push_back(c);
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t n = random() % 8 + 1; n > 0; --n) append_utf8(text, pool[random() % pool.size()]);
    const std::unique_ptr<char, decltype(&g_free)> expected(
        g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_NFC), g_free);
    ASSERT_EQ(to_nfc(text), expected.get());
  }
}

TEST(Unicode, LongRunsOfMarksAreOrderedInAMoment) {
  for (std::string_view unit : {"\u0301\u0323", "\u0f73", "\u0344\u0334", "\u1100", "e\u0301"}) {
    const std::string text = "a" + testing::repeat(unit, (1 << 20) / unit.size());
    EXPECT_LT(testing::seconds_of([&] { to_nfc(text); }), 20) << unit;
  }
}

}  // namespace
}  // namespace pentimento
