// The queue of jobs. An interface, so that several machines may share one later: jobs are
// self-contained and workers keep nothing between them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "studio/clock.h"
#include "studio/database.h"
#include "studio/job.h"

namespace pentimento {

struct QueueNotice {
  std::string code, message;  // "unclean_stop", "disk_full", "quarantine"
  std::vector<int64_t> jobs;
};

struct QueueState {
  bool paused = false;
  std::optional<QueueNotice> notice;
  int queued = 0;
  std::optional<int64_t> running;
  std::vector<int64_t> interrupted;
};

struct JobFilter {
  std::vector<JobState> states;  // empty: all
  int limit = 50;
  int64_t offset = 0;
};

// Thread contract: share freely. Every change is on disk when the call returns.
class JobQueue {
 public:
  virtual ~JobQueue() = default;

  // Stores the job, or returns the one that has the same key.
  struct Added {
    Job job;
    bool is_new = true;
  };
  virtual Added add(const JobSpec& spec) = 0;  // throws CodedError "queue_full"
  virtual Job get(int64_t id) const = 0;       // throws NotFound
  virtual std::vector<Job> list(const JobFilter& filter) const = 0;
  virtual QueueState state() const = 0;
  // Pictures that waiting jobs will make, by kind.
  virtual std::map<std::string, int64_t> waiting_pictures() const = 0;

  virtual Job set_priority(int64_t id, int priority) = 0;
  virtual Job set_label(int64_t id, const std::string& label) = 0;
  // Before another queued job, or last; takes the priority of its new place.
  virtual Job move(int64_t id, std::optional<int64_t> before) = 0;
  virtual Job cancel(int64_t id) = 0;  // queued or interrupted ones; others are left alone
  virtual std::vector<int64_t> cancel_queued() = 0;
  virtual Job retry(int64_t id) = 0;    // failed, cancelled, interrupted; throws "conflict"
  virtual void remove(int64_t id) = 0;  // not while running; throws "conflict"
  virtual void pause(std::optional<QueueNotice> notice = {}) = 0;
  virtual void resume() = 0;

  // For workers. take() marks the next job running, unless the queue is paused or empty.
  virtual std::optional<Job> take() = 0;
  virtual void set_result(int64_t id, const Json& result) = 0;  // of the running job
  virtual Job finish(int64_t id, JobState state, std::optional<JobError> error = {}) = 0;
  virtual Job put_back(int64_t id) = 0;  // running -> queued, first of its priority
  // Blocks until something may have become ready, or the time is over.
  virtual void wait(double seconds) = 0;
  virtual void wake() = 0;
};

// Jobs in the table `job` of the studio's database. On construction jobs that were running when the
// last process ended become interrupted (quarantined the second time) and the queue is paused.
std::unique_ptr<JobQueue> make_sqlite_queue(Database& db, Clock clock, int max_queued = 10'000);

}  // namespace pentimento
