#include "server/serve.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <thread>

#include "runtime/resident_memory.h"
#include "server/app.h"
#include "server/http_server.h"
#include "server/pairing.h"
#include "studio/blend_runner.h"
#include "studio/coded_error.h"
#include "studio/describe_runner.h"
#include "studio/drape_runner.h"
#include "studio/grid_runner.h"
#include "studio/img2img_runner.h"
#include "studio/inpaint_runner.h"
#include "studio/library_folders.h"
#include "studio/loopback_runner.h"
#include "studio/model_library.h"
#include "studio/outpaint_runner.h"
#include "studio/refine_runner.h"
#include "studio/stylize_runner.h"
#include "studio/try_on_runner.h"
#include "studio/txt2img_runner.h"
#include "studio/upscale_runner.h"

namespace pentimento {
namespace {

std::vector<std::string> addresses_of_this_computer() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* a = list; a; a = a->ifa_next) {
    if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(a->ifa_addr)->sin_addr, text,
                sizeof text);
    if (!is_loopback(text)) addresses.emplace_back(text);
  }
  ::freeifaddrs(list);
  return addresses;
}

std::vector<std::string> urls_of(const ServeOptions& options, int port) {
  const std::string scheme = options.tls_certificate ? "https://" : "http://";
  std::vector<std::string> hosts = {options.address};
  if (options.address == "0.0.0.0" || options.address == "::") {
    hosts = addresses_of_this_computer();
    hosts.emplace_back("127.0.0.1");
  }
  std::vector<std::string> urls;
  for (const std::string& host : hosts)
    urls.push_back(scheme + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                   std::to_string(port));
  return urls;
}

// The owner's token stays the same from start to start, readable by the owner only.
std::string owner_token(const ServeOptions& options) {
  if (!options.token.empty()) {
    if (options.token.size() < 16)
      throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                       "the token is " + std::to_string(options.token.size()) +
                           " characters long, expected at least 16");
    return options.token;
  }
  const std::filesystem::path file = options.paths.config / "token";
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    std::string token = read_whole_file(file);
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.pop_back();
    if (token.size() >= 16) return token;
  }
  std::string token = random_secret();
  std::filesystem::create_directories(options.paths.config, error);
  const mode_t before = ::umask(0077);
  try {
    write_file_atomically(file, as_bytes(token));
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
  return token;
}

// Everything that computes, made once; the runners refer to the runtime.
struct Engine {
  Engine(RuntimeOptions options, const Paths& paths)
      : runtime(std::move(options)),
        shelf(std::make_shared<UpscalerShelf>(
            runtime,
            std::vector<std::filesystem::path>{
                paths.assets / "upscaling", paths.data / "models" / "ESRGAN",
                paths.data / "models" / "RealESRGAN", paths.data / "models" / "upscaling"},
            paths.cache / "timings.txt")) {}
  Runtime runtime;
  std::shared_ptr<UpscalerShelf> shelf;
};

JobRunners usual_runners(Engine& engine, const ServeOptions& options, Studio& studio,
                         const std::shared_ptr<ModelCatalog>& catalog) {
  const auto holder = std::make_shared<ModelHolder>(engine.runtime, options.paths.cache, catalog);
  const auto add_ons = std::make_shared<AddOns>(engine.runtime, options.paths.cache);
  const DiffusionTools tools{holder, catalog, std::make_shared<Settings>(studio.db()),
                             options.paths.cache / "timings.txt", add_ons};
  const std::filesystem::path painting = options.paths.assets / "painting";
  JobRunners runners;
  runners.push_back(make_img2img_runner(tools));
  runners.push_back(make_txt2img_runner(tools, enlarge_with(engine.shelf)));
  runners.push_back(make_upscale_runner(engine.shelf));
  runners.push_back(make_inpaint_runner(tools));
  runners.push_back(make_outpaint_runner(tools));
  runners.push_back(make_loopback_runner(tools));
  runners.push_back(make_grid_runner(tools));
  runners.push_back(make_try_on_runner(
      tools,
      [finder = std::make_shared<FaceFinder>(engine.runtime, options.paths.assets / "faces")](
          const Image& picture) { return finder->find(picture, {}); }));
  runners.push_back(make_drape_runner(tools, engine.runtime, options.paths.cache));
  runners.push_back(make_blend_runner(tools, engine.runtime, painting));
  runners.push_back(make_refine_runner(tools, enlarge_with(engine.shelf)));
  runners.push_back(make_describe_runner(
      {catalog, add_ons, options.paths.assets / "describe" / "terms.tsv", options.paths.cache}));
  runners.push_back(make_stylize_runner(engine.runtime, painting));
  return runners;
}

std::shared_ptr<ModelCatalog> opened_library(const ServeOptions& options) {
  LibraryOptions library{.data = options.paths.data,
                         .cache = options.paths.cache,
                         .folders = all_model_folders(options.paths, options.model_folders),
                         .built_in = options.paths.assets / "models",
                         .hash_in_background = true,
                         .watch = true};
  library.progress.cancel = options.stop;
  return std::make_shared<ModelLibrary>(std::move(library));
}

// The library outlives the studio whose watchers it tells that hashes have become known.
class LibraryNews {
 public:
  LibraryNews(ModelCatalog& catalog, EventBus& events)
      : library_(dynamic_cast<ModelLibrary*>(&catalog)) {
    if (library_)
      library_->set_on_change([&events] { events.publish("models", R"({"type":"models"})"); });
  }
  ~LibraryNews() {
    if (library_) library_->set_on_change([] {});
  }
  LibraryNews(const LibraryNews&) = delete;
  LibraryNews& operator=(const LibraryNews&) = delete;

 private:
  ModelLibrary* library_;
};

void greet(const ServeOptions& options, const std::vector<std::string>& urls,
           const std::string& token, bool token_required) {
  for (const std::string& url : urls) options.say("listening on " + url);
  if (!token_required) return;
  const std::string pairing = urls.front() + "/#token=" + token;
  options.say("a token is required; open this address, or scan it with a phone:\n  " + pairing +
              "\n" + qr_for_terminal(pairing));
}

}  // namespace

int serve(const ServeOptions& options) {
  const bool beyond_loopback = !is_loopback(options.address) && options.address != "localhost";
  std::unique_ptr<Engine> engine;  // outlives the studio, whose runners refer to it
  std::shared_ptr<ModelCatalog> catalog =
      options.catalog ? options.catalog : opened_library(options);
  Studio studio({.paths = options.paths}, system_clock());

  AppOptions app_options;
  app_options.allow_stop = options.allow_stop;
  const std::string token =
      beyond_loopback || !options.token.empty() ? owner_token(options) : std::string();
  app_options.gate = {.token_required = !token.empty(),
                      .owner_token = token,
                      .allowed_hosts = options.allowed_hosts,
                      .cors_origins = options.cors_origins,
                      .basic_auth = options.api_auth};
  if (!options.make_runners) {
    engine = std::make_unique<Engine>(options.runtime, options.paths);
    limit_resident_bytes(engine->runtime, options.model_memory_bytes);
    app_options.system.device = options.runtime.device;
    app_options.system.precision = to_string(engine->runtime.precision());
    app_options.system.threads = options.runtime.threads;
    app_options.held_bytes = [runtime = &engine->runtime] { return resident_bytes(*runtime); };
    app_options.upscalers = [shelf = engine->shelf] {
      std::vector<std::string> names;
      for (const UpscalerEntry& entry : shelf->installed())
        if (!entry.path.empty()) names.push_back(entry.label.empty() ? entry.name : entry.label);
      return names;
    };
  }
  App app(studio, catalog, app_options);
  const LibraryNews news(*catalog, studio.events);
  CancelToken stop = options.stop;
  app.on_stop_asked = [stop](bool) { stop.cancel(); };

  HttpServer server(
      {.host = options.address,
       .port = options.port,
       .max_connections = options.max_connections,
       .max_bodies_bytes = options.max_bodies_bytes,
       .certificate = options.tls_certificate,
       .key = options.tls_key,
       .limits = options.limits},
      {.admit = [&](HttpRequest& r) { return app.admit(r); },
       .answer = [&](const HttpRequest& r) { return app.answer(r); },
       .finish = [&](const HttpRequest& r, HttpResponse& response) { app.finish(r, response); }});
  const int port = server.bind();
  const auto urls = urls_of(options, port);
  app.options().system.listening = urls;
  studio.start(options.make_runners ? options.make_runners(studio, catalog)
                                    : usual_runners(*engine, options, studio, catalog));
  greet(options, urls, token, !token.empty());

  std::thread watcher([&] {
    while (!stop.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    options.say("stopping");
    studio.stop(options.grace_seconds);  // ends event streams and waiting requests too
    server.stop();
  });
  server.serve();
  stop.cancel();
  watcher.join();
  return 0;
}

}  // namespace pentimento
