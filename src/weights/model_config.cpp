#include "weights/model_config.h"

namespace pentimento {

const char* to_string(Family family) {
  switch (family) {
    case Family::SD1:
      return "SD1";
    case Family::SD2:
      return "SD2";
    case Family::SDXL:
      return "SDXL";
    case Family::Custom:
      return "custom";
  }
  return "?";
}

const char* to_string(Variant variant) {
  switch (variant) {
    case Variant::Base:
      return "base";
    case Variant::Inpaint:
      return "inpaint";
    case Variant::Edit:
      return "edit";
    case Variant::Refiner:
      return "refiner";
    case Variant::SourceConditioned:
      return "source_conditioned";
  }
  return "?";
}

const char* to_string(PredictionType type) {
  return type == PredictionType::V ? "v_prediction" : "epsilon";
}

}  // namespace pentimento
