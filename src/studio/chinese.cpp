#include "studio/chinese.h"

#include <array>
#include <optional>
#include <string_view>

namespace pentimento {
namespace {

// A {} stands for any text but none; the Chinese has as many, in the same order. Of two that fit,
// the first counts.
struct Row {
  std::string_view english, chinese;
};

constexpr std::array kRows = {
    // How a checkpoint was recognised.
    Row{"predicts {}, by its configuration", "预测方式 {}（由配置文件指定）"},
    Row{"predicts {}, as its scheduler_config.json names nothing else",
        "预测方式 {}（scheduler_config.json 未另行指定）"},
    Row{"predicts {}, by the .yaml file beside it", "预测方式 {}（由旁边的 .yaml 文件指定）"},
    Row{"predicts {}, by its v_pred mark", "预测方式 {}（由 v_pred 标记指定）"},
    Row{"predicts {}, by its modelspec metadata", "预测方式 {}（由 modelspec 元数据指定）"},
    Row{"predicts {}, guessed from the spread of its weights", "预测方式 {}（根据权重分布推测）"},
    Row{"predicts {}, by convention", "预测方式 {}（惯例）"},
    Row{"{}: {} norm groups, the most that fit its widths",
        "{}：归一化分 {} 组（宽度允许的最大值）"},
    Row{"few steps, going by its name", "少步数模型（根据文件名判断）"},
    Row{"has no VAE inside; give one beside it", "不含 VAE，需另配一个"},
    Row{"has no text encoder inside", "不含文本编码器"},
    Row{"{} tensors are not used, the first of them {}", "{} 个张量未使用，第一个是 {}"},
    // What a smaller file brings.
    Row{"{} latent channels, {} times smaller than the picture",
        "潜空间 {} 通道，边长为图片的 1/{}"},
    Row{"changes {} layers", "改动 {} 层"},
    Row{"brings {} embeddings along", "附带 {} 个嵌入"},
    Row{"{} tensors mean nothing to this program, the first of them {}",
        "{} 个张量本程序不认识，第一个是 {}"},
    Row{"takes {} of the prompt's tokens", "占用提示词的 {} 个词元"},
    Row{"is a textual inversion inside a picture, its word is {}", "嵌入藏在图片中，调用词为 {}"},
    // Why a file cannot be used.
    Row{"has no text encoder inside, so it cannot read a prompt", "不含文本编码器，无法读取提示词"},
    Row{"holds no module that changes a layer", "不含任何可用的改动"},
    Row{"is a LoRA for {}, which this program does not run; use one for SD 1.x, SD 2.x or SDXL",
        "适用于 {} 的 LoRA，本程序不运行该系列；请使用 SD 1.x、SD 2.x 或 SDXL 的 LoRA"},
    Row{"is for {}, which this program does not run", "适用于 {}，本程序不运行该系列"},
    Row{"is the UNet of a Stable Diffusion model alone", "只有 Stable Diffusion 模型的 UNet"},
    Row{"is a hypernetwork, an addition to a model that is not supported",
        "是 hypernetwork，本程序不支持"},
    Row{"is a T2I-Adapter, an addition to a model", "是 T2I-Adapter，本程序不支持"},
    Row{"is a motion module for video (AnimateDiff), an addition to a model",
        "是视频动作模块（AnimateDiff），本程序不支持"},
    Row{"is a text encoder, one part of a model", "只有文本编码器，是模型的一部分"},
    Row{"is a face restorer (GFPGAN, CodeFormer)", "是面部修复模型，本程序不支持"},
    Row{"is a Flux model, which is not supported; use an SD 1.x, SD 2.x or SDXL model",
        "是 Flux 模型，本程序不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"},
    Row{"is a Stable Diffusion 3 model, which is not supported; use an SD 1.x, SD 2.x or SDXL "
        "model",
        "是 Stable Diffusion 3 模型，本程序不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"},
    Row{"is a diffusion transformer or a part of one, which is not supported; use an SD 1.x, SD "
        "2.x "
        "or SDXL model",
        "是扩散 Transformer 模型或其一部分，本程序不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"},
    Row{"is a relative of Stable Diffusion (unCLIP, depth-guided, latent upscaler, AltDiffusion or "
        "Cascade), which is not supported; use an SD 1.x, SD 2.x or SDXL model",
        "是 Stable Diffusion 的近亲（unCLIP、深度引导、Cascade 等），本程序不支持；请使用 SD "
        "1.x、SD "
        "2.x 或 SDXL 模型"},
    Row{"recolouring: Pentimento's own model needs a colour in the prompt, such as \"a red "
        "hoodie\"; "
        "other words about colours are for Stable Diffusion models",
        "换色：使用 Pentimento 自带模型时，提示词里要写明颜色，如“红色连帽衫”；其他颜色描述请使用 "
        "Stable "
        "Diffusion 模型"},
    Row{"the prompt names no colour that is known here: begun from grey",
        "提示词里没有本程序认识的颜色词：从灰色开始绘制"},
    Row{"is a file of tensors of no kind that this program knows", "本程序不认识的张量文件"},
    Row{"is an ncnn network, but none that enlarges pictures", "是 ncnn 网络，但不是放大模型"},
    Row{"holds an ncnn network's weights; name the .param file beside it",
        "是 ncnn 网络的权重，请使用旁边的 .param 文件"},
    Row{"is an ONNX network; only safetensors, PyTorch and GGUF files hold models for this program",
        "是 ONNX 网络；本程序只读取 safetensors、PyTorch 和 GGUF 模型"},
    Row{"{}: is an SDXL refiner, which is not supported; use the SDXL base model",
        "{}：SDXL 精修模型，本程序不支持；请使用 SDXL 基础模型"},
    Row{"{}: is a depth-guided model, which is not supported", "{}：深度引导模型，本程序不支持"},
    Row{"{}: is a latent upscaling model, which is not supported",
        "{}：潜空间放大模型，本程序不支持"},
    Row{"{}: was trained with the EDM noise schedule (Playground 2.5, CosXL), which is not "
        "supported",
        "{}：以 EDM 噪声调度训练（Playground 2.5、CosXL），本程序不支持"},
    // What a job noticed.
    Row{"{}: applied {} of {} modules; not applied: {} and {} more",
        "{}：已应用 {} / {} 个模块；未应用：{} 等（另有 {} 个）"},
    Row{"{}: applied {} of {} modules; not applied: {}", "{}：已应用 {} / {} 个模块；未应用：{}"},
    Row{"{}: applied {} of {} modules", "{}：已应用 {} / {} 个模块"},
    Row{"{}: not used as an embedding: its vectors are {}, this model reads {}",
        "{}：未作为嵌入使用：其向量宽度为 {}，此模型需要 {}"},
    Row{"CatVTON's weights are licensed CC BY-NC-SA 4.0: not for commercial use",
        "CatVTON 权重采用 CC BY-NC-SA 4.0 许可：不得用于商业用途"},
};

constexpr std::string_view kHole = "{}";

// What stands in the holes of `pattern`, when `text` fits it. A hole ends at the first place where
// what follows it is found; the last one of a pattern that ends with it takes the rest.
std::optional<std::vector<std::string_view>> held(std::string_view pattern, std::string_view text) {
  std::vector<std::string_view> values;
  for (;;) {
    const size_t hole = pattern.find(kHole);
    const std::string_view before = pattern.substr(0, hole);
    if (!text.starts_with(before)) return std::nullopt;
    text.remove_prefix(before.size());
    if (hole == std::string_view::npos) return text.empty() ? std::optional(values) : std::nullopt;
    pattern.remove_prefix(hole + kHole.size());
    const std::string_view after = pattern.substr(0, pattern.find(kHole));
    const size_t end = after.empty() ? text.size() : text.find(after, 1);
    if (text.empty() || end == std::string_view::npos) return std::nullopt;
    values.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string filled(std::string_view pattern, const std::vector<std::string_view>& values) {
  std::string text;
  for (const std::string_view value : values) {
    const size_t hole = pattern.find(kHole);
    text.append(pattern.substr(0, hole)).append(value);
    pattern.remove_prefix(hole + kHole.size());
  }
  return text.append(pattern);
}

}  // namespace

std::string in_chinese(const std::string& remark) {
  for (const Row& row : kRows)
    if (const auto values = held(row.english, remark)) return filled(row.chinese, *values);
  return "";
}

std::vector<std::string> all_in_chinese(const std::vector<std::string>& remarks) {
  std::vector<std::string> chinese;
  for (const std::string& remark : remarks) {
    const std::string known = in_chinese(remark);
    chinese.push_back(known.empty() ? remark : known);
  }
  return chinese;
}

}  // namespace pentimento
