#include "server/wire.h"

#include "base/memory.h"
#include "text/infotext.h"

namespace pentimento {

Json to_wire(const JobProgress& p, int64_t job) {
  const std::string preview =
      "/api/v1/jobs/" + public_id('j', job) + "/preview?n=" + std::to_string(p.preview);
  return {{"stage", p.stage},
          {"step", p.step},
          {"steps", p.steps},
          {"fraction", p.fraction},
          {"elapsed_s", p.elapsed_s},
          {"left_s", or_null(p.left_s)},
          {"preview", p.preview ? Json(preview) : Json(nullptr)}};
}

Json to_wire(Studio& studio, const Job& job) {
  const size_t kept = studio.steps_kept(job);
  Json json = {{"id", public_id('j', job.id)},
               {"kind", job.kind},
               {"state", to_string(job.state)},
               {"quarantined", job.quarantined},
               {"label", job.label},
               {"priority", job.priority},
               {"position", or_null(job.position)},
               {"request", job.request},
               {"inputs", job.inputs},
               {"created", job.created},
               {"started", or_null(job.started)},
               {"finished", or_null(job.finished)},
               {"attempts", job.attempts},
               {"resumable", kept > 0},
               {"steps_kept", kept},
               {"progress", nullptr},
               {"error", nullptr},
               {"pictures", Json::array()},
               {"result", or_null(job.result)},
               {"parent", nullptr}};
  if (job.parent) json["parent"] = public_id('j', *job.parent);
  if (job.error)
    json["error"] = {
        {"kind", job.error->kind}, {"code", job.error->code}, {"message", job.error->message}};
  if (job.state == JobState::Running && studio.worker)
    if (const auto progress = studio.worker->progress(job.id))
      json["progress"] = to_wire(*progress, job.id);
  if (job.state != JobState::Queued)
    for (const GalleryPicture& picture : studio.gallery.of_job(job.id))
      json["pictures"].push_back(public_id('p', picture.id));
  return json;
}

Json queue_to_wire(Studio& studio) {
  const QueueState state = studio.queue->state();
  Json json = {{"paused", state.paused},
               {"notice", nullptr},
               {"queued", state.queued},
               {"running", state.running ? Json(public_id('j', *state.running)) : Json(nullptr)},
               {"interrupted", Json::array()},
               {"left_s", or_null(studio.queue_left_s())}};
  for (const int64_t id : state.interrupted) json["interrupted"].push_back(public_id('j', id));
  if (state.notice) {
    json["notice"] = {
        {"code", state.notice->code}, {"message", state.notice->message}, {"jobs", Json::array()}};
    for (const int64_t id : state.notice->jobs)
      json["notice"]["jobs"].push_back(public_id('j', id));
  }
  return json;
}

Json to_wire(const GalleryPicture& p) {
  Json parameters = Json::object();
  if (!p.infotext.empty())
    for (const auto& [key, value] : parse_infotext(p.infotext).fields) parameters[key] = value;
  const std::string id = public_id('p', p.id);
  return {{"id", id},
          {"sha256", p.sha256},
          {"kind", p.kind},
          {"width", p.width},
          {"height", p.height},
          {"bytes", p.bytes},
          {"format", p.format},
          {"created", p.created},
          {"job", p.job ? Json(public_id('j', *p.job)) : Json(nullptr)},
          {"index", p.index},
          {"favourite", p.favourite},
          {"tags", p.tags},
          {"trashed", or_null(p.trashed)},
          {"prompt", p.prompt},
          {"negative_prompt", p.negative_prompt},
          {"model", p.model},
          {"seed", or_null(p.seed)},
          {"infotext", p.infotext},
          {"parameters", parameters},
          {"inputs", p.inputs},
          {"file", "/api/v1/pictures/" + id + "/file"},
          {"thumbnail", "/api/v1/pictures/" + id + "/thumbnail"}};
}

Json to_wire(const Input& i) {
  return {{"sha256", i.sha256},   {"name", i.name},
          {"format", i.format},   {"width", i.width},
          {"height", i.height},   {"bytes", i.bytes},
          {"created", i.created}, {"infotext", or_null(i.infotext)}};
}

Json to_wire(const Document& d) {
  return {{"id", public_id('d', d.id)}, {"input", or_null(d.input)}, {"name", d.name},
          {"revision", d.revision},     {"updated", d.updated},      {"bytes", d.bytes}};
}

Json to_wire(const JobKind& k) {
  Json json = {{"kind", k.kind},
               {"what", k.what},
               {"available", k.unavailable.empty()},
               {"reason", k.unavailable.empty() ? Json(nullptr) : Json(k.unavailable)},
               {"inputs", Json::array()},
               {"fields", Json::array()}};
  for (const InputRole& role : k.inputs)
    json["inputs"].push_back({{"name", role.name},
                              {"required", role.required},
                              {"what", role.what},
                              {"field", role.field.empty() ? Json(nullptr) : Json(role.field)}});
  for (const Field& field : k.fields) json["fields"].push_back(to_json(field));
  return json;
}

Json to_wire(const PlanReport& p, uint64_t held_bytes) {
  const uint64_t free = available_memory_bytes();
  const uint64_t available = free == 0 ? 0 : free + held_bytes;
  return {{"ok", true},
          {"problems", Json::array()},
          {"steps", or_null(p.steps)},
          {"steps_that_run", or_null(p.steps_that_run)},
          {"width", or_null(p.width)},
          {"height", or_null(p.height)},
          {"pictures", p.pictures},
          {"seconds", or_null(p.seconds)},
          {"seconds_known", p.seconds.has_value()},
          {"memory_bytes", or_null(p.memory_bytes)},
          {"memory_available_bytes", available},
          {"fits", !p.memory_bytes || available == 0 || *p.memory_bytes <= available},
          {"sentence", p.sentence}};
}

Json to_wire(const Problem& p) {
  return {{"field", p.field}, {"code", p.code}, {"message", p.message}};
}

}  // namespace pentimento
