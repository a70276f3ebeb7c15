// The built program, run as people run it, with a home of its own: data, cache, configuration and
// working folder.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/golden.h"

namespace pentimento::testing {

namespace fs = std::filesystem;

struct Outcome {
  int code = -1;
  std::string out, err;
};

inline std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Program {
 public:
  pid_t start(const std::vector<std::string>& arguments, const fs::path& input = "/dev/null") {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::setenv("PENTIMENTO_DATA", (home_ / "data").c_str(), 1);
    ::setenv("PENTIMENTO_CACHE", (home_ / "cache").c_str(), 1);
    ::setenv("PENTIMENTO_CONFIG", (home_ / "config").c_str(), 1);
    if (::chdir(home_.path().c_str()) != 0) ::_exit(99);
    redirect(input.c_str(), O_RDONLY, 0);
    redirect((home_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect((home_ / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 2);
    const std::string program = testing::binary_path("src/pentimento").string();
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(98);
  }
  Outcome wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
            content(home_ / "out"), content(home_ / "err")};
  }
  Outcome run(const std::vector<std::string>& arguments, const fs::path& input = "/dev/null") {
    return wait(start(arguments, input));
  }
  fs::path operator/(const std::string& name) const { return home_ / name; }

 private:
  static void redirect(const char* path, int flags, int descriptor) {
    const int fd = ::open(path, flags, 0666);
    if (fd < 0 || ::dup2(fd, descriptor) < 0) ::_exit(97);
  }
  TempDir home_;
};

}  // namespace pentimento::testing
