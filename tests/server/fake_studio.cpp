#include "server/fake_studio.h"

#include <future>

#include "studio/fake_runner.h"

namespace pentimento::testing {
namespace {

class FakeCatalog : public ModelCatalog {
 public:
  std::vector<CatalogModel> list(const std::string& type) const override {
    CatalogModel model;
    model.id = "m1";
    model.name = "tiny";
    model.file = "tiny.safetensors";
    model.path = "/nowhere/tiny.safetensors";
    model.sha256 = std::string("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    model.family = "SD1";
    model.native_size_px = 64;
    CatalogModel control;
    control.id = "m2";
    control.type = "controlnet";
    control.name = "tiny_canny";
    control.file = "tiny_canny.safetensors";
    control.path = "/nowhere/tiny_canny.safetensors";
    if (type.empty()) return {model, control};
    if (type == "controlnet") return {control};
    return type == "checkpoint" ? std::vector{model} : std::vector<CatalogModel>{};
  }
  void refresh() override {}
  void learn_hash(const std::filesystem::path&, const std::string&) override {}
  std::filesystem::path folder() const override { return "/nowhere"; }
};

}  // namespace

std::shared_ptr<ModelCatalog> fake_catalog() { return std::make_shared<FakeCatalog>(); }

ServeOptions fake_options(const std::filesystem::path& folder, int step_ms) {
  ServeOptions options;
  options.paths = {folder / "data", folder / "cache", folder / "config", folder / "assets"};
  options.port = 0;
  options.grace_seconds = 0;
  options.catalog = fake_catalog();
  options.make_runners = [step_ms](Studio&, std::shared_ptr<ModelCatalog>) {
    return fake_runners(step_ms);
  };
  return options;
}

FakeServer::FakeServer(const std::filesystem::path& folder,
                       std::function<void(ServeOptions&)> change, int step_ms) {
  std::promise<int> listening;
  ServeOptions options = fake_options(folder, step_ms);
  options.stop = stop_;
  options.say = [&listening, told = false](const std::string& line) mutable {
    const size_t colon = line.rfind(':');
    if (!told && line.rfind("listening on ", 0) == 0)
      listening.set_value(std::stoi(line.substr(colon + 1))), told = true;
  };
  if (change) change(options);
  thread_ = std::thread([options, &listening] {
    try {
      serve(options);
    } catch (...) {
      listening.set_exception(std::current_exception());
    }
  });
  try {
    port_ = listening.get_future().get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

FakeServer::~FakeServer() {
  stop_.cancel();
  thread_.join();
}

}  // namespace pentimento::testing
