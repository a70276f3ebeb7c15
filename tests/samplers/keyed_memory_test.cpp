#include "samplers/keyed_memory.h"

#include <gtest/gtest.h>

#include <map>

namespace pentimento {
namespace {

class Notebook : public RunMemory {
 public:
  std::optional<Vec> recall(const std::string& question) override {
    const auto known = answers.find(question);
    return known == answers.end() ? std::nullopt : std::optional(known->second);
  }
  void keep(const std::string& question, const Vec& answer) override { answers[question] = answer; }
  void begin_picture() override { ++pictures; }
  std::map<std::string, Vec> answers;
  int pictures = 0;
};

TEST(KeyedMemory, AnswersForItsKeyAlone) {
  Notebook notebook;
  KeyedMemory one(notebook, "lora 1"), other(notebook, "lora 2");
  const std::string question = RunMemory::question({1, 2}, 3);
  one.keep(question, {4});
  EXPECT_EQ(one.recall(question), Vec{4});
  EXPECT_FALSE(other.recall(question));
  EXPECT_EQ(notebook.answers.begin()->first.size(), question.size());
  one.begin_picture();
  EXPECT_EQ(notebook.pictures, 1);
}

TEST(KeyedMemory, WithoutAKeyIsTheMemoryItself) {
  Notebook notebook;
  KeyedMemory plain(notebook, "");
  plain.keep("q", {1});
  EXPECT_TRUE(notebook.recall("q"));
}

}  // namespace
}  // namespace pentimento
