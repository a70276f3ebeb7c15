// The verb serve: the studio behind HTTP, until Ctrl-C.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/model_path.h"
#include "server/json_log.h"
#include "server/serve.h"

namespace pentimento {
namespace {

struct Arguments {
  ServeOptions options;
  std::string address, certificate, key;
  bool listen = false, json_log = false;
};

void run(Context& context, Arguments& a) {
  ServeOptions& options = a.options;
  options.paths = context.paths;
  options.runtime = context.runtime_options();
  options.stop = context.cancel;
  options.say = [](const std::string& line) { std::cout << line << std::endl; };
  if (a.json_log) log_as_json();
  if (a.listen) options.address = "0.0.0.0";
  if (!a.address.empty()) options.address = a.address;
  if (!a.certificate.empty()) options.tls_certificate = a.certificate;
  if (!a.key.empty()) options.tls_key = a.key;
  take_time_to_stop();
  const int code = serve(options);
  if (code != 0) throw Error(ErrorKind::Internal, "the server did not stop cleanly");
}

}  // namespace

void add_serve(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("serve", "make it usable by programs over HTTP (A1111's API and its own)");
  verb->add_option("--port", a->options.port, "0 takes any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  verb->add_flag("--listen", a->listen,
                 "let other devices of the network call; they need the token");
  verb->add_option("--address", a->address, "listen on this address instead");
  verb->add_option("--token", a->options.token, "the owner's token; default: made once and kept");
  verb->add_option("--allow-host", a->options.allowed_hosts,
                   "a further name this computer is called by");
  verb->add_option("--cors-allow-origins", a->options.cors_origins,
                   "pages of other origins that may call");
  verb->add_option("--api-auth", a->options.api_auth, "user:password for A1111 clients");
  verb->add_option("--tls-certificate", a->certificate, "PEM file")->check(CLI::ExistingFile);
  verb->add_option("--tls-key", a->key, "PEM file")->check(CLI::ExistingFile);
  verb->add_option("--model-memory", a->options.model_memory_bytes,
                   "what networks of all models may keep, as 6GB; 0: what the computer has")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true));
  add_models_dir_option(*verb, a->options.model_folders);
  verb->add_flag("--api-server-stop", a->options.allow_stop, "let clients stop the server");
  verb->add_flag("--log-json", a->json_log, "the log as one JSON object a line");
  add_runtime_options(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
