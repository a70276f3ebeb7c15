// What can be asked for: one runner for each kind of job. A runner turns a request (JSON) and input
// files into pictures; it knows nothing of the queue, the database or HTTP.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "image/image.h"
#include "samplers/run_memory.h"
#include "studio/fields.h"
#include "studio/job.h"

namespace pentimento {

struct InputRole {
  std::string name, what;  // "source", "the picture to start from"
  bool required = true;
  std::string field = {};  // of the request that it belongs to ("control"); empty: to the job
};

// The table that GET /api/v1/kinds, the OpenAPI document and request checking share.
struct JobKind {
  std::string kind, what;
  std::vector<InputRole> inputs;
  std::vector<Field> fields;
  std::string unavailable;  // empty: it can run; else the reason, for people
};

struct JobInput {
  std::string sha256, name;
  std::filesystem::path file;
};
using JobInputs = std::map<std::string, JobInput>;

struct PlanReport {
  std::optional<int> steps, steps_that_run, width, height;
  int pictures = 1;
  std::optional<double> seconds;
  std::optional<uint64_t> memory_bytes;
  std::string sentence;  // "strength 0.50: runs 11 of 20 steps, about 50 s"
};

// One finished picture. `request` makes this very one again.
struct RunnerPicture {
  Image image;
  std::string infotext, prompt, negative_prompt, model;
  std::optional<int64_t> seed;
  Json request = Json::object();
};

// How a running job speaks to the worker. Called on the computing thread.
struct RunnerPort {
  Progress progress;                                      // report and cancel
  std::function<void(const Image& preview)> preview;      // a small look inside, after a step
  std::function<void(int index, RunnerPicture)> picture;  // durable when it returns
  bool wants_previews = true;
  // How many pictures this job makes, when the request does not tell; may be empty.
  std::function<void(int pictures)> expect;
  // Where a run keeps its steps to go on after a stop. `key` names what decides the network's
  // answers besides the request: program and model. Lives as long as the run; may be empty, or
  // return null: then nothing is kept.
  std::function<RunMemory*(const std::string& key)> memory;
  std::function<bool(int index)> has_picture;  // made before the stop; may be empty
  // What the job found out, beside or instead of pictures: {"caption": "…"}. May be empty.
  std::function<void(const Json& result)> result;
};

// Thread contract: plan() and resolve() from any thread at any time; run() from one thread.
class JobRunner {
 public:
  virtual ~JobRunner() = default;
  virtual JobKind describe() const = 0;
  // The request with everything decided that would otherwise be decided by chance or by settings
  // that may change (seeds, the model's name). It has passed check(). Throws Error.
  virtual Json resolve(Json request, const JobInputs& inputs) const = 0;
  // Whether plan() reads nothing longer than headers: then a job is planned before it is accepted.
  virtual bool plans_quickly(const Json&) const { return false; }
  // Throws what run() would throw before it starts; also OutOfMemory with the numbers.
  virtual PlanReport plan(const Json& request, const JobInputs& inputs) = 0;
  virtual void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) = 0;
  // Frees what can be made again (resident networks).
  virtual void unload() {}
};

using JobRunners = std::vector<std::unique_ptr<JobRunner>>;

}  // namespace pentimento
