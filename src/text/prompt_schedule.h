// Prompt editing (webui-spec §4.5): one prompt spelled out over the steps of a run.
//
//   [from:to:when]  [to:when]  [from::when]    `from` up to step `when`, then `to`
//   [a|b|c]                                    another one each step; empty ones allowed
// `when` with a dot is a share of the steps, else a step; spaces around it are allowed. Brackets
// nest. Anything else in brackets is left for attention. A '|' outside [a|b], or a backslash at the
// end of a line, and the whole prompt is taken literally.
//
// Limitation: where brackets are unbalanced the original's grammar is ambiguous and its reading
// changes from run to run; here every complete [..] counts, the stray brackets are text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// `text` is active up to and including model call end_at_step (from 0).
struct ScheduledText {
  int end_at_step;
  std::string text;
};

struct PromptScheduleOptions {
  // For the second pass of the high-resolution fix: the steps of the first one. `when` then counts
  // both passes: 1.5 and base_steps + n lie in the second. 0: there is only one pass.
  int base_steps = 0;
  // A1111 before 1.6: a number below 1 is a share, others are steps, whether it has a dot or not;
  // a second pass is counted like the first (the schedule ends at base_steps).
  bool old_scheduling = false;
};

// steps: total model calls the schedule counts (2x for second-order samplers), at least 1, of this
// pass. At least one entry, ends ascending, the last one `steps`; neighbours may be equal.
// Throws InvalidArgument: not UTF-8, more than kMaxPromptBytes, steps < 1, or more than
// kMaxScheduleBytes when spelled out.
std::vector<ScheduledText> schedule_prompt(std::string_view prompt, int steps,
                                           const PromptScheduleOptions& options = {});

// Index of the entry for model call `call_index`, from 0: the first whose end is not before it.
// Beyond the last end it is the first entry again, as in the original.
size_t active_entry(const std::vector<ScheduledText>& schedule, int call_index);

}  // namespace pentimento
