#include "text/styles.h"

#include <fstream>

#include "text/csv.h"
#include "text/testing.h"

namespace pentimento {

void PrintTo(const Style& style, std::ostream* out) {
  *out << style.name << " | " << style.prompt << " | " << style.negative_prompt;
}

namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;
using testing::TempDir;

Style style_from(const nlohmann::json& row) { return {row[0], row[1], row[2]}; }

std::vector<Style> styles_from(const nlohmann::json& rows) {
  std::vector<Style> styles;
  for (const auto& row : rows) styles.push_back(style_from(row));
  return styles;
}

nlohmann::json cases(std::string_view key) {
  return golden_cases("text_infotext.safetensors", key);
}

TEST(Styles, ReadAsPythonReadsThem) {
  for (const auto& row : cases("styles"))
    EXPECT_EQ(parse_styles(row[0].get<std::string>()), styles_from(row[1])) << row[0];
}

TEST(Styles, WriteAsPythonWritesThem) {
  const nlohmann::json golden = cases("written_styles");
  EXPECT_EQ(format_styles(styles_from(golden[0])), golden[1].get<std::string>());
}

TEST(Styles, ComeBackAsTheyWereWritten) {
  const std::vector<Style> styles = {{"a", " leading", "trailing "},
                                     {"quote\"d", "a,b", "\"\""},
                                     {"", "", ""},
                                     {"lines", "\n\r\n", "\r"},
                                     {"猫", "{prompt}，水彩", "#丑 # b"}};
  EXPECT_EQ(parse_styles(format_styles(styles)), styles);
}

TEST(Styles, AreKeptInAFileWithACopyOfTheOneBefore) {
  const TempDir folder;
  const std::vector<Style> first = {{"a", "b", "c"}}, second = {{"d", "e", "f"}};
  write_styles(folder / "styles.csv", first);
  EXPECT_EQ(read_styles(folder / "styles.csv"), first);
  write_styles(folder / "styles.csv", second);
  EXPECT_EQ(read_styles(folder / "styles.csv"), second);
  EXPECT_EQ(read_styles(folder / "styles.csv.bak"), first);
}

TEST(Styles, RefuseFilesThatAreNone) {
  const auto refused = [](std::string_view csv) {
    return refusal(ErrorKind::CorruptFile, [&] { parse_styles(csv, "s.csv"); });
  };
  EXPECT_THAT(refused("title,words\na,b\n"), HasSubstr("s.csv: the first line is 'title,words'"));
  EXPECT_THAT(refused(""), HasSubstr("expected name,prompt,negative_prompt"));
  EXPECT_THAT(refused("name,negative_prompt\n"), HasSubstr("expected name,prompt"));
  EXPECT_THAT(refused("name,prompt\na,\xff\n"), HasSubstr("byte 14 is not UTF-8"));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [] { read_styles("/nowhere/styles.csv"); }),
              HasSubstr("/nowhere/styles.csv"));
}

TEST(Styles, RefuseToOverwriteWhatCannotBeCopied) {
  const TempDir folder;
  std::filesystem::create_directory(folder / "styles.csv.bak");
  std::ofstream(folder / "styles.csv") << "name,prompt\n";
  EXPECT_THAT(refusal(ErrorKind::Io, [&] { write_styles(folder / "styles.csv", {}); }),
              HasSubstr("styles.csv.bak"));
}

TEST(Styles, ApplyAsTheReferenceDoes) {
  for (const auto& row : cases("applies"))
    EXPECT_EQ(apply_styles(row[0].get<std::string>(), row[1].get<std::vector<std::string>>()),
              row[2].get<std::string>());
}

TEST(Styles, ApplyByNameToBothPrompts) {
  const std::vector<Style> styles = {{"oil", "oil of {prompt}", ""}, {"hd", "sharp", "blurry"}};
  const StyledPrompts styled = apply_styles({"a cat", "dog", {"oil", "unknown", "hd"}}, styles);
  EXPECT_EQ(styled.prompt, "oil of a cat, sharp");
  EXPECT_EQ(styled.negative_prompt, "dog, blurry");
}

TEST(Styles, KeepCommentsWhenAskedTo) {
  const std::vector<std::string> texts = {"b # c"};
  EXPECT_EQ(apply_styles("a #1", texts, Comments::Keep), "a #1, b # c");
  EXPECT_EQ(apply_styles("a #1", texts), "a, b");
}

TEST(Styles, AreFoundAgainInAPrompt) {
  const nlohmann::json golden = cases("extracts");
  const std::vector<Style> styles = styles_from(golden[0]);
  for (const auto& row : golden[1]) {
    const StyledPrompts found =
        extract_styles(row[0].get<std::string>(), row[1].get<std::string>(), styles);
    EXPECT_EQ(found.prompt, row[2].get<std::string>()) << row;
    EXPECT_EQ(found.negative_prompt, row[3].get<std::string>()) << row;
    EXPECT_EQ(found.styles, row[4].get<std::vector<std::string>>()) << row;
  }
}

TEST(Styles, ThatMultiplyThePromptAreRefused) {
  const std::vector<std::string> texts(40, "{prompt} {prompt}");
  EXPECT_THAT(refusal([&] { apply_styles("a", texts); }), HasSubstr("apply fewer"));
  const std::vector<std::string> wide = {repeat("b", 1000), repeat("{prompt}", 100000)};
  EXPECT_THAT(refusal([&] { apply_styles("a", wide); }), HasSubstr("apply fewer"));
}

TEST(PromptComments, AreStrippedAsTheReferenceDoes) {
  for (const auto& row : golden_cases("text_prompts.safetensors", "comments"))
    EXPECT_EQ(strip_comments(row[0].get<std::string>()), row[1].get<std::string>()) << row[0];
}

TEST(Csv, GivesBackEveryFieldItWrote) {
  const std::vector<std::string> row = {"",   " ",    "\"",   ",",   "\r",
                                        "\n", "a\"b", "\"\"", " a ", "猫"};
  EXPECT_EQ(parse_csv(format_csv_row(row)), std::vector<std::vector<std::string>>{row});
}

}  // namespace
}  // namespace pentimento
