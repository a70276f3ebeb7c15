#include "weights/key_maps.h"

namespace pentimento {

bool has_prefix(const TensorMap& tensors, std::string_view prefix) {
  const auto found = tensors.lower_bound(prefix);
  return found != tensors.end() && std::string_view(found->first).starts_with(prefix);
}

int count_numbered(const TensorMap& tensors, const std::string& prefix) {
  constexpr int kHighest = 100;
  int end = 0;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end() && at->first.starts_with(prefix);
       ++at) {
    int number = 0;
    size_t i = prefix.size();
    for (; i < at->first.size() && at->first[i] >= '0' && at->first[i] <= '9' && number < kHighest;
         ++i)
      number = 10 * number + (at->first[i] - '0');
    const bool whole = i > prefix.size() && (i == at->first.size() || at->first[i] == '.');
    if (whole && number < kHighest) end = std::max(end, number + 1);
  }
  return end;
}

TensorMap below(const TensorMap& tensors, std::string_view prefix) {
  TensorMap result;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end() && at->first.starts_with(prefix);
       ++at)
    result.emplace(at->first.substr(prefix.size()), at->second);
  return result;
}

}  // namespace pentimento
