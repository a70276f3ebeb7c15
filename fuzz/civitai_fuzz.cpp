// What Civitai and Hugging Face answer, and the .civitai.info and .json files beside models: JSON
// that strangers wrote.
#include "studio/civitai.h"
#include "studio/hugging_face.h"
#include "studio/loose_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const nlohmann::json json = pentimento::loose::parse(bytes);
  for (const pentimento::CivitaiVersion& version : {pentimento::civitai_version(json)}) {
    version.main_file();
    version.preview();
    version.page("https://civitai.com");
    pentimento::family_of_base_model(version.base_model);
  }
  pentimento::civitai_model(json);
  pentimento::civitai_page(json);
  const pentimento::HubRepository repository = pentimento::hub_repository(json);
  pentimento::hub_type(repository);
  pentimento::hub_main_file(repository);
  pentimento::hub_diffusers_files(repository);
  pentimento::text_of_html(bytes);
  return 0;
}
