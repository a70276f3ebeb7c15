#include "studio/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>

#include "studio/coded_error.h"
#include "studio/job_pictures.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

// Shares of one picture's time, roughly: what a bar shows before anything is known.
double share_of(const std::string& stage, int done, int total) {
  const double part = total > 0 ? std::clamp(static_cast<double>(done) / total, 0.0, 1.0) : 0;
  if (stage == "denoise" || stage == "paint" || stage == "upscale" || stage == "refine")
    return 0.05 + 0.87 * part;
  if (stage == "decode") return 0.92 + 0.07 * part;
  return 0.04 * part;
}

JobError error_of(const Error& error) {
  const auto* coded = dynamic_cast<const CodedError*>(&error);
  return {error_name(error.kind()), coded ? coded->code() : error_name(error.kind()), error.what()};
}

}  // namespace

Worker::Worker(WorkerDeps deps) : deps_(std::move(deps)), thread_([this] { loop(); }) {}

Worker::~Worker() { stop(0); }

void Worker::loop() {
  while (!stopping_) {
    run_chores();
    std::optional<Job> job;
    try {
      job = deps_.queue.take();
    } catch (const std::exception& error) {
      spdlog::error("queue: {}", error.what());
    }
    if (job)
      run(*job);
    else
      deps_.queue.wait(1.0);
  }
}

void Worker::run_chores() {
  std::vector<std::function<void()>> chores;
  {
    std::lock_guard lock(mutex_);
    chores.swap(chores_);
  }
  for (const auto& chore : chores) {
    try {
      chore();
    } catch (const std::exception& error) {
      spdlog::error("between jobs: {}", error.what());
    }
  }
}

void Worker::between_jobs(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    chores_.push_back(std::move(work));
  }
  deps_.queue.wake();
}

void Worker::run(const Job& job) {
  const auto began = steady_clock::now();
  const auto made_before = deps_.gallery.of_job(job.id);
  {
    std::lock_guard lock(mutex_);
    running_.emplace();
    running_->job = job.id;
    running_->began = running_->denoise_began = began;
    running_->pictures_total = static_cast<int>(pictures_of(job.request));
    for (const GalleryPicture& picture : made_before) running_->made_before.insert(picture.index);
    running_->pictures_done =
        std::min(static_cast<int>(made_before.size()), running_->pictures_total);
    if (stopping_) running_->cancel.cancel(), running_->ending = Ending::PutBack;
  }
  deps_.events.job(job);
  deps_.events.queue();
  std::optional<JobError> error;
  bool cancelled = false;
  try {
    deps_.runner(job.kind).run(job.request, deps_.inputs(job.inputs), port_for(job));
  } catch (const Error& e) {
    cancelled = e.kind() == ErrorKind::Cancelled;
    if (!cancelled) error = error_of(e);
  } catch (const std::bad_alloc&) {
    error = JobError{"out_of_memory", "out_of_memory",
                     "there is not enough memory for this job; ask for a smaller picture"};
  } catch (const std::exception& e) {
    error = JobError{"internal", "internal", e.what()};
  }
  // A disk that is full refuses this too: the job is kept by trying until there is room again.
  for (bool told = false;; told = true) {
    try {
      const Job ended = conclude(job, error, cancelled);
      spdlog::info("job {} {} {} in {:.1f} s", public_id('j', job.id), job.kind,
                   to_string(ended.state), seconds_since(began));
      if (ended.state == JobState::Done) deps_.learn(job, seconds_since(began));
      deps_.events.job(ended);
      deps_.events.queue();
      return;
    } catch (const std::exception& e) {
      if (!told)
        spdlog::error("job {}: its end cannot be stored: {}; trying again", public_id('j', job.id),
                      e.what());
      if (stopping_) break;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  }
  std::lock_guard lock(mutex_);
  running_.reset();
}

// Stores how the job ended, and is no longer busy with it.
Job Worker::conclude(const Job& job, std::optional<JobError> error, bool cancelled) {
  Ending ending;
  {
    std::lock_guard lock(mutex_);
    ending = running_->ending;
  }
  Job ended;
  if (error && error->code == "disk_full") {
    ended = deps_.queue.put_back(job.id);
    deps_.queue.pause(
        QueueNotice{"disk_full",
                    "the disk is full; the job is kept: free some space, then let the queue go on",
                    {job.id}});
  } else if (error) {
    ended = deps_.queue.finish(job.id, JobState::Failed, error);
  } else if (cancelled && ending == Ending::PutBack) {
    ended = deps_.queue.put_back(job.id);
  } else {
    const bool kept = ending == Ending::Skip;
    ended = deps_.queue.finish(job.id, cancelled && !kept ? JobState::Cancelled : JobState::Done);
  }
  std::lock_guard lock(mutex_);
  if (ended.state != JobState::Queued) deps_.checkpoints.remove(job.id);
  running_.reset();
  idle_.notify_all();
  return ended;
}

RunnerPort Worker::port_for(const Job& job) {
  RunnerPort port;
  {
    std::lock_guard lock(mutex_);
    port.progress.cancel = running_->cancel;
  }
  port.wants_previews = deps_.previews;
  port.progress.report = [this, job](const ProgressEvent& event) { on_progress(job, event); };
  port.preview = [this](const Image& image) { on_preview(image); };
  port.picture = [this, job](int index, RunnerPicture picture) {
    on_picture(job, index, std::move(picture));
  };
  port.expect = [this](int pictures) {
    std::lock_guard lock(mutex_);
    running_->pictures_total = std::max(1, pictures);
  };
  port.result = [this, job](const Json& result) { deps_.queue.set_result(job.id, result); };
  port.memory = [this, job](const std::string& key) { return open_memory(job, key); };
  port.has_picture = [this](int index) {
    std::lock_guard lock(mutex_);
    return running_->made_before.contains(index);
  };
  return port;
}

// A job runs without a memory too, when the disk is full.
RunMemory* Worker::open_memory(const Job& job, const std::string& key) {
  try {
    auto file = deps_.checkpoints.open(job.id, key);
    if (file->steps())
      spdlog::info("job {} goes on after {} steps", public_id('j', job.id), file->steps());
    std::lock_guard lock(mutex_);
    running_->memory = std::move(file);
    return running_->memory.get();
  } catch (const Error& error) {
    spdlog::warn("job {} is run without checkpoints: {}", public_id('j', job.id), error.what());
    return nullptr;
  }
}

void Worker::on_progress(const Job& job, const ProgressEvent& event) {
  JobProgress told;
  {
    std::lock_guard lock(mutex_);
    Running& r = *running_;
    JobProgress& p = r.progress;
    const bool new_stage = p.stage != event.stage;
    p.stage = event.stage;
    p.step = event.done;
    p.steps = event.total;
    p.elapsed_s = seconds_since(r.began);
    const double before = p.fraction;
    p.fraction = (r.pictures_done + share_of(p.stage, event.done, event.total)) / r.pictures_total;
    p.fraction = std::clamp(std::max(before, p.fraction), 0.0, 0.999);
    if (p.stage == "denoise") {
      // Steps that were only remembered say nothing of the pace.
      const int recalled = r.memory ? r.memory->recalled() : 0;
      if (event.done == 0 || recalled != r.denoise_recalled) {
        r.denoise_began = steady_clock::now();
        r.denoise_done = event.done;
        r.denoise_recalled = recalled;
      }
      const int made = event.done - r.denoise_done;
      const double pace = made > 0 ? seconds_since(r.denoise_began) / made : 0;
      if (pace > 0)
        p.left_s = pace * (event.total - event.done) * 1.05 +
                   pace * event.total * 1.05 * (r.pictures_total - r.pictures_done - 1);
    } else if (p.fraction > 0.1) {
      p.left_s = p.elapsed_s / p.fraction * (1 - p.fraction);
    }
    if (!new_stage && event.done != event.total && seconds_since(r.last_told) < 0.1) return;
    r.last_told = steady_clock::now();
    told = p;
  }
  deps_.events.progress(job.id, told);
}

void Worker::on_preview(const Image& image) {
  std::string bytes = encode_text(image, {.format = "webp", .quality = 70});
  std::lock_guard lock(mutex_);
  running_->preview = std::move(bytes);
  ++running_->progress.preview;
}

void Worker::on_picture(const Job& job, int index, RunnerPicture picture) {
  NewPicture file = deps_.encode(picture);
  file.kind = job.kind;
  file.job = job.id;
  file.index = index;
  file.inputs = job.inputs;
  const Gallery::Added added = deps_.gallery.add(file);
  {
    std::lock_guard lock(mutex_);
    running_->pictures_done = std::min(running_->pictures_done + 1, running_->pictures_total);
  }
  deps_.events.picture(added.picture);
}

bool Worker::end(int64_t job, Ending ending) {
  std::lock_guard lock(mutex_);
  if (!running_ || running_->job != job) return false;
  running_->ending = ending;
  running_->cancel.cancel();
  return true;
}

bool Worker::cancel(int64_t job) { return end(job, Ending::Cancel); }
bool Worker::skip(int64_t job) { return end(job, Ending::Skip); }

void Worker::stop(double grace_seconds) {
  stopping_ = true;
  deps_.queue.wake();
  {
    std::unique_lock lock(mutex_);
    if (grace_seconds > 0)
      idle_.wait_for(lock, std::chrono::duration<double>(grace_seconds), [&] { return !running_; });
    if (running_ && running_->ending == Ending::None) {
      running_->ending = Ending::PutBack;
      running_->cancel.cancel();
    }
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<int64_t> Worker::running() const {
  std::lock_guard lock(mutex_);
  return running_ ? std::optional(running_->job) : std::nullopt;
}

std::optional<JobProgress> Worker::progress(int64_t job) const {
  std::lock_guard lock(mutex_);
  if (!running_ || running_->job != job) return std::nullopt;
  return running_->progress;
}

std::optional<std::string> Worker::preview(int64_t job) const {
  std::lock_guard lock(mutex_);
  if (!running_ || running_->job != job || running_->preview.empty()) return std::nullopt;
  return running_->preview;
}

}  // namespace pentimento
