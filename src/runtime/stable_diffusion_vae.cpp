// The autoencoder's half of ResidentModel: whole pictures, or tiles above a size.
#include "base/error.h"
#include "models/tiny_vae.h"
#include "models/vae.h"
#include "runtime/stable_diffusion_impl.h"
#include "runtime/tiling.h"

namespace pentimento {
namespace {

// In latent pixels. Up to 1024x1024 pixels a picture is never cut, so it is what the reference
// gives. The full VAE normalises over what it sees: neighbours differ a little in tone, hence the
// wide overlap. The tiny one looks only at near pixels, and its overlap covers what it looks at.
constexpr Tiling kFull{.whole_area = 128 * 128, .tile = 96, .overlap = 16};
constexpr Tiling kTiny{.whole_area = 192 * 192, .tile = 128, .overlap = 16};

void expect_shape(const Tensor& tensor, int64_t channels, int64_t multiple, const char* what) {
  const bool good = tensor.shape.size() == 4 && tensor.dim(0) == 1 && tensor.dim(1) == channels &&
                    tensor.dim(2) > 0 && tensor.dim(3) > 0 && tensor.dim(2) % multiple == 0 &&
                    tensor.dim(3) % multiple == 0;
  if (good) return;
  const std::string edge =
      multiple > 1 ? "a multiple of " + std::to_string(multiple) : "at least 1";
  throw Error(ErrorKind::InvalidArgument,
              std::string(what) + " of shape " + to_string(tensor.shape) + ", expected [1," +
                  std::to_string(channels) + ",H,W] with H and W " + edge);
}

}  // namespace

Tensor ResidentModel::encode_tile(const Tensor& picture, const Progress& progress) {
  const int64_t h = picture.dim(2), w = picture.dim(3);
  Network& net = networks_.get(
      "vae_encoder", vae_, shape_text({h, w}),
      [&] {
        const auto describe = config_.vae.tiny ? models::tiny_vae_encoder : models::vae_encoder;
        return describe(vae_.weights, config_.vae, h, w);
      },
      progress);
  begin_expected(progress);
  net.set("picture", picture);
  net.run(progress);
  return net.output("latent");
}

Tensor ResidentModel::decode_tile(const Tensor& latent, const Progress& progress) {
  const int64_t h = latent.dim(2), w = latent.dim(3);
  Network& net = networks_.get(
      "vae_decoder", vae_, shape_text({h, w}),
      [&] {
        const auto describe = config_.vae.tiny ? models::tiny_vae_decoder : models::vae_decoder;
        return describe(vae_.weights, config_.vae, h, w);
      },
      progress);
  net.set("latent", latent);
  net.run(progress);
  return net.output("picture");
}

Tensor ResidentModel::encode(const Tensor& picture, const Progress& progress) {
  const int64_t factor = config_.vae.scale_factor;
  expect_shape(picture, 3, factor, "a picture");
  return run_tiled(picture, config_.vae.tiny ? kTiny : kFull, {.in = factor, .out = 1},
                   [&](const Tensor& tile, int index, int count) {
                     progress.at("encode", index, count);
                     return encode_tile(tile, progress);
                   });
}

Tensor ResidentModel::decode(const Tensor& latent, const Progress& progress) {
  expect_shape(latent, config_.vae.latent_channels, 1, "a latent");
  return run_tiled(latent, config_.vae.tiny ? kTiny : kFull,
                   {.in = 1, .out = config_.vae.scale_factor},
                   [&](const Tensor& tile, int index, int count) {
                     progress.at("decode", index, count);
                     return decode_tile(tile, progress);
                   });
}

}  // namespace pentimento
