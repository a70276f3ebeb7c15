// One direction of a grid: a parameter and the values it takes, in A1111's X/Y/Z syntax
// (webui-spec §3.5):
//   strength=0.3,0.5,0.7      a list; quotes around a value that holds a comma
//   seed=-1,-1                some seeds, the same ones in every grid
//   seed=1-5    steps=10-30 (+10)    cfg=4-8 [5]     ranges: by 1, by a step, so many of them
//   prompt=cat,dog,"red fox"  the first is searched in the prompts, each one replaces it (S/R)
//   order=a,b,c               every order of these words, as they stand in the prompt
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipelines/img2img_request.h"

namespace pentimento {

// Everything a cell may set: the request, and which files it is painted with.
struct GridCell {
  Img2ImgRequest request;
  std::string model, vae;  // empty: the grid's own
  std::string preset;      // a painting preset's key, or empty
};

struct GridParameter {
  std::string name;                  // "strength"
  std::vector<std::string> aliases;  // A1111's labels, "Denoising"
  enum class Kind { Integer, Number, Text } kind = Kind::Number;
  double cost = 0;  // of changing it, 0..1: dear ones become the outer loops
  // Throws InvalidArgument for a value the field cannot take.
  void (*apply)(GridCell& cell, const std::string& value, const std::vector<std::string>& all);
};
const std::vector<GridParameter>& grid_parameters();

struct GridAxis {
  const GridParameter* parameter = nullptr;  // null: no such direction
  std::vector<std::string> values;
  size_t size() const { return parameter ? values.size() : 1; }
};

// "strength=0.3,0.5". Throws InvalidArgument (NotFound for a parameter that does not exist, naming
// those that do).
GridAxis parse_axis(std::string_view text);

// The values alone, for a parameter of that kind.
std::vector<std::string> parse_values(std::string_view text, GridParameter::Kind kind);

}  // namespace pentimento
