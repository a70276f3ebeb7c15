// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). An id is
// "<start of this server>-<number>": after a restart only the snapshot is sent.
#include "base/version.h"
#include "server/app.h"
#include "server/wire.h"

namespace pentimento {
namespace {

constexpr double kPingSeconds = 15;

std::string framed(const std::string& id, const std::string& type, const std::string& data) {
  return "id: " + id + "\nevent: " + type + "\ndata: " + data + "\n\n";
}

Json snapshot_of(Studio& studio) {
  Json jobs = Json::array();
  for (const Job& job :
       studio.queue->list({.states = {JobState::Running, JobState::Queued}, .limit = 500}))
    jobs.push_back(to_wire(studio, job));
  for (const Job& job : studio.queue->list({.states = {JobState::Done, JobState::Failed,
                                                       JobState::Cancelled, JobState::Interrupted},
                        .limit = 20}))
    jobs.push_back(to_wire(studio, job));
  return {{"type", "snapshot"},
          {"version", kVersion},
          {"queue", queue_to_wire(studio)},
          {"jobs", jobs}};
}

class EventStream : public BodyStream {
 public:
  EventStream(App& app, const std::string& last_seen, std::function<bool()> hung_up)
      : app_(app),
        hung_up_(std::move(hung_up)),
        start_(std::to_string(static_cast<int64_t>(app.started() * 1000))) {
    const size_t dash = last_seen.find('-');
    const std::string number = dash == std::string::npos ? "" : last_seen.substr(dash + 1);
    const bool ours = dash != std::string::npos && last_seen.substr(0, dash) == start_ &&
                      !number.empty() && number.size() < 16 &&
                      number.find_first_not_of("0123456789") == std::string::npos;
    // What is missed is told from where the reader stopped; else from now. The snapshot is taken
    // after that place is fixed, so that nothing falls between.
    at_ = app.studio().events.last_id();
    if (ours && std::stoull(number) <= at_) missed_from_ = std::stoull(number);
  }

  std::optional<std::string> next() override {
    if (!opened_) return open();
    const auto events = app_.studio().events.after(at_, 1.0);
    if (app_.studio().events.closed() || !events || hung_up_())
      return std::nullopt;  // behind, stopping, or gone: come again
    std::string text;
    for (const Event& event : *events) {
      text += framed(id_of(event.id), event.type, event.data);
      at_ = event.id;
    }
    const double now = app_.studio().clock()();
    if (text.empty() && now - last_sent_ >= kPingSeconds)
      text = framed(id_of(at_), "ping", dumped({{"type", "ping"}, {"time", now}}));
    if (!text.empty()) last_sent_ = now;
    return text;
  }

 private:
  std::string open() {
    opened_ = true;
    last_sent_ = app_.studio().clock()();
    std::string text = "retry: 2000\n" + framed(id_of(missed_from_.value_or(at_)), "snapshot",
                                                dumped(snapshot_of(app_.studio())));
    if (missed_from_)
      if (app_.studio().events.after(*missed_from_, 0)) at_ = *missed_from_;
    return text;
  }
  std::string id_of(uint64_t number) const { return start_ + "-" + std::to_string(number); }

  App& app_;
  std::function<bool()> hung_up_;
  std::string start_;
  uint64_t at_ = 0;
  std::optional<uint64_t> missed_from_;
  bool opened_ = false;
  double last_sent_ = 0;
};

}  // namespace

void add_event_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/events",
              .summary = "Changes as they happen",
              .query = {{"after", "the last event's id, as Last-Event-ID"}},
              .returns = "text/event-stream",
              .handle = [&app](const HttpRequest& r) {
                std::string last = r.header("Last-Event-ID");
                if (last.empty()) last = r.param("after").value_or("");
                HttpResponse response;
                // Exactly this: with a charset behind it the HTTP library would compress the
                // stream, and a compressor keeps events back until it has a block of them.
                response.content_type = "text/event-stream";
                response.headers["X-Accel-Buffering"] = "no";
                response.stream = std::make_shared<EventStream>(app, last, r.hung_up);
                return response;
              }});
}

}  // namespace pentimento
