#include "text/prompt_schedule.h"

#include <glib.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "text/prompt_limits.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

struct Span {
  size_t begin, end;
};

// A complete [..] that changes over time. Its text is cut into branches.
struct Edit {
  size_t open, close;          // the brackets
  std::vector<Span> branches;  // alternatives in turn; or {before, after}, before may be empty
  bool alternates = false;
  std::string when;          // else: the number as written
  int last_step_before = 0;  // and in steps
};

// end of  [+-]? (digits+ .? digits* | . digits+) ([eE] [+-]? digits+)?  or npos
size_t number_end(std::string_view text, size_t at) {
  const auto digits = [&](size_t from) {
    while (from < text.size() && g_ascii_isdigit(text[from])) ++from;
    return from;
  };
  const auto sign = [&](size_t from) {
    return from < text.size() && (text[from] == '+' || text[from] == '-') ? from + 1 : from;
  };
  const size_t whole = sign(at);
  size_t end = digits(whole);
  const bool has_whole = end > whole;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = digits(end + 1);
    if (!has_whole && fraction == end + 1) return text.npos;
    end = fraction;
  } else if (!has_whole) {
    return text.npos;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const size_t exponent = sign(end + 1);
    if (digits(exponent) > exponent) end = digits(exponent);
  }
  return end;
}

// The number, if that is all there is apart from spaces.
std::optional<std::string> read_when(std::string_view text) {
  const size_t begin = skip_spaces(text, 0);
  const size_t end = number_end(text, begin);
  if (end == text.npos || skip_spaces(text, end) != text.size()) return std::nullopt;
  return std::string(text.substr(begin, end - begin));
}

// Finds the edits in one pass with a stack of open brackets. A bracket pair is sound if everything
// in it is; one stray bracket or colon makes strays of all the brackets still open around it.
class Reader {
 public:
  explicit Reader(std::string_view prompt) : prompt_(prompt) {}

  // Edits by ascending open bracket, or nothing if the prompt must be taken literally.
  std::optional<std::vector<Edit>> read() {
    for (size_t at = 0; at < prompt_.size(); ++at) {
      const char c = prompt_[at];
      if (c == '\\') {
        if (at + 1 == prompt_.size() || prompt_[++at] == '\n') return std::nullopt;
      } else if (c == '(' || c == '[') {
        open_.push_back({at, {}, {}});
      } else if (c == ':') {
        if (!open_.empty()) open_.back().colons.push_back(at);
      } else if (c == '|') {
        if (open_.empty()) return std::nullopt;
        open_.back().bars.push_back(at);
      } else if (c == ')' || c == ']') {
        if (!open_.empty() && close(at))
          open_.pop_back();
        else if (!make_strays())
          return std::nullopt;
      }
    }
    if (!make_strays()) return std::nullopt;
    std::sort(edits_.begin(), edits_.end(),
              [](const Edit& a, const Edit& b) { return a.open < b.open; });
    return std::move(edits_);
  }

 private:
  struct Open {
    size_t at;
    std::vector<size_t> colons, bars;
  };

  // Whether the innermost open bracket and the one at `at` are a sound pair.
  bool close(size_t at) {
    const Open& open = open_.back();
    if (prompt_[open.at] == '(')
      return prompt_[at] == ')' && open.bars.empty() && open.colons.size() <= 1;
    if (prompt_[at] != ']') return false;
    if (!open.bars.empty()) return open.colons.empty() && add_alternation(open, at);
    return open.colons.empty() || (open.colons.size() <= 2 && add_switch(open, at));
  }

  bool add_alternation(const Open& open, size_t close) {
    Edit edit{open.at, close};
    edit.alternates = true;
    size_t begin = open.at + 1;
    for (size_t bar : open.bars) {
      edit.branches.push_back({begin, bar});
      begin = bar + 1;
    }
    edit.branches.push_back({begin, close});
    edits_.push_back(std::move(edit));
    return true;
  }

  bool add_switch(const Open& open, size_t close) {
    const size_t last = open.colons.back();
    std::optional<std::string> when = read_when(prompt_.substr(last + 1, close - last - 1));
    if (!when) return false;
    const size_t first = open.at + 1;
    const Span before = open.colons.size() == 2 ? Span{first, open.colons[0]} : Span{first, first};
    const Span after = {open.colons.size() == 2 ? open.colons[0] + 1 : first, last};
    Edit edit{open.at, close, {before, after}};
    edit.when = std::move(*when);
    edits_.push_back(std::move(edit));
    return true;
  }

  bool make_strays() {
    const bool has_bar =
        std::any_of(open_.begin(), open_.end(), [](const Open& o) { return !o.bars.empty(); });
    open_.clear();
    return !has_bar;
  }

  std::string_view prompt_;
  std::vector<Open> open_;
  std::vector<Edit> edits_;
};

// `when` in steps of this pass, possibly negative: then the switch has happened before it began.
int to_step(const std::string& when, int steps, const PromptScheduleOptions& options) {
  double value = g_ascii_strtod(when.c_str(), nullptr);
  const bool second_pass = options.base_steps > 0 && !options.old_scheduling;
  const bool is_share = options.old_scheduling ? value < 1 : when.find('.') != when.npos;
  if (is_share)
    value = (value - (second_pass ? 1.0 : 0.0)) * steps;
  else if (second_pass)
    value -= options.base_steps;
  return static_cast<int>(std::clamp(value, -1.0, static_cast<double>(steps)));
}

const Span& active_branch(const Edit& edit, int step) {
  if (edit.alternates) return edit.branches[(step - 1) % edit.branches.size()];
  return edit.branches[step <= edit.last_step_before ? 0 : 1];
}

// The prompt with every edit replaced by its branch at `step`, from 1.
std::string text_at(std::string_view prompt, const std::vector<Edit>& edits, int step) {
  struct Inside {
    size_t end, resume;  // of a branch; after its edit
  };
  std::vector<Inside> inside = {{prompt.size(), prompt.size()}};
  std::string text;
  auto next = edits.begin();
  for (size_t at = 0; !inside.empty();) {
    while (next != edits.end() && next->open < at) ++next;  // those in branches not taken
    const size_t branch_end = inside.back().end;
    if (next != edits.end() && next->open < branch_end) {
      text += prompt.substr(at, next->open - at);
      const Span& branch = active_branch(*next, step);
      inside.push_back({branch.end, next->close + 1});
      at = branch.begin;
    } else {
      text += prompt.substr(at, branch_end - at);
      at = inside.back().resume;
      inside.pop_back();
    }
  }
  return text;
}

// The steps at whose end the text may change: all of them if anything alternates.
std::vector<int> boundaries(const std::vector<Edit>& edits, int steps) {
  std::set<int> ends = {steps};
  bool alternates = false;
  for (const Edit& edit : edits) {
    alternates |= edit.alternates;
    if (!edit.alternates && edit.last_step_before >= 1) ends.insert(edit.last_step_before);
  }
  if (!alternates) return {ends.begin(), ends.end()};
  if (static_cast<size_t>(steps) > kMaxScheduleBytes / sizeof(ScheduledText)) return {};
  std::vector<int> all(steps);
  for (int i = 0; i < steps; ++i) all[i] = i + 1;
  return all;
}

}  // namespace

std::vector<ScheduledText> schedule_prompt(std::string_view prompt, int steps,
                                           const PromptScheduleOptions& options) {
  require_prompt(prompt);
  if (steps < 1)
    throw Error(ErrorKind::InvalidArgument,
                "prompt schedule: " + std::to_string(steps) + " steps, expected at least 1");
  if (options.old_scheduling && options.base_steps > 0) steps = options.base_steps;
  std::optional<std::vector<Edit>> edits = Reader(prompt).read();
  if (!edits) return {{steps, std::string(prompt)}};
  for (Edit& edit : *edits)
    if (!edit.alternates) edit.last_step_before = to_step(edit.when, steps, options);

  std::vector<ScheduledText> schedule;
  size_t cost = 0;  // bytes, and a few for each edit looked at
  const std::vector<int> ends = boundaries(*edits, steps);
  for (int end : ends) {
    schedule.push_back({end, text_at(prompt, *edits, end)});
    cost += schedule.back().text.size() + sizeof(ScheduledText) + 8 * edits->size();
    if (cost > kMaxScheduleBytes) break;
  }
  if (ends.empty() || cost > kMaxScheduleBytes)
    throw Error(ErrorKind::InvalidArgument,
                "prompt: spelled out over " + std::to_string(steps) + " steps it is more than " +
                    std::to_string(kMaxScheduleBytes >> 20) +
                    " MiB; shorten it or use fewer [a|b] and [a:b:when]");
  return schedule;
}

size_t active_entry(const std::vector<ScheduledText>& schedule, int call_index) {
  for (size_t i = 0; i < schedule.size(); ++i)
    if (call_index <= schedule[i].end_at_step) return i;
  return 0;
}

}  // namespace pentimento
