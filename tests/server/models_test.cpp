// The model library and getting models, over real HTTP and a real library; the network's side is an
// HTTPS server of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "server/client.h"
#include "server/fake_studio.h"
#include "studio/model_library.h"
#include "studio/pictures.h"
#include "support/fake_hub.h"
#include "support/golden.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using testing::Answer;
using testing::Client;
using testing::FakeHub;
using testing::FakeServer;

class Models : public ::testing::Test {
 protected:
  Models() {
    hub_.preview = encode_text(Image(600, 300, 3, 90), {});
    hub_.files["/preview.png"] = hub_.preview;
    write(folder_ / "config" / "sources.json", hub_.settings_json());
    write(models_ / "Lora" / "mine.safetensors",
          testing::lora_file("mine", {{"ss_output_name", "mine_v2"}}));
    write(models_ / "Lora" / "mine.preview.png", hub_.preview);
    write(models_ / "VAE" / "broken.safetensors", "nothing");
    server_ = std::make_unique<FakeServer>(folder_.path(), [&](ServeOptions& options) {
      library_ = std::make_shared<ModelLibrary>(
          LibraryOptions{.data = folder_ / "data", .cache = folder_ / "cache"});
      options.catalog = library_;
    });
    client_ = std::make_unique<Client>(server_->port());
  }
  static void write(const fs::path& path, const std::string& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  Json models(const std::string& query = "") {
    return client_->get("/api/v1/models" + query).json()["items"];
  }
  Json ended(const std::string& id) {
    Json download;
    for (int i = 0; i < 1000; ++i) {
      const Json list = client_->get("/api/v1/models/downloads").json();
      for (const Json& d : list["items"])
        if (d["id"] == id) download = d;
      if (download["state"] != "queued" && download["state"] != "running") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return download;
  }
  static std::string code(const Answer& answer) { return answer.json()["error"].value("code", ""); }

  testing::TempDir folder_;
  const fs::path models_ = folder_ / "data" / "models";
  FakeHub hub_{folder_ / "hub"};
  std::shared_ptr<ModelLibrary> library_;
  std::unique_ptr<FakeServer> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(Models, AreListedShownAndPictured) {
  const Json list = models("?type=lora");
  ASSERT_EQ(list.size(), 1u);
  const Json lora = list[0];
  EXPECT_EQ(lora["name"], "mine");
  EXPECT_EQ(lora["alias"], "mine_v2");
  EXPECT_EQ(lora["family"], "SD1");
  EXPECT_EQ(lora["relative"], "Lora/mine.safetensors");
  const Answer preview = client_->get(lora["preview"]);
  EXPECT_EQ(preview.header("Content-Type"), "image/webp");
  EXPECT_EQ(decode_picture(as_bytes(preview.body), "x").image.width, 384);
  const Json whole = client_->get("/api/v1/models/" + lora["id"].get<std::string>()).json();
  EXPECT_EQ(whole["metadata"]["ss_output_name"], "mine_v2");
  EXPECT_FALSE(whole["report"]["en"]["what"].get<std::string>().empty());
  EXPECT_NE(whole["report"]["zh-CN"]["what"], whole["report"]["en"]["what"]);
  ASSERT_FALSE(whole["report"]["en"]["notes"].empty());
  EXPECT_EQ(whole["report"]["zh-CN"]["notes"].size(), whole["report"]["en"]["notes"].size());
  EXPECT_NE(whole["report"]["zh-CN"]["notes"], whole["report"]["en"]["notes"]);
  EXPECT_EQ(whole["path"], (models_ / "Lora" / "mine.safetensors").string());
  const Json vae = models("?type=vae")[0];
  EXPECT_FALSE(vae["problem"].is_null());
  EXPECT_EQ(client_->get("/api/v1/models/" + vae["id"].get<std::string>() + "/preview").status,
            404);
  EXPECT_EQ(client_->get("/api/v1/models/m999").status, 404);
  EXPECT_EQ(client_->get("/api/v1/models/..%2f..%2fetc").status, 404);
  EXPECT_EQ(client_->get("/api/v1/models/state").json()["models"], 2);
}

TEST_F(Models, WhatIsChosenForACheckpointIsKeptAndUsed) {
  write(models_ / "Stable-diffusion" / "dream.ckpt", "x");
  library_->refresh();
  const std::string path =
      "/api/v1/models/" + models("?type=checkpoint")[0]["id"].get<std::string>();
  const Json changed = client_->patch(path, {{"clip_skip", 2}, {"vae", "broken"}}).json();
  EXPECT_EQ(changed["clip_skip"], 2);
  EXPECT_EQ(changed["vae"], "broken.safetensors");
  EXPECT_EQ(models("?type=checkpoint")[0]["clip_skip"], 2);
  EXPECT_TRUE(client_->patch(path, {{"clip_skip", 0}, {"vae", ""}}).json()["vae"].is_null());
  EXPECT_EQ(code(client_->patch(path, {{"vae", "unheard of"}})), "no_model");
  EXPECT_EQ(code(client_->patch(path, {{"clip_skip", 13}})), "out_of_range");
  const std::string lora = "/api/v1/models/" + models("?type=lora")[0]["id"].get<std::string>();
  EXPECT_EQ(code(client_->patch(lora, {{"clip_skip", 2}})), "out_of_range");
}

TEST_F(Models, TheOwnersWordsGoBesideTheFile) {
  const std::string path = "/api/v1/models/" + models("?type=lora")[0]["id"].get<std::string>();
  const Json changed = client_
                           ->patch(path, {{"trigger_words", {"sks", "red coat"}},
                                          {"preferred_weight", 0.7},
                                          {"user_notes", "for portraits"}})
                           .json();
  EXPECT_EQ(changed["trigger_words"], Json({"sks", "red coat"}));
  EXPECT_EQ(changed["preferred_weight"], 0.7);
  EXPECT_EQ(changed["user_notes"], "for portraits");
  EXPECT_EQ(Json::parse(read_whole_file(models_ / "Lora" / "mine.json"))["activation text"],
            "sks, red coat");
  EXPECT_EQ(code(client_->patch(path, {{"preferred_weight", 11}})), "out_of_range");
  EXPECT_EQ(code(client_->patch(path, {{"weight", 1}})), "unknown_field");
}

TEST_F(Models, AMissingOneIsShownWhenAskedForAndForgotten) {
  const std::string id = models("?type=lora")[0]["id"];
  EXPECT_EQ(client_->remove("/api/v1/models/" + id).status, 409);
  fs::remove(models_ / "Lora" / "mine.safetensors");
  client_->post("/api/v1/models/refresh", Json::object());
  EXPECT_EQ(models("?type=lora").size(), 0u);
  const Json missing = models("?type=lora&missing=true");
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_TRUE(missing[0]["missing"].is_number());
  EXPECT_EQ(client_->remove("/api/v1/models/" + id).status, 204);
  EXPECT_EQ(models("?type=lora&missing=true").size(), 0u);
}

TEST_F(Models, AreFoundFetchedAndThenThere) {
  const Json found =
      client_->post("/api/v1/models/search", {{"query", "anna"}, {"type", "lora"}}).json()["items"];
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["family"], "SD1");
  const Answer preview = client_->get(found[0]["preview"]);
  EXPECT_EQ(preview.header("Content-Type"), "image/webp");
  const Answer answer = client_->post("/api/v1/models/downloads", {{"spec", found[0]["spec"]}});
  EXPECT_EQ(answer.status, 201);
  const Json done = ended(answer.json()["id"]);
  EXPECT_EQ(done["state"], "done") << done;
  EXPECT_EQ(done["offer"]["name"], "Anna");
  EXPECT_EQ(models("?type=lora").size(), 2u);
  const std::string path = "/api/v1/models/downloads/" + done["id"].get<std::string>();
  EXPECT_EQ(client_->post(path + "/retry", Json::object()).status, 409);
  EXPECT_EQ(client_->remove(path).status, 204);
  EXPECT_EQ(client_->remove(path).status, 404);
}

TEST_F(Models, LooksUpWhatCivitaiKnowsOfAFile) {
  write(models_ / "unknown.safetensors", hub_.files["/api/download/models/22"]);
  client_->post("/api/v1/models/refresh", Json::object());
  library_->hash_all({});
  const std::string id = library_->need("lora", "unknown").id;
  const Json model = client_->post("/api/v1/models/" + id + "/look-up", Json::object()).json();
  EXPECT_EQ(model["trigger_words"], Json({"anna", "red coat"}));
  EXPECT_FALSE(model["preview"].is_null());
  const std::string own = library_->need("lora", "mine").id;
  EXPECT_EQ(client_->post("/api/v1/models/" + own + "/look-up", Json::object()).status, 404);
}

TEST_F(Models, Automatic1111sListsKnowThem) {
  write(models_ / "embeddings" / "word.safetensors", testing::embedding_file(3));
  client_->post("/sdapi/v1/refresh-embeddings", Json::object());
  const Json embeddings = client_->get("/sdapi/v1/embeddings").json();
  EXPECT_EQ(embeddings["loaded"]["word"]["vectors"], 3);
  EXPECT_EQ(embeddings["loaded"]["word"]["shape"], 768);
  const Json loras = client_->get("/sdapi/v1/loras").json();
  ASSERT_EQ(loras.size(), 1u);
  EXPECT_EQ(loras[0]["alias"], "mine_v2");
  EXPECT_EQ(loras[0]["metadata"]["ss_output_name"], "mine_v2");
}

TEST_F(Models, RefusalsSayWhatIsWrong) {
  const auto get = [&](const std::string& spec) {
    return code(client_->post("/api/v1/models/downloads", {{"spec", spec}}));
  };
  EXPECT_EQ(get("nonsense"), "invalid");
  EXPECT_EQ(get("file:///etc/passwd"), "invalid");
  EXPECT_EQ(get("http://civitai.com/models/1"), "invalid");
  const Answer allowed = client_->post("/api/v1/models/downloads",
                                       {{"spec", "https://169.254.169.254/latest/meta-data"}});
  EXPECT_EQ(ended(allowed.json()["id"])["error"]["code"], "host_not_allowed");
  EXPECT_EQ(code(client_->post("/api/v1/models/search", {{"source", "elsewhere"}})),
            "out_of_range");
  EXPECT_EQ(client_->get("/api/v1/models/found/0123456789abcdef0123").status, 404);
  write(folder_ / "config" / "sources.json", "{");
  EXPECT_EQ(code(client_->post("/api/v1/models/search", {{"query", "x"}})), "invalid");
}

TEST_F(Models, ProgressIsToldAsEvents) {
  std::string stream;
  std::thread reader([&] {
    Client other(server_->port());
    other.http().Get("/api/v1/events", [&](const char* data, size_t size) {
      stream.append(data, size);
      return stream.find("\"state\":\"done\"") == std::string::npos ||
             stream.find("event: models") == std::string::npos;
    });
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  client_->post("/api/v1/models/downloads", {{"spec", "civitai:11"}});
  reader.join();
  EXPECT_NE(stream.find("event: download"), std::string::npos);
}

}  // namespace
}  // namespace pentimento
