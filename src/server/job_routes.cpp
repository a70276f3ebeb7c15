// Jobs and the queue.
#include "server/app.h"
#include "server/errors.h"
#include "server/wire.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

std::vector<Field> job_fields() {
  return {{.name = "kind",
           .what = "what to do: one of GET /api/v1/kinds",
           .maximum = 40,
           .required = true},
          {.name = "request",
           .type = FieldType::Object,
           .default_value = Json::object(),
           .what = "the kind's own fields"},
          {.name = "inputs",
           .type = FieldType::Object,
           .default_value = Json::object(),
           .what = "role to SHA-256 of an uploaded picture"},
          {.name = "priority",
           .type = FieldType::Integer,
           .default_value = 0,
           .what = "higher goes first",
           .minimum = -100,
           .maximum = 100},
          {.name = "label", .default_value = "", .what = "for people", .maximum = 200},
          {.name = "key",
           .default_value = "",
           .what = "your own name for it; the same key never makes two jobs",
           .maximum = 100}};
}

InputHashes hashes_of(const Json& inputs) {
  InputHashes hashes;
  for (const auto& [role, hash] : inputs.items()) {
    if (hash.is_null()) continue;
    if (!hash.is_string())
      throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                       "inputs." + role.substr(0, 40) + " is not a string",
                       "inputs." + role.substr(0, 40));
    hashes[role] = hash;
  }
  return hashes;
}

JobSpec spec_of(const HttpRequest& request, const Route& route) {
  const Json body = with_defaults(json_body(request, route), route.fields);
  return {.kind = body.at("kind"),
          .request = body.at("request"),
          .inputs = hashes_of(body.at("inputs")),
          .priority = body.at("priority").get<int>(),
          .label = body.at("label"),
          .key = body.at("key")};
}

HttpResponse submit(App& app, const HttpRequest& request, const Route& route) {
  const JobQueue::Added added = app.studio().submit(spec_of(request, route));
  return HttpResponse::json(to_wire(app.studio(), added.job), added.is_new ? 201 : 200);
}

HttpResponse plan(App& app, const HttpRequest& request, const Route& route) {
  const JobSpec spec = spec_of(request, route);
  const auto failed = [](const std::vector<Problem>& problems) {
    Json json = to_wire(PlanReport{});
    json["ok"] = false;
    for (const Problem& problem : problems) {
      json["problems"].push_back(to_wire(problem));
      if (problem.code == "out_of_memory") json["fits"] = false;
    }
    return HttpResponse::json(json);
  };
  if (const auto problems = app.studio().problems_with(spec); !problems.empty())
    return failed(problems);
  try {
    const PlanReport report = app.studio().plan(spec);
    return HttpResponse::json(to_wire(report, app.options().held_bytes()));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Internal) throw;
    const ShownError shown = shown_error(std::current_exception());
    return failed({{shown.field, shown.code, shown.message}});
  }
}

std::vector<JobState> states_of(const std::string& list) {
  std::vector<JobState> states;
  size_t begin = 0;
  while (begin < list.size()) {
    const size_t end = std::min(list.find(',', begin), list.size());
    states.push_back(parse_job_state(list.substr(begin, end - begin)));
    begin = end + 1;
  }
  return states;
}

HttpResponse list(App& app, const HttpRequest& request) {
  JobFilter filter{.states = states_of(request.param("state").value_or("")),
                   .limit = request.int_param("limit", 50, 1, 200),
                   .offset = request.int_param("cursor", 0, 0, 10'000'000)};
  const int wanted = filter.limit++;
  auto jobs = app.studio().queue->list(filter);
  const bool more = static_cast<int>(jobs.size()) > wanted;
  if (more) jobs.pop_back();
  Json items = Json::array();
  for (const Job& job : jobs) items.push_back(to_wire(app.studio(), job));
  return HttpResponse::json(
      {{"items", items},
       {"next", more ? Json(std::to_string(filter.offset + wanted)) : Json(nullptr)}});
}

int64_t job_id(const HttpRequest& request) { return parse_public_id('j', request.captures.at(0)); }

// Tells everyone, and answers with the job.
HttpResponse changed(App& app, const Job& job) {
  app.studio().on.job(job);
  app.studio().on.queue();
  return HttpResponse::json(to_wire(app.studio(), job));
}

HttpResponse patch(App& app, const HttpRequest& request, const Route& route) {
  const Json body = json_body(request, route);
  JobQueue& queue = *app.studio().queue;
  Job job = queue.get(job_id(request));
  if (body.contains("priority") && !body["priority"].is_null())
    job = queue.set_priority(job.id, body["priority"].get<int>());
  if (body.contains("label") && !body["label"].is_null())
    job = queue.set_label(job.id, body["label"]);
  return changed(app, job);
}

HttpResponse move(App& app, const HttpRequest& request, const Route& route) {
  const Json body = json_body(request, route);
  std::optional<int64_t> before;
  if (body.contains("before") && !body["before"].is_null())
    before = parse_public_id('j', body["before"]);
  return changed(app, app.studio().queue->move(job_id(request), before));
}

HttpResponse preview(App& app, const HttpRequest& request) {
  const int64_t id = job_id(request);
  app.studio().queue->get(id);
  const auto bytes = app.studio().worker ? app.studio().worker->preview(id) : std::nullopt;
  if (!bytes)
    throw CodedError(ErrorKind::NotFound, "not_found",
                     "there is no preview of " + public_id('j', id) + " now");
  return HttpResponse::bytes(*bytes, "image/webp");
}

void add_one_job_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/jobs/{id}",
              .summary = "One job",
              .handle = [&app](const HttpRequest& r) {
                return HttpResponse::json(
                    to_wire(app.studio(), app.studio().queue->get(job_id(r))));
              }});
  Route edit{.method = "PATCH",
             .pattern = "/api/v1/jobs/{id}",
             .summary = "Change priority or label",
             .body = BodyKind::Json,
             .fields = {{.name = "priority",
                         .type = FieldType::Integer,
                         .what = "higher goes first",
                         .minimum = -100,
                         .maximum = 100},
                        {.name = "label", .what = "for people", .maximum = 200}}};
  edit.handle = [&app, route = edit](const HttpRequest& r) { return patch(app, r, route); };
  router.add(edit);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/jobs/{id}",
              .summary = "Forget a job that is not running",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                const int64_t id = job_id(r);
                app.studio().forget(id);
                app.studio().events.publish(
                    "job_removed", dumped({{"type", "job_removed"}, {"id", public_id('j', id)}}));
                app.studio().on.queue();
                return HttpResponse::empty();
              }});
  Route order{
      .method = "POST",
      .pattern = "/api/v1/jobs/{id}/move",
      .summary = "Put a waiting job elsewhere",
      .body = BodyKind::Json,
      .fields = {{.name = "before", .what = "id of a waiting job; null: last", .maximum = 20}}};
  order.handle = [&app, route = order](const HttpRequest& r) { return move(app, r, route); };
  router.add(order);
  const auto verb = [&](const char* name, const char* summary, auto action) {
    router.add({.method = "POST",
                .pattern = std::string("/api/v1/jobs/{id}/") + name,
                .summary = summary,
                .body = BodyKind::OptionalJson,
                .handle = [&app, action](const HttpRequest& r) {
                  return HttpResponse::json(to_wire(app.studio(), action(job_id(r))));
                }});
  };
  verb("cancel", "Stop it, or take it out of the queue",
       [&app](int64_t id) { return app.studio().cancel(id); });
  verb("skip", "End it, keeping the pictures that are done",
       [&app](int64_t id) { return app.studio().skip(id); });
  router.add({.method = "POST",
              .pattern = "/api/v1/jobs/{id}/retry",
              .summary = "The same job again",
              .body = BodyKind::OptionalJson,
              .handle = [&app](const HttpRequest& r) {
                return changed(app, app.studio().queue->retry(job_id(r)));
              }});
  Route copy{.method = "POST",
             .pattern = "/api/v1/jobs/{id}/duplicate",
             .summary = "A new job like it",
             .body = BodyKind::OptionalJson,
             .fields = {{.name = "request",
                         .type = FieldType::Object,
                         .default_value = Json::object(),
                         .what = "fields to change"}},
             .statuses = {201}};
  copy.handle = [&app, route = copy](const HttpRequest& r) {
    const Json body = with_defaults(json_body(r, route), route.fields);
    return HttpResponse::json(
        to_wire(app.studio(), app.studio().duplicate(job_id(r), body["request"])), 201);
  };
  router.add(copy);
  router.add({.method = "GET",
              .pattern = "/api/v1/jobs/{id}/preview",
              .summary = "The latest look inside",
              .query = {{"n", "any number, against caches"}},
              .returns = "image/webp",
              .handle = [&app](const HttpRequest& r) { return preview(app, r); }});
}

void add_queue_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/queue",
              .summary = "The state of the queue",
              .handle = [&app](const HttpRequest&) {
                return HttpResponse::json(queue_to_wire(app.studio()));
              }});
  const auto verb = [&](const char* name, const char* summary, auto action) {
    router.add({.method = "POST",
                .pattern = std::string("/api/v1/queue/") + name,
                .summary = summary,
                .body = BodyKind::OptionalJson,
                .handle = [&app, action](const HttpRequest&) {
                  action();
                  app.studio().on.queue();
                  return HttpResponse::json(queue_to_wire(app.studio()));
                }});
  };
  verb("pause", "Start no more jobs", [&app] { app.studio().queue->pause(); });
  verb("resume", "Go on", [&app] { app.studio().queue->resume(); });
}

}  // namespace

void add_job_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/kinds",
              .summary = "What can be asked for",
              .handle = [&app](const HttpRequest&) {
                Json items = Json::array();
                for (const JobKind& kind : app.studio().kinds()) items.push_back(to_wire(kind));
                return HttpResponse::json({{"items", items}, {"next", nullptr}});
              }});
  Route add{.method = "POST",
            .pattern = "/api/v1/jobs",
            .summary = "Ask for a job",
            .body = BodyKind::Json,
            .fields = job_fields(),
            .statuses = {200, 201}};
  add.handle = [&app, route = add](const HttpRequest& r) { return submit(app, r, route); };
  router.add(add);
  Route ahead{.method = "POST",
              .pattern = "/api/v1/plan",
              .summary = "What a job would do, without doing it",
              .body = BodyKind::Json,
              .fields = job_fields()};
  ahead.handle = [&app, route = ahead](const HttpRequest& r) { return plan(app, r, route); };
  router.add(ahead);
  router.add({.method = "GET",
              .pattern = "/api/v1/jobs",
              .summary = "Jobs: running, waiting in order, others newest first",
              .query = {{"state", "states with commas"},
                        {"limit", "1 to 200", FieldType::Integer},
                        {"cursor", "from `next`"}},
              .handle = [&app](const HttpRequest& r) { return list(app, r); }});
  Route cancel{.method = "POST",
               .pattern = "/api/v1/jobs/cancel",
               .summary = "Cancel many",
               .body = BodyKind::Json,
               .fields = {{.name = "which",
                           .what = "all that wait, or the running one too",
                           .choices = {"queued", "all"},
                           .required = true}}};
  cancel.handle = [&app, route = cancel](const HttpRequest& r) {
    const Json body = json_body(r, route);
    return HttpResponse::json({{"cancelled", app.studio().cancel_many(body.at("which") == "all")}});
  };
  router.add(cancel);
  add_one_job_routes(app, router);
  add_queue_routes(app, router);
}

}  // namespace pentimento
