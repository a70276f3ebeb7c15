// A run that is cut short and begun again with its memory, with a real (tiny) model.
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/codec.h"
#include "pipelines/img2img.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::golden_path;

class Answers : public RunMemory {
 public:
  std::optional<Vec> recall(const std::string& question) override {
    if (next_ >= kept_.size() || kept_[next_].first != question) {
      kept_.resize(next_);
      return std::nullopt;
    }
    ++recalled;
    return kept_[next_++].second;
  }
  void keep(const std::string& question, const Vec& answer) override {
    kept_.emplace_back(question, answer);
    next_ = kept_.size();
    if (stop_after-- == 1) throw Error(ErrorKind::Cancelled, "the power went");
  }
  void begin_picture() override {
    if (next_ > 0) kept_.clear();
    next_ = 0;
  }
  void begin_again() { next_ = 0, recalled = 0, stop_after = 0; }
  int stop_after = 0, recalled = 0;

 private:
  std::vector<std::pair<std::string, Vec>> kept_;
  size_t next_ = 0;
};

class Resume : public ::testing::Test {
 protected:
  Resume() : runtime_({.precision = Precision::F32, .threads = 2}) {
    input_.image = read_picture(golden_path("pipelines_input.png")).image;
    request_.prompt = "a [cat:dog:0.5]";  // the prompt's schedule must go on too
    request_.seed = 5;
    request_.steps = 8;
    request_.batch = 2;
  }
  std::vector<Img2ImgPicture> paint(const Img2ImgOptions& options) {
    // Opened anew each time: nothing of the first attempt is left but its memory.
    LoadedModel model =
        load_model(runtime_, golden_path("pipelines_sd1"), {}, folder_ / "hashes", {});
    const Img2ImgPlan plan = plan_img2img(model, request_, &input_, 0, nullptr);
    return run_img2img(model, request_, plan, &input_, options, {});
  }
  testing::TempDir folder_;
  Runtime runtime_;
  InputImage input_;
  Img2ImgRequest request_;
};

TEST_F(Resume, ARunCutShortEndsInTheVerySamePicture) {
  for (const char* sampler : {"Euler a", "DPM++ 2M SDE", "UniPC"}) {
    request_.sampler = sampler;
    const auto whole = paint({});
    Answers memory;
    memory.stop_after = 4;
    EXPECT_THROW(paint({.memory = &memory}), Error);
    memory.begin_again();
    const auto resumed = paint({.memory = &memory});
    EXPECT_EQ(memory.recalled, 4) << sampler;
    ASSERT_EQ(resumed.size(), 2u);
    EXPECT_EQ(resumed[0].image.pixels, whole[0].image.pixels) << sampler;
    EXPECT_EQ(resumed[1].image.pixels, whole[1].image.pixels) << sampler;
    EXPECT_EQ(format_infotext(resumed[0].infotext), format_infotext(whole[0].infotext));
  }
}

TEST_F(Resume, PicturesThatAreDoneAreNotMadeAgain) {
  const auto whole = paint({});
  std::vector<size_t> made;
  const auto rest =
      paint({.on_picture = [&](size_t index, const Img2ImgPicture&) { made.push_back(index); },
             .is_done = [](size_t index) { return index == 0; }});
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(made, std::vector<size_t>{1});
  EXPECT_EQ(rest[0].image.pixels, whole[1].image.pixels);
}

}  // namespace
}  // namespace pentimento
