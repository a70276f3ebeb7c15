#include "studio/job_queue.h"

#include <condition_variable>
#include <limits>

#include "studio/coded_error.h"
#include "studio/job_pictures.h"

namespace pentimento {

const char* to_string(JobState state) {
  switch (state) {
    case JobState::Queued:
      return "queued";
    case JobState::Running:
      return "running";
    case JobState::Done:
      return "done";
    case JobState::Failed:
      return "failed";
    case JobState::Cancelled:
      return "cancelled";
    case JobState::Interrupted:
      return "interrupted";
  }
  return "failed";
}

JobState parse_job_state(const std::string& word) {
  for (const JobState state : {JobState::Queued, JobState::Running, JobState::Done,
                               JobState::Failed, JobState::Cancelled, JobState::Interrupted})
    if (word == to_string(state)) return state;
  throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                   "state is '" + word.substr(0, 40) +
                       "', expected queued, running, done, failed, cancelled or interrupted",
                   "state");
}

std::string public_id(char kind, int64_t id) { return std::string(1, kind) + std::to_string(id); }

int64_t parse_public_id(char kind, const std::string& text) {
  const bool fine = text.size() >= 2 && text.size() <= 19 && text[0] == kind && text[1] != '0' &&
                    text.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!fine)
    throw CodedError(ErrorKind::NotFound, "not_found",
                     "there is nothing with the id '" + text.substr(0, 40) + "'");
  return std::stoll(text.substr(1));
}

namespace {

constexpr const char* kColumns =
    "id, kind, label, state, priority, request, inputs, created, started, finished, attempts, "
    "crashes, "
    "quarantined, parent, error, result";

Job job_of(const Statement& row) {
  Job job;
  job.id = row.integer(0);
  job.kind = row.text(1);
  job.label = row.text(2);
  job.state = parse_job_state(row.text(3));
  job.priority = static_cast<int>(row.integer(4));
  job.request = Json::parse(row.text(5));
  job.inputs = Json::parse(row.text(6)).get<InputHashes>();
  job.created = row.real(7);
  job.started = row.maybe_real(8);
  job.finished = row.maybe_real(9);
  job.attempts = static_cast<int>(row.integer(10));
  job.crashes = static_cast<int>(row.integer(11));
  job.quarantined = row.integer(12) != 0;
  job.parent = row.maybe_integer(13);
  if (const auto text = row.maybe_text(14)) {
    const Json error = Json::parse(*text);
    job.error = JobError{error.at("kind"), error.at("code"), error.at("message")};
  }
  if (const auto text = row.maybe_text(15)) job.result = Json::parse(*text);
  return job;
}

std::optional<std::string> error_text(const std::optional<JobError>& error) {
  if (!error) return std::nullopt;
  return Json{{"kind", error->kind}, {"code", error->code}, {"message", error->message}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

class SqliteQueue : public JobQueue {
 public:
  SqliteQueue(Database& db, Clock clock, int max_queued)
      : db_(db), clock_(std::move(clock)), max_queued_(max_queued) {
    recover();
  }

  Added add(const JobSpec& spec) override {
    Database::Transaction transaction(db_);
    if (!spec.key.empty()) {
      Statement known = db_.query("SELECT id FROM job WHERE key = ?", spec.key);
      if (known.next()) return {read(known.integer(0)), /*is_new=*/false};
    }
    if (count_queued() >= max_queued_)
      throw CodedError(ErrorKind::InvalidArgument, "queue_full",
                       "the queue holds " + std::to_string(max_queued_) +
                           " jobs, which is the most it may; wait or cancel some")
          .with_limit("max_queued_jobs");
    db_.run(
        "INSERT INTO job (key, kind, label, state, priority, place, request, inputs, created, "
        "parent, pictures) "
        "VALUES (?, ?, ?, 'queued', ?, (SELECT COALESCE(MAX(place), 0) + 1 FROM job), ?, ?, ?, ?, "
        "?)",
        spec.key.empty() ? std::optional<std::string>() : std::optional(spec.key), spec.kind,
        spec.label, spec.priority, spec.request.dump(), Json(spec.inputs).dump(), clock_(),
        spec.parent, pictures_of(spec.request));
    const Job job = read(db_.last_id());
    transaction.commit();
    wake();
    return {job, true};
  }

  Job get(int64_t id) const override {
    const auto lock = db_.lock();
    return read(id);
  }

  std::vector<Job> list(const JobFilter& filter) const override {
    const auto lock = db_.lock();
    std::string states;
    for (const JobState state : filter.states)
      states += (states.empty() ? "'" : ", '") + std::string(to_string(state)) + "'";
    // Running first, queued in the order in which they will run, then the others newest first.
    Statement rows =
        db_.query(std::string("SELECT ") + kColumns + " FROM job " +
                      (states.empty() ? "" : "WHERE state IN (" + states + ") ") +
                      "ORDER BY CASE state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END, "
                      "CASE state WHEN 'queued' THEN -priority ELSE 0 END, CASE state WHEN "
                      "'queued' THEN place ELSE 0 END, "
                      "COALESCE(finished, created) DESC, id DESC LIMIT ? OFFSET ?",
                  filter.limit, filter.offset);
    std::vector<Job> jobs;
    int position = -1;
    while (rows.next()) {
      Job job = job_of(rows);
      if (job.state == JobState::Queued) {
        position = position < 0 ? position_of(job.id) : position + 1;
        job.position = position;
      }
      jobs.push_back(std::move(job));
    }
    return jobs;
  }

  QueueState state() const override {
    const auto lock = db_.lock();
    QueueState state;
    state.paused = meta("queue.paused") == "1";
    if (const std::string text = meta("queue.notice"); !text.empty()) {
      const Json notice = Json::parse(text);
      state.notice = QueueNotice{notice.at("code"), notice.at("message"),
                                 notice.at("jobs").get<std::vector<int64_t>>()};
    }
    state.queued = count_queued();
    Statement running = db_.query("SELECT id FROM job WHERE state = 'running'");
    if (running.next()) state.running = running.integer(0);
    Statement interrupted =
        db_.query("SELECT id FROM job WHERE state = 'interrupted' ORDER BY id DESC LIMIT 100");
    while (interrupted.next()) state.interrupted.push_back(interrupted.integer(0));
    return state;
  }

  std::map<std::string, int64_t> waiting_pictures() const override {
    const auto lock = db_.lock();
    std::map<std::string, int64_t> pictures;
    Statement rows =
        db_.query("SELECT kind, SUM(pictures) FROM job WHERE state = 'queued' GROUP BY kind");
    while (rows.next()) pictures[rows.text(0)] = rows.integer(1);
    return pictures;
  }

  Job set_priority(int64_t id, int priority) override {
    return change(id, "UPDATE job SET priority = ? WHERE id = ?", priority);
  }
  Job set_label(int64_t id, const std::string& label) override {
    return change(id, "UPDATE job SET label = ? WHERE id = ?", label);
  }

  Job move(int64_t id, std::optional<int64_t> before) override {
    Database::Transaction transaction(db_);
    if (read(id).state != JobState::Queued || (before && read(*before).state != JobState::Queued))
      throw CodedError(ErrorKind::InvalidArgument, "conflict",
                       "only jobs that are waiting can be put in order");
    if (!before || *before != id) place(id, before);
    Job job = read(id);
    transaction.commit();
    return job;
  }

  Job cancel(int64_t id) override {
    Database::Transaction transaction(db_);
    const Job job = read(id);
    if (job.state == JobState::Queued || job.state == JobState::Interrupted)
      db_.run("UPDATE job SET state = 'cancelled', finished = ? WHERE id = ?", clock_(), id);
    Job now = read(id);
    transaction.commit();
    return now;
  }

  std::vector<int64_t> cancel_queued() override {
    Database::Transaction transaction(db_);
    std::vector<int64_t> ids;
    Statement rows = db_.query("SELECT id FROM job WHERE state = 'queued'");
    while (rows.next()) ids.push_back(rows.integer(0));
    db_.run("UPDATE job SET state = 'cancelled', finished = ? WHERE state = 'queued'", clock_());
    transaction.commit();
    return ids;
  }

  Job retry(int64_t id) override {
    Database::Transaction transaction(db_);
    const Job job = read(id);
    if (job.state == JobState::Queued || job.state == JobState::Running ||
        job.state == JobState::Done)
      throw CodedError(ErrorKind::InvalidArgument, "conflict",
                       public_id('j', id) + " is " + to_string(job.state) +
                           "; only failed, cancelled and interrupted jobs can be tried again");
    // A job let out of quarantine goes back there the next time it takes the program down.
    db_.run(
        "UPDATE job SET state = 'queued', error = NULL, started = NULL, finished = NULL, "
        "quarantined = 0, "
        "crashes = MIN(crashes, 1), place = (SELECT COALESCE(MAX(place), 0) + 1 FROM job) WHERE id "
        "= ?",
        id);
    Job now = read(id);
    transaction.commit();
    wake();
    return now;
  }

  void remove(int64_t id) override {
    Database::Transaction transaction(db_);
    if (read(id).state == JobState::Running)
      throw CodedError(ErrorKind::InvalidArgument, "conflict",
                       public_id('j', id) + " is running; cancel it first");
    db_.run("DELETE FROM job WHERE id = ?", id);
    transaction.commit();
  }

  void pause(std::optional<QueueNotice> notice) override {
    Database::Transaction transaction(db_);
    set_meta("queue.paused", "1");
    if (notice)
      set_meta("queue.notice",
               Json{{"code", notice->code}, {"message", notice->message}, {"jobs", notice->jobs}}
                   .dump());
    transaction.commit();
  }

  void resume() override {
    Database::Transaction transaction(db_);
    set_meta("queue.paused", "0");
    set_meta("queue.notice", "");
    transaction.commit();
    wake();
  }

  std::optional<Job> take() override {
    Database::Transaction transaction(db_);
    if (meta("queue.paused") == "1") return std::nullopt;
    Statement next = db_.query(
        "SELECT id FROM job WHERE state = 'queued' ORDER BY priority DESC, place LIMIT 1");
    if (!next.next()) return std::nullopt;
    const int64_t id = next.integer(0);
    db_.run(
        "UPDATE job SET state = 'running', started = ?, finished = NULL, attempts = attempts + 1 "
        "WHERE id = ?",
        clock_(), id);
    const Job job = read(id);
    transaction.commit();
    return job;
  }

  void set_result(int64_t id, const Json& result) override {
    const auto lock = db_.lock();
    db_.run("UPDATE job SET result = ? WHERE id = ?",
            result.dump(-1, ' ', false, Json::error_handler_t::replace), id);
  }

  Job finish(int64_t id, JobState state, std::optional<JobError> error) override {
    Database::Transaction transaction(db_);
    db_.run("UPDATE job SET state = ?, finished = ?, error = ?, crashes = 0 WHERE id = ?",
            to_string(state), clock_(), error_text(error), id);
    Job job = read(id);
    transaction.commit();
    return job;
  }

  Job put_back(int64_t id) override {
    Database::Transaction transaction(db_);
    db_.run(
        "UPDATE job SET state = 'queued', started = NULL, attempts = attempts - 1, "
        "place = (SELECT COALESCE(MIN(place), 0) - 1 FROM job) WHERE id = ? AND state = 'running'",
        id);
    Job job = read(id);
    transaction.commit();
    return job;
  }

  void wait(double seconds) override {
    std::unique_lock lock(wake_mutex_);
    wake_signal_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return woken_; });
    woken_ = false;
  }

  void wake() override {
    {
      std::lock_guard lock(wake_mutex_);
      woken_ = true;
    }
    wake_signal_.notify_all();
  }

 private:
  // What ran when the last process ended did not end by itself: nobody tells whether it will next
  // time.
  void recover() {
    Database::Transaction transaction(db_);
    std::vector<int64_t> stopped, quarantined;
    Statement rows = db_.query("SELECT id, crashes FROM job WHERE state = 'running'");
    while (rows.next()) {
      stopped.push_back(rows.integer(0));
      if (rows.integer(1) + 1 >= 2) quarantined.push_back(rows.integer(0));
    }
    if (!stopped.empty()) {
      db_.run(
          "UPDATE job SET state = 'interrupted', finished = ?, crashes = crashes + 1, "
          "quarantined = (crashes + 1 >= 2) WHERE state = 'running'",
          clock_());
      pause(quarantined.empty()
                ? QueueNotice{"unclean_stop",
                              "the program stopped while a job was running; look at it, then let "
                              "the queue go on",
                              stopped}
                : QueueNotice{"quarantine",
                              "a job was running both times the program stopped; it is kept out of "
                              "the queue until you try it again yourself",
                              quarantined});
    }
    transaction.commit();
  }

  template <typename Value>
  Job change(int64_t id, const char* sql, const Value& value) {
    Database::Transaction transaction(db_);
    read(id);
    db_.run(sql, value, id);
    Job job = read(id);
    transaction.commit();
    return job;
  }

  void place(int64_t id, std::optional<int64_t> before) {
    if (!before) {
      db_.run(
          "UPDATE job SET priority = (SELECT MIN(priority) FROM job WHERE state = 'queued'), "
          "place = (SELECT MAX(place) + 1 FROM job) WHERE id = ?",
          id);
      return;
    }
    Statement target = db_.query("SELECT priority, place FROM job WHERE id = ?", *before);
    target.next();
    const int64_t priority = target.integer(0);
    const double high = target.real(1);
    Statement previous = db_.query(
        "SELECT MAX(place) FROM job WHERE state = 'queued' AND priority = ? AND place < ? AND id "
        "<> ?",
        priority, high, id);
    previous.next();
    const double low = previous.maybe_real(0).value_or(high - 2);
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return renumber(id, *before);
    db_.run("UPDATE job SET priority = ?, place = ? WHERE id = ?", priority, middle, id);
  }

  // Halving the gap has run out of digits: number all waiting jobs anew.
  void renumber(int64_t id, int64_t before) {
    db_.run(
        "UPDATE job SET place = ranked.n FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY priority "
        "DESC, place) AS n "
        "FROM job WHERE state = 'queued') AS ranked WHERE job.id = ranked.id");
    place(id, before);
  }

  Job read(int64_t id) const {
    Statement row = db_.query(std::string("SELECT ") + kColumns + " FROM job WHERE id = ?", id);
    if (!row.next())
      throw CodedError(ErrorKind::NotFound, "not_found", "there is no job " + public_id('j', id));
    Job job = job_of(row);
    if (job.state == JobState::Queued) job.position = position_of(id);
    return job;
  }

  int position_of(int64_t id) const {
    Statement row = db_.query(
        "SELECT 1 + COUNT(*) FROM job AS other, job AS mine WHERE mine.id = ? AND other.state = "
        "'queued' AND "
        "(other.priority > mine.priority OR (other.priority = mine.priority AND other.place < "
        "mine.place))",
        id);
    row.next();
    return static_cast<int>(row.integer(0));
  }

  int count_queued() const {
    Statement row = db_.query("SELECT COUNT(*) FROM job WHERE state = 'queued'");
    row.next();
    return static_cast<int>(row.integer(0));
  }

  std::string meta(const char* key) const {
    Statement row = db_.query("SELECT value FROM meta WHERE key = ?", key);
    return row.next() ? row.text(0) : std::string();
  }
  void set_meta(const char* key, const std::string& value) {
    db_.run(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
        "excluded.value",
        key, value);
  }

  Database& db_;
  Clock clock_;
  int max_queued_;
  std::mutex wake_mutex_;
  std::condition_variable wake_signal_;
  bool woken_ = false;
};

}  // namespace

std::unique_ptr<JobQueue> make_sqlite_queue(Database& db, Clock clock, int max_queued) {
  return std::make_unique<SqliteQueue>(db, std::move(clock), max_queued);
}

}  // namespace pentimento
