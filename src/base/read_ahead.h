// Files asked of the disk before they are needed. Weights are read as they are touched, a page at a
// time and in no order, which uses a fraction of what a disk can do; asked for in large pieces,
// they arrive while the program computes something else.
#pragma once

#include <filesystem>
#include <thread>
#include <vector>

namespace pentimento {

// Thread contract: one thread at a time. The destructor stops asking.
class ReadAhead {
 public:
  // Has the system read `files` into its cache, whole and one after the other, beside the caller.
  // What is there already costs nothing to speak of. A file that cannot be read is passed over; all
  // are when they are small, and where memory has no room to spare for them.
  void begin(std::vector<std::filesystem::path> files);
  // Waits until everything has been asked for.
  void finish();

 private:
  std::jthread thread_;
};

}  // namespace pentimento
