// The verb models, run as people run it; the network's side is an HTTPS server of ours.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "cli/program.h"
#include "studio/fields.h"
#include "support/fake_hub.h"

namespace pentimento {
namespace {

using testing::FakeHub;
using testing::Outcome;
using testing::Program;
namespace fs = std::filesystem;

class ModelsVerb : public ::testing::Test {
 protected:
  ModelsVerb() { write("config/sources.json", hub_.settings_json()); }
  void write(const std::string& name, const std::string& bytes) {
    fs::create_directories((program_ / name).parent_path());
    std::ofstream(program_ / name, std::ios::binary) << bytes;
  }
  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "models");
    return program_.run(arguments);
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  Program program_;
  testing::TempDir folder_;
  FakeHub hub_{folder_.path()};
};

TEST_F(ModelsVerb, ListsShowsAndForgets) {
  EXPECT_TRUE(has(run({"list"}).out, "no models in"));
  write("data/models/Lora/anna.safetensors", testing::lora_file());
  write("data/models/Lora/anna.json", R"({"activation text": "sks"})");
  write("comfy/main.py", "");
  write("comfy/models/loras/bob.safetensors", testing::lora_file("bob"));
  const Outcome list = run({"list", "--models-dir", "comfy"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_TRUE(has(list.out, "lora")) << list.out;
  EXPECT_TRUE(has(list.out, "anna  [sks]")) << list.out;
  EXPECT_TRUE(has(list.out, "bob")) << list.out;
  EXPECT_FALSE(has(run({"list"}).out, "bob"));
  const Json json = Json::parse(run({"list", "--kind", "lora", "--json"}).out);
  EXPECT_EQ(json["models"].size(), 1u);
  EXPECT_EQ(run({"rescan", "--hash"}).code, 0);
  const Outcome show = run({"show", "anna"});
  EXPECT_TRUE(has(show.out, sha256_hex(testing::lora_file()))) << show.out;
  EXPECT_EQ(run({"forget", "anna"}).code, 2) << "it is there";
  fs::remove(program_ / "data/models/Lora/anna.safetensors");
  EXPECT_TRUE(has(run({"list", "--missing"}).out, "anna"));
  EXPECT_EQ(run({"forget", "anna"}).code, 0);
  EXPECT_TRUE(has(run({"list", "--missing"}).out, "nothing is missing"));
  const Outcome unknown = run({"show", "nobody"});
  EXPECT_EQ(unknown.code, 3);
  EXPECT_EQ(run({"list", "--kind", "car"}).code, 2);
  EXPECT_EQ(run({}).code, 2);
}

TEST_F(ModelsVerb, SearchesAndGets) {
  const Outcome found = run({"search", "anna", "--kind", "lora", "--base", "SD1"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_TRUE(has(found.out, "pentimento models get civitai:11@22")) << found.out;
  EXPECT_TRUE(has(found.out, "1234 downloads")) << found.out;
  const Outcome got = run({"get", "civitai:11@22"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_TRUE(has(got.out, "data/models/Lora/_an_na_v2.safetensors")) << got.out;
  EXPECT_TRUE(has(got.out, "<lora:_an_na_v2:1> anna, red coat")) << got.out;
  EXPECT_TRUE(has(got.err, "licence: credit the creator")) << got.err;
  const Json again = Json::parse(run({"get", "civitai:11@22", "--json"}).out);
  EXPECT_EQ(again["was_there"], true);
  EXPECT_EQ(run({"get", "hf:owner/style"}).code, 0);
}

TEST_F(ModelsVerb, RefusesInOneLine) {
  const auto refused = [&](const std::vector<std::string>& arguments, int code,
                           const std::string& part) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_TRUE(has(outcome.err, part)) << outcome.err;
  };
  refused({"get", "nonsense"}, 2, "civitai:NUMBER");
  refused({"get", "civitai:99"}, 3, "no such model");
  refused({"get", "https://elsewhere.example/x.safetensors"}, 2, "allowed_hosts");
  hub_.files["/api/download/models/22"] = testing::lora_file("other");
  refused({"get", "civitai:11"}, 4, "SHA-256");
  write("config/sources.json", R"({"civitai": {"token": "x"}})");
  refused({"search", "x"}, 2, "chmod 600");
}

TEST_F(ModelsVerb, AnInterruptedDownloadGoesOnWhenAskedAgain) {
  const std::string lora = hub_.files["/api/download/models/22"];
  hub_.server.set_handler([&](const testing::WebRequestSeen& r, testing::WebPeer& peer) {
    if (r.target.starts_with("/api/v1"))
      return peer.answer(200, hub_.civitai_model(sha256_hex(lora)));
    if (r.target == "/preview.png") return peer.answer(404, "");
    if (r.headers.contains("range")) return testing::serve_file(r, peer, lora);
    peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: " + std::to_string(lora.size()) +
              "\r\n\r\n" + lora.substr(0, 500));
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  });
  const pid_t child = program_.start({"models", "get", "civitai:11"});
  for (int i = 0; i < 500 && hub_.server.seen().size() < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::kill(child, SIGINT);
  EXPECT_EQ(program_.wait(child).code, 130);
  EXPECT_EQ(run({"get", "civitai:11"}).code, 0);
  bool continued = false;
  for (const auto& request : hub_.server.seen())
    continued |= request.headers.contains("range") && request.headers.at("range") == "bytes=500-";
  EXPECT_TRUE(continued);
}

}  // namespace
}  // namespace pentimento
