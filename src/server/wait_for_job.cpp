#include "server/wait_for_job.h"

#include "studio/coded_error.h"

namespace pentimento {
namespace {

ErrorKind kind_of(const std::string& name) {
  for (const ErrorKind kind :
       {ErrorKind::InvalidArgument, ErrorKind::NotFound, ErrorKind::CorruptFile,
        ErrorKind::Unsupported, ErrorKind::OutOfMemory, ErrorKind::Io, ErrorKind::Cancelled})
    if (name == error_name(kind)) return kind;
  return ErrorKind::Internal;
}

}  // namespace

Job run_and_wait(App& app, const JobSpec& spec, const HttpRequest& request) {
  Studio& studio = app.studio();
  if (studio.queue->state().paused)
    throw CodedError(
        ErrorKind::Unsupported, "stopping",
        "the queue is paused; let it go on (POST /api/v1/queue/resume, or in the page)");
  uint64_t seen = studio.events.last_id();
  const int64_t id = studio.submit(spec).job.id;
  while (true) {
    Job job = studio.queue->get(id);
    switch (job.state) {
      case JobState::Done:
        return job;
      case JobState::Cancelled:
        if (!studio.gallery.of_job(id).empty()) return job;
        throw CodedError(ErrorKind::Cancelled, "cancelled", "the job was cancelled");
      case JobState::Failed:
        throw CodedError(kind_of(job.error->kind), job.error->code, job.error->message);
      case JobState::Interrupted:
        throw CodedError(ErrorKind::Cancelled, "cancelled", "the server stopped while the job ran");
      case JobState::Queued:
        if (studio.queue->state().paused)
          throw CodedError(ErrorKind::Unsupported, "stopping",
                           "the queue was paused; " + public_id('j', id) + " is kept in it");
        break;
      case JobState::Running:
        break;
    }
    if (studio.events.closed())
      throw CodedError(ErrorKind::Unsupported, "stopping",
                       "the server is stopping; the job is kept");
    if (request.hung_up())
      throw CodedError(ErrorKind::Cancelled, "cancelled",
                       "nobody waits for " + public_id('j', id) + " any more; it goes on");
    const auto events = studio.events.after(seen, 1.0);
    seen = events && !events->empty() ? events->back().id : studio.events.last_id();
  }
}

}  // namespace pentimento
