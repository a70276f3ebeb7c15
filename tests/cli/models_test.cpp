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
  EXPECT_TRUE(has(run({"list"}).out, "pentimento-default")) << "it comes with the program";
  ::setenv("PENTIMENTO_ASSETS", "/nowhere", 1);
  EXPECT_TRUE(has(run({"list"}).out, "no models in"));
  ::unsetenv("PENTIMENTO_ASSETS");
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

TEST_F(ModelsVerb, SetKeepsWhatGoesWithAModel) {
  write("data/models/Stable-diffusion/dream.ckpt", "x");
  write("data/models/VAE/good.pt", "x");
  const Outcome set = run({"set", "dream", "--clip-skip", "2", "--vae", "good"});
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_TRUE(has(set.out, "VAE good.pt; clip skip 2;")) << set.out;
  const Outcome show = run({"show", "dream"});
  EXPECT_TRUE(has(show.out, "clip skip")) << show.out;
  EXPECT_TRUE(has(show.out, "good.pt")) << show.out;
  const Json json = Json::parse(run({"set", "dream", "--clip-skip", "0", "--json"}).out);
  EXPECT_TRUE(json["clip_skip"].is_null());
  EXPECT_EQ(json["vae"], "good.pt");
  EXPECT_EQ(run({"set", "dream", "--vae", "bad"}).code, 3);
  EXPECT_EQ(run({"set", "dream", "--clip-skip", "20"}).code, 2);
  EXPECT_EQ(run({"set", "nobody", "--notes", "x"}).code, 3);
}

TEST_F(ModelsVerb, FoldersAreKeptForGood) {
  write("webui/webui.py", "");
  write("webui/models/Lora/bob.safetensors", testing::lora_file("bob"));
  EXPECT_FALSE(has(run({"list"}).out, "bob"));
  const Outcome added = run({"folders", "--add", "webui"});
  EXPECT_TRUE(has(added.out, (program_ / "webui").string())) << added.err;
  EXPECT_TRUE(has(run({"list"}).out, "bob"));
  EXPECT_EQ(Json::parse(run({"folders", "--json"}).out)["folders"].size(), 1u);
  EXPECT_EQ(run({"folders", "--remove", "elsewhere"}).code, 3);
  EXPECT_EQ(run({"folders", "--remove", "webui"}).code, 0);
  EXPECT_FALSE(has(run({"list"}).out, "bob"));
  write("config/model-folders.json", "[");
  EXPECT_EQ(run({"list"}).code, 2);
}

// What the library knows can be named: anywhere in another program's tree, by any of its names.
TEST_F(ModelsVerb, EverythingTheLibraryKnowsCanBeNamed) {
  write("webui/webui.py", "");
  fs::create_directories(program_ / "webui/models/Stable-diffusion/anime");
  fs::copy(testing::golden_path("pipelines_sd1"),
           program_ / "webui/models/Stable-diffusion/anime/tiny", fs::copy_options::recursive);
  write("webui/models/Lora/deep/style.safetensors", testing::lora_file("x"));
  write("webui/models/VAE/good.pt", "x");
  const std::string picture = testing::golden_path("pipelines_input.png").string();
  const auto paint = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"img2img",  picture, "-p",           "a cat", "--steps", "2",
                                    "-o",       "x.png", "--models-dir", "webui", "--width", "64",
                                    "--height", "48"};
    all.insert(all.end(), more.begin(), more.end());
    return program_.run(all);
  };
  for (const char* name : {"tiny", "anime/tiny", "anime_tiny"}) {
    const Outcome made = paint({"--model", name});
    EXPECT_EQ(made.code, 0) << name << ": " << made.err;
  }
  EXPECT_EQ(paint({}).code, 0) << "the only one needs no name";
  const Json list = Json::parse(run({"list", "--models-dir", "webui", "--json"}).out);
  std::string hash;
  EXPECT_EQ(run({"rescan", "--hash", "--models-dir", "webui"}).code, 0);
  for (const Json& model :
       Json::parse(run({"list", "--models-dir", "webui", "--json"}).out)["models"])
    if (model["type"] == "checkpoint") hash = model["sha256"];
  EXPECT_EQ(paint({"--model", hash.substr(0, 10)}).code, 0);
  const Outcome miss = paint({"--model", "tinny"});
  EXPECT_EQ(miss.code, 3);
  EXPECT_TRUE(has(miss.err, "did you mean tiny?")) << miss.err;
  const Outcome vae = paint({"--vae", "goood"});
  EXPECT_EQ(vae.code, 3);
  EXPECT_TRUE(has(vae.err, "did you mean good?")) << vae.err;
  const Outcome lora = paint({"-p", "a cat<lora:style:1>"});
  EXPECT_EQ(lora.code, 2) << "found, and made for another model";
  EXPECT_TRUE(has(lora.err, "style.safetensors")) << lora.err;
  const Outcome no_lora = paint({"-p", "a cat<lora:stile:1>"});
  EXPECT_EQ(no_lora.code, 3);
  EXPECT_TRUE(has(no_lora.err, "near it: style")) << no_lora.err;
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
