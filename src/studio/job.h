// A job: one request in the queue, complete in itself (any worker that has the inputs can run it).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "studio/fields.h"

namespace pentimento {

enum class JobState { Queued, Running, Done, Failed, Cancelled, Interrupted };
const char* to_string(JobState state);
JobState parse_job_state(const std::string& word);  // throws InvalidArgument

using InputHashes = std::map<std::string, std::string>;  // role ("source", "mask") -> SHA-256

struct JobError {
  std::string kind, code, message;
};

// What a client asks for; `request` has been resolved (defaults, seeds) before it is stored.
struct JobSpec {
  std::string kind;
  Json request = Json::object();
  InputHashes inputs;
  int priority = 0;        // -100..100
  std::string label, key;  // key: the client's own; the same key never makes two jobs
  std::optional<int64_t> parent;
};

struct Job {
  int64_t id = 0;
  std::string kind, label;
  JobState state = JobState::Queued;
  int priority = 0;
  Json request;
  InputHashes inputs;
  double created = 0;
  std::optional<double> started, finished;
  int attempts = 0, crashes = 0;
  bool quarantined = false;
  std::optional<int64_t> parent;
  std::optional<JobError> error;
  std::optional<Json> result;   // what it found out, of kinds that make no pictures
  std::optional<int> position;  // 1, 2, … while queued
};

// "j17" <-> 17, "p42" <-> 42. Throws NotFound for anything that is not one of our ids.
std::string public_id(char kind, int64_t id);
int64_t parse_public_id(char kind, const std::string& text);

}  // namespace pentimento
