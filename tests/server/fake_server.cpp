// fake_server FOLDER [STEP_MS] [KEY=VALUE…]: the real server over fake runners; prints its port.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/error.h"
#include "server/fake_studio.h"

namespace {
pentimento::CancelToken stop;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  // As the program does: standard output is for what a program reads, and nobody empties it.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("log"));
  std::signal(SIGTERM, [](int) { stop.cancel(); });
  std::signal(SIGINT, [](int) { stop.cancel(); });
  auto options = pentimento::testing::fake_options(argv[1], argc > 2 ? std::atoi(argv[2]) : 2);
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("token=", 0) == 0) options.token = word.substr(6);
    if (word.rfind("auth=", 0) == 0) options.api_auth = word.substr(5);
    if (word.rfind("port=", 0) == 0) options.port = std::stoi(word.substr(5));
  }
  options.stop = stop;
  options.say = [](const std::string& line) { std::cout << line << std::endl; };
  try {
    return pentimento::serve(options);
  } catch (const pentimento::Error& error) {
    std::cerr << error.what() << std::endl;
    return pentimento::exit_code(error.kind());
  }
}
