// The model library: what it finds, keeps and remembers. Models are tiny files made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "base/sha256.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/model_folders.h"
#include "studio/model_library.h"
#include "studio/pictures.h"
#include "support/golden.h"
#include "support/model_files.h"
#include "weights/checkpoint.h"
#include "weights/key_maps.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class Library : public ::testing::Test {
 protected:
  Library() { fs::create_directories(models_); }

  std::unique_ptr<ModelLibrary> open(std::vector<fs::path> more = {}) {
    return std::make_unique<ModelLibrary>(LibraryOptions{.data = folder_ / "data",
                                                         .cache = folder_ / "cache",
                                                         .folders = std::move(more),
                                                         .clock = [this] { return now_; }});
  }
  static std::vector<std::string> names(const std::vector<CatalogModel>& models) {
    std::vector<std::string> names;
    for (const CatalogModel& model : models) names.push_back(model.name);
    return names;
  }
  static void write(const fs::path& path, const std::string& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static CatalogModel only(const ModelLibrary& library) {
    const auto models = library.list();
    EXPECT_EQ(models.size(), 1u);
    return models.empty() ? CatalogModel{} : models[0];
  }

  testing::TempDir folder_;
  fs::path models_ = folder_ / "data" / "models";
  double now_ = 1000;
};

TEST_F(Library, KnowsFilesByWhatIsInThemNotByTheirNames) {
  write(models_ / "Stable-diffusion" / "really.safetensors", testing::lora_file());
  write(models_ / "VAE" / "embedding.safetensors", testing::embedding_file());
  const auto library = open();
  EXPECT_THAT(names(library->list("lora")), ElementsAre("really"));
  EXPECT_THAT(names(library->list("embedding")), ElementsAre("embedding"));
  EXPECT_THAT(library->list("checkpoint"), IsEmpty());
}

TEST_F(Library, ModelsOfTheProgramCountWhereTheUserHasNone) {
  const fs::path checkpoint = testing::golden_path("pipelines_sd1");
  const fs::path built_in = folder_ / "share" / "models";
  fs::create_directories(built_in);
  fs::copy(checkpoint, built_in / "aardvark", fs::copy_options::recursive);
  const LibraryOptions options{
      .data = folder_ / "data", .cache = folder_ / "cache", .built_in = built_in / ""};
  {
    const ModelLibrary library(options);
    EXPECT_TRUE(only(library).built_in);
    EXPECT_EQ(library.need("checkpoint", "").name, "aardvark");
  }
  fs::copy(checkpoint, models_ / "mine", fs::copy_options::recursive);
  const ModelLibrary library(options);
  EXPECT_EQ(library.need("checkpoint", "").name, "mine");
  EXPECT_FALSE(library.need("checkpoint", "").built_in);
  EXPECT_EQ(library.need("checkpoint", "aardvark").name, "aardvark");
}

TEST_F(Library, UnderstandsTheTreesOfOtherPrograms) {
  const fs::path a1111 = folder_ / "stable-diffusion-webui", comfy = folder_ / "ComfyUI";
  write(a1111 / "webui.py", "");
  write(a1111 / "models" / "Lora" / "people" / "anna.safetensors", testing::lora_file());
  write(a1111 / "embeddings" / "word.safetensors", testing::embedding_file());
  write(a1111 / "venv" / "lib" / "weights.pt", "not ours");
  write(a1111 / "models" / "ESRGAN" / "strange.pth", "nobody knows");
  write(a1111 / "outputs" / "x.safetensors", testing::lora_file("out"));
  write(comfy / "main.py", "");
  write(comfy / "models" / "loras" / "bob.safetensors", testing::lora_file("bob"));
  write(comfy / "custom_nodes" / "node" / "x.safetensors", testing::lora_file("x"));
  const auto library = open({a1111, comfy});
  EXPECT_THAT(names(library->list("lora")), UnorderedElementsAre("anna", "bob"));
  EXPECT_THAT(names(library->list("embedding")), ElementsAre("word"));
  EXPECT_THAT(names(library->list("upscaler")), ElementsAre("strange"))
      << "a file of no known kind is what its folder says";
  EXPECT_TRUE(library->list("upscaler")[0].problem);
  EXPECT_EQ(library->find("lora", "models/Lora/people/anna.safetensors")->name, "anna");
}

TEST_F(Library, LooksIntoAFileOnceAndAgainWhenItChanges) {
  const fs::path file = models_ / "a.safetensors";
  write(file, testing::lora_file());
  auto library = open();
  EXPECT_EQ(library->scan({}).looked_into, 0);
  library = open();
  EXPECT_EQ(library->scan({}).looked_into, 0) << "known from the database";
  write(file, testing::embedding_file());
  EXPECT_EQ(library->scan({}).looked_into, 1);
  EXPECT_EQ(only(*library).type, "embedding");
  EXPECT_FALSE(only(*library).sha256);
}

TEST_F(Library, KeepsWhatIsGoneUntilItIsForgotten) {
  const fs::path file = models_ / "a.safetensors";
  write(file, testing::lora_file());
  const auto library = open();
  const std::string id = only(*library).id;
  fs::remove(file);
  now_ = 2000;
  library->refresh();
  EXPECT_THAT(library->list(), IsEmpty());
  ASSERT_THAT(library->missing(), SizeIs(1));
  EXPECT_EQ(library->missing()[0].id, id);
  EXPECT_EQ(library->missing()[0].missing_s, 2000);
  EXPECT_THAT(*library->missing()[0].problem, HasSubstr("not there any more"));
  write(file, testing::lora_file());
  library->refresh();
  EXPECT_EQ(only(*library).id, id) << "it came back";
  try {
    library->forget(id);
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "conflict");
  }
  fs::remove(file);
  library->refresh();
  library->forget(id);
  EXPECT_THAT(library->missing(), IsEmpty());
  EXPECT_THROW(library->details(id), CodedError);
}

TEST_F(Library, FollowsAFileThatWasMovedOrRenamed) {
  write(models_ / "a.safetensors", testing::lora_file());
  const auto library = open();
  library->hash_all({});
  const CatalogModel before = only(*library);
  fs::create_directories(models_ / "sub");
  fs::rename(models_ / "a.safetensors", models_ / "sub" / "renamed.safetensors");
  const auto report = library->scan({});
  EXPECT_EQ(report.moved, 1);
  EXPECT_EQ(report.looked_into, 0);
  const CatalogModel after = only(*library);
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.sha256, before.sha256);
  EXPECT_EQ(after.relative, "sub/renamed.safetensors");
}

TEST_F(Library, FindsACopiedFileAgainByItsHash) {
  const fs::path old_place = models_ / "a.safetensors", new_place = models_ / "b.safetensors";
  write(old_place, testing::lora_file());
  const auto library = open();
  library->hash_all({});
  const std::string id = only(*library).id;
  write(new_place, testing::lora_file());  // other time, other inode, other name
  fs::remove(old_place);
  library->refresh();
  EXPECT_NE(only(*library).id, id);
  EXPECT_THAT(library->missing(), SizeIs(1));
  library->hash_all({});
  EXPECT_EQ(only(*library).id, id);
  EXPECT_EQ(only(*library).file, "b.safetensors");
  EXPECT_THAT(library->missing(), IsEmpty());
}

TEST_F(Library, KnowsTheHashesThatPeopleUse) {
  const std::string bytes = testing::lora_file();
  write(models_ / "a.safetensors", bytes);
  const auto library = open();
  library->hash_all({});
  const CatalogModel model = only(*library);
  EXPECT_EQ(model.sha256, sha256_hex(bytes));
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  EXPECT_EQ(model.autov3, sha256_hex(bytes.substr(8 + header)).substr(0, 12));
  EXPECT_EQ(library->find("lora", model.sha256->substr(0, 10))->id, model.id);
  EXPECT_EQ(library->state().to_hash, 0);
  write(models_ / "b.safetensors", testing::embedding_file());
  library->refresh();
  EXPECT_EQ(library->state().to_hash, 1);
}

TEST_F(Library, KnowsTheNamesThatAutomatic1111Uses) {
  write(models_ / "Stable-diffusion" / "anime" / "style.safetensors", "no model, but a name");
  write(models_ / "Stable-diffusion" / "real" / "style.safetensors", "another");
  write(models_ / "Stable-diffusion" / "plain.ckpt", "a third");
  const auto library = open();
  library->hash_all({});
  const auto path = [&](const std::string& word) {
    const auto model = library->find("checkpoint", word);
    return model ? model->relative : "none";
  };
  const std::string anime = "Stable-diffusion/anime/style.safetensors";
  for (const char* name : {"anime/style.safetensors", "anime/style", "anime_style",
                           "Stable-diffusion/anime/style.safetensors"})
    EXPECT_EQ(path(name), anime) << name;
  const std::string hash = sha256_hex("no model, but a name"), other = sha256_hex("another");
  EXPECT_EQ(path("style.safetensors [" + hash.substr(0, 10) + "]"), anime);
  EXPECT_EQ(path("style [" + other.substr(0, 10) + "]"), "Stable-diffusion/real/style.safetensors");
  EXPECT_EQ(path(hash.substr(0, 10)), anime);
  EXPECT_EQ(path(hash), anime);
  EXPECT_EQ(path("plain.ckpt [0000000000]"), "Stable-diffusion/plain.ckpt");
  EXPECT_EQ(path("e/style"), "none");
  EXPECT_EQ(path("nime_style"), "none");
}

TEST_F(Library, AMissSaysWhatIsNear) {
  write(models_ / "Lora" / "anna_style.safetensors", testing::lora_file());
  write(models_ / "Lora" / "gone.safetensors", testing::lora_file("gone"));
  const auto library = open();
  fs::remove(models_ / "Lora" / "gone.safetensors");
  library->refresh();
  const auto miss = [&](const std::string& type, const std::string& word) {
    try {
      library->need(type, word);
    } catch (const CodedError& error) {
      EXPECT_EQ(error.code(), "no_model");
      return std::string(error.what());
    }
    return std::string("found");
  };
  EXPECT_THAT(miss("lora", "anna_stile"), HasSubstr("did you mean anna_style?"));
  EXPECT_THAT(miss("lora", "gone"), HasSubstr("its file is gone, it was Lora/gone.safetensors"));
  EXPECT_THAT(miss("checkpoint", "anna_style"), HasSubstr("anna_style is of the type lora"));
  EXPECT_THAT(miss("lora", "0123456789"), HasSubstr("the hashes of 1 files are not known yet"));
  EXPECT_THAT(miss("lora", "zzz"), HasSubstr("there is no lora called 'zzz'"));
}

TEST_F(Library, LendsItsLorasAndWordsToPrompts) {
  write(models_ / "Lora" / "style.safetensors",
        testing::lora_file("1", {{"ss_output_name", "fancy"}}));
  write(models_ / "Lora" / "anime" / "style.safetensors", testing::lora_file("2"));
  write(models_ / "embeddings" / "word.pt", testing::embedding_file());
  const std::shared_ptr<ModelLibrary> library = open();
  library->hash_all({});
  const auto files = extra_files_of(library);
  EXPECT_EQ(find_lora(*files, "fancy").path, models_ / "Lora" / "style.safetensors");
  EXPECT_EQ(find_lora(*files, "anime/style").path,
            models_ / "Lora" / "anime" / "style.safetensors");
  EXPECT_EQ(find_lora(*files, "style").path.filename(), "style.safetensors");
  const std::string hash = sha256_hex(testing::lora_file("2"));
  EXPECT_EQ(find_lora(*files, hash.substr(0, 12)).path,
            models_ / "Lora" / "anime" / "style.safetensors");
  EXPECT_THROW(find_lora(*files, "0123456789ab"), Error);
  ASSERT_THAT(files->embeddings(), SizeIs(1));
  EXPECT_EQ(files->embeddings()[0].name, "word");
}

TEST_F(Library, ListsPicturesThatHoldAWordAndNoOthers) {
  const fs::path samples = testing::golden_path("pipelines_embeddings");
  const fs::path words = models_ / "embeddings" / "mine";
  fs::create_directories(words);
  for (const char* name : {"text.png", "pixels.png", "plain.png"})
    fs::copy_file(samples / name, words / name);
  fs::copy_file(samples / "plain.png", words / "other.preview.png");
  fs::copy_file(samples / "text.png", models_ / "text.png");  // not where embeddings lie
  write(words / "shown.pt", testing::embedding_file());
  fs::copy_file(samples / "plain.png", words / "shown.png");
  const auto library = open();
  EXPECT_THAT(names(library->list()), UnorderedElementsAre("text", "pixels", "shown"));
  const CatalogModel text = library->need("embedding", "text");
  EXPECT_EQ(text.format, "picture");
  EXPECT_FALSE(text.problem);
  EXPECT_EQ(text.said.preview, "text.png") << "it is its own preview";
  EXPECT_EQ(library->scan({}).looked_into, 0) << "the plain one is remembered as such";
  EXPECT_EQ(extra_files_of(std::shared_ptr<ModelLibrary>(open()))->embeddings().size(), 3u);
}

TEST_F(Library, KeepsWhatIsChosenForAModel) {
  write(models_ / "Stable-diffusion" / "dream.ckpt", "x");
  write(models_ / "VAE" / "good.pt", "x");
  write(models_ / "Lora" / "l.safetensors", testing::lora_file());
  const auto library = open();
  const std::string id = library->need("checkpoint", "dream").id;
  library->change_notes(id, {.vae = "good", .text_encoder = "dream", .clip_skip = 2});
  CatalogModel dream = library->need("checkpoint", "dream");
  EXPECT_EQ(dream.said.vae, "good.pt") << "as AUTOMATIC1111 writes it";
  EXPECT_EQ(dream.said.text_encoder, "dream");
  EXPECT_EQ(dream.said.clip_skip, 2);
  EXPECT_EQ(open()->need("checkpoint", "dream").said.clip_skip, 2) << "from the database";
  library->change_notes(id, {.vae = "NONE"});
  EXPECT_EQ(library->need("checkpoint", "dream").said.vae, "None");
  library->change_notes(id, {.vae = "automatic", .text_encoder = "", .clip_skip = 0});
  dream = library->need("checkpoint", "dream");
  EXPECT_EQ(dream.said.vae, "");
  EXPECT_EQ(dream.said.text_encoder, "");
  EXPECT_FALSE(dream.said.clip_skip);
  EXPECT_EQ(Json::parse(read_whole_file(models_ / "Stable-diffusion" / "dream.json")),
            Json::object());
  const auto refused = [&](const std::string& model, const NotesChange& change) {
    try {
      library->change_notes(model, change);
    } catch (const CodedError& error) {
      return error.code();
    }
    return std::string("taken");
  };
  EXPECT_EQ(refused(id, {.vae = "unheard of"}), "no_model");
  EXPECT_EQ(refused(id, {.text_encoder = "unheard of"}), "no_model");
  EXPECT_EQ(refused(id, {.clip_skip = 13}), "out_of_range");
  EXPECT_EQ(refused(library->need("lora", "l").id, {.clip_skip = 2}), "out_of_range");
}

TEST_F(Library, AUnetAloneIsAModelOnceItHasATextEncoder) {
  const fs::path folder = models_ / "Stable-diffusion";
  fs::create_directories(folder);
  fs::copy(testing::golden_path("pipelines_sd1"), folder / "tiny", fs::copy_options::recursive);
  write_safetensors(
      folder / "bare.safetensors",
      unet_to_ldm(open_checkpoint(testing::golden_path("pipelines_sd1")).unet).tensors,
      {{"pentimento.config", R"({"unet": {"attention_head_dim": 4, "norm_num_groups": 8}})"}});
  const auto library = open();
  const CatalogModel bare = library->need("checkpoint", "bare");
  EXPECT_EQ(bare.kind, "unet");
  EXPECT_THAT(bare.problem.value_or(""), HasSubstr("no text encoder"));
  library->change_notes(bare.id, {.text_encoder = "tiny"});
  EXPECT_FALSE(library->need("checkpoint", "bare").problem);
  library->change_notes(bare.id, {.text_encoder = ""});
  EXPECT_TRUE(library->need("checkpoint", "bare").problem);
  EXPECT_EQ(library->any_model_of(""), "tiny");
  EXPECT_EQ(library->any_model_of("Flux"), "");
}

TEST_F(Library, TwoFilesOfOneNameAreToldApart) {
  write(models_ / "style.safetensors", testing::lora_file("1"));
  write(models_ / "anime" / "style.safetensors", testing::lora_file("2"));
  write(models_ / "anime" / "style.pt", "damaged");
  write(models_ / "Lora" / "alone.safetensors", testing::lora_file("3"));
  const auto library = open({});
  EXPECT_THAT(names(library->list("lora")),
              UnorderedElementsAre("style.safetensors", "anime/style", "alone"));
  for (const CatalogModel& model : library->list("lora"))
    EXPECT_EQ(library->need("lora", model.name).id, model.id) << model.name;
  EXPECT_TRUE(library->find("lora", "style")) << "the bare name still means one of them";
}

TEST_F(Library, TakesNamesOfAnyScriptAndBytesThatAreNoText) {
  const std::vector<std::string> odd = {"模型 – ночь.safetensors", "🎨'\"; DROP TABLE.safetensors",
                                        "new\nline.safetensors", "\xff\xfe.safetensors",
                                        "%2e%2e.safetensors"};
  for (const std::string& name : odd) write(models_ / name, testing::lora_file(name.substr(0, 3)));
  const auto library = open();
  std::vector<std::string> files;
  for (const CatalogModel& model : library->list()) {
    files.push_back(model.file);
    EXPECT_TRUE(fs::exists(model.path));
    EXPECT_EQ(library->need("lora", model.name).id, model.id);
  }
  EXPECT_THAT(files, ::testing::UnorderedElementsAreArray(odd));
  EXPECT_EQ(open()->scan({}).looked_into, 0);
}

TEST_F(Library, SymbolicLinksAreFollowedAndLoopsEnd) {
  const fs::path elsewhere = folder_ / "elsewhere";
  write(elsewhere / "linked.safetensors", testing::lora_file());
  fs::create_directory_symlink(elsewhere, models_ / "link");
  fs::create_directory_symlink(models_, models_ / "self");
  fs::create_directory_symlink(models_, elsewhere / "back");
  fs::create_symlink(folder_ / "nowhere", models_ / "dangling.safetensors");
  const auto library = open({elsewhere});
  EXPECT_THAT(names(library->list()), ElementsAre("linked")) << "found once, whichever way";
}

TEST_F(Library, AnUnreadableFolderIsNamedAndTheRestIsFound) {
  if (::geteuid() == 0) {
    // Root reads everything: a file where a folder was promised stands in for it.
    write(folder_ / "file", "");
    const auto library = open({folder_ / "file", folder_ / "gone"});
    EXPECT_THAT(library->state().problems, SizeIs(2));
    return;
  }
  write(models_ / "a.safetensors", testing::lora_file());
  write(models_ / "locked" / "b.safetensors", testing::lora_file());
  ::chmod((models_ / "locked").c_str(), 0);
  const auto library = open();
  ::chmod((models_ / "locked").c_str(), 0755);
  EXPECT_THAT(names(library->list()), ElementsAre("a"));
  ASSERT_THAT(library->state().problems, SizeIs(1));
  EXPECT_THAT(library->state().problems[0], HasSubstr("locked"));
}

TEST_F(Library, DamagedFilesAreListedWithTheReason) {
  write(models_ / "empty.safetensors", "");
  write(models_ / "cut.safetensors", testing::lora_file().substr(0, 100));
  write(models_ / "page.ckpt", "<!DOCTYPE html><html>log in first</html>");
  const auto library = open();
  EXPECT_THAT(library->list(), SizeIs(3));
  for (const CatalogModel& model : library->list()) {
    ASSERT_TRUE(model.problem) << model.file;
    EXPECT_FALSE(model.problem->empty());
    EXPECT_THAT(*model.problem, ::testing::Not(HasSubstr(models_.string())))
        << "where the owner keeps models is not told";
  }
}

TEST_F(Library, ReadsWhatOtherProgramsWroteBeside) {
  write(models_ / "a.safetensors", testing::lora_file());
  write(models_ / "a.json",
        R"({"activation text": "mine, sks", "preferred weight": 0.7, "notes": "good",
            "sd version": "SD1", "negative text": "blurry"})");
  write(models_ / "a.civitai.info",
        R"({"id": 22, "modelId": 11, "baseModel": "SD 1.5", "trainedWords": ["sks", "anna"],
            "model": {"name": "Anna", "type": "LORA"},
            "description": "<p>A <b>style</b> &amp; more</p><script>alert(1)</script>"})");
  write(models_ / "a.preview.png", encode_text(Image(8, 8, 3, 1), {}));
  const auto library = open();
  const CatalogModel model = only(*library);
  EXPECT_THAT(model.trigger_words, ElementsAre("mine", "sks", "anna"));
  EXPECT_EQ(model.said.preferred_weight, 0.7);
  EXPECT_EQ(model.said.title, "Anna");
  EXPECT_EQ(model.said.description, "A style & more");
  EXPECT_EQ(model.said.source, "https://civitai.com/models/11?modelVersionId=22");
  EXPECT_EQ(model.said.preview, "a.preview.png");
  EXPECT_EQ(model.said.negative_text, "blurry");
}

TEST_F(Library, NoticesWhenOnlyTheFilesBesideChange) {
  write(models_ / "a.safetensors", testing::lora_file());
  const auto library = open();
  library->hash_all({});
  write(models_ / "a.json", R"({"activation text": "new word"})");
  EXPECT_EQ(library->scan({}).looked_into, 0);
  EXPECT_THAT(only(*library).trigger_words, ElementsAre("new word"));
  EXPECT_TRUE(only(*library).sha256) << "the file itself is as it was";
  library->change_notes(only(*library).id,
                        {.trigger_words = {{"better", "words"}}, .preferred_weight = 0.5});
  EXPECT_THAT(only(*library).trigger_words, ElementsAre("better", "words"));
  EXPECT_EQ(only(*library).said.preferred_weight, 0.5);
}

TEST_F(Library, ChangingNotesKeepsWhatOthersWrote) {
  write(models_ / "a.safetensors", testing::lora_file());
  write(models_ / "a.json", R"({"of another program": [1, 2], "notes": "old"})");
  const auto library = open();
  library->change_notes(only(*library).id, {.notes = "new"});
  const Json json = Json::parse(read_whole_file(models_ / "a.json"));
  EXPECT_EQ(json["of another program"], Json({1, 2}));
  EXPECT_EQ(json["notes"], "new");
}

TEST_F(Library, MetadataNamesTheTagsItWasTrainedOn) {
  write(models_ / "a.safetensors",
        testing::lora_file("x", {{"ss_output_name", "anna_v2"},
                                 {"ss_base_model_version", "sd_v1"},
                                 {"ss_tag_frequency",
                                  R"({"10_anna": {"1girl": 3, " smile": 9}, "b": {"1girl": 20}})"},
                                 {"ssmd_cover_images", std::string(1000, 'A')}}));
  const auto library = open();
  const CatalogModel model = only(*library);
  EXPECT_EQ(model.alias, "anna_v2");
  EXPECT_EQ(model.family, "SD1");
  EXPECT_THAT(model.tags, ElementsAre("1girl", "smile"));
  EXPECT_THAT(model.metadata, IsEmpty()) << "lists stay small";
  const CatalogModel whole = library->details(model.id);
  EXPECT_EQ(whole.metadata.at("ss_output_name"), "anna_v2");
  EXPECT_FALSE(whole.metadata.contains("ssmd_cover_images"));
}

TEST_F(Library, FoldersThatAreNotAskedForAreLeftAlone) {
  const fs::path usb = folder_ / "usb";
  write(usb / "a.safetensors", testing::lora_file());
  std::string id;
  {
    const auto library = open({usb});
    id = only(*library).id;
    library->hash_all({});
  }
  EXPECT_THAT(open()->list(), IsEmpty());
  EXPECT_THAT(open()->missing(), IsEmpty()) << "not asked for is not missing";
  EXPECT_EQ(only(*open({usb})).id, id);
  EXPECT_TRUE(only(*open({usb})).sha256);
  fs::rename(usb, folder_ / "unplugged");
  EXPECT_THAT(open({usb})->missing(), SizeIs(1));
}

TEST_F(Library, HashesInTheBackgroundAndSaysSo) {
  for (int i = 0; i < 5; ++i)
    write(models_ / (std::to_string(i) + ".safetensors"), testing::lora_file(std::to_string(i)));
  std::atomic<int> news = 0;
  ModelLibrary library({.data = folder_ / "data",
                        .cache = folder_ / "cache",
                        .hash_in_background = true,
                        .on_change = [&] { ++news; }});
  for (int i = 0; i < 1000 && library.state().to_hash > 0; ++i) ::usleep(5000);
  EXPECT_EQ(library.state().to_hash, 0);
  for (int i = 0; i < 400 && news == 0; ++i) ::usleep(5000);
  EXPECT_GE(news, 1);
}

TEST_F(Library, ADamagedDatabaseIsRefusedWithTheWayOut) {
  write(folder_ / "data" / "library.sqlite", std::string(4096, 'x'));
  try {
    open();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::CorruptFile);
    EXPECT_THAT(error.what(), HasSubstr("move it away"));
  }
}

// The promise: 5,000 files in ten seconds the first time, one second when nothing changed. ctest
// runs it by itself (library_speed), so that other tests' work does not count.
TEST_F(Library, KnowsFiveThousandFilesSoon) {
  const std::string bytes = testing::lora_file("many", {{"ss_output_name", "x"}}, 96);
  for (int i = 0; i < 5000; ++i)
    write(models_ / std::to_string(i % 50) / ("lora" + std::to_string(i) + ".safetensors"), bytes);
  const auto seconds = [](auto work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::unique_ptr<ModelLibrary> library;
  const double first = seconds([&] { library = open(); });
  const double unchanged = seconds([&] { library->refresh(); });
  const double reopened = seconds([&] { library = open(); });
  EXPECT_THAT(library->list("lora"), SizeIs(5000));
  RecordProperty("first_s", std::to_string(first));
  std::printf("5000 files: first %.2f s, unchanged %.2f s, opened again %.2f s\n", first, unchanged,
              reopened);
  EXPECT_LT(first, 10);
  EXPECT_LT(unchanged, 1);
  EXPECT_LT(reopened, 2);
}

}  // namespace
}  // namespace pentimento
