#include "studio/studio.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "studio/coded_error.h"
#include "studio/schema.h"

namespace pentimento {
namespace {

bool may_go_on(const Job& job) {
  return job.state == JobState::Queued || job.state == JobState::Interrupted;
}

}  // namespace

Studio::Studio(StudioOptions options, Clock clock)
    : folder_(options.paths.data),
      options_(std::move(options)),
      clock_(std::move(clock)),
      db_(folder_.database(), studio_migrations()),
      inputs(db_, folder_.inputs(), clock_, options_.picture_limits),
      gallery(db_, folder_.results(), clock_),
      documents(db_, clock_),
      settings(db_),
      prompt_styles(db_),
      tokens(db_, clock_),
      pace(db_),
      queue(make_sqlite_queue(db_, clock_, options_.max_queued_jobs)),
      checkpoints(folder_.checkpoints()) {
  checkpoints.sweep([&](int64_t job) { return may_go_on(queue->get(job)); });
  const Gallery::Reconciled found = gallery.reconcile(folder_.recovered());
  if (found.missing)
    spdlog::warn("{} pictures of the gallery have lost their files", found.missing);
  if (found.recovered)
    spdlog::warn("{} pictures were found that the gallery does not know; they are in {}",
                 found.recovered, folder_.recovered().string());
  on = {[](const Job&) {}, [](int64_t, const JobProgress&) {}, [](const GalleryPicture&) {}, [] {}};
}

Studio::~Studio() { stop(0); }

void Studio::start(JobRunners runners) {
  runners_ = std::move(runners);
  if (!options_.start_worker) return;
  worker = std::make_unique<Worker>(
      WorkerDeps{.queue = *queue,
                 .gallery = gallery,
                 .checkpoints = checkpoints,
                 .runner = [this](const std::string& kind) -> JobRunner& { return runner(kind); },
                 .inputs = [this](const InputHashes& hashes) { return files_of(hashes); },
                 .encode = [this](const RunnerPicture& picture) { return encode(picture); },
                 .learn =
                     [this](const Job& job, double seconds) {
                       const Json batch = job.request.value("batch", Json(1));
                       pace.learn("job " + job.kind,
                                  seconds / std::max(1, batch.is_number() ? batch.get<int>() : 1));
                     },
                 .events = on});
}

void Studio::stop(double grace_seconds) {
  if (worker) worker->stop(grace_seconds);
  events.close();
}

std::vector<JobKind> Studio::kinds() const {
  std::vector<JobKind> kinds;
  for (const auto& runner : runners_) kinds.push_back(runner->describe());
  return kinds;
}

JobRunner& Studio::runner(const std::string& kind) const {
  std::vector<std::string> names;
  for (const auto& runner : runners_) {
    names.push_back(runner->describe().kind);
    if (names.back() == kind) return *runner;
  }
  const auto near = closest_word(kind, names);
  throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                   "there is no kind of job called '" + kind.substr(0, 40) + "'" +
                       (near ? "; did you mean " + *near + "?" : ""),
                   "kind");
}

JobInputs Studio::files_of(const InputHashes& hashes) const {
  JobInputs files;
  for (const auto& [role, sha256] : hashes) {
    const Input input = inputs.get(sha256);
    files[role] = {sha256, input.name, inputs.file(input)};
  }
  return files;
}

std::vector<Problem> Studio::problems_with(const JobSpec& spec) const {
  const JobKind kind = runner(spec.kind).describe();
  std::vector<Problem> problems = problems_of(spec.request, kind.fields, "request");
  for (const auto& [role, sha256] : spec.inputs) {
    const auto known =
        std::find_if(kind.inputs.begin(), kind.inputs.end(),
                     [&, &role = role](const InputRole& r) { return r.name == role; });
    if (known == kind.inputs.end())
      problems.push_back({"inputs." + role.substr(0, 40), "unknown_field",
                          "inputs." + role.substr(0, 40) + " is not an input of " + spec.kind});
    else if (!inputs.has(sha256))
      problems.push_back({"inputs." + role, "no_input",
                          "inputs." + role + ": there is no input picture " + sha256.substr(0, 64) +
                              "; upload it first"});
  }
  for (const InputRole& role : kind.inputs)
    if (role.required && !spec.inputs.contains(role.name))
      problems.push_back({"inputs." + role.name, "missing_field",
                          "inputs." + role.name + " is missing: " + role.what});
  return problems;
}

// Who asks for more than this computer has hears of it at once. While a job runs, what it holds
// counts as free: memory is judged again when a job starts.
void Studio::refuse_what_cannot_fit(JobRunner& runner, const Json& request,
                                    const JobInputs& files) const {
  if ((worker && worker->running()) || !runner.plans_quickly(request)) return;
  try {
    runner.plan(request, files);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::OutOfMemory) throw;  // anything else the job itself will tell
  }
}

JobQueue::Added Studio::submit(JobSpec spec) {
  const auto problems = problems_with(spec);
  if (!problems.empty()) {
    if (problems.front().code == "no_input")
      throw CodedError(ErrorKind::NotFound, "no_input", problems.front().message,
                       problems.front().field);
    refuse(problems);
  }
  JobRunner& runner = this->runner(spec.kind);
  const JobKind kind = runner.describe();
  if (!kind.unavailable.empty())
    throw CodedError(ErrorKind::Unsupported, "kind_unavailable", kind.unavailable, "kind");
  const JobInputs files = files_of(spec.inputs);
  spec.request = runner.resolve(with_defaults(std::move(spec.request), kind.fields), files);
  refuse_what_cannot_fit(runner, spec.request, files);
  JobQueue::Added added = queue->add(spec);
  if (added.is_new) {
    on.job(added.job);
    on.queue();
  }
  return added;
}

PlanReport Studio::plan(const JobSpec& spec) {
  JobRunner& runner = this->runner(spec.kind);
  const JobKind kind = runner.describe();
  if (!kind.unavailable.empty())
    throw CodedError(ErrorKind::Unsupported, "kind_unavailable", kind.unavailable, "kind");
  const JobInputs files = files_of(spec.inputs);
  return runner.plan(runner.resolve(with_defaults(spec.request, kind.fields), files), files);
}

Job Studio::cancel(int64_t id) {
  if (worker) worker->cancel(id);
  Job job = queue->cancel(id);
  if (job.state == JobState::Cancelled) checkpoints.remove(id);
  on.job(job);
  on.queue();
  return job;
}

Job Studio::skip(int64_t id) {
  if (worker) worker->skip(id);
  return queue->get(id);
}

int Studio::cancel_many(bool running_too) {
  const auto ids = queue->cancel_queued();
  for (const int64_t id : ids) {
    checkpoints.remove(id);
    on.job(queue->get(id));
  }
  int count = static_cast<int>(ids.size());
  const auto running = worker ? worker->running() : std::nullopt;
  if (running_too && running && worker->cancel(*running)) ++count;
  on.queue();
  return count;
}

Job Studio::duplicate(int64_t id, const Json& changes) {
  const Job job = queue->get(id);
  JobSpec spec{.kind = job.kind,
               .request = job.request,
               .inputs = job.inputs,
               .priority = job.priority,
               .label = job.label,
               .parent = id};
  for (const auto& [name, value] : changes.items()) spec.request[name] = value;
  return submit(spec).job;
}

NewPicture Studio::encode(const RunnerPicture& picture) const {
  const Json values = settings.values();
  EncodeOptions options{.format = values.at("format"),
                        .quality = values.at("quality"),
                        .lossless = values.at("webp_lossless")};
  if (values.at("metadata").get<bool>() && !picture.infotext.empty())
    options.text["parameters"] = picture.infotext;
  NewPicture out;
  const bool flatten = options.format == "jpeg" && picture.image.channels == 4;
  out.file_bytes = encode_text(flatten ? to_rgb(picture.image) : picture.image, options);
  out.format = options.format;
  out.width = picture.image.width;
  out.height = picture.image.height;
  out.infotext = picture.infotext;
  out.prompt = picture.prompt;
  out.negative_prompt = picture.negative_prompt;
  out.model = picture.model;
  out.seed = picture.seed;
  out.request = picture.request;
  return out;
}

Inputs::Added Studio::input_from_picture(int64_t id) {
  const GalleryPicture picture = gallery.get(id);
  const std::string bytes = read_whole_file(gallery.file(picture));
  return inputs.add(as_bytes(bytes), public_id('p', id) + "." + picture.format, id);
}

std::optional<double> Studio::queue_left_s() const {
  double left = 0;
  if (const auto running = worker ? worker->running() : std::nullopt) {
    const auto progress = worker->progress(*running);
    if (!progress || !progress->left_s) return std::nullopt;
    left = *progress->left_s;
  }
  for (const auto& [kind, pictures] : queue->waiting_pictures()) {
    const auto each = pace.seconds_per_unit("job " + kind);
    if (!each) return std::nullopt;
    left += *each * static_cast<double>(pictures);
  }
  return left;
}

size_t Studio::steps_kept(const Job& job) const {
  return may_go_on(job) ? checkpoints.steps_kept(job.id) : 0;
}

void Studio::forget(int64_t id) {
  queue->remove(id);
  checkpoints.remove(id);
}

void Studio::unload_models() {
  if (worker)
    worker->between_jobs([this] {
      for (const auto& runner : runners_) runner->unload();
    });
}

}  // namespace pentimento
