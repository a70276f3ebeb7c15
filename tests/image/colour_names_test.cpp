#include "image/colour_names.h"

#include <gtest/gtest.h>

#include <string>

namespace pentimento {
namespace {

std::string named_in(const char* text) {
  const NamedColour* colour = colour_named_in(text);
  return colour ? colour->name_en : "";
}

TEST(ColourNames, AreTheEverydayOnes) {
  EXPECT_STREQ(nearest_colour({255, 0, 0}).name_en, "red");
  EXPECT_STREQ(nearest_colour({250, 250, 250}).name_en, "white");
  EXPECT_STREQ(nearest_colour({10, 10, 12}).name_en, "black");
  EXPECT_STREQ(nearest_colour({130, 128, 127}).name_en, "grey");
  EXPECT_STREQ(nearest_colour({20, 25, 75}).name_en, "navy");
  EXPECT_STREQ(nearest_colour({130, 205, 230}).name_zh, "天蓝");
}

TEST(ColourNames, AreFoundInPrompts) {
  EXPECT_EQ(named_in("a red hoodie"), "red");
  EXPECT_EQ(named_in("A (Navy Blue:1.2) coat, white background"), "navy");
  EXPECT_EQ(named_in("dark green trousers"), "dark green");
  EXPECT_EQ(named_in("gray"), "grey");
  EXPECT_EQ(named_in("红色的连帽衫"), "red");
  EXPECT_EQ(named_in("一件粉红毛衣"), "pink");
  EXPECT_EQ(named_in("深蓝裙子"), "deep blue");
  EXPECT_EQ(named_in("墨绿色外套，白色背景"), "dark green");
}

TEST(ColourNames, AreNotFoundWithinOtherWords) {
  for (const char* text :
       {"", "a hoodie", "a tired hundred", "whitewash", "greenery", "\xff\xfe", "连帽衫"})
    EXPECT_EQ(named_in(text), "") << text;
}

TEST(ColourNames, TheFirstOneCounts) {
  EXPECT_EQ(named_in("blue or red"), "blue");
  EXPECT_EQ(named_in("whitewash, then yellow"), "yellow");
}

TEST(ColourNames, EveryNameFindsItself) {
  for (int r = 0; r < 256; r += 15)
    for (int g = 0; g < 256; g += 15)
      for (int b = 0; b < 256; b += 15) {
        const NamedColour& colour = nearest_colour(
            {static_cast<uint8_t>(r), static_cast<uint8_t>(g), static_cast<uint8_t>(b)});
        EXPECT_EQ(colour_named_in(colour.name_en), &colour) << colour.name_en;
        EXPECT_EQ(colour_named_in(colour.name_zh), &colour) << colour.name_zh;
      }
}

}  // namespace
}  // namespace pentimento
