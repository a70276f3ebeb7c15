#include "studio/studio.h"

#include <gtest/gtest.h>

#include "studio/fake_runner.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::fake_runners;

class StudioTest : public ::testing::Test {
 protected:
  void open(int step_ms = 1) {
    studio_.reset();
    studio_ =
        std::make_unique<Studio>(StudioOptions{.paths = {folder_ / "data", folder_ / "cache",
                                                         folder_ / "config", folder_ / "assets"}},
                                 system_clock());
    studio_->start(fake_runners(step_ms, computed_));
    const std::string photo = encode_text(Image(32, 24, 3, 128), {});
    source_ = studio_->inputs.add(as_bytes(photo), "photo.png").input.sha256;
  }
  void SetUp() override { open(); }

  Job submit(const std::string& prompt, int batch = 1) {
    return studio_
        ->submit({.kind = "img2img",
                  .request = {{"prompt", prompt}, {"batch", batch}},
                  .inputs = {{"source", source_}}})
        .job;
  }
  Job wait(int64_t id) {
    for (int i = 0; i < 2000; ++i) {
      const Job job = studio_->queue->get(id);
      if (job.state != JobState::Queued && job.state != JobState::Running) return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return studio_->queue->get(id);
  }
  void wait_until_running(int64_t id) {
    for (int i = 0; i < 2000 && studio_->worker->running() != id; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  bool no_checkpoints_left() {
    for (int i = 0; i < 2000 && studio_->worker->running(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return std::filesystem::is_empty(studio_->folder().checkpoints());
  }
  testing::TempDir folder_;
  std::unique_ptr<Studio> studio_;
  std::string source_;
  std::shared_ptr<std::atomic<int>> computed_ = std::make_shared<std::atomic<int>>(0);
};

TEST_F(StudioTest, RunsAJobAndKeepsItsPicturesWithTheirSeeds) {
  const Job job = submit("a cat", 3);
  EXPECT_FALSE(job.request.at("seed").is_null())
      << "the seed is fixed before the job is acknowledged";
  EXPECT_EQ(wait(job.id).state, JobState::Done);
  const auto pictures = studio_->gallery.of_job(job.id);
  ASSERT_EQ(pictures.size(), 3u);
  EXPECT_EQ(pictures[2].seed, job.request.at("seed").get<int64_t>() + 2);
  EXPECT_EQ(pictures[0].inputs.at("source"), source_);
  const std::string bytes = read_whole_file(studio_->gallery.file(pictures[0]));
  EXPECT_EQ(decode_picture(as_bytes(bytes), "x").text.at("parameters"), pictures[0].infotext);
}

TEST_F(StudioTest, CancelsTheRunningJobWithinAStep) {
  const Job job = submit("wait");
  wait_until_running(job.id);
  studio_->cancel(job.id);
  EXPECT_EQ(wait(job.id).state, JobState::Cancelled);
}

TEST_F(StudioTest, AFailureIsKeptWithItsReason) {
  const Job job = wait(submit("fail").id);
  EXPECT_EQ(job.state, JobState::Failed);
  EXPECT_EQ(job.error->kind, "unsupported");
  EXPECT_EQ(wait(submit("next").id).state, JobState::Done);
}

TEST_F(StudioTest, AFullDiskKeepsTheJobAndSaysSo) {
  const Job job = submit("full disk");
  for (int i = 0; i < 1000 && !studio_->queue->state().paused; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(studio_->queue->get(job.id).state, JobState::Queued);
  ASSERT_TRUE(studio_->queue->state().notice);
  EXPECT_EQ(studio_->queue->state().notice->code, "disk_full");
}

TEST_F(StudioTest, StoppingPutsTheRunningJobBack) {
  const Job job = submit("wait");
  wait_until_running(job.id);
  studio_->stop(0);
  EXPECT_EQ(studio_->queue->get(job.id).state, JobState::Queued);
  EXPECT_FALSE(studio_->queue->state().paused);
}

TEST_F(StudioTest, AJobThatWasPutBackGoesOnWhereItWas) {
  open(/*step_ms=*/20);
  const auto spec = [&](int batch) {
    return JobSpec{.kind = "img2img",
                   .request = {{"steps", 30}, {"batch", batch}, {"seed", 9}},
                   .inputs = {{"source", source_}}};
  };
  const Job job = studio_->submit(spec(2)).job;
  while (studio_->gallery.of_job(job.id).empty() || *computed_ < 40)  // in its second picture
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  studio_->stop(0);
  const int before = *computed_;
  const Job waiting = studio_->queue->get(job.id);
  EXPECT_EQ(waiting.state, JobState::Queued);
  EXPECT_EQ(studio_->steps_kept(waiting), static_cast<size_t>(before - 31));
  open(/*step_ms=*/1);
  EXPECT_EQ(wait(job.id).state, JobState::Done);
  EXPECT_EQ(*computed_, 2 * 31) << "a step was made twice, or not at all";
  EXPECT_EQ(studio_->gallery.of_job(job.id).size(), 2u);
  EXPECT_EQ(studio_->steps_kept(studio_->queue->get(job.id)), 0u);
  EXPECT_TRUE(no_checkpoints_left());
}

TEST_F(StudioTest, ACancelledJobKeepsNoSteps) {
  open(/*step_ms=*/5);
  const Job job = submit("wait");
  wait_until_running(job.id);
  while (*computed_ < 3) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  studio_->cancel(job.id);
  EXPECT_EQ(wait(job.id).state, JobState::Cancelled);
  EXPECT_TRUE(no_checkpoints_left());
}

TEST_F(StudioTest, StoppingLetsAShortJobFinish) {
  const Job job = submit("short");
  wait_until_running(job.id);
  studio_->stop(10);
  EXPECT_EQ(studio_->queue->get(job.id).state, JobState::Done);
}

TEST_F(StudioTest, ASecondOneOnTheSameFolderRefuses) {
  try {
    Studio second(
        {.paths = {folder_ / "data", folder_ / "cache", folder_ / "config", folder_ / "assets"}},
        system_clock());
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "conflict");
  }
}

TEST_F(StudioTest, RefusesJobsItCannotRun) {
  const auto code = [&](const JobSpec& spec) -> std::string {
    try {
      studio_->submit(spec);
      return "";
    } catch (const CodedError& error) {
      return error.code();
    }
  };
  EXPECT_EQ(code({.kind = "img2imgg"}), "out_of_range");
  EXPECT_EQ(code({.kind = "img2img"}), "missing_field");
  EXPECT_EQ(code({.kind = "img2img", .inputs = {{"source", std::string(64, 'a')}}}), "no_input");
  EXPECT_EQ(code({.kind = "img2img", .inputs = {{"source", "../../etc/passwd"}}}), "no_input");
  EXPECT_EQ(code({.kind = "img2img", .inputs = {{"source", source_}, {"extra", source_}}}),
            "unknown_field");
  EXPECT_EQ(
      code({.kind = "img2img", .request = {{"strength", 2}}, .inputs = {{"source", source_}}}),
      "out_of_range");
}

TEST_F(StudioTest, DuplicatesWithChanges) {
  const Job job = submit("a");
  const Job copy = studio_->duplicate(job.id, {{"prompt", "b"}});
  EXPECT_EQ(copy.parent, job.id);
  EXPECT_EQ(copy.request.at("prompt"), "b");
  EXPECT_EQ(copy.request.at("seed"), job.request.at("seed"));
}

TEST_F(StudioTest, ImportsA1111PicturesOnceAndSearchably) {
  const std::string text =
      "a red fox, 水彩\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, Schedule type: "
      "Karras, CFG scale: 6, Seed: 99, Size: 512x512, Model: fox";
  const std::string bytes = encode_text(Image(16, 16, 3, 9), {.text = {{"parameters", text}}});
  const auto first = studio_->import_picture(as_bytes(bytes), "00001-99.png");
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(studio_->import_picture(as_bytes(bytes), "again.png").is_new);
  EXPECT_EQ(first.picture.seed, 99);
  EXPECT_EQ(first.picture.prompt, "a red fox, 水彩");
  EXPECT_EQ(first.picture.request.at("steps"), 20);
  EXPECT_EQ(studio_->gallery.list({.text = "水彩"}).items.size(), 1u);
}

TEST_F(StudioTest, ImportsAFolderAndSaysWhatItCouldNotRead) {
  std::filesystem::create_directories(folder_ / "old/2024");
  const auto put = [&](const char* name, const std::string& bytes) {
    write_file_atomically(folder_ / name, as_bytes(bytes));
  };
  put("old/a.png", encode_text(Image(8, 8, 3, 1), {}));
  put("old/2024/b.png", encode_text(Image(8, 8, 3, 2), {}));
  put("old/bad.png", "no picture");
  put("old/notes.txt", "not a picture either");
  const ImportReport report = import_folder(*studio_, folder_ / "old");
  EXPECT_EQ(report.added, 2);
  EXPECT_EQ(report.refused, 1);
  EXPECT_EQ(import_folder(*studio_, folder_ / "old").known, 2);
}

TEST_F(StudioTest, AResultBecomesAnInputThatKeepsItsLineage) {
  const auto first = submit("a");
  wait(first.id);
  const auto picture = studio_->gallery.of_job(first.id).at(0);
  const auto input = studio_->input_from_picture(picture.id).input;
  EXPECT_EQ(input.sha256, picture.sha256);
  const Job next = studio_->submit({.kind = "img2img", .inputs = {{"source", input.sha256}}}).job;
  wait(next.id);
  EXPECT_EQ(studio_->gallery.lineage(studio_->gallery.of_job(next.id).at(0).id).ancestors.at(0).id,
            public_id('p', picture.id));
}

TEST_F(StudioTest, DocumentsAreNeverOverwrittenUnseen) {
  Documents& documents = studio_->documents;
  const Document made = documents.add(std::nullopt, "x", "{}");
  EXPECT_EQ(documents.save(made.id, 1, "{\"a\":1}")->revision, 2);
  EXPECT_FALSE(documents.save(made.id, 1, "{\"b\":1}"));
  EXPECT_EQ(documents.get(made.id).content, "{\"a\":1}");
}

TEST_F(StudioTest, TokensAreKeptAsHashesOnly) {
  const auto made = studio_->tokens.make("phone");
  EXPECT_TRUE(studio_->tokens.find(made.secret));
  EXPECT_FALSE(studio_->tokens.find(made.secret + "x"));
  Statement rows = studio_->db().query("SELECT hash FROM token");
  rows.next();
  EXPECT_NE(rows.text(0), made.secret);
  studio_->tokens.remove(made.info.id);
  EXPECT_FALSE(studio_->tokens.find(made.secret));
}

TEST(Events, ReadersKeepTheirPlaceAndAreToldWhenTheyFallBehind) {
  EventBus bus(3);
  for (int i = 0; i < 5; ++i) bus.publish("t", std::to_string(i));
  EXPECT_FALSE(bus.after(0, 0)) << "events 1 and 2 are gone";
  const auto events = bus.after(3, 0);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->front().id, 4u);
  EXPECT_TRUE(bus.after(5, 0)->empty());
}

// Wants more memory than there is, and says so in its plan.
class Greedy : public testing::FakeRunner {
 public:
  explicit Greedy(bool quick) : FakeRunner("img2img", 20), quick_(quick) {}
  bool plans_quickly(const Json&) const override { return quick_; }
  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    if (request.at("prompt") == "huge")
      throw Error(ErrorKind::OutOfMemory, "2048x2048 needs about 90.0 GB and 8.0 GB are free");
    if (request.at("prompt") == "odd") throw Error(ErrorKind::InvalidArgument, "odd");
    return FakeRunner::plan(request, inputs);
  }

 private:
  bool quick_;
};

TEST_F(StudioTest, RefusesAtOnceWhatCannotFit) {
  const auto reopen = [&](bool quick) {
    studio_.reset();
    studio_ =
        std::make_unique<Studio>(StudioOptions{.paths = {folder_ / "data", folder_ / "cache",
                                                         folder_ / "config", folder_ / "assets"}},
                                 system_clock());
    JobRunners runners;
    runners.push_back(std::make_unique<Greedy>(quick));
    studio_->start(std::move(runners));
  };
  reopen(/*quick=*/true);
  try {
    submit("huge");
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::OutOfMemory);
    EXPECT_NE(std::string(error.what()).find("90.0 GB"), std::string::npos);
  }
  EXPECT_TRUE(studio_->queue->list({}).empty());
  EXPECT_EQ(wait(submit("odd").id).state, JobState::Done) << "the job itself would tell";
  const Job running = submit("wait");
  wait_until_running(running.id);
  const Job later = submit("huge");  // what runs now may make room
  EXPECT_EQ(studio_->queue->get(later.id).state, JobState::Queued);
  studio_->cancel_many(/*running_too=*/true);
  wait(running.id);
  reopen(/*quick=*/false);
  EXPECT_EQ(wait(submit("huge").id).state, JobState::Done) << "judged when it starts";
}

}  // namespace
}  // namespace pentimento
