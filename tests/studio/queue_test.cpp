#include <gtest/gtest.h>

#include <chrono>

#include "base/paths.h"
#include "studio/coded_error.h"
#include "studio/job_queue.h"
#include "studio/schema.h"
#include "support/golden.h"

namespace pentimento {
namespace {

class Queue : public ::testing::Test {
 protected:
  void open() {
    queue_.reset();
    db_.reset();
    db_ = std::make_unique<Database>(folder_ / "studio.sqlite", studio_migrations());
    queue_ = make_sqlite_queue(
        *db_, [this] { return time_++; }, /*max_queued=*/50);
  }
  void SetUp() override { open(); }
  int64_t add(const std::string& label, int priority = 0, const std::string& key = {}) {
    return queue_
        ->add({.kind = "img2img",
               .request = {{"seed", 7}},
               .inputs = {{"source", "abc"}},
               .priority = priority,
               .label = label,
               .key = key})
        .job.id;
  }
  std::string order() {
    std::string labels;
    for (const Job& job : queue_->list({.states = {JobState::Queued}})) labels += job.label;
    return labels;
  }
  testing::TempDir folder_;
  double time_ = 1000;
  std::unique_ptr<Database> db_;
  std::unique_ptr<JobQueue> queue_;
};

TEST_F(Queue, RunsHigherPriorityFirstAndEqualOnesInOrderOfArrival) {
  add("a");
  add("b");
  add("c", 5);
  EXPECT_EQ(order(), "cab");
  EXPECT_EQ(queue_->take()->label, "c");
  EXPECT_EQ(queue_->take()->label, "a");
  EXPECT_EQ(queue_->take()->label, "b");
  EXPECT_FALSE(queue_->take());
}

TEST_F(Queue, TellsEachWaitingJobItsPosition) {
  const auto a = add("a"), b = add("b", 1);
  EXPECT_EQ(queue_->get(b).position, 1);
  EXPECT_EQ(queue_->get(a).position, 2);
  queue_->take();
  EXPECT_EQ(queue_->get(a).position, 1);
  EXPECT_FALSE(queue_->get(b).position);
}

TEST_F(Queue, MovesAJobBeforeAnotherAndToTheEnd) {
  const auto a = add("a"), b = add("b"), c = add("c");
  queue_->move(c, a);
  EXPECT_EQ(order(), "cab");
  queue_->move(c, b);
  EXPECT_EQ(order(), "acb");
  queue_->move(a, std::nullopt);
  EXPECT_EQ(order(), "cba");
}

TEST_F(Queue, KeepsItsOrderThroughAThousandMoves) {
  add("x");
  const auto a = add("a"), b = add("b"), c = add("c");
  for (int i = 0; i < 1000; ++i) queue_->move(i % 2 ? b : c, i % 2 ? c : b), (void)a;
  EXPECT_EQ(order().substr(0, 2), "xa");
  EXPECT_EQ(order().size(), 4u);
  EXPECT_EQ(queue_->get(b).position, 3);
}

TEST_F(Queue, TheSameKeyNeverMakesTwoJobs) {
  const auto first = queue_->add({.kind = "img2img", .key = "k"});
  const auto second = queue_->add({.kind = "img2img", .key = "k"});
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(first.job.id, second.job.id);
}

TEST_F(Queue, SurvivesReopeningWithEverythingInIt) {
  const auto a = add("a", 3);
  open();
  const Job job = queue_->get(a);
  EXPECT_EQ(job.request.at("seed"), 7);
  EXPECT_EQ(job.inputs.at("source"), "abc");
  EXPECT_EQ(job.priority, 3);
  EXPECT_EQ(job.state, JobState::Queued);
}

TEST_F(Queue, AfterAnUncleanStopTheRunningJobIsInterruptedAndTheQueuePaused) {
  const auto a = add("a");
  add("b");
  queue_->take();
  open();
  EXPECT_EQ(queue_->get(a).state, JobState::Interrupted);
  EXPECT_FALSE(queue_->get(a).quarantined);
  const QueueState state = queue_->state();
  EXPECT_TRUE(state.paused);
  ASSERT_TRUE(state.notice);
  EXPECT_EQ(state.notice->code, "unclean_stop");
  EXPECT_EQ(state.notice->jobs, std::vector<int64_t>{a});
  EXPECT_FALSE(queue_->take());
  queue_->resume();
  EXPECT_FALSE(queue_->state().notice);
  EXPECT_EQ(queue_->take()->label, "b");
}

TEST_F(Queue, AJobThatStoppedTheProgramTwiceIsQuarantined) {
  const auto a = add("a");
  queue_->take();
  open();
  queue_->retry(a);
  queue_->resume();
  EXPECT_EQ(queue_->take()->id, a);
  open();
  EXPECT_TRUE(queue_->get(a).quarantined);
  EXPECT_EQ(queue_->state().notice->code, "quarantine");
  queue_->resume();
  EXPECT_FALSE(queue_->take());
  EXPECT_FALSE(queue_->retry(a).quarantined);
}

TEST_F(Queue, ACleanStopPausesNothing) {
  const auto a = add("a");
  queue_->take();
  queue_->put_back(a);
  open();
  EXPECT_FALSE(queue_->state().paused);
  EXPECT_EQ(queue_->take()->id, a);
  EXPECT_EQ(queue_->get(a).attempts, 1);
}

TEST_F(Queue, RefusesToRetryWhatIsWaitingOrDone) {
  const auto a = add("a");
  EXPECT_THROW(queue_->retry(a), CodedError);
  queue_->take();
  queue_->finish(a, JobState::Done);
  EXPECT_THROW(queue_->retry(a), CodedError);
}

TEST_F(Queue, RefusesToForgetTheRunningJob) {
  const auto a = add("a");
  queue_->take();
  EXPECT_THROW(queue_->remove(a), CodedError);
  queue_->finish(a, JobState::Failed, JobError{"io", "disk_full", "no room"});
  EXPECT_EQ(queue_->get(a).error->code, "disk_full");
  queue_->remove(a);
  EXPECT_THROW(queue_->get(a), Error);
}

TEST_F(Queue, RefusesMoreThanItsLimit) {
  for (int i = 0; i < 50; ++i) add("x");
  try {
    add("one too many");
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "queue_full");
    EXPECT_EQ(error.limit(), "max_queued_jobs");
  }
}

TEST_F(Queue, CancelsAllThatWaitAndNothingElse) {
  add("a");
  add("b");
  add("c");
  const auto running = queue_->take()->id;
  EXPECT_EQ(queue_->cancel_queued().size(), 2u);
  EXPECT_EQ(queue_->get(running).state, JobState::Running);
}

TEST_F(Queue, StartsNothingWhilePaused) {
  add("a");
  queue_->pause();
  EXPECT_FALSE(queue_->take());
  queue_->resume();
  EXPECT_TRUE(queue_->take());
}

TEST(PublicId, RefusesWhatIsNotOurs) {
  EXPECT_EQ(parse_public_id('j', "j17"), 17);
  for (const char* text :
       {"", "j", "p17", "j0", "j-1", "j1 ", "j01", "j99999999999999999999", "../etc"})
    EXPECT_THROW(parse_public_id('j', text), CodedError) << text;
}

TEST(Database, RefusesAFileThatIsNone) {
  testing::TempDir folder;
  write_file_atomically(
      folder / "x.sqlite",
      std::as_bytes(std::span("this is no database, whatever it is "
                              "called............................................")));
  EXPECT_THROW(Database(folder / "x.sqlite", studio_migrations()), Error);
}

TEST(Database, RefusesAFileOfANewerProgram) {
  testing::TempDir folder;
  {
    Database db(folder / "x.sqlite", studio_migrations());
    db.script("PRAGMA user_version=999");
  }
  try {
    Database(folder / "x.sqlite", studio_migrations());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("newer version"), std::string::npos);
  }
}

TEST(Database, WhatIsNotCommittedDidNotHappen) {
  testing::TempDir folder;
  Database db(folder / "x.sqlite", studio_migrations());
  {
    Database::Transaction transaction(db);
    db.run("INSERT INTO meta (key, value) VALUES ('a', 'b')");
  }
  Statement row = db.query("SELECT COUNT(*) FROM meta WHERE key = 'a'");
  row.next();
  EXPECT_EQ(row.integer(0), 0);
}

// All in one transaction: what a disk needs for ten thousand syncs is not the subject.
TEST(LongQueue, TenThousandJobsWaitInOrderAndAreSeenAtOnce) {
  testing::TempDir folder;
  Database db(folder / "studio.sqlite", studio_migrations());
  const auto queue = make_sqlite_queue(db, system_clock());
  const auto add = [&](int n) {
    return queue->add({.kind = n % 2 ? "img2img" : "txt2img",
                       .request = {{"prompt", std::string(300, 'p')}, {"batch", 1 + n % 3}},
                       .priority = n % 5});
  };
  {
    Database::Transaction all(db);
    for (int n = 0; n < 10'000; ++n) add(n);
    all.commit();
  }
  try {
    add(0);
    FAIL() << "the queue has no end";
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "queue_full");
    EXPECT_EQ(error.limit(), "max_queued_jobs");
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(queue->state().queued, 10'000);
  EXPECT_EQ(queue->waiting_pictures().at("img2img") + queue->waiting_pictures().at("txt2img"),
            1 + 3333 * 6);
  const auto page = queue->list({.states = {JobState::Queued}, .limit = 200, .offset = 9'800});
  ASSERT_EQ(page.size(), 200u);
  EXPECT_EQ(page.back().position, 10'000);
  EXPECT_EQ(page.back().priority, 0);
  EXPECT_EQ(queue->take()->priority, 4);
  queue->move(page.back().id, page.front().id);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  EXPECT_LT(seconds, 1.0) << "six looks at the queue";
  EXPECT_EQ(queue->cancel_queued().size(), 9'999u);
}

}  // namespace
}  // namespace pentimento
