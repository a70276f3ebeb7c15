// Everything durable and the one computing thread, behind the few verbs that the server uses.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "studio/checkpoints.h"
#include "studio/data_folder.h"
#include "studio/database.h"
#include "studio/documents.h"
#include "studio/events.h"
#include "studio/gallery.h"
#include "studio/inputs.h"
#include "studio/job_queue.h"
#include "studio/job_runner.h"
#include "studio/settings.h"
#include "studio/tokens.h"
#include "studio/worker.h"

namespace pentimento {

struct StudioOptions {
  Paths paths;
  int max_queued_jobs = 10'000;
  PictureLimits picture_limits;
  bool start_worker = true;  // false: jobs wait (tests)
};

// Thread contract: share freely.
class Studio {
 public:
  // Opens the data folder (one process at a time), recovers what an unclean stop left, starts the
  // computing thread. Throws Error.
  Studio(StudioOptions options, Clock clock);
  // `make_runners` gets the studio's settings; called once, before the worker starts.
  void start(JobRunners runners);
  ~Studio();
  // Lets the running job finish for so long, then puts it back into the queue; ends all waiting.
  void stop(double grace_seconds);

  // Stores a job; every decision in it is made now. Throws what checking it throws.
  JobQueue::Added submit(JobSpec spec);
  // What submit() would refuse, and what would run.
  std::vector<Problem> problems_with(const JobSpec& spec) const;
  PlanReport plan(const JobSpec& spec);
  Job cancel(int64_t job);
  Job skip(int64_t job);
  int cancel_many(bool running_too);
  Job duplicate(int64_t job, const Json& changes);

  std::vector<JobKind> kinds() const;
  JobRunner& runner(const std::string& kind) const;  // throws CodedError "unsupported"
  JobInputs files_of(const InputHashes& inputs) const;

  // A picture that came from elsewhere, with what its metadata says.
  Gallery::Added import_picture(std::span<const std::byte> bytes, const std::string& name,
                                std::optional<double> created = {});
  Inputs::Added input_from_picture(int64_t picture);
  NewPicture encode(const RunnerPicture& picture) const;

  // Steps that the job need not compute again: of one that waits or was interrupted, else 0.
  size_t steps_kept(const Job& job) const;
  void forget(int64_t job);  // removes a job that is not running

  // Seconds the queue needs, as far as is known.
  std::optional<double> queue_left_s() const;
  void unload_models();

  Database& db() { return db_; }
  Clock clock() const { return clock_; }
  const StudioOptions& options() const { return options_; }
  const DataFolder& folder() const { return folder_; }

 private:
  DataFolder folder_;
  StudioOptions options_;
  Clock clock_;
  Database db_;

 public:
  Inputs inputs;
  Gallery gallery;
  Documents documents;
  Settings settings;
  PromptStyles prompt_styles;
  Tokens tokens;
  Pace pace;
  EventBus events;
  std::unique_ptr<JobQueue> queue;
  Checkpoints checkpoints;
  WorkerEvents on;  // set before start(): the server turns these into events
  std::unique_ptr<Worker> worker;

 private:
  void refuse_what_cannot_fit(JobRunner& runner, const Json& request, const JobInputs& files) const;
  JobRunners runners_;
};

// Parameters text as the gallery keeps it: prompt, model, seed and a request that makes the picture
// again.
void fill_from_infotext(NewPicture& picture, const std::string& infotext);

struct ImportReport {
  int added = 0, known = 0, refused = 0;
  std::vector<std::string> problems;  // one line each, the first 20
};
// Every PNG, JPEG and WebP under a folder, oldest first; dates are the files'.
ImportReport import_folder(Studio& studio, const std::filesystem::path& folder,
                           const Progress& progress = {});

}  // namespace pentimento
