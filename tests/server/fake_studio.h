// A whole server in this process, on a free port of the loopback address, over fake runners.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "server/serve.h"

namespace pentimento::testing {

std::shared_ptr<ModelCatalog>
fake_catalog();  // one checkpoint, "tiny"; one ControlNet, "tiny_canny"

class FakeServer {
 public:
  explicit FakeServer(const std::filesystem::path& folder,
                      std::function<void(ServeOptions&)> change = {}, int step_ms = 2);
  ~FakeServer();
  int port() const { return port_; }

 private:
  CancelToken stop_;
  int port_ = 0;
  std::thread thread_;
};

ServeOptions fake_options(const std::filesystem::path& folder, int step_ms);

}  // namespace pentimento::testing
