// Finding and getting models, from a Civitai and a Hugging Face of our own.
#include "studio/model_get.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "studio/content_store.h"
#include "studio/hugging_face.h"
#include "studio/loose_json.h"
#include "studio/model_downloads.h"
#include "studio/model_library.h"
#include "studio/pictures.h"
#include "support/fake_hub.h"
#include "support/golden.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::FakeHub;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ModelGet : public ::testing::Test {
 protected:
  ModelGet() {
    hub_.preview = encode_text(Image(600, 300, 3, 90), {});
    hub_.files["/preview.png"] = hub_.preview;
  }
  WebOptions web() const {
    WebOptions options;
    options.sources = hub_.settings();
    return options;
  }
  GotModel get(const std::string& spec, bool anyway = false) {
    GetOptions options{.models = models_, .anyway = anyway};
    options.download.first_wait_s = 0.001;
    options.download.most_failures = 2;
    options.on_progress = [&](const std::string& stage, int64_t, int64_t) {
      if (stages_.empty() || stages_.back() != stage) stages_.push_back(stage);
    };
    return get_model(ModelSources(web()), spec, options, {});
  }
  std::string code_of(const std::string& spec) {
    try {
      get(spec);
      return "";
    } catch (const CodedError& error) {
      message_ = error.what();
      return error.code();
    }
  }
  bool quarantine_is_empty() const {
    std::error_code error;
    return !fs::exists(models_ / ".downloads", error) || fs::is_empty(models_ / ".downloads");
  }
  testing::TempDir folder_;
  const fs::path models_ = folder_ / "data" / "models";
  FakeHub hub_{folder_ / "hub"};
  std::vector<std::string> stages_;
  std::string message_;
};

TEST_F(ModelGet, FromCivitaiLandsWhereItsKindBelongsWithItsWords) {
  const GotModel got = get("civitai:11");
  EXPECT_EQ(got.path, models_ / "Lora" / "_an_na_v2.safetensors")
      << "the name is the source's, its folders are not";
  EXPECT_EQ(got.type, "lora");
  EXPECT_THAT(stages_, ElementsAre("resolve", "download", "check", "done"));
  EXPECT_TRUE(quarantine_is_empty());
  const Json info = Json::parse(read_whole_file(models_ / "Lora" / "_an_na_v2.civitai.info"));
  EXPECT_EQ(info["modelId"], 11);
  const Json notes = Json::parse(read_whole_file(models_ / "Lora" / "_an_na_v2.json"));
  EXPECT_EQ(notes["activation text"], "anna, red coat");
  EXPECT_EQ(notes["sd version"], "SD1");
  EXPECT_EQ(read_picture(models_ / "Lora" / "_an_na_v2.preview.png").image.width, 512);
  const ModelLibrary library({.data = folder_ / "data", .cache = folder_ / "cache"});
  ASSERT_THAT(library.list("lora"), SizeIs(1));
  const CatalogModel model = library.list("lora")[0];
  EXPECT_THAT(model.trigger_words, ElementsAre("anna", "red coat"));
  EXPECT_EQ(model.said.title, "Anna");
  EXPECT_EQ(model.said.description, "A friend");
  EXPECT_EQ(model.said.licence, "credit the creator; no commercial use");
}

TEST_F(ModelGet, TakesEveryWayToNameIt) {
  for (const char* spec : {"civitai:11", "civitai:11@22", "urn:air:sd1:lora:civitai:11@22"})
    EXPECT_EQ(get(spec).type, "lora") << spec;
  EXPECT_EQ(get(hub_.server.url() + "/models/11/anna?modelVersionId=22").type, "lora");
  EXPECT_EQ(get(hub_.server.url() + "/api/download/models/22").type, "lora");
  EXPECT_EQ(get("hf:owner/style").type, "lora");
  EXPECT_EQ(get("hf:owner/style:sub/half.safetensors").path.filename(), "half.safetensors");
  EXPECT_EQ(get(hub_.server.url() + "/owner/style").type, "lora");
  EXPECT_EQ(
      get(hub_.server.url() + "/owner/style/resolve/main/style.safetensors?download=true").type,
      "lora");
}

TEST_F(ModelGet, RefusesSpecsThatNameNothing) {
  for (const char* spec : {"", "anna", "civitai:", "civitai:x", "civitai:11@", "civitai:-1",
                           "civitai:99999999999999999", "hf:", "hf:owner", "hf:owner/name/more",
                           "hf:../name", "hf:owner/..", "http://civitai.com/models/1",
                           "urn:air:sd1:lora:elsewhere:1@2", "file:///etc/passwd"})
    EXPECT_EQ(code_of(spec), "invalid") << spec;
  EXPECT_TRUE(hub_.server.seen().empty()) << "nothing was contacted";
  EXPECT_EQ(code_of("civitai:12"), "not_found");
  EXPECT_EQ(code_of("civitai:11@23"), "not_found");
  EXPECT_EQ(code_of("hf:owner/style:other.safetensors"), "invalid");
  EXPECT_THAT(message_, HasSubstr("it has style.safetensors, sub/half.safetensors"));
  EXPECT_EQ(code_of("https://elsewhere.example/x.safetensors"), "host_not_allowed");
}

TEST_F(ModelGet, TheSameFileTwiceIsOneFile) {
  EXPECT_FALSE(get("hf:owner/style").was_there);
  EXPECT_TRUE(get("hf:owner/style").was_there);
}

TEST_F(ModelGet, AnotherFileOfThatNameStaysBesideIt) {
  fs::create_directories(models_ / "Lora");
  std::ofstream(models_ / "Lora" / "style.safetensors") << testing::lora_file("mine");
  EXPECT_EQ(get("hf:owner/style").path.filename(), "style (2).safetensors");
  EXPECT_EQ(read_whole_file(models_ / "Lora" / "style.safetensors"), testing::lora_file("mine"));
}

TEST_F(ModelGet, WhatIsNoModelNeverLeavesTheQuarantine) {
  const std::string page = "<!DOCTYPE html><html>log in first</html>";
  hub_.files["/page.safetensors"] = page;
  EXPECT_EQ(code_of(hub_.server.url() + "/page.safetensors"), "not_a_model");
  hub_.files["/strange.safetensors"] =
      testing::safetensors_file({{"nobody.knows", {2}}, {"at.all", {3, 3}}});
  EXPECT_EQ(code_of(hub_.server.url() + "/strange.safetensors"), "not_a_model");
  EXPECT_TRUE(quarantine_is_empty());
  const ModelLibrary library({.data = folder_ / "data", .cache = folder_ / "cache"});
  EXPECT_THAT(library.list(), IsEmpty());
}

TEST_F(ModelGet, AWrongHashIsRefused) {
  hub_.files["/api/download/models/22"] = testing::lora_file("changed");
  EXPECT_EQ(code_of("civitai:11"), "hash_mismatch");
  EXPECT_FALSE(fs::exists(models_ / "Lora"));
}

TEST_F(ModelGet, SaysBeforeTheDownloadThatAModelCannotRunHere) {
  hub_.base_model = "Flux.1 D";
  const std::string hash = sha256_hex(hub_.files["/api/download/models/22"]);
  hub_.texts["/api/v1/models/11"] = hub_.civitai_model(hash);
  EXPECT_EQ(code_of("civitai:11"), "not_runnable");
  EXPECT_THAT(message_, HasSubstr("Flux.1 D"));
  for (const auto& request : hub_.server.seen())
    EXPECT_THAT(request.target, ::testing::Not(HasSubstr("download")));
  EXPECT_EQ(get("civitai:11", /*anyway=*/true).type, "lora");
}

TEST_F(ModelGet, TwoProgramsDoNotWriteIntoOneFile) {
  const fs::path quarantine =
      models_ / ".downloads" / sha256_hex(std::string("civitai:11@22")).substr(0, 16);
  fs::create_directories(quarantine);
  const int fd = ::open((quarantine / ".lock").c_str(), O_RDWR | O_CREAT, 0666);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  EXPECT_EQ(code_of("civitai:11"), "conflict");
  ::close(fd);
  EXPECT_EQ(code_of("civitai:11"), "");
}

TEST_F(ModelGet, AMissingPreviewFailsNothing) {
  hub_.files.erase("/preview.png");
  EXPECT_EQ(get("civitai:11").type, "lora");
  hub_.files["/preview.png"] = "<svg onload=alert(1)>";
  EXPECT_EQ(get("civitai:11@22").type, "lora");
  EXPECT_FALSE(fs::exists(models_ / "Lora" / "_an_na_v2.preview.png"));
}

TEST_F(ModelGet, ADiffusersFolderComesAsAFolder) {
  const std::string unet = testing::safetensors_file({{"conv_in.weight", {4}}});
  std::string siblings;
  for (const auto& [path, bytes] : std::map<std::string, std::string>{
           {"model_index.json", "{}"},
           {"unet/config.json", "{}"},
           {"unet/diffusion_pytorch_model.safetensors", "whole"},
           {"unet/diffusion_pytorch_model.fp16.safetensors", unet},
           {"unet/diffusion_pytorch_model.non_ema.safetensors", "no"},
           {"vae/diffusion_pytorch_model.safetensors", unet},
           {"safety_checker/model.safetensors", "no"},
           {"tokenizer/vocab.json", "{}"}}) {
    siblings += (siblings.empty() ? "" : ",") + (R"({"rfilename": ")" + path + R"(", "size": )") +
                std::to_string(bytes.size()) + "}";
    hub_.files["/owner/pipeline/resolve/main/" + path] = bytes;
  }
  const Json json = loose::parse(R"({"id": "owner/pipeline", "siblings": [)" + siblings + "]}");
  std::vector<std::string> paths;
  for (const HubFile& file : hub_diffusers_files(hub_repository(json))) paths.push_back(file.path);
  EXPECT_THAT(paths, ::testing::UnorderedElementsAre(
                         "model_index.json", "unet/config.json",
                         "unet/diffusion_pytorch_model.fp16.safetensors",
                         "vae/diffusion_pytorch_model.safetensors", "tokenizer/vocab.json"));
  hub_.texts["/api/models/owner/pipeline"] = json.dump();
  // What came is too little to be a model, which only looking into it can tell.
  EXPECT_EQ(code_of("hf:owner/pipeline"), "not_a_model");
}

TEST_F(ModelGet, SearchesBothSources) {
  const ModelSources sources(web());
  const auto found = sources.search({.text = "anna & co", .type = "lora", .family = "SD1"}, {});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].spec, "civitai:11@22");
  EXPECT_EQ(found[0].bytes, 4608);
  EXPECT_EQ(found[0].downloads, 1234);
  EXPECT_EQ(found[0].family, "SD1");
  EXPECT_EQ(found[0].preview_url, hub_.server.url() + "/preview.png") << "one that anyone may see";
  EXPECT_THAT(hub_.server.seen().back().target,
              ::testing::AllOf(HasSubstr("query=anna%20%26%20co"), HasSubstr("types=LORA"),
                               HasSubstr("baseModels=SD%201.5"), HasSubstr("nsfw=false")));
  EXPECT_THAT(sources.search({.type = "vae"}, {}), IsEmpty());
  const auto repositories = sources.search({.text = "style", .source = "hugging_face"}, {});
  ASSERT_THAT(repositories, SizeIs(1));
  EXPECT_EQ(repositories[0].spec, "hf:owner/style");
  EXPECT_EQ(repositories[0].licence, "apache-2.0");
  EXPECT_EQ(repositories[0].type, "lora");
  for (const ModelQuery& wrong :
       {ModelQuery{.source = "elsewhere"}, ModelQuery{.type = "car"}, ModelQuery{.family = "SD9"},
        ModelQuery{.limit = 0}, ModelQuery{.text = std::string(201, 'x')}})
    EXPECT_THROW(sources.search(wrong, {}), CodedError);
}

TEST_F(ModelGet, AnAnswerThatIsNotJsonIsNamed) {
  hub_.texts["/api/v1/models"] = "<html>maintenance</html>";
  try {
    ModelSources(web()).search({}, {});
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("not JSON"));
  }
}

TEST_F(ModelGet, FileNamesFromTheNetworkAreHarmless) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "_.._etc_passwd");
  EXPECT_EQ(safe_file_name(".hidden"), "hidden");
  EXPECT_EQ(safe_file_name("a\nb\x01.safetensors"), "a_b.safetensors");
  EXPECT_EQ(safe_file_name("C:\\x"), "C__x");
  EXPECT_EQ(safe_file_name("模型.safetensors"), "模型.safetensors");
  EXPECT_EQ(safe_file_name(""), "model");
  EXPECT_EQ(safe_file_name(".."), "model");
  const std::string longest = safe_file_name(std::string(500, 'x') + ".safetensors");
  EXPECT_LE(longest.size(), 150u);
  EXPECT_TRUE(longest.ends_with(".safetensors"));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "模";
  EXPECT_EQ(loose::clean(safe_file_name(wide + ".ckpt")), safe_file_name(wide + ".ckpt"));
}

// --- downloads in the background -----------------------------------------------------------------

class Downloads : public ModelGet {
 protected:
  std::unique_ptr<ModelDownloads> open() {
    DownloadOptions download;
    download.first_wait_s = 0.001;
    download.most_failures = 1;
    return std::make_unique<ModelDownloads>(
        DownloadsOptions{
            .paths = {folder_ / "data", folder_ / "cache", folder_ / "config", folder_ / "assets"},
            .web = [this] { return web(); },
            .download = download},
        library_);
  }
  static ModelDownload ended(ModelDownloads& downloads, int64_t id) {
    for (int i = 0; i < 1000; ++i) {
      const ModelDownload d = downloads.get(id);
      if (d.state != "queued" && d.state != "running") return d;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return downloads.get(id);
  }
  std::shared_ptr<ModelLibrary> library_ = std::make_shared<ModelLibrary>(
      LibraryOptions{.data = folder_ / "data", .cache = folder_ / "cache"});
};

TEST_F(Downloads, AModelArrivesAndTheLibraryKnowsIt) {
  const auto downloads = open();
  std::mutex mutex;
  std::vector<std::string> states;
  downloads->on_change = [&](const ModelDownload& d) {
    std::lock_guard lock(mutex);
    if (states.empty() || states.back() != d.state) states.push_back(d.state);
  };
  const int64_t id = downloads->add("civitai:11", false).id;
  const ModelDownload d = ended(*downloads, id);
  EXPECT_EQ(d.state, "done") << d.error;
  EXPECT_EQ(d.model, "_an_na_v2.safetensors");
  EXPECT_EQ(d.offer["name"], "Anna");
  EXPECT_GT(d.done_bytes, 0);
  EXPECT_THAT(library_->list("lora"), SizeIs(1));
  EXPECT_THAT(downloads->list(), SizeIs(1));
  std::lock_guard lock(mutex);
  EXPECT_THAT(states, ElementsAre("queued", "running", "done"));
}

TEST_F(Downloads, AFailureIsKeptWithItsReasonAndCanBeTriedAgain) {
  const auto downloads = open();
  hub_.file_status = 403;
  const int64_t id = downloads->add("civitai:11", false).id;
  EXPECT_EQ(ended(*downloads, id).state, "failed");
  EXPECT_EQ(ended(*downloads, id).error_code, "refused");
  hub_.file_status = 200;
  downloads->retry(id);
  EXPECT_EQ(ended(*downloads, id).state, "done");
  EXPECT_THROW(downloads->retry(id), CodedError);
  downloads->remove(id);
  EXPECT_THROW(downloads->get(id), CodedError);
  EXPECT_THROW(downloads->add("nonsense", false), CodedError);
}

TEST_F(Downloads, OneThatWasRunningWhenTheProgramEndedGoesOnWhenAsked) {
  const std::string lora = hub_.files["/api/download/models/22"];
  std::atomic<bool> stall = true;
  const auto usual = [&](const testing::WebRequestSeen& r, testing::WebPeer& peer) {
    if (r.target.starts_with("/api/v1/models/11"))
      return peer.answer(200, hub_.civitai_model(sha256_hex(lora)));
    if (r.target == "/preview.png") return peer.answer(404, "");
    if (!stall) return testing::serve_file(r, peer, lora);
    peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: " + std::to_string(lora.size()) +
              "\r\n\r\n" + lora.substr(0, 100));
    for (int i = 0; i < 200 && stall; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  hub_.server.set_handler(usual);
  auto downloads = open();
  const int64_t id = downloads->add("civitai:11", false).id;
  for (int i = 0; i < 1000 && downloads->get(id).done_bytes < 100; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  downloads.reset();  // the program ends
  downloads = open();
  EXPECT_EQ(downloads->get(id).state, "interrupted");
  stall = false;
  downloads->retry(id);
  EXPECT_EQ(ended(*downloads, id).state, "done") << ended(*downloads, id).error;
  bool continued = false;
  for (const auto& request : hub_.server.seen())
    continued |= request.headers.contains("range") && request.headers.at("range") == "bytes=100-";
  EXPECT_TRUE(continued);
}

TEST_F(Downloads, CancellingEndsARunningOne) {
  hub_.server.set_handler([&](const testing::WebRequestSeen& r, testing::WebPeer& peer) {
    if (r.target.starts_with("/api/v1/models/11"))
      return peer.answer(200, hub_.civitai_model(std::string(64, 'a')));
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc");
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  });
  const auto downloads = open();
  const int64_t id = downloads->add("civitai:11", false).id;
  const int64_t waiting = downloads->add("civitai:11@22", false).id;
  for (int i = 0; i < 1000 && downloads->get(id).done_bytes < 3; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(downloads->cancel(waiting).state, "cancelled");
  downloads->cancel(id);
  EXPECT_EQ(ended(*downloads, id).state, "cancelled");
}

TEST_F(Downloads, AsksCivitaiAboutAFileByItsHash) {
  fs::create_directories(models_);
  std::ofstream(models_ / "mine.safetensors") << hub_.files["/api/download/models/22"];
  library_->refresh();
  library_->hash_all({});
  const auto downloads = open();
  downloads->look_up(library_->list("lora")[0], {});
  EXPECT_THAT(library_->list("lora")[0].trigger_words, ElementsAre("anna", "red coat"));
  EXPECT_EQ(library_->list("lora")[0].said.preview, "mine.preview.png");
  std::ofstream(models_ / "own.safetensors") << testing::lora_file("never uploaded");
  library_->refresh();
  library_->hash_all({});
  EXPECT_THROW(downloads->look_up(library_->need("lora", "own"), {}), WebError);
}

TEST_F(Downloads, PreviewsOfWhatWasFoundComeThroughHere) {
  const auto downloads = open();
  const auto found = downloads->search({.text = "anna"}, {});
  EXPECT_EQ(downloads->preview(ModelDownloads::preview_id(found.at(0)), {}), hub_.preview);
  EXPECT_THROW(downloads->preview("0123456789abcdef0123", {}), CodedError);
}

// --- what Civitai says ---------------------------------------------------------------------------

TEST(Civitai, ReadsAVersionWhateverIsMissingOrOfAnotherType) {
  for (const char* text :
       {"{}", "[]", "null", "1", R"({"files": {}, "images": 3, "trainedWords": {"a": 1}})",
        R"({"id": "abc", "modelId": 1e99, "baseModel": [], "model": "x", "stats": []})",
        R"({"files": [null, 1, {"sizeKB": "x", "hashes": []}], "images": [null, {"url": 5}]})"}) {
    const CivitaiVersion version = civitai_version(Json::parse(text));
    EXPECT_EQ(version.model, 0);
    EXPECT_FALSE(version.preview());
    civitai_model(Json::parse(text));
    civitai_page(Json::parse(text));
  }
}

TEST(Civitai, KnowsWhichBaseModelsAreOurs) {
  EXPECT_EQ(family_of_base_model("SD 1.5"), "SD1");
  EXPECT_EQ(family_of_base_model("SD 1.5 LCM"), "SD1");
  EXPECT_EQ(family_of_base_model("SD 2.1 768"), "SD2");
  EXPECT_EQ(family_of_base_model("Pony"), "SDXL");
  EXPECT_EQ(family_of_base_model("Illustrious"), "SDXL");
  EXPECT_EQ(family_of_base_model("SDXL Turbo"), "SDXL");
  for (const char* other : {"Flux.1 D", "SD 3.5 Large", "Wan Video 14B t2v", "Other", "", "Qwen"})
    EXPECT_EQ(family_of_base_model(other), "") << other;
}

TEST(Civitai, DescriptionsBecomePlainText) {
  EXPECT_EQ(text_of_html("<p>one</p><p>two &lt;3</p>"), "one\ntwo <3");
  EXPECT_EQ(text_of_html("a<script>alert('<p>')</script>b<style>p{}</style>c"), "abc");
  EXPECT_EQ(text_of_html("<img src=x onerror=alert(1)>cut <b"), "cut");
  EXPECT_EQ(text_of_html(std::string(1'000'000, 'x')).size(), 20'000u);
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += "<script>";
  EXPECT_EQ(text_of_html(many), "");
}

TEST(LooseJson, CleansTextAndBoundsNesting) {
  EXPECT_EQ(loose::clean("a\x1b[31mb\xff\xc3\xa9\xed\xa0\x80"), "a[31mb\xc3\xa9");
  EXPECT_EQ(loose::clean("模模", 4), "模");
  EXPECT_TRUE(loose::parse(std::string(100, '[') + std::string(100, ']')).is_null());
  EXPECT_TRUE(loose::parse("{").is_null());
  EXPECT_FALSE(loose::parse(R"({"a": "[[[["})").is_null());
  EXPECT_EQ(loose::integer(Json{{"a", "12"}}, "a"), 12);
  EXPECT_EQ(loose::integer(Json{{"a", 18446744073709551615ull}}, "a", 7), 7);
  EXPECT_EQ(loose::number(Json{{"a", "x"}}, "a", 7), 7);
}

}  // namespace
}  // namespace pentimento
