// The one computing thread: takes jobs from the queue, runs them, stores what they make.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "studio/checkpoints.h"
#include "studio/gallery.h"
#include "studio/job_queue.h"
#include "studio/job_runner.h"

namespace pentimento {

// How far the running job is, for people.
struct JobProgress {
  std::string stage;
  int step = 0, steps = 0;  // of the stage
  double fraction = 0;      // of the whole job
  double elapsed_s = 0;
  std::optional<double> left_s;
  int preview = 0;  // number of the latest preview, 0: none yet
};

// Called on the computing thread.
struct WorkerEvents {
  std::function<void(const Job&)> job;
  std::function<void(int64_t job, const JobProgress&)> progress;
  std::function<void(const GalleryPicture&)> picture;
  std::function<void()> queue;
};

struct WorkerDeps {
  JobQueue& queue;
  Gallery& gallery;
  Checkpoints& checkpoints;
  std::function<JobRunner&(const std::string& kind)> runner;  // throws Unsupported
  std::function<JobInputs(const InputHashes&)> inputs;        // throws NotFound
  std::function<NewPicture(const RunnerPicture&)> encode;     // picture and infotext as a file
  std::function<void(const Job&, double seconds)> learn;      // a job was done in that time
  WorkerEvents events;
  bool previews = true;
};

// Thread contract: the public functions from any thread.
class Worker {
 public:
  explicit Worker(WorkerDeps deps);
  ~Worker();  // stop(0)

  // Ends the running job within a step; true when `job` was the running one.
  bool cancel(int64_t job);
  // Ends it too, but counts the pictures that are finished as its result.
  bool skip(int64_t job);
  // Lets the running job finish for so long, then puts it back into the queue.
  void stop(double grace_seconds);

  std::optional<int64_t> running() const;
  std::optional<JobProgress> progress(int64_t job) const;
  std::optional<std::string> preview(int64_t job) const;  // WebP
  // Runs `work` on the computing thread between jobs (unloading a model).
  void between_jobs(std::function<void()> work);

 private:
  enum class Ending { None, Cancel, Skip, PutBack };
  using SteadyClock = std::chrono::steady_clock;
  struct Running {
    int64_t job = 0;
    CancelToken cancel;
    Ending ending = Ending::None;
    JobProgress progress;
    std::string preview;
    int pictures_done = 0, pictures_total = 1;
    SteadyClock::time_point began, denoise_began, last_told;
    int denoise_done = 0, denoise_recalled = 0;
    std::set<int> made_before;               // pictures, in an earlier attempt
    std::unique_ptr<CheckpointFile> memory;  // of the computing thread
  };

  void loop();
  void run(const Job& job);
  RunnerPort port_for(const Job& job);
  void on_progress(const Job& job, const ProgressEvent& event);
  void on_preview(const Image& image);
  void on_picture(const Job& job, int index, RunnerPicture picture);
  RunMemory* open_memory(const Job& job, const std::string& key);
  Job conclude(const Job& job, std::optional<JobError> error, bool cancelled);
  bool end(int64_t job, Ending ending);
  void run_chores();

  WorkerDeps deps_;
  mutable std::mutex mutex_;
  std::optional<Running> running_;
  std::vector<std::function<void()>> chores_;
  std::atomic<bool> stopping_{false};
  std::condition_variable idle_;
  std::thread thread_;
};

}  // namespace pentimento
