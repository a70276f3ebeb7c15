#include "base/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace pentimento {
namespace {

uint64_t number_in(const char* path) {  // "max" and missing files read as 0
  std::ifstream file(path);
  uint64_t value = 0;
  file >> value;
  return file ? value : 0;
}

uint64_t meminfo_available() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  while (file >> word)
    if (word == "MemAvailable:") {
      uint64_t kib = 0;
      file >> kib;
      return kib << 10;
    }
  return 0;
}

}  // namespace

uint64_t available_memory_bytes() {
  uint64_t available = meminfo_available();
  const uint64_t limit = number_in("/sys/fs/cgroup/memory.max");
  if (limit != 0) {
    const uint64_t used = number_in("/sys/fs/cgroup/memory.current");
    available = std::min(available, limit > used ? limit - used : 0);
  }
  return available;
}

uint64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) << 10;
}

}  // namespace pentimento
