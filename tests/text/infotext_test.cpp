#include "text/infotext.h"

#include "text/json_string.h"
#include "text/testing.h"

namespace pentimento {

void PrintTo(const Infotext& info, std::ostream* out) {
  *out << nlohmann::json({info.prompt, info.negative_prompt, info.fields});
}

namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

nlohmann::json cases(std::string_view key) {
  return golden_cases("text_infotext.safetensors", key);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(Infotext, IsReadAsTheReferenceReadsIt) {
  for (const auto& row : cases("parses")) {
    const Infotext expected{row[1], row[2], row[3].get<Fields>()};
    EXPECT_EQ(parse_infotext(row[0].get<std::string>()), expected) << row[0];
  }
}

TEST(Infotext, IsWrittenAsTheReferenceWritesIt) {
  for (const auto& row : cases("writes")) {
    const Infotext info{row[0], row[1], row[2].get<Fields>()};
    EXPECT_EQ(format_infotext(info), row[3].get<std::string>());
  }
}

TEST(Infotext, WhatWasReadIsReadAgainTheSame) {
  for (const auto& row : cases("parses")) {
    const Infotext info = parse_infotext(row[0].get<std::string>());
    const bool has_bare_key =
        std::any_of(info.fields.begin(), info.fields.end(),
                    [](const auto& field) { return field.first == field.second; });
    const bool has_marker = info.negative_prompt.find("\nNegative prompt:") != std::string::npos;
    if (info.fields.size() < 3 || has_bare_key || has_marker) continue;
    EXPECT_EQ(parse_infotext(format_infotext(info)), info) << row[0];
  }
}

TEST(Infotext, EveryValueComesBack) {
  Infotext info{"a prompt", "", {}};
  const std::string values[] = {"",
                                " ",
                                " a ",
                                "\"",
                                "\"quoted\"",
                                "a,b",
                                "a:b",
                                "a\nb",
                                "\t",
                                "\r",
                                "\x01",
                                "\x7f",
                                "\\",
                                "\\\"",
                                "a\\",
                                "猫",
                                "😀, é",
                                "a\"b",
                                "\"a",
                                "512x512",
                                "C:\\x",
                                "\u00a0",
                                "a\u2028",
                                "Negative prompt: x",
                                "{\"a\": [1, 2]}",
                                "\"a\", \"b\"",
                                "/"};
  for (const std::string& value : values)
    info.set("Key " + std::to_string(info.fields.size()), value);
  EXPECT_EQ(parse_infotext(format_infotext(info)), info);
}

TEST(Infotext, FindsAndReplacesFields) {
  Infotext info = parse_infotext("a\nSteps: 20, Sampler: Euler, Seed: 1");
  EXPECT_EQ(info.get("Sampler"), "Euler");
  EXPECT_EQ(info.get("sampler"), std::nullopt);
  info.set("Steps", "30");
  info.set("Version", "v1");
  EXPECT_EQ(format_infotext(info), "a\nSteps: 30, Sampler: Euler, Seed: 1, Version: v1");
}

TEST(Infotext, RefusesKeysThatCannotBeReadBack) {
  for (const char* key : {"", "a", " ab", "-ab", "a:b", "a,b", "a\nb", "a\"b", "a.b"})
    EXPECT_THAT(refusal([&] {
                  format_infotext({"", "", {{key, "1"}}});
                }),
                HasSubstr("could not be read back"));
}

TEST(Infotext, ReplacesBytesThatAreNoText) {
  const Infotext info = parse_infotext("caf\xe9\nSteps: 1, Sampler: \xff\xfe, Seed: 2");
  EXPECT_EQ(info.prompt, "caf\uFFFD");
  EXPECT_EQ(info.get("Sampler"), "\uFFFD\uFFFD");
}

TEST(Infotext, ReadsSizes) {
  EXPECT_EQ(parse_size("512x768"), std::pair(512, 768));
  EXPECT_EQ(parse_size("0x0"), std::pair(0, 0));
  EXPECT_EQ(parse_size("999999999x1"), std::pair(999999999, 1));
  for (const char* value :
       {"", "x", "512", "512x", "x512", "512x512x512", "512 x 512", "-1x1", "1000000000x1", "٣x٣"})
    EXPECT_EQ(parse_size(value), std::nullopt) << value;
}

TEST(Infotext, HostileTextTakesAMoment) {
  for (std::string_view unit : {"ab:\"", "ab:\"\\\"", "a", "a:", "ab:x,", "ab: \"x, ", "\n",
                                "Negative prompt:", "\\", "\"", "ab:\"\\u0041\",", "猫", "\xff"}) {
    const std::string text = repeat(unit, (4 << 20) / unit.size());
    EXPECT_LT(testing::seconds_of([&] { parse_infotext(text); }), 20) << unit;
    EXPECT_LT(testing::seconds_of([&] { parse_infotext("aa: 1, bb: 2, cc: 3, " + text); }), 20)
        << unit;
  }
  std::string many = "a\n";
  for (int i = 0; i < 200000; ++i) many += "key " + std::to_string(i) + ": 1, ";
  EXPECT_LT(testing::seconds_of([&] { EXPECT_EQ(parse_infotext(many).fields.size(), 200000u); }),
            20);
}

TEST(JsonString, IsWhatPythonReadsAndWrites) {
  EXPECT_EQ(to_json_string("a\"b\\c/d\n\r\t\b\f\x01\x1f\x7fé猫"),
            "\"a\\\"b\\\\c/d\\n\\r\\t\\b\\f\\u0001\\u001f\x7fé猫\"");
  EXPECT_EQ(parse_json_string(R"("\"\\\/\b\f\n\r\t\u00e9\u732B\ud83d\ude00")"),
            "\"\\/\b\f\n\r\té猫😀");
  for (const char* bad : {"", "\"", "a", "\"a", "a\"", "\"a\"b\"", "\"\\\"", "\"\\x\"", "\"\\u12\"",
                          "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
                          "\"\\ud800x\"", "\"\t\"", "\"\n\"", "\"\\ud800\\ud800\""})
    EXPECT_EQ(parse_json_string(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace pentimento
