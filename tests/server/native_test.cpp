// The native interface over real HTTP, a real database and fake runners.
#include <gtest/gtest.h>

#include <thread>

#include "server/client.h"
#include "server/fake_studio.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Answer;
using testing::Client;
using testing::FakeServer;

class Native : public ::testing::Test {
 protected:
  std::string upload(uint8_t shade = 128) {
    return client_
        .send("POST", "/api/v1/inputs?name=cat.png", encode_text(Image(32, 24, 3, shade), {}),
              "image/png")
        .json()["sha256"];
  }
  Json submit(const std::string& prompt, Json more = Json::object()) {
    Json body = {
        {"kind", "img2img"}, {"request", {{"prompt", prompt}}}, {"inputs", {{"source", upload()}}}};
    body.update(more);
    return client_.post("/api/v1/jobs", body).json();
  }
  Json finished(const std::string& id) {
    Json job;
    for (int i = 0; i < 1000; ++i) {
      job = client_.get("/api/v1/jobs/" + id).json();
      if (job["state"] != "queued" && job["state"] != "running") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return job;
  }
  std::string error_code(const Answer& answer) { return answer.json()["error"].value("code", ""); }

  testing::TempDir folder_;
  FakeServer server_{folder_.path()};
  Client client_{server_.port()};
};

TEST_F(Native, AJobGoesFromUploadToPicture) {
  const Json job = submit("a cat", {{"key", "mine"}});
  EXPECT_EQ(job["state"], "queued");
  EXPECT_TRUE(job["request"]["seed"].is_number());
  const Json done = finished(job["id"]);
  ASSERT_EQ(done["state"], "done") << done;
  ASSERT_EQ(done["pictures"].size(), 1u);
  const std::string id = done["pictures"][0];
  const Json picture = client_.get("/api/v1/pictures/" + id).json();
  EXPECT_EQ(picture["prompt"], "a cat");
  EXPECT_EQ(picture["parameters"]["Sampler"], "Euler a");
  const Answer file = client_.get(picture["file"]);
  EXPECT_EQ(file.header("Content-Type"), "image/png");
  EXPECT_EQ(decode_picture(as_bytes(file.body), "x").text.count("parameters"), 1u);
  const Answer bare = client_.get(picture["file"].get<std::string>() + "?metadata=false");
  EXPECT_EQ(decode_picture(as_bytes(bare.body), "x").text.count("parameters"), 0u);
  EXPECT_EQ(client_.get(picture["thumbnail"]).header("Content-Type"), "image/webp");
  const Json again = client_.get("/api/v1/pictures/" + id + "/settings").json();
  EXPECT_EQ(client_.post("/api/v1/jobs", again).status, 201);
  EXPECT_EQ(client_
                .post("/api/v1/jobs",
                      {{"kind", "img2img"}, {"inputs", {{"source", upload()}}}, {"key", "mine"}})
                .status,
            200);
}

TEST_F(Native, APartOfAPictureIsAnsweredWhenOnlyThatIsAskedFor) {
  const Json done = finished(submit("a cat")["id"]);
  const std::string file = client_.get("/api/v1/pictures/" + done["pictures"][0].get<std::string>())
                               .json()["file"],
                    input = "/api/v1/inputs/" + upload() + "/file";
  for (const std::string& path : {file, input}) {
    const std::string whole = client_.get(path).body, size = std::to_string(whole.size());
    const auto part = [&](const std::string& range) {
      client_.headers = {{"Range", range}};
      Answer answer = client_.get(path);
      client_.headers = {};
      return answer;
    };
    const Answer first = part("bytes=0-9");
    EXPECT_EQ(first.status, 206);
    EXPECT_EQ(first.body, whole.substr(0, 10));
    EXPECT_EQ(first.header("Content-Range"), "bytes 0-9/" + size);
    EXPECT_EQ(part("bytes=5-").body, whole.substr(5));
    EXPECT_EQ(part("bytes=-7").body, whole.substr(whole.size() - 7));
    EXPECT_EQ(part("bytes=3-99999999").body, whole.substr(3)) << "never beyond the end";
    const Answer beyond = part("bytes=" + size + "-");
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.header("Content-Range"), "bytes */" + size);
    EXPECT_EQ(error_code(beyond), "out_of_range");
    for (const char* whole_range : {"bytes=9-5", "bytes=0-1,3-4", "bytes=0-0,0-0,0-0,0-0"}) {
      const Answer answer = part(whole_range);
      EXPECT_EQ(answer.status, 200) << whole_range;
      EXPECT_EQ(answer.body, whole) << whole_range;
    }
    client_.headers = {{"Range", "bytes=0-9"}, {"If-Range", "\"another\""}};
    EXPECT_EQ(client_.get(path).body, whole) << "what the client has is of another picture";
    client_.headers = {{"Range", "bytes=0-99999999"}};
    EXPECT_EQ(client_.get("/api/v1/queue").status, 200) << "lists have no parts";
    EXPECT_TRUE(client_.get("/api/v1/kinds").json().is_object());
    client_.headers = {};
  }
}

TEST_F(Native, APictureIsUploadedOnce) {
  const std::string bytes = encode_text(Image(8, 8, 3, 1), {});
  EXPECT_EQ(client_.send("POST", "/api/v1/inputs", bytes, "image/png").status, 201);
  const Answer again = client_.send("POST", "/api/v1/inputs", bytes, "image/png");
  EXPECT_EQ(again.status, 200);
  const std::string sha256 = again.json()["sha256"];
  EXPECT_EQ(client_.get("/api/v1/inputs/" + sha256).json()["width"], 8);
  const Answer file = client_.get("/api/v1/inputs/" + sha256 + "/file");
  EXPECT_EQ(file.status, 200);
  client_.headers = {{"If-None-Match", file.header("ETag")}};
  EXPECT_EQ(client_.get("/api/v1/inputs/" + sha256 + "/file").status, 304);
}

TEST_F(Native, RefusalsNameTheFieldAndTheWayOut) {
  const Answer misspelt = client_.post(
      "/api/v1/jobs",
      {{"kind", "img2img"}, {"request", {{"promt", "x"}}}, {"inputs", {{"source", upload()}}}});
  EXPECT_EQ(misspelt.status, 422);
  EXPECT_EQ(misspelt.json()["error"]["field"], "request.promt");
  EXPECT_NE(misspelt.body.find("did you mean prompt"), std::string::npos);
  EXPECT_EQ(error_code(client_.post("/api/v1/jobs", {{"kind", "img2img"}})), "missing_field");
  EXPECT_EQ(client_
                .post("/api/v1/jobs",
                      {{"kind", "img2img"}, {"inputs", {{"source", std::string(64, '0')}}}})
                .status,
            404);
  EXPECT_EQ(client_.post("/api/v1/jobs", {{"kind", "img2img"}, {"inputs", {{"source", 5}}}}).status,
            422);
  EXPECT_EQ(client_.send("POST", "/api/v1/jobs", "{", "application/json").status, 400);
  EXPECT_EQ(client_.send("POST", "/api/v1/jobs", "[]", "application/json").status, 422);
  EXPECT_EQ(client_.send("POST", "/api/v1/inputs", "no picture", "image/png").status, 422);
  EXPECT_EQ(client_.get("/api/v1/jobs/j999").status, 404);
  EXPECT_EQ(client_.get("/api/v1/jobs?limit=0").status, 422);
  EXPECT_EQ(client_.get("/api/v1/jobs?state=dancing").status, 422);
  EXPECT_EQ(client_.get("/api/v1/pictures?from=NaN").status, 422);
  EXPECT_EQ(client_.get("/api/v1/pictures?cursor=x").status, 422);
}

TEST_F(Native, PlanningRunsNothing) {
  const Json body = {
      {"kind", "img2img"}, {"request", {{"steps", 9}}}, {"inputs", {{"source", upload()}}}};
  const Json plan = client_.post("/api/v1/plan", body).json();
  EXPECT_TRUE(plan["ok"]);
  EXPECT_EQ(plan["steps"], 9);
  const Json bad =
      client_.post("/api/v1/plan", {{"kind", "img2img"}, {"request", {{"steps", 0}}}}).json();
  EXPECT_FALSE(bad["ok"]);
  EXPECT_EQ(bad["problems"].size(), 2u);
  EXPECT_TRUE(client_.get("/api/v1/jobs").json()["items"].empty());
}

TEST_F(Native, TheQueueCanBePausedOrderedAndEmptied) {
  client_.post("/api/v1/queue/pause", Json::object());
  const std::string a = submit("a")["id"], b = submit("b")["id"];
  EXPECT_EQ(client_.get("/api/v1/jobs/" + b).json()["position"], 2);
  EXPECT_EQ(client_.post("/api/v1/jobs/" + b + "/move", {{"before", a}}).json()["position"], 1);
  EXPECT_EQ(
      client_.patch("/api/v1/jobs/" + a, {{"priority", 9}, {"label", "first"}}).json()["position"],
      1);
  const Json copy =
      client_.post("/api/v1/jobs/" + a + "/duplicate", {{"request", {{"seed", nullptr}}}}).json();
  EXPECT_EQ(copy["parent"], a);
  EXPECT_EQ(client_.post("/api/v1/jobs/cancel", {{"which", "queued"}}).json()["cancelled"], 3);
  EXPECT_EQ(client_.post("/api/v1/jobs/" + a + "/retry", Json::object()).json()["state"], "queued");
  EXPECT_EQ(client_.remove("/api/v1/jobs/" + b).status, 204);
  client_.post("/api/v1/queue/resume", Json::object());
  EXPECT_EQ(finished(a)["state"], "done");
  EXPECT_EQ(client_.post("/api/v1/jobs/" + a + "/retry", Json::object()).status, 409);
}

TEST_F(Native, EventsBeginWithASnapshotAndGoOnWhereTheReaderStopped) {
  const auto read_until = [&](const std::string& path, const std::string& wanted) {
    std::string text;
    Client reader(server_.port());
    reader.http().Get(path, [&](const char* data, size_t size) {
      text.append(data, size);
      return text.find(wanted) == std::string::npos;
    });
    return text;
  };
  const std::string opening = read_until("/api/v1/events", "\n\n");
  EXPECT_NE(opening.find("event: snapshot"), std::string::npos);
  const size_t at = opening.find("id: ") + 4;
  const std::string last = opening.substr(at, opening.find('\n', at) - at);
  const std::string id = submit("a")["id"];
  finished(id);
  const std::string rest = read_until("/api/v1/events?after=" + last, "event: picture");
  EXPECT_LT(rest.find("event: snapshot"), rest.find("event: job"));
  EXPECT_NE(rest.find("event: progress"), std::string::npos);
}

TEST_F(Native, TheLastThatIsToldOfAJobIsHowItEnded) {
  // Jobs of no length: they end while the thread that took them in still has to tell of them.
  std::map<std::string, std::string> told;
  std::string text;
  std::thread reader([&] {
    Client other(server_.port());
    size_t read = 0;
    other.http().Get("/api/v1/events", [&](const char* data, size_t size) {
      text.append(data, size);
      for (size_t end; (end = text.find("\n\n", read)) != std::string::npos; read = end + 2) {
        const std::string event = text.substr(read, end - read);
        const size_t at = event.find("data: ");
        if (at == std::string::npos) continue;
        const Json json = Json::parse(event.substr(at + 6));
        if (json["type"] == "job") told[json["job"]["id"]] = json["job"]["state"];
        if (json["type"] == "models") return false;
      }
      return true;
    });
  });
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(submit("short", {{"request", {{"steps", 1}}}})["id"]);
  for (const std::string& id : ids) EXPECT_EQ(finished(id)["state"], "done");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  client_.post("/api/v1/models/refresh", Json::object());
  reader.join();
  for (const std::string& id : ids) EXPECT_EQ(told[id], "done") << id;
}

TEST_F(Native, WhatStandsBeforeAPlainBackgroundIsSelected) {
  Image picture(64, 64, 3, 250);
  for (int y = 20; y < 44; ++y)
    for (int x = 16; x < 48; ++x) {
      uint8_t* pixel = &picture.pixels[static_cast<size_t>((y * 64 + x) * 3)];
      pixel[0] = 30, pixel[1] = 60, pixel[2] = 200;
    }
  const Json input =
      client_.send("POST", "/api/v1/inputs?name=shirt.png", encode_text(picture, {}), "image/png")
          .json();
  const std::string path = "/api/v1/inputs/" + input["sha256"].get<std::string>() + "/select";
  const auto white = [&](const Json& mask) {
    const Answer file =
        client_.get("/api/v1/inputs/" + mask["sha256"].get<std::string>() + "/file");
    const Image image = decode_picture(as_bytes(file.body), "mask").image;
    return image.pixels[static_cast<size_t>((32 * 64 + 32) * image.channels)];
  };
  const Answer thing = client_.post(path, {{"what", "thing"}});
  EXPECT_EQ(thing.status, 201);
  EXPECT_EQ(thing.json()["width"], 64);
  EXPECT_EQ(white(thing.json()), 255);
  EXPECT_EQ(white(client_.post(path, {{"what", "background"}}).json()), 0);
  EXPECT_EQ(client_.post(path, {{"what", "sky"}}).status, 422);
  EXPECT_EQ(error_code(client_.post("/api/v1/inputs/" + upload() + "/select", {{"what", "thing"}})),
            "no_cutout");
  EXPECT_EQ(error_code(client_.post("/api/v1/inputs/" + std::string(64, '0') + "/select",
                                    {{"what", "thing"}})),
            "no_input");
}

TEST_F(Native, EventsAreNeverCompressedBecauseThatWouldHoldThemBack) {
  std::string encoding = "no answer";
  Client browser(server_.port());
  browser.http().set_decompress(false);
  browser.http().Get(
      "/api/v1/events", {{"Accept-Encoding", "gzip, deflate, br"}},
      [&](const httplib::Response& response) {
        encoding = response.get_header_value("Content-Encoding");
        return true;
      },
      [](const char*, size_t) { return false; });
  EXPECT_EQ(encoding, "");
}

TEST_F(Native, HealthAnswersAtOnceWhileAJobRuns) {
  const std::string id = submit("wait")["id"];
  double slowest = 0;
  for (int i = 0; i < 50; ++i) {
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(client_.get("/health").status, 200);
    slowest = std::max(
        slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  EXPECT_LT(slowest, 0.5) << "50 ms on a machine that does nothing else";
  client_.post("/api/v1/jobs/" + id + "/cancel", Json::object());
  EXPECT_EQ(finished(id)["state"], "cancelled");
}

TEST_F(Native, DocumentsConflictInsteadOfOverwriting) {
  const Json made =
      client_
          .post("/api/v1/documents",
                {{"input", upload()}, {"name", "x"}, {"content", {{"strokes", Json::array()}}}})
          .json();
  const std::string path = "/api/v1/documents/" + made["id"].get<std::string>();
  EXPECT_EQ(client_.put(path, {{"revision", 1}, {"content", {{"a", 1}}}}).json()["revision"], 2);
  const Answer conflict = client_.put(path, {{"revision", 1}, {"content", {{"b", 1}}}});
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.json()["error"]["current"]["content"]["a"], 1);
  EXPECT_EQ(client_.get("/api/v1/documents?input=" + upload()).json()["items"].size(), 1u);
  EXPECT_EQ(client_.remove(path).status, 204);
}

TEST_F(Native, PicturesGoToTheTrashComeBackAndLeaveInAZip) {
  const std::string id = finished(submit("a fox, 狐狸")["id"])["pictures"][0];
  EXPECT_EQ(client_.get("/api/v1/pictures?q=%E7%8B%90%E7%8B%B8").json()["items"].size(), 1u);
  EXPECT_EQ(client_.patch("/api/v1/pictures/" + id, {{"favourite", true}, {"tags", {"x"}}})
                .json()["favourite"],
            true);
  EXPECT_EQ(client_.get("/api/v1/pictures?favourite=true&tag=x").json()["items"].size(), 1u);
  const Answer zip = client_.get("/api/v1/export?ids=" + id);
  EXPECT_EQ(zip.body.substr(0, 2), "PK");
  EXPECT_EQ(client_.post("/api/v1/pictures/trash", {{"ids", {id}}}).json()["changed"], 1);
  EXPECT_TRUE(client_.get("/api/v1/pictures").json()["items"].empty());
  EXPECT_EQ(client_.post("/api/v1/pictures/restore", {{"ids", {id}}}).json()["changed"], 1);
  EXPECT_EQ(client_.post("/api/v1/pictures/delete", {{"ids", {id}}}).json()["changed"], 0);
}

TEST_F(Native, SettingsAreCheckedAndKept) {
  EXPECT_EQ(client_.patch("/api/v1/settings", {{"format", "webp"}}).json()["values"]["format"],
            "webp");
  EXPECT_EQ(client_.patch("/api/v1/settings", {{"format", "bmp"}}).status, 422);
  EXPECT_EQ(client_.patch("/api/v1/settings", {{"colour", 1}}).status, 422);
}

TEST_F(Native, TheInterfaceDescribesItself) {
  const Json document = client_.get("/api/v1/openapi.json").json();
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_TRUE(document["paths"].contains("/api/v1/jobs/{id}/retry"));
  EXPECT_EQ(
      document["components"]["schemas"]["request_img2img"]["properties"]["strength"]["maximum"],
      1.0);
  const std::string metrics = client_.get("/metrics").body;
  EXPECT_NE(metrics.find("pentimento_queue_jobs"), std::string::npos);
}

TEST_F(Native, ReadsPastedParameters) {
  const Json parsed = client_
                          .post("/api/v1/infotext/parse",
                                {{"text",
                                  "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, "
                                  "Size: 512x512, Model hash: 0123456789, Model: tiny"}})
                          .json();
  EXPECT_EQ(parsed["request"]["prompt"], "a cat");
  EXPECT_EQ(parsed["known_model"], "m1");
}

TEST_F(Native, TwoHundredConnectionsLoseNothing) {
  const std::string source = upload();
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 200; ++i)
    threads.emplace_back([&, i] {
      Client client(server_.port());
      const Json body = {{"kind", "img2img"},
                         {"request", {{"seed", i}}},
                         {"inputs", {{"source", source}}},
                         {"key", std::to_string(i)}};
      for (int attempt = 0; attempt < 20; ++attempt) {
        const int status = client.post("/api/v1/jobs", body).status;
        if (status == 201 || status == 200) {
          ++accepted;
          return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(accepted, 200);
  for (int i = 0; i < 3000 && client_.get("/api/v1/queue").json()["queued"] != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  Json jobs = client_.get("/api/v1/jobs?limit=200").json()["items"];
  finished(jobs[0]["id"]);
  std::set<std::string> pictures;
  jobs = client_.get("/api/v1/jobs?limit=200").json()["items"];
  for (const Json& job : jobs) {
    EXPECT_EQ(job["state"], "done");
    for (const Json& id : job["pictures"]) pictures.insert(id.get<std::string>());
  }
  EXPECT_EQ(jobs.size(), 200u);
  EXPECT_EQ(pictures.size(), 200u);
}

}  // namespace
}  // namespace pentimento
